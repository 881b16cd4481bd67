// Attacks on the choice of a key (research 3.1): a ring of a secret, an EC key and two RSA keys, and nobody crosses over.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { base64url } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { hmacToken, keyToken, refusedBody, refusedToken } from "./made-tokens.ts";
import { answersWithEach, misconfigured } from "./misconfigured.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
const before = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const oldSecret = "the-secret-of-before-the-secret-of-before";
const jwkOf = (key: KeyObject) => key.export({ format: "jwk" });
const pemOf = (key: KeyObject) => key.export({ format: "pem", type: "spki" }).toString();
const privateOwn = own.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const shared = { kty: "oct", k: base64url(oldSecret), kid: "secret", alg: "HS256" };
const ring = [
  shared,
  { ...jwkOf(before.publicKey), kid: "before", alg: "RS256", use: "sig" },
  { ...jwkOf(ec.publicKey), kid: "ec", alg: "ES256" },
];

let origin: RecordingOrigin;
/** Whoever is named in a token's header; nobody may ever ask here. */
let attacker: RecordingOrigin;
let gateway: Gateway;
const common = () => ({ ORIGIN_URL: origin.url, ALGORITHM: "RS256", SIGNING_KEY: privateOwn, KEY_ID: "now" });
beforeAll(async () => {
  [origin, attacker] = await Promise.all([startRecordingOrigin(), startRecordingOrigin()]);
  gateway = await startGateway({
    ...common(),
    ROUTES: [{ path: "/*", auth: "token" }],
    VERIFYING_KEYS: JSON.stringify({ keys: ring }),
  });
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
  attacker.close();
});

