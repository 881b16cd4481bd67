// Headers by which a client could pass for somebody else (research 3.4): what the origin receives, line by line.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { rawRequest } from "../support/sockets.ts";
import { hmacToken, noToken, refusedToken } from "./made-tokens.ts";
import { everySpelling, type Received, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const client = "CF-Connecting-IP: 203.0.113.9";
let origin: RecordingOrigin;
let gateway: Gateway;
let closed: Gateway;
beforeAll(async () => {
  origin = await startRecordingOrigin();
  const ROUTES = [
    { path: "/open/*", auth: "public" },
    { path: "/maybe/*", auth: "optional" },
    { path: "/staff/*", auth: "token", require: { staff: true } },
    { path: "/only-get/*", auth: "public", methods: ["GET"] },
    { path: "/api/*", auth: "public", strip_prefix: "/api" },
    { path: "/*", auth: "token" },
  ];
  const IDENTITY_HEADERS = { "X-User-Id": "user_id", "X-Name": "name", "X-Groups": "groups" };
  const common = { ORIGIN_URL: origin.url, ROUTES, IDENTITY_HEADERS };
  gateway = await startGateway({ ...common, ASSERTION: true, ASSERTION_KEY: "shared-with-the-origin-and-nobody-else" });
  closed = await startGateway({ ...common, FORWARD_AUTHORIZATION: false });
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await Promise.all([gateway.close(), closed.close()]);
  origin.close();
});

interface Sent {
  readonly token?: string;
  readonly headers?: readonly string[];
  readonly method?: string;
  readonly through?: Gateway;
}

async function send(path: string, { token, headers = [], method, through = gateway }: Sent = {}) {
  const bearer = token === undefined ? [] : [`Authorization: Bearer ${token}`];
  const more = method === undefined ? {} : { method };
  const answer = await rawRequest(Number(through.url.port), path, { headers: [...headers, ...bearer], ...more });
  return { status: answer.status, body: answer.body, received: origin.taken() };
}

/** The one request that reached the origin. */
async function arrived(path: string, sent: Sent = {}): Promise<Received> {
  const { status, received } = await send(path, sent);
  const [one] = received;
  if (status !== 200 || !one || received.length !== 1) throw new Error(`${status}, ${received.length} requests`);
  return one;
}

/** Names that WSGI, CGI, PHP or a proxy could take for the same one. */
const spellingsOf = (name: string) => {
  const parts = name.split("-");
  return [
    name,
    name.toLowerCase(),
    name.toUpperCase(),
    ...["_", ".", "~", "'", "+"].map((between) => parts.join(between)),
    parts.join("-").replace(/-(?=[^-]*$)/, "_"),
    parts.join("_").toLowerCase(),
  ];
};

describe("CVE-2025-64484, CVE-2026-33433, CVE-2026-54763, CVE-2026-3902 (spellings of identity headers):", () => {
  const identity = ["X-User-Id", "X-Name", "X-Groups"];
  const forged = identity.flatMap((name) => spellingsOf(name).map((one) => `${one}: 1`));

  it.each(["/open/x", "/maybe/x", "/only-get/x"])("none arrives on %s, where nobody is known", async (path) => {
    const one = await arrived(path, { headers: forged });
    expect(identity.map((name) => everySpelling(one, name))).toEqual([[], [], []]);
  });
  it.each(["/notes/", "/maybe/x", "/staff/x"])("only the gateway's arrive on %s", async (path) => {
    const token = hmacToken({ claims: { name: "Ada", groups: ["a", "b"], staff: true } });
    const one = await arrived(path, { token, headers: forged });
    expect(identity.map((name) => everySpelling(one, name))).toEqual([["7"], ["Ada"], ["a,b"]]);
  });
  it("a token on a public route does not make them pass", async () => {
    const one = await arrived("/open/x", { token: hmacToken(), headers: forged });
    expect(identity.map((name) => everySpelling(one, name))).toEqual([[], [], []]);
  });
  it("a route that refuses its token lets nothing pass", async () => {
    for (const path of ["/notes/", "/maybe/x", "/staff/x"]) {
      const fate = await send(path, { token: hmacToken({ secret: "x".repeat(64) }), headers: forged });
      expect(fate).toEqual({ status: 401, body: refusedToken(), received: [] });
    }
  });
  it.each([
    ["repeated", ["X-User-Id: 1", "X-User-Id: 2"]],
    ["empty", ["X-User-Id:"]],
    ["named in Connection", ["X-User-Id: 1", "Connection: X-User-Id"]],
    ["a list", ["X-User-Id: 7, 1"]],
  ])("%s, on every kind of route", async (_what, headers) => {
    expect(everySpelling(await arrived("/open/x", { headers }), "x-user-id")).toEqual([]);
    expect(everySpelling(await arrived("/maybe/x", { headers }), "x-user-id")).toEqual([]);
    expect(everySpelling(await arrived("/notes/", { headers, token: hmacToken() }), "x-user-id")).toEqual(["7"]);
  });
  it("krakend-ce#309, envoy#35553: a claim that is not there leaves no header, not the client's either", async () => {
    for (const claims of [{}, { name: null, groups: undefined }]) {
      const one = await arrived("/notes/", { token: hmacToken({ claims }), headers: forged });
      expect(identity.map((name) => everySpelling(one, name))).toEqual([["7"], [], []]);
    }
  });
  it("the statement of the gateway cannot be brought along", async () => {
    const headers = spellingsOf("X-Gateway-Assertion").map((one) => `${one}: eyJmb3JnZWQ`);
    expect(everySpelling(await arrived("/open/x", { headers }), "x-gateway-assertion")).toEqual([]);
    const [assertion, ...more] = everySpelling(
      await arrived("/notes/", { headers, token: hmacToken() }),
      "x-gateway-assertion",
    );
    expect([assertion?.split(".").length, more]).toEqual([3, []]);
  });
});

describe("a claim cannot become more than a value:", () => {
  it.each([
    ["a line end", "Ada\r\nX-User-Id: 1", "Ada%0D%0AX-User-Id%3A%201"],
    ["NUL", "Ada\u0000", "Ada%00"],
    ["letters beyond ASCII", "Zoë", "Zo%C3%AB"],
    ["half a surrogate pair", "\ud800", "%EF%BF%BD"],
    ["spaces at its end", "Ada ", "Ada%20"],
  ])("%s", async (_what, name, value) => {
    const one = await arrived("/notes/", { token: hmacToken({ claims: { name } }) });
    expect([everySpelling(one, "x-name"), everySpelling(one, "x-user-id")]).toEqual([[value], ["7"]]);
  });
  it("a comma in a list's item", async () => {
    const one = await arrived("/notes/", { token: hmacToken({ claims: { groups: ["a,admin", "b"] } }) });
    expect(everySpelling(one, "x-groups")).toEqual(["a%2Cadmin,b"]);
  });
  it("one that is too large is refused", async () => {
    const fate = await send("/notes/", { token: hmacToken({ claims: { name: "x".repeat(4097) } }) });
    const body = '{"detail":"Request header fields are too large."}';
    expect(fate).toEqual({ status: 431, body, received: [] });
  });
});

describe("CVE-2025-48865 (Fabio: Connection takes the gateway's own headers away):", () => {
  it("those that it sets arrive all the same", async () => {
    const names = [
      "X-User-Id",
      "X-Forwarded-For",
      "X-Real-IP",
      "X-Forwarded-Proto",
      "X-Forwarded-Host",
      "X-Request-Id",
    ];
    const connection = `Connection: close, ${[...names, "X-Gateway-Assertion", "CF-Connecting-IP"].join(", ")}`;
    const one = await arrived("/notes/", { token: hmacToken(), headers: [connection, client] });
    const values = [...names, "X-Gateway-Assertion"].map((name) => everySpelling(one, name.toLowerCase()));
    expect(values.map((list) => list.length)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    expect(values.slice(0, 5)).toEqual([["7"], ["203.0.113.9"], ["203.0.113.9"], ["http"], ["gateway.test"]]);
  });
  it("nor does it take the token from under the gateway's eyes", async () => {
    const fate = await send("/notes/", { headers: ["Connection: Authorization", "X-User-Id: 1"] });
    expect(fate).toEqual({ status: 401, body: noToken, received: [] });
  });
  it("hop-by-hop headers and those that Connection names stay here", async () => {
    const headers = ["Connection: X-Private, x_other", "X-Private: 1", "X_Other: 1", "TE: trailers", "Keep-Alive: 5"];
    const one = await arrived("/open/x", { headers: [...headers, "Proxy-Authorization: Basic YTpi", "Upgrade: h2c"] });
    for (const name of ["x-private", "x-other", "te", "keep-alive", "proxy-authorization", "upgrade"]) {
      expect([name, everySpelling(one, name)]).toEqual([name, []]);
    }
  });
});

describe("CVE-2026-39858, CVE-2026-35051, GHSA-vhr5-ggp3-qq85 (X-Forwarded-* of the client):", () => {
  const names = ["For", "Prefix", "Uri", "Host", "Port", "Proto", "Server", "Method", "User", "Anything"];
  const forged = names.flatMap((name) => spellingsOf(`X-Forwarded-${name}`)).map((one) => `${one}: /evil`);

  it.each(["/open/x", "/maybe/x", "/notes/"])("on %s the origin sees the gateway's alone", async (path) => {
    const more = path === "/notes/" ? { token: hmacToken() } : {};
    const one = await arrived(path, { headers: [...forged, client], ...more });
    const seen = names.map((name) => everySpelling(one, `x-forwarded-${name.toLowerCase()}`));
    expect(seen).toEqual([["203.0.113.9"], [], [], ["gateway.test"], [], ["http"], [], [], [], []]);
  });
  it("X-Forwarded-Prefix is the route's, where a route has one", async () => {
    const one = await arrived("/api/x", { headers: forged });
    expect([one.url, everySpelling(one, "x-forwarded-prefix")]).toEqual(["/x", ["/api"]]);
  });
  it.each(["Forwarded: for=1.2.3.4", "Via: 1.1 evil", "X-Real-IP: 1.2.3.4", "True-Client-IP: 1.2.3.4"])(
    "%s does not arrive",
    async (line) => {
      const [name = ""] = line.toLowerCase().split(":");
      const headers = spellingsOf(name).map((one) => `${one}: forged`);
      const seen = everySpelling(await arrived("/open/x", { headers: [...headers, client] }), name);
      expect(seen).toEqual(name === "x-real-ip" ? ["203.0.113.9"] : []);
    },
  );
  it("the address is Cloudflare's, which Miniflare takes from the connection, and no other spelling of its header", async () => {
    const headers = ["X-Forwarded-For: 1.2.3.4", "CF_Connecting_IP: 1.2.3.4", "Cf.Connecting.Ip: 1.2.3.4"];
    const one = await arrived("/open/x", { headers: [...headers, "CF_Ray: 1", "Cf.Ipcountry: XX"] });
    expect(everySpelling(one, "x-forwarded-for")).toEqual(["127.0.0.1"]);
    expect(["cf-connecting-ip", "cf-ray", "cf-ipcountry"].map((name) => everySpelling(one, name))).toEqual([
      [],
      [],
      [],
    ]);
  });
  it("a request's id is the gateway's own", async () => {
    const [id = "", ...more] = everySpelling(
      await arrived("/open/x", { headers: ["X-Request-Id: mine", "X_Request_Id: mine"] }),
      "x-request-id",
    );
    expect([id, more]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), []]);
  });
});

