// API keys at routes: which routes take them, what the API gets to know, and that it never gets a key.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { key, prefix, writeKey } from "../support/api-keys.ts";
import { appWith } from "../support/app.ts";
import { craft } from "../support/craft.ts";

const token = craft({ claims: { token_type: "access", exp: 4_000_000_000, iat: 1, jti: "a1", user_id: "7" } });
const routes = [
  { path: "/public/*", auth: "public" },
  { path: "/tokens/*", auth: "token" },
  { path: "/optional/*", auth: "optional" },
  { path: "/any/*", auth: "token", api_keys: true },
  { path: "/both/*", auth: "token", api_keys: ["reports", "exports"] },
  { path: "/maybe/*", auth: "optional", api_keys: ["reports"] },
  { path: "/user/*", auth: "user", api_keys: ["reports"] },
  { path: "/staff/*", auth: "token", api_keys: ["reports"], require: { is_staff: true } },
  { path: "/strict/*", auth: "token", api_keys: true, revocation: "strict" },
  { path: "/shadow/*", auth: "token", enforce: false },
];

const appOf = (vars: Readonly<Record<string, unknown>> = {}): Promise<App> =>
  appWith({ ORIGIN_URL: "https://origin.example", API_KEYS: true, ROUTES: routes, ...vars });

/** The headers that the API got last. */
let sent: Headers | undefined;
beforeEach(async () => {
  sent = undefined;
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    sent = new Headers(init.headers as Headers);
    return new Response("from the API");
  });
  await writeKey({ scopes: ["reports"] });
});
afterEach(() => void vi.unstubAllGlobals());

/** Status, body and challenge of an answer, and what the API got. */
async function ask(app: App, path: string, headers: Readonly<Record<string, string>> = {}) {
  sent = undefined;
  const response = await app.fetch(new Request(`https://gateway.example${path}`, { headers }));
  return { status: response.status, text: await response.text(), challenge: response.headers.get("www-authenticate") };
}
const withKey = { authorization: `Api-Key ${key}` };
const notProvided = '{"detail":"Authentication credentials were not provided."}';

describe("a good key", () => {
  it.each(["/any/x", "/maybe/x", "/user/x", "/staff/x", "/strict/x"])("opens %s, as a key and nobody", async (path) => {
    const app = await appOf();
    for (let time = 0; time < 2; time++) {
      expect(await ask(app, path, { ...withKey, "x-user-id": "1", "x-api-key-id": "other" })).toEqual({
        status: 200,
        text: "from the API",
        challenge: null,
      });
      expect([sent?.get("x-api-key-id"), sent?.get("x-user-id"), sent?.get("authorization")]).toEqual([
        prefix,
        null,
        null,
      ]);
      expect(JSON.stringify([...(sent ?? [])])).not.toContain(key.slice(9));
    }
  });

  it("needs all of the route's scopes, or is 403", async () => {
    const app = await appOf();
    expect(await ask(app, "/both/x", withKey)).toEqual({
      status: 403,
      text: '{"detail":"You do not have permission to perform this action."}',
      challenge: null,
    });
    expect(sent).toBeUndefined();
    await writeKey({ scopes: ["exports", "other", "reports"] });
    expect((await ask(await appOf(), "/both/x", withKey)).status).toBe(200);
  });

  it("is in any case of its scheme", async () => {
    expect((await ask(await appOf(), "/any/x", { authorization: `api-KEY ${key}` })).status).toBe(200);
  });
});

describe("a key is refused, and the API gets nothing,", () => {
  it.each([
    ["where none is taken", "/tokens/x", `Api-Key ${key}`, 'Bearer realm="api"'],
    ["where none is taken and nobody has to be known", "/optional/x", `Api-Key ${key}`, 'Bearer realm="api"'],
    ["with another secret", "/any/x", `Api-Key ${prefix}.x`, 'Bearer realm="api", Api-Key realm="api"'],
    [
      "with another secret where nobody has to be known",
      "/maybe/x",
      `Api-Key ${prefix}.x`,
      'Bearer realm="api", Api-Key realm="api"',
    ],
    ["with nothing behind its scheme", "/any/x", "Api-Key", 'Bearer realm="api", Api-Key realm="api"'],
    ["twice", "/any/x", `Api-Key ${key}, Api-Key ${key}`, 'Bearer realm="api", Api-Key realm="api"'],
    ["before a token", "/any/x", `Api-Key ${key}, Bearer ${token}`, 'Bearer realm="api", Api-Key realm="api"'],
    ["as a token for a key", "/any/x", `Api-Key ${token}`, 'Bearer realm="api", Api-Key realm="api"'],
  ])("%s", async (_, path, authorization, challenge) => {
    expect(await ask(await appOf(), path, { authorization })).toEqual({ status: 401, text: notProvided, challenge });
    expect(sent).toBeUndefined();
  });

  it("as a bearer token", async () => {
    const answer = await ask(await appOf(), "/any/x", { authorization: `Bearer ${key}` });
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([401, "token_not_valid"]);
    expect(sent).toBeUndefined();
  });

  it("in the query", async () => {
    const app = await appOf();
    for (const query of [`api_key=${key}`, `Authorization=Api-Key%20${key}`, `apikey=${key}`]) {
      expect((await ask(app, `/any/x?${query}`)).status).toBe(401);
    }
    expect(sent).toBeUndefined();
  });

  it("beside a token in another header, or in a cookie", async () => {
    const header = await appOf({ AUTH_HEADER_NAME: "X-Access-Token" });
    expect((await ask(header, "/any/x", { ...withKey, "x-access-token": `Bearer ${token}` })).status).toBe(401);
    const cookie = await appOf({ AUTH_COOKIE: true });
    expect((await ask(cookie, "/any/x", { ...withKey, cookie: `__Host-access=${token}` })).status).toBe(401);
    expect(sent).toBeUndefined();
  });
});

