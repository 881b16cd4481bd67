// `explain`: each check made to fail once, by the Worker's own code; what is shown of it, and what never is.
import { beforeEach, describe, expect, it } from "vitest";
import { type Check, checkRows, classChecks, codecChecks, userChecks } from "../../scripts/explain/checks.ts";
import { decodeToken, relativeTime, shownMembers } from "../../scripts/explain/decode-token.ts";
import type { Explanation } from "../../scripts/explain/explain-request.ts";
import { reportLines } from "../../scripts/explain/report.ts";
import { headerValue, tokenFromText, unsignedNote } from "../../scripts/explain/token-input.ts";
import { explainWith, readNow } from "../../scripts/manage/explain.ts";
import { passwordFingerprint } from "../../src/users/password-fingerprint.ts";
import { type Craft, craft } from "../support/craft.ts";
import { readingOf } from "../support/explain-reading.ts";
import { testSecret } from "../support/settings.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";

const now = 1_800_000_000;
const goodClaims = { token_type: "access", jti: "j1", user_id: "7", iat: now - 60, exp: now + 300 };
const routes = [
  { path: "/public/*", auth: "public" },
  { path: "/maybe/*", auth: "optional" },
  { path: "/user/*", auth: "user", revocation: "strict" },
  { path: "/staff/*", methods: ["GET"], auth: "token", require: { is_staff: true, team: "blue" } },
  { path: "/strict/*", auth: "token", revocation: "strict" },
  { path: "/off/*", auth: "token", revocation: "off" },
  { path: "/a/*", auth: "token" },
];
let store: TextDatabase;

beforeEach(() => {
  store = textDatabase();
  store.db
    .prepare(
      "INSERT INTO users (id, username, password, date_joined) VALUES (7, 'ada', 'hash', '2026-01-01T00:00:00Z')",
    )
    .run();
});

interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly offline?: boolean;
  readonly host?: string;
  readonly headers?: readonly string[];
  readonly websocket?: boolean;
}

const withClaims = (change: Readonly<Record<string, unknown>>, more: Craft = {}) =>
  craft({ claims: { ...goodClaims, ...change }, ...more });
const without = (name: string) =>
  craft({ claims: Object.fromEntries(Object.entries(goodClaims).filter(([one]) => one !== name)) });

async function ask(token: string, { path = "/a/x", method = "GET", vars = {}, offline = false, ...more }: Ask = {}) {
  const reading = await readingOf({ SIGNING_KEY: testSecret, ROUTES: routes, ...vars });
  const stores = offline
    ? undefined
    : { d1: store.bindings.d1, sessions: new Map<string, D1Database>(), kv: undefined };
  return explainWith(reading, stores, { method, path, token, nowSeconds: now, ...more });
}

const failed = ({ checks }: Explanation) => checks.filter(({ verdict }) => verdict === "failed");
const row = ({ checks }: Explanation, name: string) => checks.find(({ check }) => check === name);
const reasonOf = ({ outcome }: Explanation) => (outcome.kind === "refused" ? outcome.reason : outcome.kind);

