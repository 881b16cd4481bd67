// Attacks on the algorithm and the key (research 3.1): the token never chooses either, and no key is taken for another.
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { base64url } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { rawRequest } from "../support/sockets.ts";
import { declaredBody } from "./declared-body.ts";
import { accessClaims, hmacOver, hmacToken, keyToken, noToken, refusedBody, refusedToken } from "./made-tokens.ts";
import { answersWithEach, misconfigured } from "./misconfigured.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pemOf = (key: KeyObject, type: "spki" | "pkcs1" | "pkcs8") => key.export({ format: "pem", type }).toString();
const privateRsa = pemOf(rsa.privateKey, "pkcs8");

let origin: RecordingOrigin;
/** Whoever is named in a token's header; nobody may ever ask here. */
let attacker: RecordingOrigin;
let rs256: Gateway;
let hs256: Gateway;
let es256: Gateway;
beforeAll(async () => {
  [origin, attacker] = await Promise.all([startRecordingOrigin(), startRecordingOrigin()]);
  const common = { ORIGIN_URL: origin.url, ROUTES: [{ path: "/*", auth: "token" }] };
  const privateEc = pemOf(ec.privateKey, "pkcs8");
  rs256 = await startGateway({ ...common, ALGORITHM: "RS256", SIGNING_KEY: privateRsa });
  hs256 = await startGateway(common);
  es256 = await startGateway({ ...common, ALGORITHM: "ES256", SIGNING_KEY: privateEc });
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await Promise.all([rs256.close(), hs256.close(), es256.close()]);
  origin.close();
  attacker.close();
});

/** What the token gets at a route and at the verify endpoint, and who was asked. */
async function fateOf(gateway: Gateway, token: string) {
  const atRoute = await gateway.get("/notes/", token);
  const atVerify = await gateway.post("/api/token/verify/", { token });
  return {
    route: [atRoute.status, await atRoute.text()],
    verify: [atVerify.status, await atVerify.text()],
    received: origin.taken().map((one) => everySpelling(one, "x-user-id")),
    asked: attacker.taken(),
  };
}
const good = { route: [200, "{}"], verify: [200, "{}"], received: [["7"]], asked: [] };
const refused = { route: [401, refusedToken()], verify: [401, refusedBody()], received: [], asked: [] };

it("a token made here passes, so that the refusals below mean something", async () => {
  expect(await fateOf(rs256, keyToken(rsa.privateKey, { alg: "RS256", typ: "JWT" }))).toEqual(good);
  expect(await fateOf(hs256, hmacToken())).toEqual(good);
  expect(await fateOf(es256, keyToken(ec.privateKey, { alg: "ES256", typ: "JWT" }))).toEqual(good);
});

describe("CVE-2026-22817, CVE-2026-22818 (the algorithm comes from the token):", () => {
  const secrets: ReadonlyArray<readonly [string, () => string | Uint8Array]> = [
    ["the public PEM", () => pemOf(rsa.publicKey, "spki")],
    ["the public PEM without its last line end", () => pemOf(rsa.publicKey, "spki").trim()],
    ["the public key in PKCS#1", () => pemOf(rsa.publicKey, "pkcs1")],
    ["the public key in DER", () => rsa.publicKey.export({ format: "der", type: "spki" })],
    ["the published JWK (CVE-2026-48526)", () => JSON.stringify(rsa.publicKey.export({ format: "jwk" }))],
    ["nothing", () => ""],
  ];
  it.each(secrets)("an HS256 token signed with %s is refused under RS256", async (_what, secret) => {
    expect(await fateOf(rs256, hmacToken({ secret: secret() }))).toEqual(refused);
  });
  it("nor with an EC key under ES256", async () => {
    expect(await fateOf(es256, hmacToken({ secret: pemOf(ec.publicKey, "spki") }))).toEqual(refused);
  });
  it.each(["RS384", "RS512", "PS256"])("a %s token of the right key is refused under RS256", async (alg) => {
    expect(await fateOf(rs256, keyToken(rsa.privateKey, { alg }))).toEqual(refused);
  });
  it("nor does saying RS256 over an RS512 signature help", async () => {
    expect(await fateOf(rs256, keyToken(rsa.privateKey, { alg: "RS256" }, { signAs: "RS512" }))).toEqual(refused);
  });
});

describe("apache/apisix#13182 (the key's own algorithm is not enforced):", () => {
  it.each([
    ["HS384", "sha384"],
    ["HS512", "sha512"],
  ] as const)("an %s token of the right secret is refused under HS256", async (alg, hash) => {
    expect(await fateOf(hs256, hmacToken({ header: { alg }, hash }))).toEqual(refused);
    expect(await fateOf(hs256, hmacToken({ header: { alg: "HS256" }, hash }))).toEqual(refused);
  });
});

