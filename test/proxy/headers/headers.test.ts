// originHeaders(): whatever spelling a client finds, the origin sees one truth about who is calling and from where.
import { describe, expect, test } from "vitest";
import { originHeaders, planHeaders, rememberedActions } from "../../../src/proxy/headers/headers.ts";
import { settingsOf } from "../../support/settings.ts";

const connection = { requestId: "r-1", method: "GET", protocol: "https", host: "api.example.com" };
const own = { "x-forwarded-host": "api.example.com", "x-forwarded-proto": "https", "x-request-id": "r-1" };

type Sent = Readonly<Record<string, string>> | ReadonlyArray<[string, string]>;
function sent(headers: Sent, vars: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  const from = new Headers(Array.isArray(headers) ? headers : { ...headers });
  return Object.fromEntries(originHeaders(planHeaders(settingsOf(vars)), from, connection));
}

describe("originHeaders() lets through", () => {
  test("what a client says about itself and its body", () => {
    const headers = {
      accept: "application/json",
      "accept-language": "de",
      "content-type": "application/json",
      cookie: "a=b",
      origin: "https://app.example",
      "user-agent": "curl/8",
      "x-custom": "~ any !",
      "x-user": "not reserved",
      "x-userid": "not reserved either",
      "x-user-ids": "nor this",
    };
    expect(sent(headers)).toEqual({ ...headers, ...own });
  });

  test.each([
    ...["Cookie", "X-CSRFToken", "X-XSRF-Token", "X-Requested-With", "Range", "If-None-Match", "If-Range", "DNT"],
    ...["Idempotency-Key", "Accept-Language", "Content-Disposition", "Content-Range", "Sec-Fetch-Site", "Sec-GPC"],
    ...["Sec-WebSocket-Protocol", "Authorization", "X-Auth-Token", "X-Api-Key", "X-Amz-Date", "X-Amz-Content-Sha256"],
    ...["X-MS-Version", "X-Goog-Api-Key", "X-Client-Info", "X-Client-Version", "X-User-Agent", "X-Host-Id", "X-Proto"],
    ...["X-Nextjs-Data", "X-Middleware-Prefetch", "Next-Action", "RSC", "HX-Request", "X-Inertia", "X-Api-Version"],
    ...["Origin", "Referer", "User-Agent", "Baggage", "SOAPAction", "Depth", "Destination", "Last-Event-ID"],
    ...[
      "Tus-Resumable",
      "Upload-Offset",
      "Prefer",
      "Priority",
      "Save-Data",
      "X-Upload-Content-Type",
      "X-1",
      "X-File-Name",
    ],
    ...["CF-Ray", "CF-IPCountry", "CF-Visitor", "CF-Access-Jwt-Assertion", "CF-Turnstile-Response", "Remote", "Ssl"],
  ])("%s", (name) => {
    expect(sent({ [name]: "x" })).toEqual({ [name.toLowerCase()]: "x", ...own });
  });

  test("Upgrade, for WebSockets", () => {
    expect(sent({ connection: "Upgrade", upgrade: "websocket" })).toEqual({ upgrade: "websocket", ...own });
  });

  test("the request's own Headers stay as they were", () => {
    const from = new Headers({ "x-user-id": "1", connection: "x-a", "x-a": "b" });
    originHeaders(planHeaders(settingsOf()), from, connection);
    expect(Object.fromEntries(from)).toEqual({ "x-user-id": "1", connection: "x-a", "x-a": "b" });
  });
});

