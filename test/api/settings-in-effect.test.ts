// Every setting of Simple JWT through the whole app: what changes for a client when it is set.
import { beforeAll, describe, expect, it } from "vitest";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { addUser, columnOf } from "../support/users.ts";

// "pw" and "new" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const base = {
  UPGRADE_PASSWORD_HASHES: false,
  ORIGIN: echoOrigin,
  ROUTES: [{ path: "/*", auth: "user" }],
  REVOCATION: "off",
};

beforeAll(async () => {
  await addUser({ id: "1", username: "ada", password: hashOfPw });
  await addUser({ id: "2", username: "gone", password: hashOfPw, is_active: false });
});

type Vars = Readonly<Record<string, unknown>>;
type Tokens = Readonly<Record<"access" | "refresh" | "token", string>>;

/** An app with the settings, a log-in with it, and short ways to use its tokens. */
async function session(vars: Vars, path = "/api/token/", username = "ada") {
  const app = await appWith({ ...base, ...vars });
  const post = async (where: string, body: object) => {
    const response = await app.fetch(postJson(where, body));
    return { status: response.status, body: (await response.json()) as Tokens & { detail?: string } };
  };
  const get = (headers: Readonly<Record<string, string>>, where = "/api/notes/") =>
    app.fetch(new Request(`https://gateway.example${where}`, { headers }));
  const login = await post(path, { username, password: "pw" });
  return { app, post, get, login: login.body, status: login.status };
}

const byToken = [{ path: "/*", auth: "token" }];
const bearer = (token: string, scheme = "Bearer") => ({ authorization: `${scheme} ${token}` });
const lifetime = (token: string) => Number(claimsOf(token).exp) - Number(claimsOf(token).iat);

describe("lifetimes", () => {
  it("ACCESS_TOKEN_LIFETIME and REFRESH_TOKEN_LIFETIME: seconds from issue to exp", async () => {
    const { login } = await session({ ACCESS_TOKEN_LIFETIME: "10m", REFRESH_TOKEN_LIFETIME: 3600 });
    expect([lifetime(login.access), lifetime(login.refresh)]).toEqual([600, 3600]);
  });
  it("SLIDING_TOKEN_LIFETIME and SLIDING_TOKEN_REFRESH_LIFETIME, under SLIDING_TOKEN_REFRESH_EXP_CLAIM", async () => {
    const vars = {
      TOKEN_ENDPOINTS: ["sliding"],
      SLIDING_TOKEN_LIFETIME: 60,
      SLIDING_TOKEN_REFRESH_LIFETIME: 120,
      SLIDING_TOKEN_REFRESH_EXP_CLAIM: "until",
    };
    const { login } = await session(vars, "/api/token/sliding/");
    const claims = claimsOf(login.token);
    expect([lifetime(login.token), Number(claims.until) - Number(claims.iat)]).toEqual([60, 120]);
  });
});

describe("rotation", () => {
  it("ROTATE_REFRESH_TOKENS: a refresh gives a new refresh token, and the old one stays good", async () => {
    const { login, post } = await session({ ROTATE_REFRESH_TOKENS: true });
    const { body } = await post("/api/token/refresh/", { refresh: login.refresh });
    expect(claimsOf(body.refresh).jti).not.toBe(claimsOf(login.refresh).jti);
    expect((await post("/api/token/refresh/", { refresh: login.refresh })).status).toBe(200);
  });
  it("BLACKLIST_AFTER_ROTATION: the old one is used up, and verify says so", async () => {
    const { login, post } = await session({ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true });
    await post("/api/token/refresh/", { refresh: login.refresh });
    expect((await post("/api/token/refresh/", { refresh: login.refresh })).body.detail).toBe("Token is blacklisted");
    expect(await post("/api/token/verify/", { token: login.refresh })).toMatchObject({
      status: 400,
      body: { non_field_errors: ["Token is blacklisted"] },
    });
  });
  it("TOKEN_BLACKLIST_ENABLED off: nothing is written down, and there is no blacklist endpoint", async () => {
    const before = await DB.prepare("SELECT COUNT(*) AS n FROM sessions").first("n");
    const { login, post } = await session({ TOKEN_BLACKLIST_ENABLED: false });
    expect(await DB.prepare("SELECT COUNT(*) AS n FROM sessions").first("n")).toBe(before);
    expect((await post("/api/token/blacklist/", { refresh: login.refresh })).status).toBe(401); // a route like any other
  });
});