describe("a key never reaches the API", () => {
  it.each([
    ["on a public route", "/public/x", `Api-Key ${key}`],
    ["on a public route, behind a token", "/public/x", `Bearer ${token}, Api-Key ${key}`],
    ["on a public route, behind a tab", "/public/x", `Api-Key\t${key}`],
    ["on a public route, behind another word", "/public/x", `FooApi-Key ${key}`],
    ["on a public route, behind a token without a space", "/public/x", `Bearer ${token}Api-Key ${key}`],
    ["on an optional route, behind another word", "/maybe/x", `FooApi-Key ${key}`],
    ["on a route in shadow mode, behind another word", "/shadow/x", `X-Api-Key ${key}`],
    ["on a route in shadow mode", "/shadow/x", `Api-Key ${key}`],
    ["on a route that is open without it, behind a tab", "/maybe/x", `Api-Key\t${key}`],
  ])("%s, which the request passes without it", async (_, path, authorization) => {
    expect((await ask(await appOf(), path, { authorization })).status).toBe(200);
    expect([sent?.get("authorization"), sent?.get("x-api-key-id")]).toEqual([null, null]);
    expect(JSON.stringify([...(sent ?? [])])).not.toContain(key.slice(9));
  });

  it("but with API_KEYS off, when it means nothing here", async () => {
    const app = await appOf({ API_KEYS: false, ROUTES: [routes[0], routes[1]] });
    expect((await ask(app, "/public/x", withKey)).status).toBe(200);
    expect(sent?.get("authorization")).toBe(`Api-Key ${key}`);
    expect((await ask(app, "/tokens/x", withKey)).status).toBe(401);
  });
});

describe("X-Api-Key-Id of the client is dropped", () => {
  const spellings = ["X-Api-Key-Id", "x_api_key_id", "X.Api.Key.Id", "X-Api-Key_Id"];
  it.each([true, false])("in every spelling, with API_KEYS = %j", async (API_KEYS) => {
    const app = await appOf({ API_KEYS, ROUTES: [routes[0], routes[1]] });
    const headers = Object.fromEntries(spellings.map((name) => [name, "4fT9xQ2b"]));
    expect((await ask(app, "/public/x", headers)).status).toBe(200);
    expect(spellings.filter((name) => sent?.has(name))).toEqual([]);
    expect((await ask(app, "/tokens/x", { ...headers, authorization: `Bearer ${token}` })).status).toBe(200);
    expect([sent?.get("x-user-id"), sent?.get("x-api-key-id")]).toEqual(["7", null]);
  });
});

describe("a route that takes keys", () => {
  it("takes tokens as before", async () => {
    const app = await appOf();
    expect((await ask(app, "/any/x", { authorization: `Bearer ${token}` })).status).toBe(200);
    expect([sent?.get("x-user-id"), sent?.get("x-api-key-id")]).toEqual(["7", null]);
    expect((await ask(app, "/staff/x", { authorization: `Bearer ${token}` })).status).toBe(403);
  });
  it("names both schemes to who has neither", async () => {
    expect(await ask(await appOf(), "/any/x")).toEqual({
      status: 401,
      text: notProvided,
      challenge: 'Bearer realm="api", Api-Key realm="api"',
    });
  });
});

describe("the assertion of a request with a key", () => {
  it("names the key and its scopes, and no user", async () => {
    const ASSERTION_KEY = "shared-with-the-origin-0123456789";
    const app = await appOf({ ASSERTION: true, ASSERTION_KEY });
    await ask(app, "/any/x", withKey);
    const [, payload = ""] = (sent?.get("x-gateway-assertion") ?? "").split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    expect(claims).toEqual({
      ...{ api_key: prefix, scope: "reports", iss: "simplejwt-edge", aud: "https://origin.example" },
      ...{ request_id: expect.any(String), iat: expect.any(Number), exp: expect.any(Number) },
    });
  });
});

it("the log names the key by its prefix, and no user", async () => {
  const lines: unknown[] = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => void lines.push(JSON.parse(text)));
  const app = await appOf({ LOG: "all" });
  await ask(app, "/any/x", withKey);
  await ask(app, "/any/x", { authorization: `Api-Key ${prefix}.x` });
  vi.restoreAllMocks();
  expect(lines).toContainEqual(expect.objectContaining({ decision: "allow", token_type: "api_key", jti: prefix }));
  expect(lines).toContainEqual(expect.objectContaining({ decision: "deny", reason: "api_key_wrong", status: 401 }));
  expect(JSON.stringify(lines)).not.toContain(key.slice(9));
});