describe("CVE-2026-40575 (oauth2-proxy: another path, by a header):", () => {
  const steering = [
    ...[
      "X-Forwarded-Uri",
      "X-Original-URL",
      "X-Original-URI",
      "X-Rewrite-URL",
      "X-Forwarded-Path",
      "X-Forwarded-Prefix",
    ],
  ];
  it.each(steering)("%s decides nothing and goes no further", async (name) => {
    const headers = spellingsOf(name).map((one) => `${one}: /open/x`);
    expect(await send("/notes/", { headers })).toEqual({ status: 401, body: noToken, received: [] });
    const one = await arrived("/open/x", { headers: spellingsOf(name).map((spelling) => `${spelling}: /staff/x`) });
    expect([one.url, everySpelling(one, name)]).toEqual(["/open/x", []]);
  });
  it.each(["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method"])(
    "nor does %s choose another method",
    async (name) => {
      const headers = spellingsOf(name).map((one) => `${one}: DELETE`);
      const one = await arrived("/only-get/x", { headers });
      expect([one.method, everySpelling(one, name)]).toEqual(["GET", []]);
      const getting = spellingsOf(name).map((spelling) => `${spelling}: GET`);
      expect(await send("/only-get/x", { headers: getting, method: "DELETE" })).toEqual({
        ...{ status: 401, body: noToken, received: [] },
      });
    },
  );
});