describe("a good token", () => {
  it("passes every check that is asked, and goes on with who is calling", async () => {
    const explained = await ask(withClaims({}));
    expect(explained.checks.map(({ check, verdict }) => [check, verdict])).toEqual([
      ["path", "passed"],
      ["route", "passed"],
      ["token", "passed"],
      ["shape", "passed"],
      ["header", "passed"],
      ["algorithm", "passed"],
      ["key", "passed"],
      ["signature", "passed"],
      ["purpose", "passed"],
      ["payload", "passed"],
      ["iat", "passed"],
      ["nbf", "passed"],
      ["exp", "passed"],
      ["iss", "not asked"],
      ["aud", "not asked"],
      ["sub", "passed"],
      ["jti", "passed"],
      ["exp is there", "passed"],
      ["id is there", "passed"],
      ["type", "passed"],
      ["blacklist", "not asked"],
      ["user named", "passed"],
      ["user exists", "not asked"],
      ["user active", "not asked"],
      ["password", "not asked"],
      ["revocation", "passed"],
    ]);
    expect(explained.rule).toEqual({ index: 6, path: "/a/*", auth: "token" });
    expect(explained.outcome).toEqual({
      kind: "forwarded",
      url: "https://api.example/a/x",
      headers: { "X-User-Id": "7", authorization: "(as the client sent it)" },
      shadowed: null,
    });
    expect(row(explained, "exp")?.detail).toBe("expires in 5 minutes (2027-01-15T08:05:00Z)");
  });

  it("is asked about its user where the route does", async () => {
    const vars = { CHECK_REVOKE_TOKEN: true };
    const explained = await ask(withClaims({ hash_password: passwordFingerprint("hash") }), { path: "/user/x", vars });
    expect(["user exists", "user active", "password", "revocation"].map((name) => row(explained, name))).toEqual([
      { check: "user exists", verdict: "passed", detail: "with this id, in D1" },
      { check: "user active", verdict: "passed", detail: "is_active is set" },
      { check: "password", verdict: "passed", detail: "unchanged since the token was issued" },
      { check: "revocation", verdict: "passed", detail: "not ended, according to D1" },
    ]);
  });
});

// What fails, the row that says so, the reason that the Worker's log would have.
const codecFailures: ReadonlyArray<
  readonly [what: string, row: string, reason: string, token: string, vars?: Readonly<Record<string, unknown>>]
> = [
  ["a text with two dots and no JSON", "shape", "token_unreadable", "a.b.c"],
  ["a text without dots", "shape", "token_unreadable", "abc"],
  [
    "an unknown crit",
    "header",
    "token_header_unusable",
    withClaims({}, { header: { alg: "HS256", crit: ["x"], x: 1 } }),
  ],
  ["a kid that is a number", "header", "token_header_unusable", withClaims({}, { header: { alg: "HS256", kid: 1 } })],
  [
    "another algorithm",
    "algorithm",
    "token_algorithm_other",
    withClaims({}, { header: { alg: "HS512" }, hash: "sha512" }),
  ],
  ["no algorithm at all", "algorithm", "token_algorithm_other", withClaims({}, { header: { alg: "none" } })],
  [
    "an unknown kid",
    "key",
    "token_key_unknown",
    withClaims({}, { header: { alg: "HS256", kid: "b" } }),
    { KEY_ID: "a" },
  ],
  [
    "another secret",
    "signature",
    "token_signature_wrong",
    withClaims({}, { secret: "another-secret-of-32-bytes-and-so" }),
  ],
  [
    "an assertion",
    "purpose",
    "token_is_assertion",
    withClaims({}, { header: { alg: "HS256", typ: "gateway-assertion+jwt" } }),
  ],
  ["a payload that is a list", "payload", "token_payload_unreadable", craft({ payload: "[]" })],
  ["an iat ahead", "iat", "token_issued_in_future", withClaims({ iat: now + 1 })],
  ["an iat that is no time", "iat", "token_time_unreadable", withClaims({ iat: "soon" })],
  ["an nbf ahead", "nbf", "token_not_yet_valid", withClaims({ nbf: now + 1 })],
  ["an nbf that is no time", "nbf", "token_time_unreadable", withClaims({ nbf: [] })],
  ["an exp that has passed", "exp", "token_expired", withClaims({ exp: now })],
  ["an exp that is no time", "exp", "token_time_unreadable", withClaims({ exp: {} })],
  ["another issuer", "iss", "token_issuer_wrong", withClaims({ iss: "b" }), { ISSUER: "a" }],
  ["another audience", "aud", "token_audience_wrong", withClaims({ aud: "b" }), { AUDIENCE: "a" }],
  ["a sub that is a number", "sub", "token_subject_not_text", withClaims({ sub: 1 })],
  ["a jti that is a number", "jti", "token_id_not_text", withClaims({ jti: 1 })],
];