describe("originHeaders() drops", () => {
  test.each(["POST", "HEAD", "OPTIONS", "DELETE"])("Upgrade of a %s, of which fetch() would make a GET", (method) => {
    const from = new Headers({ connection: "Upgrade", upgrade: "websocket" });
    const made = originHeaders(planHeaders(settingsOf()), from, { ...connection, method });
    expect(Object.fromEntries(made)).toEqual(own);
  });
  test.each([
    ...["X-User-Id", "x-user-id", "X-USER-ID", "X_User_Id", "x_user_id", "X-User_Id", "X_User-Id"],
    ...["X.User.Id", "X!User!Id", "X~User`Id", "X|User^Id", "X'User*Id", "X+User&Id", "X$User%Id", "X#User#Id"],
  ])("the identity header spelled %s", (name) => {
    expect(sent({ [name]: "1" })).toEqual(own);
  });

  test.each([
    ["no identity header at all", {}],
    ["others only", { "X-Caller": "user_id", "X-User": "email" }],
  ])("X-User-Id, in every spelling, also where IDENTITY_HEADERS has %s", (_, IDENTITY_HEADERS) => {
    for (const name of ["X-User-Id", "x_user_id", "X.User-Id", "X_USER_ID"]) {
      expect(sent({ [name]: "1" }, { IDENTITY_HEADERS })).toEqual(own);
    }
  });

  test.each(["X-Health-Key", "x_health_key"])("the secret of the health page: %s", (name) => {
    expect(sent({ [name]: "secret" })).toEqual(own);
  });

  test("it when it is repeated, in several spellings, and empty", () => {
    const headers: Array<[string, string]> = [
      ["x-user-id", "1"],
      ["X-User-Id", "2"],
      ["x_user_id", "3"],
      ["x.user.id", ""],
    ];
    expect(sent(headers)).toEqual(own);
  });

  test("it when it is named in Connection, and when Connection names others", () => {
    expect(sent({ connection: "x-user-id, x_user_id", "x-user-id": "1", x_user_id: "2" })).toEqual(own);
    expect(sent({ connection: "close, X-Secret ,, x-more", "x-secret": "1", "x-more": "2", "x-kept": "3" })).toEqual({
      "x-kept": "3",
      ...own,
    });
  });

  test.each([
    ...["Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization"],
    ...["TE", "Trailer", "Transfer-Encoding"],
  ])("the hop-by-hop header %s", (name) => {
    expect(sent({ [name]: "x" })).toEqual(own);
  });

  test.each([
    ...["Forwarded", "Via", "X-Real-Ip", "X_Real_IP", "X-Gateway-Assertion", "x_gateway_assertion"],
    ...["X-Forwarded-For", "x_forwarded_for", "X-Forwarded-User", "X-Forwarded-Prefix", "X_Forwarded-Anything.At.All"],
    ...["X-Original-URL", "X-Original-Uri", "X-Rewrite-Url", "X_Rewrite_URL", "X-Original-Method", "X-Original-Host"],
    ...["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x_http_method_override"],
  ])("%s, which only a proxy may say", (name) => {
    expect(sent({ [name]: "x" })).toEqual(own);
  });

  test("the client's own request id, host and scheme in favour of the gateway's", () => {
    const lies = { "x-request-id": "mine", "x-forwarded-host": "evil.example", "X-Forwarded-Proto": "http" };
    expect(sent({ ...lies, x_request_id: "mine" })).toEqual(own);
  });

  test.each(["cf_connecting_ip", "CF_Connecting-IP", "cf.ipcountry", "Cf_Ray"])(
    "%s, which many servers take for Cloudflare's own header",
    (name) => {
      expect(sent({ [name]: "10.0.0.1", "cf-ray": "8f" })).toEqual({ "cf-ray": "8f", ...own });
    },
  );

  test.each([
    ...["SCRIPT_NAME", "PATH_INFO", "REMOTE_USER", "X_Tenant", "x_csrftoken", "Content_Type", "content_length"],
    ...["X.Tenant", "X~Tenant", "spring.cloud.function.routing-expression", "$WSRA", "!~Passenger-Client-Password"],
    ...["_", "a_", "A&b", "x|y"],
  ])("%s, whose name has another character than letters, digits and -", (name) => {
    expect(sent({ [name]: "x" })).toEqual(own);
  });

  test.each([
    ...["Daphne-Root-Path", "X-Script-Name", "Script-Name", "Path-Info", "X-Original-Path", "X-Envoy-Original-Path"],
    ...["X-Envoy-Internal", "X-Rewrite-Path", "X-Matched-Path", "X-Now-Route-Matches", "X-Vercel-Forwarded-For"],
    ...["X-Middleware-Subrequest", "X-Middleware-Rewrite", "X-Invoke-Path", "X-WAWS-Unencoded-URL", "X-VHM-Root"],
    ...["X-Sendfile-Type", "X-Sendfile", "X-Accel-Mapping", "X-Accel-Redirect", "Proxy", "Proxy-Client-IP"],
    ...["X-HTTP-Host-Override", "X-HTTP-Path-Override", "X-Host", "Disguised-Host", "X-Method", "X-HTTP-Method"],
    ...["X-Forwarded", "Forwarded-For", "Forwarded-Proto", "X-Forward-For", "Client-IP", "X-Client-IP", "Remote-Addr"],
    ...["X-Remote-Addr", "X-Originating-IP", "X-ProxyUser-Ip", "X-Cluster-Client-IP", "WL-Proxy-Client-IP"],
    ...["Fastly-Client-IP", "CF-Connecting-IPv6", "CF-Pseudo-IPv4", "CF-Client-IP", "X-Appengine-User-IP"],
    ...["X-Scheme", "X-Url-Scheme", "Front-End-Https", "X-Https", "Https", "X-ARR-SSL", "X-Proxied-Https"],
    ...["Remote-User", "X-Remote-User", "X-Remote-Group", "X-WebAuth-User", "X-Auth-Request-Email"],
    ...["X-Authenticated-User", "X-MS-Client-Principal", "X-MS-Token-AAD-Access-Token", "X-IISNode-Auth-User"],
    ...["X-Amzn-Oidc-Identity", "X-Goog-Authenticated-User-Email", "X-Consumer-Username", "X-Apigateway-Event"],
    ...["CF-Access-Authenticated-User-Email", "CF-Cert-Verified", "SSL-Client-Verify", "X-SSL-Client-S-DN"],
    ...["X-Client-Cert", "X-ARR-ClientCert", "Client-Cert", "MS-ASPNETCORE-CLIENTCERT", "l5d-dst-override"],
  ])("%s, from which a server takes more than a client may say", (name) => {
    expect(sent({ [name]: "x", [name.toLowerCase()]: "y" })).toEqual(own);
  });

  test("every header of IDENTITY_HEADERS, on routes that set none", () => {
    const IDENTITY_HEADERS = { "X-Name": "name", "X-Staff.Flag": "is_staff" };
    const headers = { "x-name": "a", X_NAME: "b", "x-staff-flag": "c", x_staff_flag: "d", "x-user-id": "1" };
    expect(sent(headers, { IDENTITY_HEADERS })).toEqual(own);
  });
});