describe("CVE-2025-29927, CVE-2025-61780, CVE-2016-5385 and their kind (headers that steer the API's server):", () => {
  const steering = [
    ...["SCRIPT_NAME", "PATH_INFO", "REMOTE_USER", "HTTP_HOST", "X.Anything", "spring.cloud.function.definition"],
    ...["Daphne-Root-Path", "X-Script-Name", "X-Original-Path", "X-Envoy-Original-Path", "X-Sendfile-Type"],
    ...["X-Accel-Mapping", "Proxy", "X-Middleware-Subrequest", "X-HTTP-Host-Override", "X-HTTP-Method-Override"],
    ...["X-Forwarded", "Forwarded-For", "Client-IP", "X-Scheme", "Front-End-Https", "Remote-User", "X-Matched-Path"],
    ...["X-Vercel-Forwarded-For", "X-MS-Client-Principal", "X-ARR-ClientCert", "SSL-Client-Verify", "X-Host"],
  ];

  it.each(["/open/x", "/maybe/x", "/notes/"])("none arrives on %s, in no spelling", async (path) => {
    const more = path === "/notes/" ? { token: hmacToken() } : {};
    const headers = steering.flatMap((name) => [name, ...spellingsOf(name)]).map((name) => `${name}: /open/x`);
    const one = await arrived(path, { headers: [...headers, "X-Kept: 1"], ...more });
    expect(everySpelling(one, "x-kept")).toEqual(["1"]);
    const names = steering.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, "-"));
    expect(names.flatMap((name) => everySpelling(one, name))).toEqual([]);
  });

  it("every name with another character than letters, digits and - ends here", async () => {
    const revocationKeys = "!#$%&'*+.^_`|~";
    const headers = [...revocationKeys].flatMap((mark) => [`X${mark}Y: 1`, `${mark}a: 1`, `a${mark}: 1`]);
    const one = await arrived("/open/x", { headers });
    expect(one.lines.filter(([name]) => !/^[A-Za-z0-9-]+$/.test(name))).toEqual([]);
  });

  it("what applications send of their own arrives", async () => {
    const names = [
      ...["Cookie", "X-CSRFToken", "X-Requested-With", "Range", "If-None-Match", "Idempotency-Key", "Accept-Language"],
      ...["Content-Language", "Sec-Fetch-Site", "X-Auth-Token", "X-Amz-Date", "X-Nextjs-Data", "User-Agent", "Origin"],
    ];
    const one = await arrived("/open/x", { headers: names.map((name) => `${name}: x`) });
    expect(names.map((name) => everySpelling(one, name.toLowerCase()))).toEqual(names.map(() => ["x"]));
  });
});