describe("what the codec refuses", () => {
  it.each(codecFailures.map(([what, check, reason, token, vars = {}]) => ({ what, check, reason, token, vars })))(
    "$what fails at $check",
    async ({ check, reason, token, vars }) => {
      const explained = await ask(token, { vars });
      expect(failed(explained).map((one) => [one.check, one.reason])).toEqual([[check, reason]]);
      expect(reasonOf(explained)).toBe(reason);
      const after = explained.checks.slice(explained.checks.findIndex((one) => one.check === check) + 1);
      expect(after.map(({ verdict }) => verdict).filter((one) => one === "passed")).toEqual([]);
      expect(explained.outcome).toMatchObject({ status: 401, challenge: 'Bearer realm="api"' });
    },
  );

  it("has each row of the table, in the table's order", () => {
    const rows = [...new Set(codecFailures.map(([, check]) => check))];
    expect(rows).toEqual(codecChecks.map(({ check }) => check));
  });
});

const laterFailures: ReadonlyArray<
  readonly [what: string, row: string, reason: string, ask: () => Promise<Explanation>]
> = [
  ["no exp", "exp is there", "token_claim_missing", () => ask(without("exp"))],
  ["an exp in text", "exp is there", "token_time_unreadable", () => ask(withClaims({ exp: String(now + 300) }))],
  ["no id", "id is there", "token_id_missing", () => ask(without("jti"))],
  ["no type", "type", "token_type_missing", () => ask(without("token_type"))],
  ["a refresh token", "type", "token_type_wrong", () => ask(withClaims({ token_type: "refresh" }))],
  ["no user", "user named", "user_claim_missing", () => ask(without("user_id"))],
  ["a user who is gone", "user exists", "user_not_found", () => ask(withClaims({ user_id: "8" }), { path: "/user/x" })],
  [
    "a user that is no user",
    "user exists",
    "user_not_found",
    () => ask(withClaims({ user_id: [] }), { path: "/user/x" }),
  ],
  [
    "an inactive user",
    "user active",
    "user_inactive",
    () => {
      store.db.exec("UPDATE users SET is_active = 0");
      return ask(withClaims({}), { path: "/user/x" });
    },
  ],
  [
    "another password",
    "password",
    "user_password_changed",
    () =>
      ask(withClaims({ hash_password: passwordFingerprint("old") }), {
        path: "/user/x",
        vars: { CHECK_REVOKE_TOKEN: true },
      }),
  ],
  [
    "a sliding token that was blacklisted",
    "blacklist",
    "token_blacklisted",
    () => {
      store.db.exec(
        "INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at, blacklisted_at) VALUES ('j1', 'sliding', 1, 2, 3)",
      );
      return ask(withClaims({ token_type: "sliding" }), { vars: { AUTH_TOKEN_CLASSES: "SlidingToken" } });
    },
  ],
  [
    "a claim that is not met",
    "require is_staff",
    "permission_denied",
    () => ask(withClaims({ is_staff: false }), { path: "/staff/x" }),
  ],
  [
    "a second one",
    "require team",
    "permission_denied",
    () => ask(withClaims({ is_staff: true }), { path: "/staff/x" }),
  ],
];

