// AUTH_COOKIE on proxied routes, through the whole app: what opens a route, what is refused, what the origin gets.
import { describe, expect, it } from "vitest";
import { appWith, echoOrigin } from "../support/app.ts";
import { craft } from "../support/craft.ts";

const tokenOf = (userId: string) =>
  craft({ claims: { token_type: "access", exp: 4_000_000_000, iat: 1, jti: "0".repeat(32), user_id: userId } });
const ada = tokenOf("1");
const eve = tokenOf("2");
const inCookie = { cookie: `__Host-access=${ada}` };

const base = {
  AUTH_COOKIE: true,
  ORIGIN: echoOrigin,
  REVOCATION: "off",
  ROUTES: [
    { path: "/open/*", auth: "public" },
    { path: "/maybe/*", auth: "optional" },
    { path: "/*", auth: "token" },
  ],
};
type Headers = Readonly<Record<string, string>>;
interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly detail: string | undefined;
}

async function sent(headers: Headers, { path = "/notes/", method = "GET", vars = {} } = {}): Promise<Seen> {
  const app = await appWith({ ...base, ...vars });
  const response = await app.fetch(new Request(`https://gateway.example${path}`, { method, headers }));
  const body = method === "HEAD" ? {} : ((await response.json()) as { headers?: Headers; detail?: string });
  return { status: response.status, headers: body.headers ?? {}, detail: body.detail };
}

describe("the access token's cookie", () => {
  it("opens a route, and reaches the origin as the header that it reads", async () => {
    const { status, headers } = await sent({ cookie: `theme=dark; __Host-access=${ada};  x="a,b" ` });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ "x-user-id": "1", authorization: `Bearer ${ada}`, cookie: 'theme=dark;  x="a,b"' });
  });
  it("becomes the header and the scheme of the settings", async () => {
    const vars = { AUTH_HEADER_NAME: "HTTP_X_ACCESS_TOKEN", AUTH_HEADER_TYPES: ["JWT", "Bearer"] };
    const { headers } = await sent(
      { ...inCookie, x_access_token: `JWT ${eve}`, authorization: "Basic eDp5" },
      { vars },
    );
    expect(headers["x-access-token"]).toBe(`JWT ${ada}`);
    expect([headers.x_access_token, headers.authorization]).toEqual([undefined, "Basic eDp5"]);
  });
  it("stays at the edge with FORWARD_AUTHORIZATION = false", async () => {
    const { headers } = await sent(inCookie, { vars: { FORWARD_AUTHORIZATION: false } });
    expect([headers.authorization, headers.cookie, headers["x-user-id"]]).toEqual([undefined, undefined, "1"]);
  });
  it("takes the place of another scheme's credentials, so that the origin knows nobody else", async () => {
    expect((await sent({ ...inCookie, authorization: "Basic eDp5" })).headers.authorization).toBe(`Bearer ${ada}`);
  });
  it("does not reach the origin of a public route, in whichever spelling, and opens nothing there", async () => {
    const cookie = `a=1; __Host-access=${ada}; __Secure-refresh=r; x="__Host-access=${eve}"; b=2`;
    const { status, headers } = await sent({ cookie }, { path: "/open/x" });
    expect([status, headers.cookie, headers.authorization, headers["x-user-id"]]).toEqual([
      ...[200, "a=1; b=2", undefined, undefined],
    ]);
  });
  it("opens an optional route for its user, and without one it is anonymous", async () => {
    expect((await sent(inCookie, { path: "/maybe/x" })).headers["x-user-id"]).toBe("1");
    expect((await sent({ cookie: "a=1" }, { path: "/maybe/x" })).headers).toMatchObject({ cookie: "a=1" });
  });
  it("is nothing at all while AUTH_COOKIE is off", async () => {
    const vars = { AUTH_COOKIE: false };
    expect((await sent(inCookie, { vars })).status).toBe(401);
    const { status, headers } = await sent(inCookie, { vars, path: "/maybe/x" });
    expect([status, headers.cookie, headers["x-user-id"]]).toEqual([200, `__Host-access=${ada}`, undefined]);
  });
  it("is the only one: the refresh token's cookie opens nothing", async () => {
    expect((await sent({ cookie: `__Secure-refresh=${ada}; __host-access=${ada}` })).status).toBe(401);
  });
});