/** What the token gets at a route and at the verify endpoint, and who was asked. */
async function fateOf(token: string) {
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
const hs = (header: object, secret: string | Uint8Array) => hmacToken({ header: { alg: "HS256", ...header }, secret });
const rs = (key: KeyObject, header: object) => keyToken(key, { alg: "RS256", ...header });

describe("each key opens with its own tokens, so that the refusals below mean something:", () => {
  it.each([
    ["the gateway's, by kid", () => rs(own.privateKey, { kid: "now" })],
    ["the gateway's, without", () => rs(own.privateKey, {})],
    ["the RSA key of before, by kid", () => rs(before.privateKey, { kid: "before" })],
    ["the RSA key of before, without", () => rs(before.privateKey, {})],
    ["the EC key", () => keyToken(ec.privateKey, { alg: "ES256", kid: "ec" })],
    ["the secret, by kid", () => hs({ kid: "secret" }, oldSecret)],
    ["the secret, without", () => hs({}, oldSecret)],
  ])("%s", async (_what, make) => {
    expect(await fateOf(make())).toEqual(good);
  });
});

describe("one dull answer, and nobody asked, for", () => {
  const brought = { ...jwkOf(stranger.publicKey), kid: "mine", alg: "RS256" };
  const publicSecrets = () => [
    pemOf(own.publicKey),
    pemOf(before.publicKey),
    pemOf(before.publicKey).trim(),
    own.publicKey.export({ format: "der", type: "spki" }),
    JSON.stringify(ring[1]),
    "",
  ];
  it.each(["now", "before", "ec", "secret", undefined])("public keys as secrets, under the kid %s", async (kid) => {
    for (const secret of publicSecrets()) {
      expect(await fateOf(hs(kid === undefined ? {} : { kid }, secret))).toEqual(refused);
    }
  });
  it.each([
    ["the secret under an RSA key's kid", () => hs({ kid: "before" }, oldSecret)],
    ["the secret under the gateway's kid", () => hs({ kid: "now" }, oldSecret)],
    ["a key of the ring under another's kid", () => rs(before.privateKey, { kid: "now" })],
    ["the gateway's under another's kid", () => rs(own.privateKey, { kid: "before" })],
    ["RSA under the EC key's kid", () => rs(own.privateKey, { kid: "ec" })],
    ["RS512 with a key for RS256", () => keyToken(before.privateKey, { alg: "RS512", kid: "before" })],
    ["PS256 with a key for RS256", () => keyToken(before.privateKey, { alg: "PS256" })],
    ["a key nobody knows, without a kid", () => rs(stranger.privateKey, {})],
    ["a kid nobody has", () => rs(own.privateKey, { kid: "next" })],
    ["a kid with a line end", () => rs(own.privateKey, { kid: "now\n" })],
    ["a kid in other letters", () => rs(own.privateKey, { kid: "NOW" })],
    ["a kid that is a list", () => rs(own.privateKey, { kid: ["now"] })],
    ["a kid that is null", () => rs(own.privateKey, { kid: null })],
    ["a kid of Object's", () => rs(own.privateKey, { kid: "constructor" })],
    ["a kid as a path", () => hs({ kid: "../../dev/null" }, "")],
    ["none, under a good kid", () => `${base64url('{"alg":"none","kid":"now"}')}.e30.`],
    ["jwk", () => rs(stranger.privateKey, { jwk: brought, kid: "mine" })],
    ["jwk, under a good kid", () => rs(stranger.privateKey, { jwk: brought, kid: "now" })],
    ["jku", () => rs(stranger.privateKey, { jku: `${attacker.url}/jwks.json`, kid: "mine" })],
    ["x5u", () => rs(stranger.privateKey, { x5u: `${attacker.url}/chain.pem` })],
    ["x5c", () => rs(stranger.privateKey, { x5c: [base64url(pemOf(stranger.publicKey))] })],
    ["crit, by the old secret", () => hs({ kid: "secret", crit: ["exp"], exp: 1 }, oldSecret)],
    ["crit, by the EC key", () => keyToken(ec.privateKey, { alg: "ES256", kid: "ec", crit: ["x"], x: 1 })],
    ["b64: false, by the old secret", () => hs({ b64: false, crit: ["b64"] }, oldSecret)],
    ["an assertion's typ, by the key of before", () => rs(before.privateKey, { typ: "gateway-assertion+jwt" })],
  ])("%s", async (_what, make) => {
    expect(await fateOf(make())).toEqual(refused);
  });
});

describe("a ring that would be worth nothing stops the start:", () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const one = { kid: "a", alg: "RS256" };
  const cases: ReadonlyArray<readonly [what: string, key: object]> = [
    ["a private key", { ...jwkOf(stranger.privateKey), ...one }],
    ["RSA with 1024 bits", { ...jwkOf(weak.publicKey), ...one }],
    ["RSA with the exponent 1", { ...jwkOf(stranger.publicKey), ...one, e: "AQ" }],
    ["no alg", { ...jwkOf(stranger.publicKey), kid: "a" }],
    ["no kid", { ...jwkOf(stranger.publicKey), alg: "RS256" }],
    ["the gateway's kid", { ...jwkOf(stranger.publicKey), alg: "RS256", kid: "now" }],
    ["a public key as a secret", { kty: "oct", kid: "a", alg: "HS256", k: base64url(pemOf(own.publicKey)) }],
    ["a short secret", { kty: "oct", kid: "a", alg: "HS256", k: base64url("x".repeat(31)) }],
  ];
  let answers: Awaited<ReturnType<typeof answersWithEach>>;
  let arrived: readonly unknown[];
  beforeAll(async () => {
    answers = await answersWithEach(cases.map(([, key]) => ({ ...common(), VERIFYING_KEYS: { keys: [key] } })));
    arrived = origin.taken();
  });
  it.each(cases.map(([what], index) => [what, index] as const))("%s", (_what, index) => {
    expect(answers[index]).toEqual(misconfigured);
    expect(arrived).toEqual([]);
  });
});

it("what is published are public members alone", async () => {
  const text = await (await gateway.get("/.well-known/jwks.json")).text();
  const { keys } = JSON.parse(text) as { keys: Record<string, string>[] };
  expect(keys.map((key) => `${key.kid} ${Object.keys(key).sort().join()}`)).toEqual([
    "now alg,e,kid,kty,n,use",
    "before alg,e,kid,kty,n,use",
    "ec alg,crv,kid,kty,use,x,y",
  ]);
  expect(text).not.toContain(shared.k);
});