describe("what is refused after the codec", () => {
  it.each(laterFailures)("%s fails at %s", async (_, check, reason, explain) => {
    const explained = await explain();
    expect(failed(explained).map((one) => [one.check, one.reason])).toEqual([[check, reason]]);
    expect(reasonOf(explained)).toBe(reason);
  });

  it("has each row of the tables", () => {
    const rows = new Set(laterFailures.map(([, check]) => check));
    expect([...classChecks, ...userChecks].map(({ check }) => check).filter((check) => !rows.has(check))).toEqual([]);
  });

  it("shows the claim that is required and the one that the token has", async () => {
    const explained = await ask(withClaims({ is_staff: true, team: ["red", "blue"] }), { path: "/staff/x" });
    expect([row(explained, "require is_staff")?.detail, row(explained, "require team")?.detail]).toEqual([
      "is true",
      'is ["red","blue"]',
    ]);
    const other = await ask(withClaims({ is_staff: "true" }), { path: "/staff/x" });
    expect(row(other, "require is_staff")?.detail).toBe("must be true; the token has true");
    expect(row(other, "require team")?.verdict).toBe("not reached");
    expect(other.outcome).toMatchObject({ status: 403 });
  });
});

describe("a tenant", () => {
  const acme = withClaims({ tenant: "acme" });
  const ROUTES = [
    { path: "/host/*", auth: "token", require: { tenant: "$subdomain" } },
    { path: "/header/*", auth: "token", require: { tenant: "$header.X-Tenant" } },
  ];
  const vars = { ROUTES, TENANT_DOMAIN: "example.com" };
  it("is compared with the host of the request", async () => {
    const own = await ask(acme, { vars, path: "/host/x", host: "acme.example.com" });
    expect([row(own, "require tenant")?.detail, own.outcome.kind]).toEqual(["is acme", "forwarded"]);
    const other = await ask(acme, { vars, path: "/host/x", host: "beta.example.com" });
    expect(row(other, "require tenant")).toEqual({
      check: "require tenant",
      verdict: "failed",
      detail: 'must be "beta" ($subdomain); the token has acme',
      reason: "tenant_denied",
    });
    expect(other.outcome).toMatchObject({ status: 403, reason: "tenant_denied" });
  });
  it("is compared with a header of the request", async () => {
    const header = (...headers: readonly string[]) => ask(acme, { vars, path: "/header/x", headers });
    expect((await header("X-Tenant: acme")).outcome.kind).toBe("forwarded");
    for (const none of [await header(), await header("X-Tenant: acme", "x-tenant: acme")]) {
      expect(row(none, "require tenant")?.detail).toBe(
        "must be $header.X-Tenant, which this request does not have in one reading; the token has acme",
      );
    }
  });
  it("comes from no header that could hold a token, nor from what is no header", async () => {
    for (const line of ["Authorization: Bearer x", "cookie: a=b"]) {
      await expect(ask(acme, { headers: [line] })).rejects.toThrow("Do not put a token on the command line");
    }
    for (const line of ["X-Tenant", ": x", "X Tenant: x", "X-Tenant: é"]) {
      await expect(ask(acme, { headers: [line] })).rejects.toThrow("--header must be a name, a colon and a value");
    }
  });
});

describe("a WebSocket", () => {
  const vars = { WEBSOCKET_TOKEN: "subprotocol" };
  it("has its token among the subprotocols where that is on, and else in the header", async () => {
    const offered = await ask(withClaims({}), { vars, websocket: true });
    expect([row(offered, "token")?.detail, offered.outcome]).toEqual([
      "in sec-websocket-protocol",
      { kind: "forwarded", url: "https://api.example/a/x", headers: { "X-User-Id": "7" }, shadowed: null },
    ]);
    expect(row(await ask(withClaims({}), { websocket: true }), "token")?.detail).toBe("in authorization");
    const anonymous = await ask("", { vars, websocket: true, path: "/maybe/x" });
    expect(anonymous.outcome.kind).toBe("forwarded");
  });
  it("is refused with a second token among the subprotocols", async () => {
    const headers = ["Sec-WebSocket-Protocol: chat, bearer.x"];
    const explained = await ask(withClaims({}), { vars, websocket: true, headers });
    expect([row(explained, "token")?.reason, reasonOf(explained)]).toEqual([
      "websocket_token_malformed",
      "websocket_token_malformed",
    ]);
  });
});

