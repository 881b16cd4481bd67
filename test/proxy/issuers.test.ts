// Tokens of other issuers at routes, through the whole app: whose tokens open what, and what the API gets to know.
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { appWith, echoOrigin } from "../support/app.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { claimsIn, craft, headerIn } from "../support/craft.ts";
import { entryOf, nowSeconds, type Provider, provider } from "../support/provider.ts";
import { addUser } from "../support/users.ts";

let idp: Provider;
let other: Provider;
beforeAll(async () => {
  // Both keys have the same id.
  [idp, other] = await Promise.all([provider("https://idp.example/"), provider("https://other.example")]);
});

const routes = () => [
  { path: "/both/*", auth: "token", issuers: ["self", "https://idp.example/"] },
  { path: "/idp/*", auth: "token", issuers: ["https://idp.example/"] },
  { path: "/other/*", auth: "token", issuers: ["https://other.example"] },
  { path: "/maybe/*", auth: "optional", issuers: ["self", "https://idp.example/"] },
  { path: "/user/*", auth: "user", issuers: ["self", "https://idp.example/"] },
  { path: "/staff/*", auth: "token", issuers: ["https://idp.example/"], require: { scope: "staff" } },
  { path: "/*", auth: "token" },
];

const appOf = (idpMore: object = {}, vars: object = {}) =>
  appWith({
    ORIGIN: echoOrigin,
    ROUTES: routes(),
    ISSUERS: [entryOf(idp, idpMore as Record<string, unknown>), entryOf(other)],
    ...vars,
  });

const own = (claims: object = {}) => {
  const now = nowSeconds();
  return craft({
    claims: { token_type: "access", exp: now + 300, iat: now - 5, jti: "own-1", user_id: "7", ...claims },
  });
};

interface Seen {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

async function ask(app: App, path: string, token: string | undefined, headers: object = {}): Promise<Seen> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const request = new Request(`https://gateway.example${path}`, { headers: { ...authorization, ...headers } });
  const response = await app.fetch(request);
  const body = (await response.json()) as { readonly headers?: Readonly<Record<string, string>> };
  return { status: response.status, body, headers: body.headers ?? {} };
}

const statusOf = async (app: App, path: string, token: string) => (await ask(app, path, token)).status;
const invalid = (message = "Token is invalid") => ({
  detail: "Given token not valid for any token type",
  code: "token_not_valid",
  messages: [{ token_class: "AccessToken", token_type: "access", message }],
});

