// API keys: in the wrong place, passed off as tokens and the other way round, found out, guessed, forwarded. With a real
// rate limit binding of five failures a minute.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { expectLimited } from "../support/limited.ts";
import { rawRequest } from "../support/sockets.ts";
import { hmacToken, noToken, refusedToken } from "./made-tokens.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

let origin: RecordingOrigin;
let gateway: Gateway;
const lines: Array<Readonly<Record<string, unknown>>> = [];

const keyOf = (prefix: string) => `${prefix}.SecretOfTheKeysInTheseTests0123456`;
const secret = "SecretOfTheKeysInTheseTests0123456";
const sha512 = (key: string) => `sha512$$${createHash("sha512").update(key).digest("hex")}`;

async function addKey(
  prefix: string,
  change: { readonly hash?: string; readonly scopes?: string; readonly more?: string } = {},
) {
  const { hash = sha512(keyOf(prefix)), scopes = '["reports"]', more = "NULL, NULL, NULL" } = change;
  const sql = `INSERT INTO api_keys (id, prefix, hashed_key, scopes, created_at, expires_at, revoked_at, user_id)
    VALUES (?1, ?2, ?3, ?4, 1, ${more})`;
  await gateway.env.DB.prepare(sql).bind(`${prefix}.${hash}`, prefix, hash, scopes).run();
}