it("a limit is shown and counts nothing", async () => {
  const ROUTES = [{ path: "/*", auth: "token", limit: { binding: "API_LIMITER", by: "user" } }];
  const explained = await ask(withClaims({}), { vars: { ROUTES } });
  expect([row(explained, "limit"), explained.outcome.kind]).toEqual([
    {
      check: "limit",
      verdict: "not asked",
      detail: "API_LIMITER counts these requests by user; one that is only explained is not counted",
    },
    "forwarded",
  ]);
});

describe("revocation", () => {
  const ended = async (sql: string, claims = {}, path = "/strict/x") => {
    store.db.exec(sql);
    const vars = { BLACKLIST_ENDS_SESSION: true };
    return row(await ask(withClaims(claims), { path, vars }), "revocation");
  };
  const blacklist =
    "INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at, blacklisted_at) VALUES ('j1', 'refresh', 1, 2, 3)";

  it("names what the token was revoked by", async () => {
    const says = (detail: string) => ({ check: "revocation", verdict: "failed", detail, reason: "token_blacklisted" });
    expect(await ended(blacklist)).toEqual(says("ended by its own id, according to D1"));
    store = textDatabase();
    expect(await ended("INSERT INTO ended_families VALUES ('f', 1, 2)", { sid: "f" })).toEqual(
      says("ended with its session, according to D1"),
    );
    expect(await ended(`INSERT INTO user_cutoffs VALUES (7, ${now}, ${now + 9})`, { sid: "f" })).toEqual(
      says("ended with its session, and with all tokens of its user, according to D1"),
    );
  });

  it("is not asked where the route does not, with --offline, or without an id", async () => {
    expect((await ended(blacklist, {}, "/off/x"))?.detail).toBe('revocation = "off"');
    expect(row(await ask(withClaims({}), { offline: true, path: "/strict/x" }), "revocation")?.detail).toBe(
      "--offline",
    );
    const vars = { TOKEN_BLACKLIST_ENABLED: false };
    expect(row(await ask(withClaims({}), { vars }), "revocation")?.detail).toBe("TOKEN_BLACKLIST_ENABLED is false");
  });

  it("says what D1 has and KV has not yet", async () => {
    store.db.exec(blacklist);
    const kv = { get: async (keys: readonly string[]) => new Map(keys.map((key) => [key, null])) };
    const reading = await readingOf({ SIGNING_KEY: testSecret, ROUTES: routes });
    const stores = { d1: store.bindings.d1, sessions: new Map<string, D1Database>(), kv: kv as unknown as KVNamespace };
    const question = { method: "GET", path: "/a/x", token: withClaims({}), nowSeconds: now };
    const explained = await explainWith(reading, stores, question);
    expect(row(explained, "revocation")?.detail).toBe(
      "not ended, according to KV; D1 has it ended by its own id, so this passes only until KV has it everywhere",
    );
    expect(explained.outcome.kind).toBe("forwarded");
  });

  it("fails when the database is not available", async () => {
    store.db.exec("DROP TABLE user_cutoffs");
    await expect(ask(withClaims({}), { path: "/strict/x" })).rejects.toThrow(
      "The database did not respond: no such table: user_cutoffs",
    );
  });
});