describe("alg none:", () => {
  const headers = ['{"alg":"none"}', '{"alg":"None"}', '{"alg":"nOnE"}', '{"alg":""}', '{"alg":null}', "{}"];
  it.each([...headers, '{"alg":["HS256"]}', '{"alg":"none","alg":"HS256"}'])("%s is refused", async (headerText) => {
    const [head = "", payload = "", signature = ""] = hmacToken({ headerText }).split(".");
    const unsigned = `${head}.${payload}.`;
    expect(await fateOf(hs256, unsigned)).toEqual(refused);
    expect(await fateOf(rs256, unsigned)).toEqual(refused);
    expect(await fateOf(rs256, `${unsigned}${signature}`)).toEqual(refused);
  });
  it("a good token without its signature is refused", async () => {
    const token = hmacToken();
    expect(await fateOf(hs256, token.slice(0, token.lastIndexOf(".") + 1))).toEqual(refused);
    expect(await fateOf(hs256, token.slice(0, token.lastIndexOf(".")))).toEqual(refused);
  });
  it("an ES256 signature of zeros (CVE-2022-21449) is refused", async () => {
    const token = keyToken(ec.privateKey, { alg: "ES256" });
    const zeros = Buffer.alloc(64).toString("base64url");
    expect(await fateOf(es256, `${token.slice(0, token.lastIndexOf("."))}.${zeros}`)).toEqual(refused);
  });
});

describe("CVE-2018-0114 (a key brought along in the header is never used):", () => {
  const keyBrought = () => ({ ...stranger.publicKey.export({ format: "jwk" }), kid: "mine", alg: "RS256" });
  const headers: Readonly<Record<string, () => object>> = {
    jwk: () => ({ jwk: keyBrought() }),
    "jwk and kid": () => ({ jwk: keyBrought(), kid: "mine" }),
    jku: () => ({ jku: `${attacker.url}/jwks.json`, kid: "mine" }),
    x5u: () => ({ x5u: `${attacker.url}/chain.pem` }),
    x5c: () => ({ x5c: [stranger.publicKey.export({ format: "der", type: "spki" }).toString("base64")] }),
    "kid, as a URL": () => ({ kid: `${attacker.url}/key` }),
    "kid, as a path": () => ({ kid: "../../../../dev/null" }),
  };
  it.each(Object.entries(headers))("%s", async (_name, more) => {
    expect(await fateOf(rs256, keyToken(stranger.privateKey, { alg: "RS256", ...more() }))).toEqual(refused);
  });
  it("and a secret brought along as an oct key neither", async () => {
    const jwk = { kty: "oct", k: base64url("x".repeat(32)) };
    expect(await fateOf(hs256, hmacToken({ header: { alg: "HS256", jwk }, secret: "x".repeat(32) }))).toEqual(refused);
  });
});

describe("headers that change what a signature means:", () => {
  it.each([
    ["crit with what nobody knows", { crit: ["exp"], exp: 1 }],
    ["crit with nothing", { crit: [] }],
    ["crit for a header that is not there", { crit: ["b64"] }],
    ["b64: false (RFC 7797)", { b64: false }],
    ["b64: false and crit", { b64: false, crit: ["b64"] }],
    ["kid that is no text", { kid: 7 }],
  ])("%s", async (_what, more) => {
    expect(await fateOf(hs256, hmacToken({ header: { alg: "HS256", ...more } }))).toEqual(refused);
  });
  it("a payload signed as it is, not encoded", async () => {
    const head = base64url('{"alg":"HS256","b64":false,"crit":["b64"]}');
    const claims = JSON.stringify(accessClaims());
    const [, , signature] = hmacOver(`${head}.${claims}`, "over-http-tests-only-over-http-tests-only-0123456789").split(
      ".",
    );
    expect(await fateOf(hs256, `${head}.${base64url(claims)}.${signature}`)).toEqual(refused);
  });
});

describe("CVE-2024-28176 (jose: a token that is to be unpacked) and sizes:", () => {
  const bomb = () => {
    const head = base64url('{"alg":"dir","enc":"A256GCM","zip":"DEF"}');
    return [head, "", base64url("0".repeat(12)), base64url(deflateRawSync(Buffer.alloc(4_000_000))), "AAAA"].join(".");
  };
  it("five parts are refused, and nothing is unpacked", async () => {
    expect(await fateOf(hs256, bomb())).toEqual(refused);
    expect(await fateOf(rs256, bomb())).toEqual(refused);
  });
  it.each(["", ".", "..", "...", "a.b", "a.b.c", "....", "e30.e30.e30"])("%j is refused", async (token) => {
    const { status } = await hs256.get("/notes/", token);
    expect([status, origin.taken()]).toEqual([401, []]);
  });
  it("a header of 40,000 bytes gets no further than a refusal", async () => {
    const claims = { long: "x".repeat(30_000) };
    const [head, payload] = hmacToken({ claims }).split(".");
    expect(await fateOf(hs256, `${head}.${payload}.AAAA`)).toEqual(refused);
  });
  it("a body of 5 MB is refused before it is read as a token", async () => {
    const answer = await declaredBody(hs256.url.host, "/api/token/verify/", 5_000_000);
    expect(answer).toEqual([413, '{"detail":"Request body is too large."}']);
  });
});

