// originHeaders(): whatever spelling a client finds, the origin sees one truth about who is calling and from where.
import { describe, expect, test } from "vitest";
import { originHeaders, planHeaders } from "../../src/gateway/headers.ts";
import { settingsOf } from "../support/settings.ts";

const connection = { requestId: "r-1", protocol: "https", host: "api.example.com" };
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

  test("every header of IDENTITY_HEADERS, on routes that set none", () => {
    const IDENTITY_HEADERS = { "X-Name": "name", "X-Staff.Flag": "is_staff" };
    const headers = { "x-name": "a", X_NAME: "b", "x-staff-flag": "c", x_staff_flag: "d", "x-user-id": "1" };
    expect(sent(headers, { IDENTITY_HEADERS })).toEqual(own);
  });
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