describe("the request around the token", () => {
  it.each([
    ["/a/%2e%2e/x", "GET", "path", "path_ambiguous", 400],
    ["/a//x", "GET", "path", "path_ambiguous", 400],
    ["/a/../x", "GET", "path", "path_ambiguous", 400],
    ["/nowhere", "GET", "route", "no_route", 404],
    ["/staff/x", "POST", "route", "no_route", 404],
    ["/public/a;b/../x", "GET", "path", "path_ambiguous", 400],
  ])("%s with %s fails at %s", async (path, method, check, reason, status) => {
    const explained = await ask("", { path, method });
    expect(failed(explained).map((one) => [one.check, one.reason])).toEqual([[check, reason]]);
    expect(explained.outcome).toMatchObject({ kind: "refused", reason, status });
  });

  it.each([
    ["/User/x", "ROUTES[2] (/user/*), which is stricter"],
    ["/staff.json", "ROUTES[3] (/staff/*), which is stricter"],
    ["/api/Token/refresh", "/api/token/refresh/, which the gateway answers itself"],
  ])("says what %s reads as without regard to case, slash and suffix", async (path, reads) => {
    const vars = { ROUTES: [...routes, { path: "/*", auth: "public" }] };
    const explained = await ask("", { path, vars });
    expect(failed(explained)).toEqual([
      {
        check: "route",
        verdict: "failed",
        detail: `without regard to case, a trailing slash or a format suffix the path falls under ${reads} (PATHS = "loose")`,
        reason: "path_ambiguous",
      },
    ]);
    expect(explained.outcome).toMatchObject({ kind: "refused", reason: "path_ambiguous", status: 400 });
    expect(row(await ask("", { path, vars: { ...vars, PATHS: "exact" } }), "route")?.verdict).toBe("passed");
  });

  it("says which methods there are for the path", async () => {
    const explained = await ask("", { path: "/staff/x", method: "POST" });
    expect(row(explained, "route")?.detail).toBe("this path only allows GET");
  });

  it("needs no token where the route is public or optional, and one elsewhere", async () => {
    expect(row(await ask("", { path: "/public/x" }), "token")?.verdict).toBe("not asked");
    expect((await ask(withClaims({ exp: 1 }), { path: "/public/x" })).outcome.kind).toBe("forwarded");
    expect(row(await ask("", { path: "/maybe/x" }), "token")?.detail).toBe(
      'there is none, and auth = "optional" needs none',
    );
    expect(reasonOf(await ask(withClaims({ exp: 1 }), { path: "/maybe/x" }))).toBe("token_expired");
    expect(reasonOf(await ask(""))).toBe("credentials_missing");
    expect(reasonOf(await ask("Bearer a b"))).toBe("authorization_header_malformed");
  });

  it("ends at what is the gateway's own", async () => {
    const explained = await ask("", { path: "/api/token/sessions/abc/", method: "DELETE" });
    expect(explained.outcome).toEqual({ kind: "own", path: "/api/token/sessions/:id/", what: "Session" });
    const openApi = await ask("", { path: "/_gateway/openapi.json" });
    expect(openApi.outcome).toEqual({ kind: "own", path: "/_gateway/openapi.json", what: "OpenAPI document" });
    const login = await ask("", { path: "/_gateway/admin/login", vars: { ADMIN: true } });
    expect(login.outcome).toEqual({ kind: "own", path: "/_gateway/admin/*", what: "admin page" });
    expect(store.written).toEqual([]);
  });

  it("has a row for what is refused after all checks", async () => {
    const vars = { IDENTITY_HEADERS: { "X-Big": "big" } };
    const explained = await ask(withClaims({ big: "x".repeat(5000) }), { vars });
    expect(failed(explained)).toEqual([
      {
        check: "forwarding",
        verdict: "failed",
        detail: "Request header fields are too large.",
        reason: "identity_too_large",
      },
    ]);
    expect(explained.outcome).toMatchObject({ status: 431 });
  });
});

describe("a route with enforce = false", () => {
  const vars = {
    ROUTES: [{ path: "/*", auth: "token", enforce: false }],
    IDENTITY_HEADERS: { "X-User-Id": "user_id", "X-Big": "big" },
  };
  it("shows what fails, and that the request goes on as anonymous", async () => {
    const explained = await ask(withClaims({ exp: now }), { vars });
    expect(failed(explained).map(({ check }) => check)).toEqual(["exp"]);
    const outcome = {
      kind: "forwarded",
      shadowed: "token_expired",
      headers: { authorization: "(as the client sent it)" },
    };
    expect(explained.outcome).toEqual({ ...outcome, url: "https://api.example/a/x" });
    expect(reportLines(explained, []).join("\n")).toContain(
      "Forwarded to https://api.example/a/x as anonymous, because enforce is false (it would be refused for token_expired) with:",
    );
  });
  it("has a row for what would be refused after all checks", async () => {
    const explained = await ask(withClaims({ big: "x".repeat(5000) }), { vars });
    expect(failed(explained).map(({ check, reason }) => [check, reason])).toEqual([
      ["forwarding", "identity_too_large"],
    ]);
    expect(explained.outcome).toMatchObject({ kind: "forwarded", shadowed: "identity_too_large" });
  });
});