beforeAll(async () => {
  origin = await startRecordingOrigin();
  gateway = await startGateway(
    {
      ORIGIN_URL: origin.url,
      API_KEYS: true,
      LOG: "all",
      ASSERTION: true,
      ASSERTION_KEY: "shared-with-the-origin-and-nobody-else",
      ROUTES: [
        { path: "/open/*", auth: "public" },
        { path: "/maybe/*", auth: "optional", api_keys: ["reports"] },
        { path: "/shadow/*", auth: "token", enforce: false },
        { path: "/reports/*", auth: "token", api_keys: ["reports"] },
        { path: "/all/*", auth: "token", api_keys: ["reports", "admin"] },
        { path: "/*", auth: "token" },
      ],
    },
    { loginsPerMinute: 5, onLogLine: (line) => void lines.push(line) },
  );
  await addKey("goodKey1");
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

let clients = 0;
/** A request of a client of its own, unless its address is given. */
async function send(path: string, headers: readonly string[] = [], address = `198.51.100.${++clients}`) {
  const { status, body } = await rawRequest(Number(gateway.url.port), path, {
    headers: [`CF-Connecting-IP: ${address}`, ...headers],
    method: "GET",
  });
  const received = origin.taken();
  return { status, body, received, ids: received.map((one) => everySpelling(one, "x-api-key-id")) };
}
const apiKey = (key: string, scheme = "Api-Key") => `Authorization: ${scheme} ${key}`;
const refused = { status: 401, body: noToken, received: [], ids: [] };

it("a good key opens its route, and nobody is somebody", async () => {
  for (const scheme of ["Api-Key", "api-key", "API-KEY"]) {
    const { status, ids, received } = await send("/reports/x", [apiKey(keyOf("goodKey1"), scheme), "X-User-Id: 1"]);
    expect([status, ids, received.map((one) => everySpelling(one, "x-user-id"))]).toEqual([200, [["goodKey1"]], [[]]]);
  }
});

describe("a key in another place opens nothing:", () => {
  it.each([
    ["in the query", `/reports/x?api_key=${keyOf("goodKey1")}&Authorization=Api-Key%20${keyOf("goodKey1")}`, []],
    ["in a cookie", "/reports/x", [`Cookie: api_key=${keyOf("goodKey1")}; Authorization=Api-Key ${keyOf("goodKey1")}`]],
    ["in X-Api-Key", "/reports/x", [`X-Api-Key: ${keyOf("goodKey1")}`]],
    ["in X-Api-Key-Id", "/reports/x", ["X-Api-Key-Id: goodKey1"]],
    ["by its prefix alone", "/reports/x", [apiKey("goodKey1")]],
    ["by its hash", "/reports/x", [apiKey(`goodKey1.${sha512(keyOf("goodKey1"))}`)]],
    ["at a route that takes none", "/other/x", [apiKey(keyOf("goodKey1"))]],
    ["at an endpoint for users", "/api/token/sessions/", [apiKey(keyOf("goodKey1"))]],
  ])("%s", async (_, path, headers) => {
    expect(await send(path, headers)).toEqual(refused);
  });
  it("as a bearer token", async () => {
    expect(await send("/reports/x", [`Authorization: Bearer ${keyOf("goodKey1")}`])).toEqual({
      ...refused,
      body: refusedToken(),
    });
  });
  it("where it lacks one of two scopes", async () => {
    expect(await send("/all/x", [apiKey(keyOf("goodKey1"))])).toEqual({
      ...{
        status: 403,
        body: '{"detail":"You do not have permission to perform this action."}',
        received: [],
        ids: [],
      },
    });
  });
});

describe("a token in the place of a key opens nothing:", () => {
  it.each([
    ["behind the scheme of keys", () => [apiKey(hmacToken())]],
    ["beside a key, in the same header", () => [`Authorization: Api-Key ${keyOf("goodKey1")}, Bearer ${hmacToken()}`]],
    ["beside a key, in a second header", () => [apiKey(keyOf("goodKey1")), `Authorization: Bearer ${hmacToken()}`]],
  ])("%s", async (_, headers) => {
    expect(await send("/reports/x", headers())).toEqual(refused);
  });
});

describe("one refusal, byte for byte, for", () => {
  it.each([
    ["a prefix that no key has", "noSuchKe", undefined],
    ["another secret", "goodKey1", keyOf("goodKey1").replace("Secret", "secret")],
    ["a key that has expired", "expired1", undefined],
    ["a key that was revoked", "revoked1", undefined],
    ["a key whose owner is gone", "ownerles", undefined],
    ["a prefix with a wildcard", "good%ey1", undefined],
    ["SQL", "' OR '1'='1", undefined],
  ])("%s", async (_, prefix, key) => {
    if (prefix === "expired1") await addKey(prefix, { more: "5, NULL, NULL" });
    if (prefix === "revoked1") await addKey(prefix, { more: "NULL, 5, NULL" });
    if (prefix === "ownerles") await addKey(prefix, { more: "NULL, NULL, 'nobody'" });
    expect(await send("/reports/x", [apiKey(key ?? keyOf(prefix))])).toEqual(refused);
  });
});

it("two keys never share a prefix: the second is not written", async () => {
  await expect(addKey("goodKey1", { hash: sha512("goodKey1.other") })).rejects.toThrow(/UNIQUE/);
  expect((await send("/reports/x", [apiKey("goodKey1.other")])).status).toBe(401);
  expect((await send("/reports/x", [apiKey(keyOf("goodKey1"))])).status).toBe(200);
});

describe("the API never gets a key:", () => {
  it.each([
    ["on a public route", "/open/x", apiKey(keyOf("goodKey1"))],
    ["on a public route, in a second header", "/open/x", `Authorization: Bearer x\r\n${apiKey(keyOf("goodKey1"))}`],
    ["on a public route, behind a tab", "/open/x", `Authorization: Api-Key\t${keyOf("goodKey1")}`],
    [
      "on a public route, behind a byte that is a blank in Latin-1",
      "/open/x",
      `Authorization: Api-Key\xa0${keyOf("goodKey1")}`,
    ],
    ["on a public route, behind another word", "/open/x", `Authorization: FooApi-Key ${keyOf("goodKey1")}`],
    ["in shadow mode, behind another word", "/shadow/x", `Authorization: Bearer-Api-Key ${keyOf("goodKey1")}`],
    ["in shadow mode", "/shadow/x", apiKey(keyOf("goodKey1"))],
    ["where it was good", "/reports/x", apiKey(keyOf("goodKey1"))],
    ["where nobody has to be known", "/maybe/x", apiKey(keyOf("goodKey1"))],
  ])("%s", async (_, path, header) => {
    const { status, received } = await send(path, [...header.split("\r\n"), "X_Api_Key_Id: goodKey1"]);
    expect([status, received.length]).toEqual([200, 1]);
    expect(received.map((one) => everySpelling(one, "authorization"))).toEqual([[]]);
    expect(JSON.stringify(received)).not.toContain(secret);
  });
});

describe("guessing", () => {
  it("is limited by address, with prefixes that there are and that there are not, and in X-Forwarded-For", async () => {
    const sequence: boolean[] = [];
    for (let time = 0; time < 12; time++) {
      const key = time % 2 === 0 ? `goodKey1.guess${time}` : keyOf(`noKey${time}`);
      const { status, body } = await send(
        "/reports/x",
        [apiKey(key), `X-Forwarded-For: 192.0.2.${time}`],
        "203.0.113.1",
      );
      sequence.push(status === 429);
      expect(body).toBe(
        status === 429 ? '{"detail":"Request was throttled. Expected available in 60 seconds."}' : noToken,
      );
    }
    expectLimited(5, sequence);
  });

  it("leaves log-ins and other clients alone", async () => {
    const from = { "cf-connecting-ip": "203.0.113.1" };
    const login = await gateway.post("/api/token/", { username: "ada", password: "x".repeat(5000) }, from);
    expect(login.status).toBe(401);
    expect((await send("/reports/x", [apiKey(keyOf("goodKey1"))], "203.0.113.2")).status).toBe(200);
  });

  it("at a hash that costs is counted for an address, whatever the prefix, and throttles nobody else's key", async () => {
    const hash = "pbkdf2_sha256$1000$saltOfTheTests$XHJTDPgAnScHJX6O/8avAjUA4UVCbBYFQYlf5jdqUuQ=";
    for (const prefix of ["costly01", "costly02"]) await addKey(prefix, { hash });
    const sequence: boolean[] = [];
    for (let time = 0; time < 18; time++) {
      const guessed = `${time % 2 === 0 ? "costly01" : "costly02"}.guess${time}`;
      sequence.push((await send("/reports/x", [apiKey(guessed)], "203.0.113.3")).status === 429);
    }
    expectLimited(5, sequence);
    expect(await send("/reports/x", [apiKey("costly01.guess")])).toEqual(refused);
  });
});

it("neither the log nor any row of the database has a key", async () => {
  const tables = await gateway.env.DB.prepare("SELECT * FROM api_keys").all();
  expect(tables.results.length).toBeGreaterThan(1);
  expect(JSON.stringify(tables.results)).not.toContain(secret);
  expect(lines.some((line) => line.token_type === "api_key" && line.jti === "goodKey1")).toBe(true);
  expect(JSON.stringify(lines)).not.toContain(secret);
});