describe("what is in a token", () => {
  it("AUDIENCE and ISSUER: written into tokens, and asked of them", async () => {
    const { login } = await session({ AUDIENCE: ["a", "b"], ISSUER: "https://issuer.example" });
    expect(claimsOf(login.access)).toMatchObject({ aud: ["a", "b"], iss: "https://issuer.example" });
    const other = await session({ AUDIENCE: "c" });
    expect((await other.get(bearer(login.access))).status).toBe(401);
  });
  it("TOKEN_TYPE_CLAIM, JTI_CLAIM, USER_ID_CLAIM: the names of the claims", async () => {
    const { login, get } = await session({ TOKEN_TYPE_CLAIM: "kind", JTI_CLAIM: "id", USER_ID_CLAIM: "sub" });
    expect(Object.keys(claimsOf(login.access))).toEqual(["kind", "exp", "iat", "id", "sub"]);
    expect((await get(bearer(login.access))).status).toBe(200);
  });
  it("USER_ID_FIELD: by which column a token names its user", async () => {
    const { login, get } = await session({ USER_ID_FIELD: "username" });
    expect(claimsOf(login.access).user_id).toBe("ada");
    const seen = (await (await get(bearer(login.access))).json()) as { headers: Record<string, string> };
    expect(seen.headers["x-user-id"]).toBe("ada");
  });
  it("LEEWAY: a token is good that long after its end", async () => {
    const { login, get } = await session({ ACCESS_TOKEN_LIFETIME: 1, LEEWAY: 60 });
    await new Promise((done) => setTimeout(done, 1200));
    expect((await get(bearer(login.access))).status).toBe(200);
    expect((await (await session({})).get(bearer(login.access))).status).toBe(401);
  });
});

describe("where a token is looked for", () => {
  it("AUTH_HEADER_TYPES: the schemes, of which the first is in the challenge", async () => {
    const { login, get } = await session({ AUTH_HEADER_TYPES: ["JWT", "Bearer"] });
    expect((await get(bearer(login.access, "JWT"))).status).toBe(200);
    expect((await get(bearer(login.access))).status).toBe(200);
    expect((await get({})).headers.get("www-authenticate")).toBe('JWT realm="api"');
  });
  it("AUTH_HEADER_NAME: the header, in Django's spelling or its own", async () => {
    for (const name of ["HTTP_X_ACCESS_TOKEN", "X-Access-Token"]) {
      const { login, get } = await session({ AUTH_HEADER_NAME: name });
      expect((await get({ "x-access-token": `Bearer ${login.access}` })).status).toBe(200);
      expect((await get(bearer(login.access))).status).toBe(401);
    }
  });
  it("AUTH_TOKEN_CLASSES: which kinds of token open a route", async () => {
    const vars = {
      AUTH_TOKEN_CLASSES: "rest_framework_simplejwt.tokens.SlidingToken",
      TOKEN_ENDPOINTS: ["obtain", "sliding"],
    };
    const sliding = await session(vars, "/api/token/sliding/");
    expect((await sliding.get(bearer(sliding.login.token))).status).toBe(200);
    const pair = await session(vars);
    const refused = await pair.get(bearer(pair.login.access));
    expect(await refused.json()).toMatchObject({
      messages: [{ token_class: "SlidingToken", token_type: "sliding", message: "Token has wrong type" }],
    });
  });
  it("FORWARD_AUTHORIZATION off: the bearer token stays at the edge, other credentials pass", async () => {
    const { login, get } = await session({ FORWARD_AUTHORIZATION: false, ROUTES: [{ path: "/*", auth: "optional" }] });
    const seen = async (headers: Record<string, string>) =>
      ((await (await get(headers)).json()) as { headers: Record<string, string> }).headers.authorization;
    expect(await seen(bearer(login.access))).toBeUndefined();
    expect(await seen({ authorization: "Basic eDp5" })).toBe("Basic eDp5");
  });
});