describe("several classes", () => {
  const vars = { AUTH_TOKEN_CLASSES: ["SlidingToken", "AccessToken"] };
  it("passes over those that do not fit before the one that does", async () => {
    const explained = await ask(withClaims({}), { vars });
    expect(row(explained, "SlidingToken")).toEqual({
      check: "SlidingToken",
      verdict: "passed over",
      detail: "Token has wrong type",
      reason: "token_type_wrong",
    });
    expect(row(explained, "AccessToken: type")?.verdict).toBe("passed");
    expect(explained.outcome.kind).toBe("forwarded");
  });
  it("shows what each had against a token that none takes", async () => {
    const explained = await ask(withClaims({ token_type: "refresh" }), { vars });
    expect(failed(explained).map(({ check }) => check)).toEqual(["SlidingToken: type", "AccessToken: type"]);
    expect(explained.outcome).toMatchObject({ status: 401, reason: "token_type_wrong" });
  });
});

describe("--offline", () => {
  it("asks no store and still shows what the route asks", async () => {
    store.db.close();
    const explained = await ask(withClaims({ user_id: "8" }), { path: "/user/x", offline: true });
    expect(["user exists", "user active", "password", "revocation"].map((name) => row(explained, name))).toEqual(
      ["user exists", "user active", "password", "revocation"].map((check) => ({
        check,
        verdict: "not asked",
        detail: "--offline",
      })),
    );
    expect(row(explained, "route")?.detail).toBe('ROUTES[2]: path = "/user/*", auth = "user", revocation = "strict"');
    expect(explained.outcome.kind).toBe("forwarded");
  });
});

describe("without the signing key", () => {
  const placeholder = "placeholder-key-placeholder-key-32";
  const explained = async (token: string, vars: Readonly<Record<string, unknown>> = {}) => {
    const reading = await readingOf({ SIGNING_KEY: placeholder, ROUTES: routes, ...vars }, "deployed", {
      hasPlaceholderKey: true,
    });
    return explainWith(reading, undefined, { method: "GET", path: "/a/x", token, nowSeconds: now });
  };
  it("makes every check but that of the signature, and says so", async () => {
    const one = await explained(withClaims({}, { secret: "nobody-here-knows-this-secret-key" }));
    const unsigned = (check: string): Check => ({ check, verdict: "not asked", detail: unsignedNote });
    expect([row(one, "key"), row(one, "signature")]).toEqual([unsigned("key"), unsigned("signature")]);
    expect(one.outcome.kind).toBe("forwarded");
    expect(reasonOf(await explained(withClaims({ exp: now - 1 })))).toBe("token_expired");
    expect(reasonOf(await explained(withClaims({}, { header: { alg: "HS512" }, hash: "sha512" })))).toBe(
      "token_algorithm_other",
    );
    expect(reasonOf(await explained(withClaims({}, { header: { alg: "HS256", crit: ["x"], x: 1 } })))).toBe(
      "token_header_unusable",
    );
    expect(reasonOf(await explained(withClaims({}, { header: { alg: "HS256", kid: 5 } })))).toBe(
      "token_header_unusable",
    );
    expect(reasonOf(await explained("a.b.c"))).toBe("token_unreadable");
  });
  it("takes any kid for the right one", async () => {
    const token = withClaims({}, { header: { alg: "HS256", kid: "old" } });
    expect((await explained(token, { KEY_ID: "new" })).outcome.kind).toBe("forwarded");
  });
});