describe("a token of another issuer", () => {
  let app: App;
  beforeAll(async () => {
    app = await appOf();
  });

  it("opens the routes that name its issuer, first and later, and no other", async () => {
    const token = await idp.token();
    for (let time = 0; time < 2; time++) {
      const statuses = await Promise.all(
        ["/both/x", "/idp/x", "/maybe/x", "/other/x", "/x"].map((path) => statusOf(app, path, token)),
      );
      expect(statuses).toEqual([200, 200, 200, 401, 401]);
    }
    expect((await ask(app, "/x", token)).body).toEqual(invalid());
  });

  it("leaves our own tokens where they were: on routes with self alone", async () => {
    for (let time = 0; time < 2; time++) {
      const statuses = await Promise.all(
        ["/both/x", "/maybe/x", "/x", "/idp/x", "/other/x"].map((path) => statusOf(app, path, own())),
      );
      expect(statuses).toEqual([200, 200, 200, 401, 401]);
    }
  });

  it("is told to the API with issuer and subject, and is nobody of ours", async () => {
    const token = await idp.token({ user_id: "7", sub: "auth0|ünal" });
    for (let time = 0; time < 2; time++) {
      const { headers } = await ask(app, "/both/x", token);
      expect(headers).toMatchObject({
        "x-token-issuer": "https://idp.example/",
        "x-token-subject": "auth0%7C%C3%BCnal",
        authorization: `Bearer ${token}`,
      });
      expect(Object.hasOwn(headers, "x-user-id")).toBe(false);
    }
  });

  it("says nothing of it on our own tokens, on anonymous requests, and by the client itself", async () => {
    const forged = {
      "x-token-issuer": "https://idp.example/",
      x_token_subject: "admin",
      "x-token.subject": "admin",
      "x-token-subject": "admin",
    };
    for (const [path, token] of [
      ["/both/x", own()],
      ["/maybe/x", undefined],
    ] as const) {
      const { status, headers } = await ask(app, path, token, forged);
      expect(status).toBe(200);
      expect(Object.keys(headers).filter((name) => /token/.test(name))).toEqual([]);
    }
    const { headers } = await ask(app, "/both/x", await idp.token(), forged);
    expect(Object.entries(headers).filter(([name]) => /token/.test(name))).toEqual([
      ["x-token-issuer", "https://idp.example/"],
      ["x-token-subject", "u-1"],
    ]);
  });

  it("is asked for the claims that a route requires", async () => {
    expect(await statusOf(app, "/staff/x", await idp.token({ scope: "staff" }))).toBe(200);
    expect(await statusOf(app, "/staff/x", await idp.token({ scope: ["read", "staff"] }))).toBe(200);
    expect(await statusOf(app, "/staff/x", await idp.token())).toBe(403);
  });

  it("opens no route that reads the user, while its issuer has no rule for users", async () => {
    await addUser({ id: "7" });
    const { status, body } = await ask(app, "/user/x", await idp.token({ sub: "7", user_id: "7" }));
    expect([status, body]).toEqual([401, { detail: "User not found", code: "user_not_found" }]);
  });

  it("is about its issuer alone: no token endpoint takes it", async () => {
    const token = await idp.token();
    for (const path of ["/api/token/verify/", "/api/token/refresh/", "/api/token/blacklist/"]) {
      const request = new Request(`https://gateway.example${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token, refresh: token }),
      });
      expect([path, (await app.fetch(request)).status]).toEqual([path, 401]);
    }
    expect(await statusOf(app, "/api/token/sessions/", token)).toBe(401);
  });
});

it("our own key signs no token of another issuer, not for the token endpoints either", async () => {
  const verify = async (app: App) => {
    const request = new Request("https://gateway.example/api/token/verify/", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: own({ iss: "https://idp.example/" }) }),
    });
    return (await app.fetch(request)).status;
  };
  expect(await verify(await appOf())).toBe(401);
  expect(await verify(await appWith({ ORIGIN: echoOrigin }))).toBe(200);
});

describe("a token of another issuer is refused", () => {
  let app: App;
  beforeAll(async () => {
    app = await appOf({
      type_claim: { name: "token_use", value: "access" },
      max_age: "10m",
      user_claim: "sub",
      algorithms: ["RS256"],
    });
  });
  const good = { token_use: "access" };

  it("for nothing, when it is good", async () => {
    expect(await statusOf(app, "/idp/x", await idp.token(good))).toBe(200);
    expect(await statusOf(app, "/idp/x", await idp.token(good, { typ: undefined }))).toBe(200);
    expect(await statusOf(app, "/idp/x", await idp.token({ ...good, aud: ["x", "https://api.example"] }))).toBe(200);
  });

  it.each<[string, object, object, string]>([
    ["another audience", { aud: "https://other-api.example" }, {}, "Token is invalid"],
    ["no audience", { aud: undefined }, {}, "Token is invalid"],
    ["a slash too few", { iss: "https://idp.example" }, {}, "Token is invalid"],
    ["another case", { iss: "https://IDP.example/" }, {}, "Token is invalid"],
    ["no issuer", { iss: undefined }, {}, "Token is invalid"],
    ["two issuers", { iss: ["https://idp.example/"] }, {}, "Token is invalid"],
    ["its end, beyond the leeway", { exp: nowSeconds() - 6 }, {}, "Token is expired"],
    ["no end", { exp: undefined }, {}, "Token has no '{}' claim"],
    ["its age", { iat: nowSeconds() - 606 }, {}, "Token is expired"],
    ["an age that it does not say", { iat: undefined }, {}, "Token has no '{}' claim"],
    ["a time to come", { nbf: nowSeconds() + 60 }, {}, "Token is invalid"],
    ["no type", { token_use: undefined }, {}, "Token has no type"],
    ["another type", { token_use: "id" }, {}, "Token has wrong type"],
    ["no id", { jti: undefined }, {}, "Token has no id"],
    ["an id that is no text", { jti: 7 }, {}, "Token is invalid"],
    ["another key id", {}, { kid: "k2" }, "Token is invalid"],
    ["a key id that is no text", {}, { kid: 7 }, "Token is invalid"],
    ["another algorithm", {}, { alg: "PS256" }, "Token is invalid"],
    ["no algorithm", {}, { alg: "none" }, "Token is invalid"],
    ["a log-out token", {}, { typ: "logout+jwt" }, "Token is invalid"],
    ["an assertion of ours", {}, { typ: "gateway-assertion+jwt" }, "Token is invalid"],
    ["a reissued token", {}, { typ: "reissued+jwt" }, "Token is invalid"],
    ["an access token of RFC 9068 without its claims", {}, { typ: "at+jwt" }, "Token has no '{}' claim"],
  ])("for %s", async (_, claims, header, message) => {
    const token = await idp.token({ ...good, ...claims }, header as Record<string, unknown>);
    const { status, body } = await ask(app, "/idp/x", token);
    expect(status).toBe(401);
    expect(body).toMatchObject({
      code: "token_not_valid",
      messages: [{ message: message.replace("{}", claimIn(claims)) }],
    });
  });
  const claimIn = (claims: object) =>
    Object.hasOwn(claims, "exp") ? "exp" : Object.hasOwn(claims, "iat") ? "iat" : "client_id";

  it("without a subject that can be told", async () => {
    for (const sub of [undefined, ""]) {
      expect((await ask(app, "/idp/x", await idp.token({ ...good, sub }))).body).toEqual({
        detail: "Token contained no recognizable user identification",
        code: "token_not_valid",
      });
    }
  });

  it("if it is signed by another issuer, whose key has the same id", async () => {
    const lie = await other.token({ ...good, iss: "https://idp.example/" });
    expect((await ask(app, "/idp/x", lie)).body).toEqual(invalid());
    expect((await ask(app, "/both/x", lie)).body).toEqual(invalid());
  });

  it("if it is signed with our own key, and our own if it is signed by another", async () => {
    expect(
      await statusOf(
        app,
        "/both/x",
        own({ ...good, iss: "https://idp.example/", sub: "u", aud: "https://api.example" }),
      ),
    ).toBe(401);
    const { iss: _, ...claims } = claimsIn(await idp.token());
    const nameless = await idp.token({ ...claims, iss: undefined, token_type: "access", user_id: "7" });
    expect(await statusOf(app, "/both/x", nameless)).toBe(401);
  });
});

it("the iss chooses its entry exactly: issuers that differ in a slash or in case have their own keys", async () => {
  const names = ["https://one.example", "https://one.example/", "https://ONE.example"];
  const providers = await Promise.all(names.map((name) => provider(name)));
  const app = await appWith({
    ORIGIN: echoOrigin,
    ISSUERS: providers.map((one) => entryOf(one)),
    ROUTES: names.map((name, at) => ({ path: `/${at}/*`, auth: "token", issuers: [name] })),
  });
  const tokens = await Promise.all(providers.map((one) => one.token()));
  const statuses = await Promise.all(
    tokens.map((token) => Promise.all(["/0/x", "/1/x", "/2/x"].map((path) => statusOf(app, path, token)))),
  );
  expect(statuses).toEqual([
    [200, 401, 401],
    [401, 200, 401],
    [401, 401, 200],
  ]);
});

describe("an access token of RFC 9068", () => {
  const whole = { client_id: "app" };
  it("is taken with all that it has to have", async () => {
    const app = await appOf();
    expect(await statusOf(app, "/idp/x", await idp.token(whole, { typ: "at+jwt" }))).toBe(200);
    expect(await statusOf(app, "/idp/x", await idp.token(whole, { typ: "application/AT+jwt" }))).toBe(200);
    expect(await statusOf(app, "/idp/x", await idp.token({ ...whole, jti: undefined }, { typ: "at+jwt" }))).toBe(401);
  });
  it('is the only one with typ = "at+jwt"', async () => {
    const app = await appOf({ typ: "at+jwt" });
    expect(await statusOf(app, "/idp/x", await idp.token(whole, { typ: "at+jwt" }))).toBe(200);
    expect(await statusOf(app, "/idp/x", await idp.token(whole))).toBe(401);
    expect(await statusOf(app, "/idp/x", await idp.token(whole, { typ: undefined }))).toBe(401);
  });
});

describe("revocation of another issuer's tokens", () => {
  it("is by issuer and id, or by issuer and subject, and not by an id or user of ours", async () => {
    const app = await appOf({}, { REVOCATION: "cached", REVOCATION_CACHE_SECONDS: 0 });
    const token = await idp.token({ jti: "same", sub: "7" });
    const theirs = await other.token({ jti: "same", sub: "7" });
    await BLACKLIST.put("jti:same", "1");
    await BLACKLIST.put("user:7", String(nowSeconds() + 1));
    expect(await statusOf(app, "/both/x", own({ jti: "same" }))).toBe(401);
    expect([await statusOf(app, "/idp/x", token), await statusOf(app, "/other/x", theirs)]).toEqual([200, 200]);
    await BLACKLIST.put("jti:https%3A%2F%2Fidp.example%2F same", "1");
    expect([await statusOf(app, "/idp/x", token), await statusOf(app, "/other/x", theirs)]).toEqual([401, 200]);
    await BLACKLIST.put("user:https%3A%2F%2Fother.example 7", String(nowSeconds() + 1));
    expect((await ask(app, "/other/x", theirs)).body).toEqual(invalid("Token is blacklisted"));
    await BLACKLIST.put("user:https%3A%2F%2Fother.example 7", String(nowSeconds() - 60));
    expect(await statusOf(app, "/other/x", theirs)).toBe(200);
  });

  it("is asked of D1 on strict routes", async () => {
    const app = await appOf({}, { REVOCATION: "strict" });
    const token = await idp.token();
    expect(await statusOf(app, "/idp/x", token)).toBe(200);
    await DB.prepare("INSERT INTO user_cutoffs (user_id, issued_before, expires_at) VALUES (?1, ?2, ?3)")
      .bind("https%3A%2F%2Fidp.example%2F u-1", nowSeconds() + 1, nowSeconds() + 600)
      .run();
    expect(await statusOf(app, "/idp/x", token)).toBe(401);
    expect(await statusOf(app, "/idp/x", await idp.token({ sub: "u-2" }))).toBe(200);
  });
});

describe("identity headers and the assertion of a token of another issuer", () => {
  const vars = () => ({
    IDENTITY_HEADERS: {
      ...{ "X-User-Id": "user_id", "X-Name": "username", "Remote-User": "preferred_username" },
      ...{ "X-Email": "email", "X-Roles": "json:roles" },
    },
    ASSERTION: true,
    ASSERTION_KEY: "assertions-only-assertions-only-assertions-only",
    ASSERTION_CLAIMS: ["username", "roles"],
  });
  const personal = {
    user_id: "7",
    username: "admin",
    preferred_username: "admin",
    email: "u@idp.example",
    roles: ["r"],
  };

  it("have what the issuer says, but never who of our users it is", async () => {
    const { headers } = await ask(await appOf({}, vars()), "/both/x", await idp.token(personal));
    expect(headers).toMatchObject({ "x-email": "u@idp.example", "x-roles": '["r"]' });
    expect(["x-user-id", "x-name", "remote-user"].filter((name) => Object.hasOwn(headers, name))).toEqual([]);
    const assertion = claimsIn(headers["x-gateway-assertion"] ?? "");
    expect(assertion).toMatchObject({
      ...{ iss: "simplejwt-edge", roles: ["r"], token_issuer: "https://idp.example/", token_subject: "u-1" },
    });
    expect(["sub", "username"].filter((name) => Object.hasOwn(assertion, name))).toEqual([]);
  });

  it("have the user whom it stands for, by the rule of its issuer", async () => {
    await addUser({ id: "31", alternate_id: "u-1" });
    const app = await appOf({ reissue: { user: "alternate_id" } }, vars());
    const { headers } = await ask(app, "/both/x", await idp.token(personal));
    expect(headers).toMatchObject({ "x-user-id": "31", "x-email": "u@idp.example" });
    expect(["x-name", "remote-user"].filter((name) => Object.hasOwn(headers, name))).toEqual([]);
    expect(claimsIn(headers["x-gateway-assertion"] ?? "")).toMatchObject({ sub: "31", token_subject: "u-1" });
  });
});

describe("reissue", () => {
  const byAlternate = { reissue: { user: "alternate_id" } };
  const reissuedOf = ({ headers }: Seen) => (headers.authorization ?? "").replace("Bearer ", "");

  it("gives the API an access token of ours for the user, in the place of the issuer's", async () => {
    await addUser({ id: "41", alternate_id: "auth0|41" });
    const app = await appOf(byAlternate, { ISSUER: "https://gateway.example", AUDIENCE: "our-api" });
    const token = await idp.token({ sub: "auth0|41", user_id: "7" });
    const seen = await ask(app, "/both/x", token);
    expect(seen.status).toBe(200);
    expect(seen.headers["x-user-id"]).toBe("41");
    const reissued = reissuedOf(seen);
    expect(headerIn(reissued)).toEqual({ alg: "HS256", typ: "reissued+jwt" });
    const { exp, iat, jti, ...claims } = claimsIn(reissued);
    expect(claims).toEqual({ token_type: "access", user_id: "41", iss: "https://gateway.example", aud: "our-api" });
    expect(Number(exp) - Number(iat)).toBe(60);
    expect(jti).toMatch(/^[0-9a-f]{32}$/);
    // It is remembered with the token that it stands for.
    expect(reissuedOf(await ask(app, "/both/x", token))).toBe(reissued);
  });

  it("ends with the token that it stands for", async () => {
    await addUser({ id: "42", alternate_id: "auth0|42" });
    const app = await appOf({ ...byAlternate, leeway: 0 });
    const exp = nowSeconds() + 30;
    const seen = await ask(app, "/both/x", await idp.token({ sub: "auth0|42", exp }));
    expect(claimsIn(reissuedOf(seen)).exp).toBe(exp);
  });

  it("also where the token came in a cookie, under the first scheme", async () => {
    await addUser({ id: "43", alternate_id: "auth0|43" });
    const app = await appOf(byAlternate, { AUTH_COOKIE: true, AUTH_HEADER_TYPES: ["JWT", "Bearer"] });
    const token = await idp.token({ sub: "auth0|43" });
    const { headers } = await ask(app, "/both/x", undefined, { cookie: `__Host-access=${token}; theme=dark` });
    expect(headers.cookie).toBe("theme=dark");
    expect(claimsIn((headers.authorization ?? "").replace("JWT ", ""))).toMatchObject({ user_id: "43" });
  });

  it("also where the token came as a subprotocol of a WebSocket", async () => {
    await addUser({ id: "50", alternate_id: "auth0|50" });
    const app = await appOf(byAlternate, { WEBSOCKET_TOKEN: "subprotocol" });
    const token = await idp.token({ sub: "auth0|50" });
    const socket = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-protocol": `bearer.${token}, chat` };
    const { headers } = await ask(app, "/both/x", undefined, socket);
    expect(headers["sec-websocket-protocol"]).toBe("chat");
    expect(claimsIn((headers.authorization ?? "").replace("Bearer ", ""))).toMatchObject({ user_id: "50" });
  });

  it("reaches the API from no client, on routes that check no token", async () => {
    await addUser({ id: "81", alternate_id: "auth0|81" });
    const open = [
      { path: "/open/*", auth: "public" },
      { path: "/shadow/*", auth: "token", enforce: false },
    ];
    const ROUTES = [...open, ...routes()];
    const app = await appOf(byAlternate, { ROUTES });
    const reissued = reissuedOf(await ask(app, "/both/x", await idp.token({ sub: "auth0|81" })));
    expect(headerIn(reissued).typ).toBe("reissued+jwt");
    for (const path of ["/open/x", "/shadow/x"]) {
      for (const value of [reissued, `Bearer ${reissued}`, `Token a, Bearer ${reissued}`, `JWT\t${reissued} x`]) {
        const { status, headers } = await ask(app, path, undefined, { authorization: value });
        expect([path, value.slice(0, 9), status, headers.authorization]).toEqual([
          path,
          value.slice(0, 9),
          200,
          undefined,
        ]);
      }
      for (const value of [
        `Bearer ${own()}`,
        "Basic eyJ0eXAiOiJyZWlzc3VlZCtqd3QifQ==",
        "Bearer eyJ0.eyJ0.",
        "eyJudWxsIg.",
      ]) {
        expect((await ask(app, path, undefined, { authorization: value })).headers.authorization).toBe(value);
      }
    }
    const named = await appOf(byAlternate, { ROUTES, AUTH_HEADER_NAME: "HTTP_X_ACCESS_TOKEN" });
    const { headers } = await ask(named, "/open/x", undefined, { "x-access-token": `Bearer ${reissued}` });
    expect(headers["x-access-token"]).toBe(undefined);
  });

  it("is refused everywhere at the gateway, by whatever part it comes", async () => {
    await addUser({ id: "44", alternate_id: "auth0|44" });
    const app = await appOf(byAlternate, { AUTH_COOKIE: true });
    const reissued = reissuedOf(await ask(app, "/both/x", await idp.token({ sub: "auth0|44" })));
    for (const path of ["/x", "/both/x", "/maybe/x", "/user/x", "/api/token/sessions/"]) {
      expect([path, (await ask(app, path, reissued)).body]).toEqual([path, invalid()]);
    }
    expect((await ask(app, "/x", undefined, { cookie: `__Host-access=${reissued}` })).body).toEqual(invalid());
    for (const path of ["/api/token/verify/", "/api/token/refresh/", "/api/token/blacklist/"]) {
      const request = new Request(`https://gateway.example${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token: reissued, refresh: reissued }),
      });
      const response = await app.fetch(request);
      expect([path, response.status, await response.json()]).toEqual([
        path,
        401,
        { detail: "Token is invalid", code: "token_not_valid" },
      ]);
    }
  });

  it("is not for somebody who is not there, or not active: 401 as Simple JWT has it", async () => {
    await addUser({ id: "45", alternate_id: "auth0|45", is_active: false });
    await addUser({ id: "46", username: "auth0|46", email: "auth0|46" });
    const app = await appOf(byAlternate);
    const answers = await Promise.all(
      ["auth0|45", "auth0|46", "45", "46"].map(
        async (sub) => (await ask(app, "/both/x", await idp.token({ sub }))).body,
      ),
    );
    const unknown = { detail: "User not found", code: "user_not_found" };
    expect(answers).toEqual([{ detail: "User is inactive", code: "user_inactive" }, unknown, unknown, unknown]);
  });

  it("opens routes that read the user, as long as the row says so", async () => {
    const user = await addUser({ id: "47", alternate_id: "auth0|47" });
    const app = await appOf(byAlternate);
    const token = await idp.token({ sub: "auth0|47" });
    const first = await ask(app, "/user/x", token);
    expect([first.status, first.headers["x-user-id"]]).toEqual([200, "47"]);
    expect(reissuedOf(await ask(app, "/user/x", token))).toBe(reissuedOf(first));
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?1").bind(user.id).run();
    expect((await ask(app, "/user/x", token)).body).toEqual({ detail: "User is inactive", code: "user_inactive" });
  });

  it("ends with the tokens of its user: who is logged out here has to come with a newer token", async () => {
    await addUser({ id: "48", alternate_id: "auth0|48" });
    const app = await appOf(byAlternate, { REVOCATION_CACHE_SECONDS: 0 });
    const token = await idp.token({ sub: "auth0|48" });
    expect(await statusOf(app, "/both/x", token)).toBe(200);
    await BLACKLIST.put("user:48", String(nowSeconds() - 1));
    expect((await ask(app, "/both/x", token)).body).toEqual(invalid("Token is blacklisted"));
    expect(await statusOf(app, "/both/x", await idp.token({ sub: "auth0|48", iat: nowSeconds() }))).toBe(200);
  });

  it("ends at once on routes that read the user: D1 is asked, as for our own tokens, and not KV", async () => {
    await addUser({ id: "93", alternate_id: "auth0|93" });
    const app = await appOf(byAlternate);
    const end = (user: string) =>
      DB.prepare("INSERT INTO user_cutoffs (user_id, issued_before, expires_at) VALUES (?1, ?2, ?3)")
        .bind(user, nowSeconds() - 3, nowSeconds() + 600)
        .run();
    const token = await idp.token({ sub: "auth0|93" });
    expect(await statusOf(app, "/user/x", token)).toBe(200);
    await end("https%3A%2F%2Fidp.example%2F auth0|93");
    expect((await ask(app, "/user/x", token)).body).toEqual(invalid("Token is blacklisted"));
    const newer = await idp.token({ sub: "auth0|93", iat: nowSeconds() - 2 });
    expect(await statusOf(app, "/user/x", newer)).toBe(200);
    await DB.prepare("DELETE FROM user_cutoffs WHERE user_id LIKE 'https%'").run();
    expect(await statusOf(app, "/user/x", token)).toBe(200);
    await end("93");
    expect((await ask(app, "/user/x", token)).body).toEqual(invalid("Token is blacklisted"));
    expect(await statusOf(app, "/user/x", newer)).toBe(200);
  });

  it("is made anew after 40 seconds, for which the row is read again, also where revocation is off", async () => {
    await addUser({ id: "95", alternate_id: "auth0|95" });
    const app = await appOf(byAlternate, { REVOCATION: "off" });
    const token = await idp.token({ sub: "auth0|95" });
    const first = reissuedOf(await ask(app, "/both/x", token));
    const start = Date.now();
    const clock = vi.spyOn(Date, "now");
    try {
      clock.mockReturnValue(start + 38_000);
      expect(reissuedOf(await ask(app, "/both/x", token))).toBe(first);
      clock.mockReturnValue(start + 41_000);
      expect(reissuedOf(await ask(app, "/both/x", token))).not.toBe(first);
      await DB.prepare("UPDATE users SET is_active = 0 WHERE id = '95'").run();
      clock.mockReturnValue(start + 79_000);
      expect(await statusOf(app, "/both/x", token)).toBe(200);
      clock.mockReturnValue(start + 82_000);
      expect((await ask(app, "/both/x", token)).body).toEqual({ detail: "User is inactive", code: "user_inactive" });
    } finally {
      clock.mockRestore();
    }
  });

  it("ends at once where the user logs out, however good it was a moment ago", async () => {
    await addUser({ id: "94", alternate_id: "auth0|94" });
    const app = await appOf(byAlternate, { TOKEN_ENDPOINTS: ["obtain", "sessions"], REVOCATION_CACHE_SECONDS: 300 });
    const token = await idp.token({ sub: "auth0|94" });
    expect([await statusOf(app, "/both/x", token), await statusOf(app, "/both/x", token)]).toEqual([200, 200]);
    const logOut = new Request("https://gateway.example/api/token/logout-all/", {
      method: "POST",
      headers: { authorization: `Bearer ${own({ user_id: "94" })}` },
    });
    expect((await app.fetch(logOut)).status).toBe(200);
    expect((await ask(app, "/both/x", token)).body).toEqual(invalid("Token is blacklisted"));
  });

  it("ends for as long as they can be used with the log-out of the user, which outlasts our own tokens", async () => {
    for (const [id, more, seconds] of [
      ["63", { max_age: "90d" }, 90 * 86_400 + 5],
      ["64", { max_age: "90d", leeway: "1m" }, 90 * 86_400 + 60],
      ["65", {}, 30 * 86_400],
    ] as const) {
      await addUser({ id });
      const app = await appOf({ ...byAlternate, ...more });
      const before = nowSeconds();
      const headers = { authorization: `Bearer ${own({ user_id: id, jti: `own-${id}` })}` };
      const request = new Request("https://gateway.example/api/token/logout-all/", { method: "POST", headers });
      expect((await app.fetch(request)).status).toBe(200);
      const select = "SELECT expires_at FROM user_cutoffs WHERE user_id = ?1";
      const row = await DB.prepare(select).bind(id).first("expires_at");
      expect(row).toBeGreaterThanOrEqual(before + seconds);
      expect(row).toBeLessThanOrEqual(nowSeconds() + seconds);
    }
  });

  it("has the claims that hooks make, and the fingerprint that CHECK_REVOKE_TOKEN wants", async () => {
    await addUser({ id: "49", alternate_id: "auth0|49", password: "!x" });
    const claimsFor = async () => ({ tenant: "blue" });
    const vars = {
      ...{ ORIGIN: echoOrigin, ROUTES: routes(), CHECK_REVOKE_TOKEN: true },
      ISSUERS: [entryOf(idp, byAlternate), entryOf(other)],
    };
    const app = await appWith(vars, { claimsFor });
    const seen = await ask(app, "/user/x", await idp.token({ sub: "auth0|49" }));
    // MD5 of "!x", in capitals, as Simple JWT makes it.
    expect(claimsIn(reissuedOf(seen))).toMatchObject({
      tenant: "blue",
      hash_password: "F39196359DB2E07AEC43D56613F8B3DA",
    });
  });
});

describe("reissue by the column that our own tokens name", () => {
  const byAlternate = { reissue: { user: "alternate_id" } };

  it("finds the user of the very text alone: others are other users of their issuer", async () => {
    await addUser({ id: "61", alternate_id: "7061" });
    const app = await appOf(byAlternate, { USER_ID_FIELD: "public_id", USER_ID_TYPE: "integer" });
    expect(await statusOf(app, "/both/x", await idp.token({ sub: "7061" }))).toBe(200);
    for (const sub of ["07061", "+7061", " 7061", "7061 ", "7_061", "７０６１", "7061.0"]) {
      const { body } = await ask(app, "/both/x", await idp.token({ sub }));
      expect([sub, body]).toEqual([sub, { detail: "User not found", code: "user_not_found" }]);
    }
  });

  it("likewise by UUIDs", async () => {
    const uuid = "6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab";
    await addUser({ id: "62", alternate_id: uuid });
    const app = await appOf(byAlternate, { USER_ID_FIELD: "public_id", USER_ID_TYPE: "uuid" });
    expect(await statusOf(app, "/both/x", await idp.token({ sub: uuid }))).toBe(200);
    for (const sub of [uuid.toUpperCase(), uuid.replaceAll("-", ""), `{${uuid}}`, `urn:uuid:${uuid}`]) {
      expect([sub, await statusOf(app, "/both/x", await idp.token({ sub }))]).toEqual([sub, 401]);
    }
  });
});

describe("reissue with a prefix", () => {
  const byPrefix = { reissue: { user_id: "idp:{sub}" } };
  const text = { USER_ID_TYPE: "text" };

  it("finds the user by prefix and subject", async () => {
    await addUser({ id: "idp:u-1" });
    const app = await appOf(byPrefix, text);
    const seen = await ask(app, "/both/x", await idp.token());
    expect([seen.status, seen.headers["x-user-id"]]).toEqual([200, "idp:u-1"]);
    expect(await statusOf(app, "/both/x", await idp.token({ sub: "u-2" }))).toBe(401);
    expect(await statusOf(app, "/both/x", await idp.token({ sub: "u".repeat(300) }))).toBe(401);
  });

  it("refuses our own tokens for such an id: own ids never begin so", async () => {
    await addUser({ id: "idp:u-3" });
    const app = await appOf(byPrefix, text);
    for (let time = 0; time < 2; time++) {
      expect(await statusOf(app, "/both/x", own({ user_id: "idp:u-3" }))).toBe(401);
      expect(await statusOf(app, "/x", own({ user_id: "idp:u-3" }))).toBe(401);
      expect(await statusOf(app, "/x", own({ user_id: "ida:u-3" }))).toBe(200);
    }
  });

  it("refuses them also where the id is in a list or an object, of which a header could show the same text", async () => {
    const app = await appOf(byPrefix, text);
    for (let time = 0; time < 2; time++) {
      for (const id of [["idp:u-3"], ["idp:u-3", ""], { idp: "u-3" }]) {
        expect([id, await statusOf(app, "/x", own({ user_id: id }))]).toEqual([id, 401]);
      }
      expect(await statusOf(app, "/x", own({ user_id: null }))).toBe(200);
    }
  });

  it("refuses them also where the id is a number, which is text in the column", async () => {
    const app = await appOf({ reissue: { user_id: "-{sub}" } }, text);
    for (let time = 0; time < 2; time++) {
      expect(await statusOf(app, "/x", own({ user_id: -5 }))).toBe(401);
      expect(await statusOf(app, "/x", own({ user_id: 5 }))).toBe(200);
    }
  });
});

describe("provision", () => {
  const rows = async (where: string) =>
    (
      await DB.prepare(
        `SELECT id, username, password, email, is_active, is_staff, is_superuser, alternate_id FROM users WHERE ${where}`,
      ).all()
    ).results;
  let app: App;
  beforeEach(async () => {
    app = await appOf({ reissue: { user_id: "new:{sub}" }, provision: true }, { USER_ID_TYPE: "text" });
  });

  it("writes a row for whom there is none: nobody's name, no password, no rights", async () => {
    const token = await idp.token({
      sub: "p-1",
      email: "boss@example.com",
      preferred_username: "boss",
      is_superuser: true,
    });
    expect(await statusOf(app, "/both/x", token)).toBe(200);
    expect(await rows("id LIKE 'new:p-1%'")).toEqual([
      {
        ...{ id: "new:p-1", username: "id:new:p-1", email: "", is_active: 1, is_staff: 0, is_superuser: 0 },
        ...{ password: expect.stringMatching(/^![0-9A-F]{40}$/), alternate_id: null },
      },
    ]);
    const entries = await DB.prepare("SELECT source, action, detail FROM audit WHERE user_id = 'new:p-1'").all();
    expect(entries.results).toEqual([
      { source: "issuer", action: "user_created", detail: '{"issuer":"https://idp.example/","subject":"p-1"}' },
    ]);
  });

  it("writes one row, however many requests race", async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, at) => idp.token({ sub: "p-2", jti: `t-${at}` })));
    const statuses = await Promise.all(tokens.map((token) => statusOf(app, "/both/x", token)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await rows("id LIKE 'new:p-2%'")).toHaveLength(1);
    const entries = await DB.prepare("SELECT 1 FROM audit WHERE user_id = 'new:p-2'").all();
    expect(entries.results).toHaveLength(1);
  });

  it("never takes a row that has the name or the address", async () => {
    await addUser({ id: "51", username: "p-3", email: "p-3@example.com" });
    expect(
      (await ask(app, "/both/x", await idp.token({ sub: "p-3", email: "p-3@example.com" }))).headers["x-user-id"],
    ).toBe("new:p-3");
    expect(await rows("id = 'new:p-3'")).toHaveLength(1);
  });

  it("gives another name where somebody has the one that the row would have, also in another case", async () => {
    await addUser({ id: "52", username: "id:new:p-7" });
    await DB.prepare("CREATE UNIQUE INDEX users_username_folded ON users (username COLLATE NOCASE)").run();
    try {
      const insensitive = await appOf(
        { reissue: { user_id: "new:{sub}" }, provision: true },
        { USER_ID_TYPE: "text", USERNAME_CASE: "insensitive" },
      );
      for (const sub of ["p-7", "p-8", "P-8"]) {
        const { status, headers } = await ask(insensitive, "/both/x", await idp.token({ sub }));
        expect([sub, status, headers["x-user-id"]]).toEqual([sub, 200, `new:${sub}`]);
      }
    } finally {
      await DB.prepare("DROP INDEX users_username_folded").run();
    }
    expect(
      (await rows("id IN ('52', 'new:p-7', 'new:p-8', 'new:P-8')")).map(({ id, username }) => [id, username]),
    ).toEqual([
      ["52", "id:new:p-7"],
      ["new:P-8", expect.stringMatching(/^id:new:P-8:[0-9a-f]{16}$/)],
      ["new:p-7", expect.stringMatching(/^id:new:p-7:[0-9a-f]{16}$/)],
      ["new:p-8", "id:new:p-8"],
    ]);
  });

  it("writes none for a token that the route refuses, or whose user was deleted or logged out since", async () => {
    expect(await statusOf(app, "/staff/x", await idp.token({ sub: "p-4" }))).toBe(403);
    await DB.batch([
      DB.prepare("INSERT INTO deleted_users (id, version) VALUES ('new:p-5', 1)"),
      DB.prepare("INSERT INTO user_cutoffs (user_id, issued_before, expires_at) VALUES ('new:p-6', ?1, ?1)").bind(
        nowSeconds() + 1,
      ),
    ]);
    for (const sub of ["p-5", "p-6"]) expect(await statusOf(app, "/both/x", await idp.token({ sub }))).toBe(401);
    expect(await rows("id IN ('new:p-4', 'new:p-5', 'new:p-6')")).toEqual([]);
  });
});

describe("provision by alternate_id", () => {
  const whole = { reissue: { user: "alternate_id" }, provision: true };
  const found = async (sub: string) =>
    (await DB.prepare("SELECT id, username, is_active FROM users WHERE alternate_id = ?1").bind(sub).all()).results;

  it("writes a row with a new id, once", async () => {
    for (const vars of [{ USER_ID_TYPE: "text" }, {}, { USER_ID_FIELD: "public_id", USER_ID_TYPE: "text" }]) {
      const sub = `alt|${JSON.stringify(vars).length}`;
      const app = await appOf(whole, vars);
      for (let time = 0; time < 2; time++) {
        expect(await statusOf(app, "/both/x", await idp.token({ sub, jti: `t-${time}` }))).toBe(200);
      }
      const rows = await found(sub);
      expect(rows).toEqual([{ id: rows[0]?.id, username: `id:${rows[0]?.id}`, is_active: 1 }]);
    }
  });

  it("gives the row an id below zero where ids are integers, also without an import: no user of the API has it", async () => {
    const app = await appOf(whole);
    await addUser({ id: "74" });
    const { status, headers } = await ask(app, "/both/x", await idp.token({ sub: "alt|new" }));
    const [row] = await found("alt|new");
    expect(row?.id).toMatch(/^-\d+$/);
    expect([status, headers["x-user-id"]]).toEqual([200, row?.id]);
  });

  it("makes no user again for a token from before the deletion, however the row was deleted", async () => {
    const app = await appOf(whole, { USER_ID_TYPE: "text" });
    await addUser({ id: "71", alternate_id: "alt|gone" });
    await DB.prepare("DELETE FROM users WHERE id = '71'").run();
    const iat = nowSeconds();
    for (const [seconds, status] of [
      [-60, 401],
      [-1, 401],
      [4, 200],
    ] as const) {
      const token = await idp.token({ sub: "alt|gone", iat: iat + seconds, jti: `gone${seconds}` });
      expect([seconds, await statusOf(app, "/both/x", token)]).toEqual([seconds, status]);
    }
    expect(await found("alt|gone")).toHaveLength(1);
  });

  it("makes no user again whom the API has deleted, for no token", async () => {
    const app = await appOf(whole, { USER_ID_TYPE: "text" });
    await addUser({ id: "72", alternate_id: "alt|api" });
    await DB.batch([
      DB.prepare("DELETE FROM users WHERE id = '72'"),
      DB.prepare("INSERT INTO deleted_users (id, version) VALUES ('72', 1)"),
      DB.prepare("UPDATE deleted_alternate_ids SET deleted_at = 5 WHERE user_id = '72'"),
    ]);
    expect(await statusOf(app, "/both/x", await idp.token({ sub: "alt|api" }))).toBe(401);
    expect(await found("alt|api")).toEqual([]);
  });
});