describe("the user behind a token", () => {
  it("CHECK_USER_IS_ACTIVE off: a closed account keeps its tokens, yet cannot log in", async () => {
    const { login, get, post } = await session({ CHECK_USER_IS_ACTIVE: false });
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = 1").run();
    const route = (await get(bearer(login.access))).status;
    const refresh = (await post("/api/token/refresh/", { refresh: login.refresh })).status;
    const again = (await post("/api/token/", { username: "ada", password: "pw" })).status;
    const strict = await (await session({}, "/api/token/", "gone")).get(bearer(login.access));
    await DB.prepare("UPDATE users SET is_active = 1 WHERE id = 1").run();
    expect([route, refresh, again]).toEqual([200, 200, 401]);
    expect(await strict.json()).toEqual({ detail: "User is inactive", code: "user_inactive" });
  });
  it("CHECK_REVOKE_TOKEN and REVOKE_TOKEN_CLAIM: a changed password ends the tokens", async () => {
    const user = await addUser({ password: hashOfPw });
    const vars = { CHECK_REVOKE_TOKEN: true, REVOKE_TOKEN_CLAIM: "pwh" };
    const { login, get, post } = await session(vars, "/api/token/", user.username);
    expect(claimsOf(login.access).pwh).toMatch(/^[0-9A-F]{32}$/);
    expect((await get(bearer(login.access))).status).toBe(200);
    await DB.prepare("UPDATE users SET password = ? WHERE id = ?").bind(`${hashOfPw}x`, user.id).run();
    const detail = "The user's password has been changed.";
    expect(await (await get(bearer(login.access))).json()).toEqual({ detail, code: "password_changed" });
    expect((await post("/api/token/refresh/", { refresh: login.refresh })).body).toEqual({ detail });
    expect((await post("/api/token/refresh/", { refresh: login.refresh })).body.detail).toBe("Token is blacklisted");
  });
  it("UPDATE_LAST_LOGIN: a log-in is written into the row", async () => {
    const user = await addUser({ password: hashOfPw });
    await session({}, "/api/token/", user.username);
    expect(await columnOf(user.id, "last_login")).toBeNull();
    await session({ UPDATE_LAST_LOGIN: true }, "/api/token/", user.username);
    expect(await columnOf(user.id, "last_login")).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  });
  it("UPGRADE_PASSWORD_HASHES: a good log-in rewrites the hash in the preferred format", async () => {
    const user = await addUser({ password: hashOfPw });
    await session({}, "/api/token/", user.username);
    expect(await columnOf(user.id, "password")).toBe(hashOfPw);
    await session({ UPGRADE_PASSWORD_HASHES: true }, "/api/token/", user.username);
    expect(await columnOf(user.id, "password")).toMatch(/^scrypt\$16384\$[a-zA-Z0-9]{22}\$8\$5\$[A-Za-z0-9+/]{86}==$/);
    expect((await session({}, "/api/token/", user.username)).status).toBe(200);
  });
});

describe("where things are", () => {
  it("TOKEN_PREFIX and TOKEN_ENDPOINTS: which paths are the gateway's own", async () => {
    const vars = { TOKEN_PREFIX: "/auth/jwt", TOKEN_ENDPOINTS: ["obtain", "verify"] };
    const { login, post } = await session(vars, "/auth/jwt");
    expect((await post("/auth/jwt/verify", { token: login.access })).status).toBe(200);
    expect((await post("/auth/jwt/refresh/", { refresh: login.refresh })).status).toBe(401); // a route like any other
  });
  it("REVOCATION: off never sees a revoked id, cached sees KV's news, strict sees D1", async () => {
    const { login, get } = await session({ ROUTES: byToken });
    const jti = String(claimsOf(login.access).jti);
    const statusIn = async (mode: string) =>
      (await (await session({ REVOCATION: mode, ROUTES: byToken })).get(bearer(login.access))).status;
    await DB.prepare(
      `INSERT INTO sessions (id, other_jti, counter, token_type, started_at, created_at, expires_at, blacklisted_at)
        VALUES (lower(hex(randomblob(12))), ?, 0, 'refresh', 1, 1, 9999999999, 2)`,
    )
      .bind(jti)
      .run();
    expect([await statusIn("off"), await statusIn("cached"), await statusIn("strict")]).toEqual([200, 200, 401]);
    await BLACKLIST.put(`jti:${jti}`, "1", { expiration: Math.floor(Date.now() / 1000) + 300 });
    expect([await statusIn("off"), await statusIn("cached")]).toEqual([200, 401]);
    expect((await get(bearer(login.access))).status).toBe(200);
  });
  it("REVOCATION_CACHE_SECONDS: how long one isolate may go on with a no", async () => {
    const remembering = await session({ REVOCATION: "cached", REVOCATION_CACHE_SECONDS: 300, ROUTES: byToken });
    const asking = await session({ REVOCATION: "cached", REVOCATION_CACHE_SECONDS: 0, ROUTES: byToken });
    const token = bearer(remembering.login.access);
    expect([(await remembering.get(token)).status, (await asking.get(token)).status]).toEqual([200, 200]);
    const key = `jti:${String(claimsOf(remembering.login.access).jti)}`;
    await BLACKLIST.put(key, "1", { expiration: Math.floor(Date.now() / 1000) + 300 });
    expect([(await remembering.get(token)).status, (await asking.get(token)).status]).toEqual([200, 401]);
  });
});