describe("what is never shown", () => {
  it("is the token, its signature, the assertion, and claims that no check goes by", async () => {
    const token = withClaims({ email: "ada@example.com", hash_password: "ABC" });
    const vars = { ASSERTION: true, ASSERTION_KEY: "k".repeat(32) };
    const explained = await ask(token, { vars });
    const reading = await readingOf({ SIGNING_KEY: testSecret });
    const seen = shownMembers(decodeToken(token), reading.settings);
    const printed = JSON.stringify({ seen, explained }) + reportLines(explained, []).join("\n");
    for (const part of token.split(".")) expect(printed).not.toContain(part);
    expect(printed).not.toContain("ada@example.com");
    expect(printed).not.toContain("ABC");
    expect(printed).not.toContain("eyJ");
    expect(printed).toContain("X-Gateway-Assertion: (signed anew for each request)");
  });
  it("is a control character of the token's", async () => {
    const explained = await ask(withClaims({ user_id: "\u001b[31mred\u202e" }));
    expect(reportLines(explained, []).join("\n")).not.toMatch(/[^\P{C}\n]/u);
  });
});

describe("small parts", () => {
  it("reads a token with or without its scheme, and nothing that is no header", () => {
    expect(headerValue("abc", ["JWT", "Bearer"])).toBe("JWT abc");
    expect(headerValue("Bearer abc", ["JWT", "Bearer"])).toBe("Bearer abc");
    expect(headerValue("", ["Bearer"])).toBeUndefined();
    expect(tokenFromText(" abc\r\n")).toBe("abc");
    expect(() => tokenFromText("abc\ndef")).toThrow("Standard input must be the token and nothing else");
    expect(() => tokenFromText("é")).toThrow("one line of plain ASCII");
    expect(() => tokenFromText("x".repeat(65_537))).toThrow("too long for a token");
  });
  it("words times by the largest unit of which there are two", () => {
    const words = [0, -1, 119, -120, 7199, 7200, -172_799, 172_800].map((seconds) => relativeTime(now + seconds, now));
    expect(words).toEqual([
      ...["now", "1 second ago", "in 119 seconds", "2 minutes ago"],
      ...["in 119 minutes", "in 2 hours", "47 hours ago", "in 2 days"],
    ]);
  });
  it("reads --now as seconds or ISO 8601", () => {
    expect([readNow("1800000000"), readNow("2027-01-15T08:00:00Z"), readNow("2027-01-15T09:00:00.5+01:00")]).toEqual([
      now,
      now,
      now,
    ]);
    expect(() => readNow("tomorrow")).toThrow("--now must be seconds since 1970");
    expect(() => readNow("2027-13-15T08:00:00Z")).toThrow("--now must be seconds since 1970");
  });
  it("shows a reason that no row knows, and no check as passed with it", () => {
    const table = [
      { check: "one", reasons: ["token_expired"] },
      { check: "two", reasons: ["token_type_wrong"] },
    ] as const;
    expect(checkRows<string>(table, () => ({ passed: "" }), { reason: "store_unavailable", detail: "?" })).toEqual([
      { check: "one", verdict: "failed", detail: "?", reason: "store_unavailable" },
      { check: "two", verdict: "not reached", detail: "" },
    ]);
  });
  it("uses colours at a terminal only", async () => {
    const explained = await ask("");
    const terminal = { isTTY: true } as typeof process.stdout;
    expect(reportLines(explained, [], { isTTY: false } as typeof process.stdout).join("")).not.toContain("\u001b");
    const coloured = process.env.NO_COLOR === undefined || process.env.NO_COLOR === "";
    expect(reportLines(explained, [], terminal).join("").includes("\u001b")).toBe(coloured);
  });
});