describe("CVE-2026-47673 (any scheme is taken for Bearer):", () => {
  const malformed =
    '{"detail":"Authorization header must contain two space-delimited values","code":"bad_authorization_header"}';
  const rows: ReadonlyArray<readonly [string, (token: string) => readonly string[], string]> = [
    ["Basic", (token) => [`Basic ${token}`], noToken],
    ["bearer, in small letters, as in Simple JWT", (token) => [`bearer ${token}`], noToken],
    ["BEARER", (token) => [`BEARER ${token}`], noToken],
    ["JWT", (token) => [`JWT ${token}`], noToken],
    ["the token alone", (token) => [token], noToken],
    ["Bearer: with a colon", (token) => [`Bearer: ${token}`], noToken],
    ["an empty value", () => [""], noToken],
    ["Bearer alone", () => ["Bearer"], malformed],
    ["two tokens", (token) => [`Bearer ${token} ${token}`], malformed],
    ["two values with a comma", (token) => [`Bearer ${token}, Bearer ${token}`], malformed],
    ["two lines", (token) => [`Bearer ${token}`, `Bearer ${token}`], malformed],
    ["another scheme's line first", (token) => ["Basic YTpi", `Bearer ${token}`], noToken],
    ["no space", (token) => [`Bearer${token}`], noToken],
    ["a space that only some take for one", (token) => [`Bearer\u00a0${token}`], noToken],
  ];
  it.each(rows)("%s", async (_what, valuesOf, body) => {
    const headers = valuesOf(hmacToken()).map((value) => `Authorization: ${value}`);
    const answer = await rawRequest(Number(hs256.url.port), "/notes/", { headers });
    expect([answer.status, answer.body, origin.taken()]).toEqual([401, body, []]);
  });
  it.each(["?access_token=", "?token=", "?jwt="])("a token in the query (%s) is none", async (query) => {
    const answer = await hs256.get(`/notes/${query}${hmacToken()}`);
    expect([answer.status, await answer.text(), origin.taken()]).toEqual([401, noToken, []]);
  });
  it("a tab parts scheme and token, as it does in Simple JWT", async () => {
    const headers = [`Authorization: Bearer\t${hmacToken()}`];
    const { status } = await rawRequest(Number(hs256.url.port), "/notes/", { headers });
    expect([status, origin.taken().map((one) => everySpelling(one, "x-user-id"))]).toEqual([200, [["7"]]]);
  });
});

describe("keys that would make every signature worthless stop the start:", () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const cases: ReadonlyArray<readonly [what: string, vars: Readonly<Record<string, unknown>>]> = [
    ["an HMAC secret shorter than its hash", { SIGNING_KEY: "x".repeat(31) }],
    ["HS512 with a secret for HS256", { ALGORITHM: "HS512", SIGNING_KEY: "x".repeat(63) }],
    ["a public PEM as an HMAC secret (CVE-2022-29217)", { SIGNING_KEY: pemOf(rsa.publicKey, "spki") }],
    [
      "a public JWK as an HMAC secret (CVE-2026-48526)",
      { SIGNING_KEY: JSON.stringify(rsa.publicKey.export({ format: "jwk" })) },
    ],
    ["RSA with 1024 bits", { ALGORITHM: "RS256", SIGNING_KEY: pemOf(weak.privateKey, "pkcs8") }],
    [
      "the public half of another pair",
      { ALGORITHM: "RS256", SIGNING_KEY: privateRsa, VERIFYING_KEY: pemOf(stranger.publicKey, "spki") },
    ],
    ["no algorithm", { ALGORITHM: "none" }],
  ];
  let answers: Awaited<ReturnType<typeof answersWithEach>>;
  let arrived: readonly unknown[];
  beforeAll(async () => {
    answers = await answersWithEach(cases.map(([, vars]) => ({ ORIGIN_URL: origin.url, ...vars })));
    arrived = origin.taken();
  });
  it.each(cases.map(([what], index) => [what, index] as const))("%s", (_what, index) => {
    expect(answers[index]).toEqual(misconfigured);
    expect(arrived).toEqual([]);
  });
  it("what is published of a pair is its public half alone", async () => {
    const set = (await (await rs256.get("/.well-known/jwks.json")).json()) as { keys: Record<string, string>[] };
    const [published = {}] = set.keys;
    expect(Object.keys(published).sort()).toEqual(["alg", "e", "kty", "n", "use"]);
    expect(createPublicKey({ key: published, format: "jwk" }).equals(rsa.publicKey)).toBe(true);
    expect((await hs256.get("/.well-known/jwks.json")).status).toBe(401);
  });
});