describe.each(["/notes/", "/maybe/x"])("on %s", (path) => {
  const missing = "Authentication credentials were not provided.";

  it("two tokens that differ are refused", async () => {
    const both = { ...inCookie, authorization: `Bearer ${eve}` };
    expect(await sent(both, { path })).toMatchObject({ status: 401, detail: missing });
    expect(await sent({ ...inCookie, authorization: "Bearer x.y.z" }, { path })).toMatchObject({ status: 401 });
    const swapped = { cookie: "__Host-access=x.y.z", authorization: `Bearer ${ada}` };
    expect(await sent(swapped, { path })).toMatchObject({ status: 401, detail: missing });
  });
  it("the same token twice is one, and needs no proof of where it is from", async () => {
    const both = { ...inCookie, authorization: `Bearer ${ada}`, origin: "https://evil.example" };
    expect(await sent(both, { path, method: "POST" })).toMatchObject({ status: 200, headers: { "x-user-id": "1" } });
  });
  it.each([
    [`__Host-access=${ada}; __Host-access=${ada}`],
    [`__Host-access=${ada}; __Host-access=${eve}`],
    [`__Host-access="${ada}"`],
    ["__Host-access="],
    [`a=1, __Host-access=${ada}`],
    [`x="__Host-access=${ada}"`],
  ])("a cookie that can be read in two ways is refused: %#", async (cookie) => {
    expect(await sent({ cookie }, { path })).toMatchObject({ status: 401, detail: missing });
    expect((await sent({ cookie, authorization: `Bearer ${ada}` }, { path })).status).toBe(401);
  });
  it("a bad token is refused as in the header", async () => {
    expect(await sent({ cookie: "__Host-access=x.y.z" }, { path })).toMatchObject({
      status: 401,
      detail: "Given token not valid for any token type",
    });
  });
  it.each(["POST", "PUT", "PATCH", "DELETE", "PROPFIND"])("%s needs to be from our own pages", async (method) => {
    const from = (headers: Headers) => sent({ ...inCookie, ...headers }, { path, method });
    const refused = { status: 403, detail: "You do not have permission to perform this action." };
    for (const type of ["", "text/plain", "application/json", "application/x-www-form-urlencoded"]) {
      const headers = { "content-type": type };
      expect(await from(headers)).toMatchObject(refused);
      expect(await from({ ...headers, origin: "https://evil.example" })).toMatchObject(refused);
      expect(await from({ ...headers, origin: "null" })).toMatchObject(refused);
      expect(await from({ ...headers, "sec-fetch-site": "cross-site" })).toMatchObject(refused);
      expect((await from({ ...headers, "sec-fetch-site": "same-origin" })).status).toBe(200);
      expect((await from({ ...headers, origin: "https://gateway.example" })).status).toBe(200);
    }
  });
  it("an X-HTTP-Method-Override makes no safe method of an unsafe one, nor the reverse", async () => {
    const override = { ...inCookie, "x-http-method-override": "GET", origin: "https://evil.example" };
    expect((await sent(override, { path, method: "POST" })).status).toBe(403);
    const { headers } = await sent({ ...inCookie, "x-http-method-override": "DELETE" }, { path });
    expect(headers["x-http-method-override"]).toBeUndefined();
  });
  it("a WebSocket needs to be from our own pages", async () => {
    const upgrade = { ...inCookie, upgrade: "websocket" };
    expect((await sent(upgrade, { path })).status).toBe(403);
    expect((await sent({ ...upgrade, origin: "https://evil.example" }, { path })).status).toBe(403);
    expect((await sent({ ...upgrade, origin: "https://gateway.example" }, { path })).status).toBe(200);
  });
});

it("a public route lets every site's page send what it likes", async () => {
  const headers = { ...inCookie, origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  expect((await sent(headers, { path: "/open/x", method: "POST" })).status).toBe(200);
});