describe("ALLOW_HEADERS lets through", () => {
  const vars = { ALLOW_HEADERS: ["X_Tenant", "x.trace~id", "X-HTTP-Method-Override", "SCRIPT_NAME"] };

  test("what it names, in any case, and no other spelling of it", () => {
    const headers = { X_TENANT: "a", "X.Trace~Id": "b", "x-http-method-override": "PUT", script_name: "/a" };
    const others = {
      "X.Tenant": "c",
      "X-Trace_Id": "d",
      X_HTTP_Method_Override: "e",
      "Script-Name": "f",
      X_Other: "g",
    };
    expect(sent({ ...headers, ...others }, vars)).toEqual({
      ...{ x_tenant: "a", "x.trace~id": "b", "x-http-method-override": "PUT", script_name: "/a" },
      ...own,
    });
  });
});

describe("AUTH_HEADER_NAME:", () => {
  const AUTH_HEADER_NAME = "X-Access-Token";
  const spellings = [
    "X_Access_Token",
    "x_access_token",
    "X-Access_Token",
    "X.Access.Token",
    "X_Access-Token",
    "X~Access~Token",
  ];

  test.each([true, false])(
    "no other spelling of it goes on, with FORWARD_AUTHORIZATION %j",
    (FORWARD_AUTHORIZATION) => {
      for (const name of spellings) {
        expect(sent({ [name]: "Bearer forged" }, { AUTH_HEADER_NAME, FORWARD_AUTHORIZATION })).toEqual(own);
      }
      const both = { "X-Access-Token": "Bearer a.b.c", X_Access_Token: "Bearer forged" };
      const kept = FORWARD_AUTHORIZATION ? { "x-access-token": "Bearer a.b.c" } : {};
      expect(sent(both, { AUTH_HEADER_NAME, FORWARD_AUTHORIZATION })).toEqual({ ...kept, ...own });
    },
  );

  test.each(["X-Forwarded-Access-Token", "X-Amzn-Oidc-Accesstoken", "HTTP_X_REMOTE_TOKEN"])(
    "%s goes on although such names are dropped otherwise",
    (name) => {
      const header = name
        .replace(/^HTTP_/, "")
        .replaceAll("_", "-")
        .toLowerCase();
      expect(sent({ [header]: "Bearer a.b.c" }, { AUTH_HEADER_NAME: name })).toEqual({
        [header]: "Bearer a.b.c",
        ...own,
      });
      expect(sent({ [header]: "Bearer a.b.c" })).toEqual(own);
    },
  );
});

