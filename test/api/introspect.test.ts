// POST introspect/ (RFC 7662): who may ask, which tokens are good, and that nothing else is told of those that are not.
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { readConfiguration } from "../../src/configuration.ts";
import { columnOfKey, key, writeKey } from "../support/api-keys.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { craft } from "../support/craft.ts";
import { countingLimiter } from "../support/limited.ts";
import { oldHash, password } from "../support/passwords.ts";
import { provisioningKey, signedRequest } from "../support/provisioning.ts";
import { freshId } from "../support/rows.ts";
import { testSecret } from "../support/settings.ts";
import { addUser } from "../support/users.ts";

const vars = {
  API_KEYS: true,
  PROVISIONING_KEY: provisioningKey,
  UPGRADE_PASSWORD_HASHES: false,
  ROTATE_REFRESH_TOKENS: true,
  BLACKLIST_AFTER_ROTATION: true,
  TOKEN_ENDPOINTS: ["obtain", "refresh", "blacklist", "sliding", "sessions", "introspect"],
  ORIGIN: echoOrigin,
};
const path = "/api/token/introspect/";
const now = Math.floor(Date.now() / 1000);
let app: App;

beforeAll(async () => {
  await writeKey({ scopes: ["introspect"] });
  app = await appWith(vars);
});

const withKey = { authorization: `Api-Key ${key}` };
const form = (
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = withKey,
  where = path,
) => new Request(`https://gateway.example${where}`, { method: "POST", body: new URLSearchParams(fields), headers });

/** What is said of a token. */
async function said(token: string, through = app): Promise<Readonly<Record<string, unknown>>> {
  const response = await through.fetch(form({ token }));
  expect(response.status).toBe(200);
  return response.json();
}
const inactive = { active: false };

async function logIn() {
  const user = await addUser({ password: oldHash });
  const credentials = { username: user.username, password };
  const pair = (await (await app.fetch(postJson("/api/token/", credentials))).json()) as Record<string, string>;
  const { token = "" } = (await (await app.fetch(postJson("/api/token/sliding/", credentials))).json()) as Record<
    string,
    string
  >;
  return { user, access: pair.access ?? "", refresh: pair.refresh ?? "", sliding: token };
}

describe("of a good token it says", () => {
  it.each(["access", "refresh", "sliding"] as const)("what an %s token says, and whose it is", async (type) => {
    const tokens = await logIn();
    const claims = claimsOf(tokens[type]);
    expect(await said(tokens[type])).toEqual({
      ...{ active: true, token_type: type, exp: claims.exp, iat: claims.iat, jti: claims.jti },
      ...{ sub: tokens.user.id, user_id: tokens.user.id, username: tokens.user.username },
    });
  });

  it("its issuer, audience and scope, and a subject of its own", async () => {
    const strict = await appWith({ ...vars, ISSUER: "https://gateway.example", AUDIENCE: ["a", "b"] });
    const claims = {
      ...{ token_type: "access", exp: now + 60, iat: now, nbf: now, jti: freshId(), user_id: "nobody-here" },
      ...{ iss: "https://gateway.example", aud: ["b"], scope: "read write", sub: "other", secret: "of ours" },
    };
    expect(await said(craft({ claims }), strict)).toEqual({
      ...{ active: true, token_type: "access", exp: now + 60, iat: now, nbf: now, jti: claims.jti },
      ...{ iss: "https://gateway.example", aud: ["b"], scope: "read write", sub: "other", user_id: "nobody-here" },
    });
  });

  it("no more and no less in JSON, without a trailing slash, and with a hint", async () => {
    const { access } = await logIn();
    const body = { token: access, token_type_hint: "refresh_token" };
    const response = await app.fetch(postJson("/api/token/introspect", body, withKey));
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await response.json()).toMatchObject({ active: true, token_type: "access" });
  });
});

describe("with a limit", () => {
  const limited = (by: string, limiter: object) =>
    appWith({ ...vars, API_LIMITER: limiter, TOKEN_LIMITS: { introspect: { binding: "API_LIMITER", by } } });

  it("by key, a key asks so often, from wherever, and who has none is refused uncounted", async () => {
    const limiter = countingLimiter(1);
    const through = await limited("key", limiter);
    const ask = async (address: string, headers: object = withKey) =>
      (await through.fetch(form({ token: "x" }, { ...headers, "cf-connecting-ip": address }))).status;
    expect([await ask("192.0.2.1"), await ask("192.0.2.2"), await ask("192.0.2.3", {})]).toEqual([200, 429, 401]);
    expect([...limiter.counts.values()]).toEqual([2]);
  });
  it("by address, it is counted before the key is looked at", async () => {
    const through = await limited("address", countingLimiter(0));
    const asked = form({ token: "x" }, { authorization: "Api-Key bad", "cf-connecting-ip": "192.0.2.1" });
    const response = await through.fetch(asked);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
  });
});

