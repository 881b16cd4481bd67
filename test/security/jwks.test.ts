// Keys from JWK_URL (research 3.7): who says where they are, which are taken, and what happens when they cannot be had.
import { generateKeyPairSync } from "node:crypto";
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type SharedGateway, startGateways } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { hmacOver, hmacToken, keyToken, refusedToken } from "./made-tokens.ts";
import { answersWith, misconfigured } from "./misconfigured.ts";
import { aheadHeader, withMovedClock } from "./moved-clock.ts";
import { type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = (kid: string, more: object = {}, from = pair) => ({
  ...from.publicKey.export({ format: "jwk" }),
  kid,
  ...more,
});
const token = (kid: unknown, from = pair, more: object = {}) =>
  keyToken(from.privateKey, { alg: "RS256", typ: "JWT", ...(kid === undefined ? {} : { kid }), ...more });

const goodKeys = [jwk("good", { use: "sig", alg: "RS256", key_ops: ["verify"] })];
/** Not one of these may verify; each is a mistake that an issuer could make. */
const unfit: Readonly<Record<string, object>> = {
  "made for another algorithm": jwk("alg", { alg: "RS512" }),
  "made for encryption": jwk("use", { use: "enc" }),
  "made to sign only": jwk("ops", { key_ops: ["sign"] }),
  "with 1024 bits": jwk("weak", {}, weak),
  "a secret": { kty: "oct", kid: "oct", k: Buffer.from("x".repeat(32)).toString("base64url") },
  "of another kind": jwk("ec", {}, ec),
};

let origin: RecordingOrigin;
let attacker: RecordingOrigin;
let source: HttpOrigin;
/** What the source answers, and how often it was asked. */
let answerOf: (response: ServerResponse, path: string) => void;
let asked: string[] = [];
const set = (keys: readonly object[]) => (response: ServerResponse) => void response.end(JSON.stringify({ keys }));

const SIGNING_KEY = other.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const varsFor = (path: string) => ({
  ORIGIN_URL: origin.url,
  ROUTES: [{ path: "/*", auth: "token", revocation: "off" }],
  ALGORITHM: "RS256",
  SIGNING_KEY,
  JWK_URL: source.url + path,
});
let shared: Awaited<ReturnType<typeof startGateways>>;
/** Those that no test has had. */
let fresh: SharedGateway[];

/** A new gateway knows no keys yet. */
function started(): SharedGateway {
  const gateway = fresh.pop();
  if (gateway === undefined) throw new Error("no gateway is left: more are to be started");
  return gateway;
}

let slow: Promise<Awaited<ReturnType<typeof fate>>>;
beforeAll(async () => {
  [origin, attacker] = await Promise.all([
    startRecordingOrigin(),
    startRecordingOrigin((_, response) => set(goodKeys)(response)),
  ]);
  source = await startOrigin((request, response) => {
    if (request.url === "/silent") return;
    asked.push(request.url ?? "");
    answerOf(response, request.url ?? "");
  });
  shared = await startGateways([varsFor("/silent"), ...Array(11).fill(varsFor("/jwks"))], {
    surrounded: withMovedClock,
  });
  const [silent, ...others] = shared.gateways;
  fresh = others;
  // Takes its five seconds while the others run.
  if (silent) slow = fate(silent, token("good"));
});
beforeEach(() => {
  asked = [];
  answerOf = set(goodKeys);
});
afterAll(async () => {
  await shared.close();
  for (const one of [origin, attacker, source]) one.close();
});

async function fate(gateway: SharedGateway, presented: string, secondsAhead = 0) {
  const answer = await gateway.get("/notes/", presented, { [aheadHeader]: String(secondsAhead) });
  return [answer.status, await answer.text()];
}
const passes = [200, "{}"];
const refused = [401, refusedToken()];
const unavailable = [503, '{"detail":"Service temporarily unavailable, try again later."}'];

describe("jpadilla/pyjwt#1169, vouch#470, OWASP CheatSheetSeries#2317 (the token says where its key is):", () => {
  it("jku, x5u and iss are never followed", async () => {
    const gateway = started();
    for (const name of ["jku", "x5u", "iss"]) {
      const presented = token("good", other, { [name]: `${attacker.url}/jwks` });
      expect(await fate(gateway, presented)).toEqual(refused);
    }
    expect([asked, attacker.taken()]).toEqual([["/jwks"], []]);
  });
  it("nor is a redirect of the source", async () => {
    const gateway = started();
    answerOf = (response) => response.writeHead(302, { location: `${attacker.url}/jwks` }).end();
    expect(await fate(gateway, token("good"))).toEqual(refused);
    expect([asked, attacker.taken()]).toEqual([["/jwks"], []]);
  });
  it.each(["http://keys.example/jwks", "file:///etc/passwd"])("JWK_URL %s stops the start", async (url) => {
    const vars = { ORIGIN_URL: origin.url, ALGORITHM: "RS256", SIGNING_KEY, JWK_URL: url };
    expect(await answersWith(vars)).toEqual(misconfigured);
  });
});

describe("which keys are taken:", () => {
  let gateway: SharedGateway;
  beforeAll(async () => {
    gateway = started();
  });
  it("one that is made for it, by its id", async () => {
    answerOf = set([...goodKeys, ...Object.values(unfit)]);
    expect(await fate(gateway, token("good"))).toEqual(passes);
  });
  it.each(Object.keys(unfit))("none that is %s", async (what) => {
    const { kid } = unfit[what] as { kid: string };
    const tokens = [token(kid), token(kid, weak), hmacToken({ header: { alg: "RS256", kid }, secret: "x".repeat(32) })];
    for (const one of tokens) expect(await fate(gateway, one)).toEqual(refused);
  });
  it("none without an id in the token, with one that is no text, or with another key's", async () => {
    for (const kid of [undefined, 7, null, ["good"], "", "GOOD", "good ", "__proto__", "constructor"]) {
      expect([kid, await fate(gateway, token(kid))]).toEqual([kid, refused]);
    }
    expect(await fate(gateway, token("good", other))).toEqual(refused);
  });
  it("an HS256 token signed with the published key is refused", async () => {
    const published = JSON.stringify(goodKeys[0]);
    const pem = pair.publicKey.export({ format: "pem", type: "spki" }).toString();
    for (const secret of [published, pem]) {
      expect(await fate(gateway, hmacToken({ header: { alg: "HS256", kid: "good" }, secret }))).toEqual(refused);
      const [head, payload] = token("good").split(".");
      expect(await fate(gateway, hmacOver(`${head}.${payload}`, secret))).toEqual(refused);
    }
  });
  it("nor the gateway's own key any more: JWK_URL is in its place", async () => {
    expect(await fate(gateway, token(undefined, other))).toEqual(refused);
  });
});

describe("a flood of made-up ids (Oathkeeper's has no memory, KrakenD's failed_jwk_key_cooldown, jose's 30 s):", () => {
  it("many of them cost five fetches at once, then one in thirty seconds", async () => {
    const gateway = started();
    expect(await fate(gateway, token("good"))).toEqual(passes);
    const [, payload, signature] = token("good").split(".");
    const madeUp = (index: number) =>
      `${Buffer.from(JSON.stringify({ alg: "RS256", kid: `made-up-${index}` })).toString("base64url")}.${payload}.${signature}`;
    const flood = async (secondsAhead: number, count: number) => {
      for (let index = 0; index < count; index += 50) {
        const wave = Array.from({ length: 50 }, (_, at) => fate(gateway, madeUp(index + at), secondsAhead));
        for (const one of await Promise.all(wave)) expect(one).toEqual(refused);
      }
    };
    await flood(0, 400);
    expect(asked).toHaveLength(1 + 5);
    await flood(31, 50);
    expect(asked).toHaveLength(1 + 5 + 1);
    expect(await fate(gateway, token("good"), 31)).toEqual(passes);
  });
  it("while the source is down, too", async () => {
    const gateway = started();
    answerOf = (response) => response.writeHead(500).end();
    await Promise.all(Array.from({ length: 50 }, (_, at) => fate(gateway, token(`made-up-${at % 3}`))));
    expect(asked).toEqual(["/jwks"]);
  });
  it("a new key is found at once, five times in a row, and after a flood once the thirty seconds are over", async () => {
    const gateway = started();
    expect(await fate(gateway, token("good"))).toEqual(passes);
    for (const kid of ["first", "second", "third", "fourth", "fifth"]) {
      answerOf = set([...goodKeys, jwk(kid, {}, other)]);
      expect([kid, await fate(gateway, token(kid, other))]).toEqual([kid, passes]);
    }
    answerOf = set([...goodKeys, jwk("sixth", {}, other)]);
    expect(await fate(gateway, token("sixth", other))).toEqual(refused);
    expect(await fate(gateway, token("sixth", other), 40)).toEqual(passes);
  });
});

describe("several keys with one id:", () => {
  const shared = (from: typeof pair, more: object = {}) => jwk("shared", more, from);

  it("each of them verifies, also one of another kind beside it, and no key that is not among them", async () => {
    const gateway = started();
    const third = generateKeyPairSync("rsa", { modulusLength: 2048 });
    answerOf = set([shared(ec), shared(pair), shared(weak), shared(other), shared(third, { use: "enc" })]);
    expect(await fate(gateway, token("shared"))).toEqual(passes);
    expect(await fate(gateway, token("shared", other))).toEqual(passes);
    expect(await fate(gateway, token("shared", third))).toEqual(refused);
    expect(await fate(gateway, token("shared", weak))).toEqual(refused);
  });
  it("null stands for what is absent", async () => {
    const gateway = started();
    answerOf = set([jwk("null", { use: null, alg: null, key_ops: null })]);
    expect(await fate(gateway, token("null"))).toEqual(passes);
  });
});

describe("a source that fails:", () => {
  const failures: Readonly<Record<string, (response: ServerResponse) => void>> = {
    "500": (response) => void response.writeHead(500).end(JSON.stringify({ keys: goodKeys })),
    "no JSON": (response) => void response.end("<html>"),
    "a set without keys": set([]),
    "a set of keys that are not fit": set([jwk("good", { use: "enc" })]),
    "a set of 300 KB": set([...goodKeys, { pad: "x".repeat(300_000) }]),
    "a lost connection": (response) => void response.destroy(),
  };
  it("nothing passes that never had keys, whichever way it fails", async () => {
    const gateway = started();
    let secondsAhead = 0;
    for (const [what, failure] of Object.entries(failures)) {
      asked = [];
      answerOf = failure;
      expect([what, await fate(gateway, token("good"), secondsAhead), asked]).toEqual([what, refused, ["/jwks"]]);
      secondsAhead += 31;
    }
  });
  it("the last good keys serve for six hours, then 503, and never a token that is not good", async () => {
    const gateway = started();
    expect(await fate(gateway, token("good"))).toEqual(passes);
    const ahead = 6 * 3600;
    const lasting = (kid: string, from = pair) =>
      keyToken(from.privateKey, { alg: "RS256", kid }, { claims: { exp: 4_000_000_000 } });
    for (const [index, failure] of Object.values(failures).entries()) {
      asked = [];
      answerOf = failure;
      expect(await fate(gateway, lasting("good"), 400 + index * 31)).toEqual(passes);
      expect(asked).toEqual(["/jwks"]);
    }
    expect(await fate(gateway, lasting("good"), ahead - 60)).toEqual(passes);
    expect(await fate(gateway, lasting("good", other), ahead - 60)).toEqual(refused);
    expect(await fate(gateway, lasting("good"), ahead + 60)).toEqual(unavailable);
    expect(await fate(gateway, lasting("good", other), ahead + 60)).toEqual(unavailable);
    answerOf = set(goodKeys);
    expect(await fate(gateway, lasting("good"), ahead + 100)).toEqual(passes);
    expect(await fate(gateway, lasting("good", other), ahead + 100)).toEqual(refused);
  });
  it("a key that was taken back is good for five minutes more, and no longer", async () => {
    const gateway = started();
    expect(await fate(gateway, token("good"))).toEqual(passes);
    answerOf = set([jwk("new", {}, other)]);
    expect(await fate(gateway, token("good"), 280)).toEqual(passes);
    expect(await fate(gateway, token("good"), 301)).toEqual(refused);
  });
  it("one that does not answer is given up after five seconds", async () => {
    expect(await slow).toEqual(refused);
  });
});