describe("originHeaders() says where the request came from", () => {
  test("by the address that Cloudflare gives", () => {
    const headers = { "cf-connecting-ip": "203.0.113.7", "x-forwarded-for": "10.0.0.1", "x-real-ip": "10.0.0.1" };
    expect(sent(headers)).toEqual({
      "cf-connecting-ip": "203.0.113.7",
      "x-forwarded-for": "203.0.113.7",
      "x-real-ip": "203.0.113.7",
      ...own,
    });
  });
});

describe("originHeaders() and the bearer token:", () => {
  const off = { FORWARD_AUTHORIZATION: false };

  test("it goes on by default", () => {
    expect(sent({ authorization: "Bearer a.b.c" })).toEqual({ authorization: "Bearer a.b.c", ...own });
  });

  test.each(["Bearer a.b.c", "Bearer", "Bearer  a.b.c", "Bearer\ta.b.c", "Bearer a b c"])(
    "with FORWARD_AUTHORIZATION off, %j stays at the edge",
    (authorization) => {
      expect(sent({ authorization }, off)).toEqual(own);
    },
  );

  test.each(["Basic dXNlcjpwdw==", "bearer a.b.c", "Bearerish a", "Token a"])(
    "%j, which is the origin's own business, goes on all the same",
    (authorization) => {
      expect(sent({ authorization }, off)).toEqual({ authorization, ...own });
    },
  );

  test("every scheme of AUTH_HEADER_TYPES stays, in the header of AUTH_HEADER_NAME", () => {
    const vars = { ...off, AUTH_HEADER_TYPES: ["JWT", "Bearer"], AUTH_HEADER_NAME: "HTTP_X_ACCESS_TOKEN" };
    expect(sent({ "x-access-token": "JWT a", authorization: "Bearer b" }, vars)).toEqual({
      authorization: "Bearer b",
      ...own,
    });
    expect(sent({ "x-access-token": "Bearer a" }, vars)).toEqual(own);
  });
});

describe("what is known of header names is remembered", () => {
  const asked: string[] = [];
  const ask = () => {
    asked.length = 0;
    return rememberedActions((name) => {
      asked.push(name);
      return "keep";
    });
  };
  const numbered = (count: number, length: number) =>
    Array.from({ length: count }, (_, at) => String(at).padStart(length, "x"));

  test("for 500 names; those beyond are decided on each time", () => {
    const actionFor = ask();
    const names = numbered(600, 5);
    for (const name of [...names, ...names]) expect(actionFor(name)).toBe("keep");
    expect(asked).toEqual([...names, ...names.slice(500)]);
  });

  test("for 16 KiB of names; a longer one is decided on each time and a short one still fits", () => {
    const actionFor = ask();
    const long = numbered(5, 4096);
    for (const name of [...long, ...long]) expect(actionFor(name)).toBe("keep");
    expect(asked).toEqual([...long, ...long.slice(4)]);
    const short = ask();
    for (const name of ["y".repeat(16_385), "accept", "accept", "y".repeat(16_385)]) short(name);
    expect(asked.map((name) => name.length)).toEqual([16_385, 6, 16_385]);
  });
});