describe("it says active: false, and nothing else, of a token", () => {
  const good = () => ({ token_type: "access", exp: now + 60, iat: now, jti: freshId(), user_id: "7" });
  it.each<[string, () => string]>([
    ["that is none", () => "hello"],
    ["of two parts", () => "a.b"],
    ["with characters that are none of HTTP's", () => `${craft({ claims: good() })}\u00e9`],
    ["of another key", () => craft({ claims: good(), secret: "x".repeat(32) })],
    ["without a signature", () => craft({ claims: good() }).replace(/\.[^.]*$/, ".")],
    ["that has expired", () => craft({ claims: { ...good(), exp: now - 5 } })],
    ["without an expiry", () => craft({ claims: { ...good(), exp: undefined } })],
    ["without an id", () => craft({ claims: { ...good(), jti: undefined } })],
    ["of no type", () => craft({ claims: { ...good(), token_type: undefined } })],
    ["of another type", () => craft({ claims: { ...good(), token_type: "verification" } })],
    ["that is an assertion", () => craft({ header: { alg: "HS256", typ: "gateway-assertion+jwt" }, claims: good() })],
    ["that was reissued for the API", () => craft({ header: { alg: "HS256", typ: "reissued+jwt" }, claims: good() })],
    ["that is an API key", () => key],
  ])("%s", async (_, token) => {
    const response = await app.fetch(form({ token: token() }));
    expect([response.status, await response.text()]).toEqual([200, '{"active":false}']);
  });

  it("that was used up, and of its successor once that is logged out", async () => {
    const { refresh } = await logIn();
    const answer = await app.fetch(postJson("/api/token/refresh/", { refresh }));
    const next = ((await answer.json()) as Record<string, string>).refresh ?? "";
    expect(await said(refresh)).toEqual(inactive);
    expect(await said(next)).toMatchObject({ active: true });
    expect((await app.fetch(postJson("/api/token/blacklist/", { refresh: next }))).status).toBe(200);
    expect(await said(next)).toEqual(inactive);
  });

  it("of our own for a user of another issuer, whom routes refuse as well", async () => {
    const ISSUERS = [
      {
        ...{ issuer: "https://idp.example/", jwks: "https://idp.example/jwks", audience: "api" },
        reissue: { user_id: "-{sub}" },
      },
    ];
    const through = await appWith({ ...vars, USER_ID_TYPE: "text", ISSUERS });
    const ofUser = (user_id: unknown) =>
      craft({ claims: { token_type: "access", exp: now + 300, iat: now - 5, jti: freshId(), user_id } });
    expect(await said(ofUser("-u-1"), through)).toEqual(inactive);
    expect(await said(ofUser(-17), through)).toEqual(inactive);
    expect(await said(ofUser("u-1"), through)).toMatchObject({ active: true, user_id: "u-1" });
  });

  it("whose user has logged out everywhere, at once", async () => {
    const { access, refresh, sliding } = await logIn();
    const authorization = `Bearer ${access}`;
    expect((await app.fetch(postJson("/api/token/logout-all/", {}, { authorization }))).status).toBe(200);
    for (const token of [access, refresh, sliding]) expect(await said(token)).toEqual(inactive);
  });

  it("whose user is inactive, unless CHECK_USER_IS_ACTIVE is off", async () => {
    const { access, user } = await logIn();
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
    expect(await said(access)).toEqual(inactive);
    expect(await said(access, await appWith({ ...vars, CHECK_USER_IS_ACTIVE: false }))).toMatchObject({ active: true });
  });

  it("that was made for another password, with CHECK_REVOKE_TOKEN", async () => {
    const claims = { ...good(), user_id: (await addUser({ password: oldHash })).id, hash_password: "OLD" };
    expect(await said(craft({ claims }), await appWith({ ...vars, CHECK_REVOKE_TOKEN: true }))).toEqual(inactive);
    expect(await said(craft({ claims }))).toMatchObject({ active: true });
  });
});