describe("the auth header in another spelling:", () => {
  const spellings = spellingsOf("X-Access-Token").filter((name) => name.toLowerCase() !== "x-access-token");
  const forged = [...spellings, "X_access-TOKEN"].map((name) => `${name}: Bearer forged`);
  const AUTH_HEADER_NAME = "X-Access-Token";

  it.each([true, false])("none goes on, with FORWARD_AUTHORIZATION %j", async (FORWARD_AUTHORIZATION) => {
    const ROUTES = [
      { path: "/open/*", auth: "public" },
      { path: "/maybe/*", auth: "optional" },
      { path: "/*", auth: "token" },
    ];
    const through = await startGateway({ ORIGIN_URL: origin.url, ROUTES, AUTH_HEADER_NAME, FORWARD_AUTHORIZATION });
    try {
      const token = hmacToken();
      for (const path of ["/open/x", "/maybe/x"]) {
        const one = await arrived(path, { headers: forged, through });
        expect(everySpelling(one, "x-access-token")).toEqual([]);
      }
      const headers = [...forged, `X-Access-Token: Bearer ${token}`];
      const one = await arrived("/notes/", { headers, through });
      expect(everySpelling(one, "x-access-token")).toEqual(FORWARD_AUTHORIZATION ? [`Bearer ${token}`] : []);
      expect((await send("/notes/", { headers: forged, through })).status).toBe(401);
    } finally {
      await through.close();
    }
  });
});

describe("GHSA-5hvv-m4w4-gf6v (oauth2-proxy: a health check's User-Agent needs no token):", () => {
  it.each(["GoogleHC/1.0", "kube-probe/1.29", "ELB-HealthChecker/2.0", "Googlebot", "Cloudflare-Traffic-Manager/1.0"])(
    "%s is nobody",
    async (agent) => {
      const fate = await send("/notes/", { headers: [`User-Agent: ${agent}`] });
      expect(fate).toEqual({ status: 401, body: noToken, received: [] });
    },
  );
});

describe("FORWARD_AUTHORIZATION = false:", () => {
  it.each([" ", "\t", "  "])("the token stays here, with %j behind its scheme", async (space) => {
    const headers = [`Authorization: Bearer${space}${hmacToken()}`];
    expect(everySpelling(await arrived("/notes/", { headers, through: closed }), "authorization")).toEqual([]);
  });
  it("another scheme is the API's own business", async () => {
    const one = await arrived("/open/x", { headers: ["Authorization: Basic YTpi"], through: closed });
    expect(everySpelling(one, "authorization")).toEqual(["Basic YTpi"]);
  });
});