describe("who may ask:", () => {
  const notProvided = '{"detail":"Authentication credentials were not provided."}';
  it("nobody without credentials, with a token of a user, or with a key that is not good", async () => {
    const { access } = await logIn();
    for (const headers of [{}, { authorization: `Api-Key ${key}x` }]) {
      const response = await app.fetch(form({ token: access }, headers));
      expect([response.status, await response.text(), response.headers.get("www-authenticate")]).toEqual([
        401,
        notProvided,
        'Bearer realm="api", Api-Key realm="api"',
      ]);
    }
    const asUser = await app.fetch(form({ token: access }, { authorization: `Bearer ${access}` }));
    expect(asUser.status).toBe(401);
  });

  it("no key without the scope introspect", async () => {
    await writeKey({ scopes: ["reports"] });
    const response = await (await appWith(vars)).fetch(form({ token: "a" }));
    expect([response.status, await response.text()]).toEqual([
      403,
      '{"detail":"You do not have permission to perform this action."}',
    ]);
    await writeKey({ scopes: ["introspect"] });
  });

  it("the API, with a request that PROVISIONING_KEY has signed, body and all", async () => {
    const { access } = await logIn();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = `token=${access}`;
    const ask = async (signing: Parameters<typeof signedRequest>[3]) =>
      app.fetch(signedRequest("POST", path, body, { ...signing, headers }));
    expect(await (await ask({})).json()).toMatchObject({ active: true });
    for (const signing of [
      { signedBody: "token=other" },
      { nowSeconds: now - 400 },
      { key: "another-key-of-the-tests-only-0000" },
      { claims: { htu: "https://gateway.example/_gateway/users/" } },
      { header: { typ: "JWT" } },
    ]) {
      expect((await ask(signing)).status).toBe(401);
    }
  });

  it("only by keys where PROVISIONING_KEY is not set, and only by signed requests where API_KEYS is off", async () => {
    const { access } = await logIn();
    const byKey = await appWith({ ...vars, PROVISIONING_KEY: "" });
    expect((await byKey.fetch(signedRequest("POST", path, `token=${access}`))).status).toBe(401);
    const signed = await appWith({ ...vars, API_KEYS: false });
    const response = await signed.fetch(form({ token: access }));
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="api"']);
  });

  it("no page of another origin, whatever CORS_ORIGINS says", async () => {
    const open = await appWith({ ...vars, CORS_ORIGINS: ["https://app.example"] });
    const response = await open.fetch(form({ token: "a" }, { ...withKey, origin: "https://app.example" }));
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, null]);
  });
});

describe("a request is refused", () => {
  it("without a token, or with one in the query alone", async () => {
    for (const where of [path, `${path}?token=abc`]) {
      const response = await app.fetch(form({}, withKey, where));
      expect([response.status, await response.text()]).toEqual([400, '{"token":["This field is required."]}']);
    }
  });
  it.each(["GET", "PUT", "OPTIONS"])("by the method %s", async (method) => {
    const response = await app.fetch(new Request(`https://gateway.example${path}`, { method, headers: withKey }));
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });
  it("while D1 does not answer (503): a token is not called bad for that", async () => {
    const { access } = await logIn();
    await said(access);
    vi.spyOn(console, "log").mockImplementation(() => {});
    const broken = new Proxy(DB, {
      get: (target, name) =>
        name === "batch" ? () => Promise.reject(new Error("D1 is down")) : Reflect.get(target, name).bind(target),
    });
    const response = await (await appWith({ ...vars, DB: broken })).fetch(form({ token: access }));
    vi.restoreAllMocks();
    expect(response.status).toBe(503);
  });
});

describe("it is served", () => {
  it("only where TOKEN_ENDPOINTS has it", async () => {
    const without = await appWith({
      ...vars,
      TOKEN_ENDPOINTS: undefined,
      ROUTES: [{ path: "/api/*", auth: "public" }],
    });
    const response = await without.fetch(form({ token: "a" }, {}));
    expect(await response.json()).toMatchObject({ url: "https://gateway.example/api/token/introspect/" });
  });
  it("where TOKEN_PATHS has it", async () => {
    const moved = await appWith({ ...vars, TOKEN_PATHS: { introspect: "/oauth/introspect" } });
    expect(await (await moved.fetch(form({ token: "a" }, withKey, "/oauth/introspect/"))).json()).toEqual(inactive);
  });
  it("to nobody without API_KEYS and PROVISIONING_KEY, so that is an error", async () => {
    const { errors } = await readConfiguration({ SIGNING_KEY: testSecret, TOKEN_ENDPOINTS: ["introspect"] });
    expect(errors).toEqual([
      'TOKEN_ENDPOINTS has "introspect", which needs API_KEYS = true or PROVISIONING_KEY: nobody could ask otherwise.',
    ]);
  });
});

it("the use of the key is noted", async () => {
  expect(await columnOfKey("last_used_at")).toEqual(expect.any(Number));
});
