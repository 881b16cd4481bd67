// Tokens: one is accepted only where jose accepts it with the configured key and algorithm, and its claims are good.
import { createHmac, createPublicKey } from "node:crypto";
import fc from "fast-check";
import { compactVerify, importPKCS8, importSPKI } from "jose";
import { base64url, edPkcs8, edSpki, p256Pkcs8, p256Spki, rsaPkcs8, rsaSpki } from "../../support/craft.ts";
import { testSecret } from "../../support/settings.ts";
import { type Answered, type Ask, openGateways, serverError } from "../gateway.ts";
import { anyTarget, ensure } from "../target.ts";
import {
  anyText,
  bytesOf,
  type Damage,
  damaged,
  damages,
  jsonNumber,
  jsonString,
  jsonValue,
  objectText,
  utf8,
} from "../text.ts";

export interface TokenInput {
  readonly issuer: number;
  /** JSON texts; `{{300}}` stands for the second in 300 seconds. */
  readonly header: string;
  readonly payload: string;
  /** The key's owner, and the algorithm that signs. */
  readonly signer: (typeof signers)[number];
  /** What becomes of the header, the payload and the whole token once they are spelled. */
  readonly damage: readonly Damage[];
  readonly signatureSpelling: (typeof spellings)[number];
}

const signers = [
  "HS256",
  "HS384",
  "RS256",
  "PS256",
  "ES256",
  "EdDSA",
  "stranger",
  "public key as secret",
  "nobody",
] as const;
/** Signers without a key of any gateway. */
const strangers: ReadonlyArray<(typeof signers)[number]> = ["stranger", "public key as secret", "nobody"];
const spellings = [
  "as it is",
  "padded",
  "padded twice",
  "standard alphabet",
  "with a space",
  "cut",
  "longer",
  "empty",
] as const;

const second = "second-secret-of-the-fuzzer-only-0001";
const publicJwk = (pem: string) => createPublicKey(pem).export({ format: "jwk" });

/** What the settings make of a gateway: algorithm and key by which jose judges. */
interface Issuer {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly alg: string;
  readonly own: (typeof signers)[number];
  /** Keys by their ids, where tokens name them. */
  readonly ring?: Readonly<Record<string, { readonly alg: string; readonly pem?: string; readonly secret?: string }>>;
  readonly kid?: string;
  readonly aud?: string;
  readonly iss?: string;
}

const issuers: readonly Issuer[] = [
  { vars: {}, alg: "HS256", own: "HS256" },
  { vars: { ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 }, alg: "RS256", own: "RS256" },
  { vars: { ALGORITHM: "ES256", SIGNING_KEY: p256Pkcs8 }, alg: "ES256", own: "ES256" },
  { vars: { ALGORITHM: "EdDSA", SIGNING_KEY: edPkcs8 }, alg: "EdDSA", own: "EdDSA" },
  {
    vars: {
      KEY_ID: "own",
      AUDIENCE: ["api", "other"],
      ISSUER: "gateway",
      VERIFYING_KEYS: {
        keys: [
          { ...publicJwk(rsaSpki), kid: "rsa", alg: "RS256" },
          { ...publicJwk(edSpki), kid: "ed", alg: "EdDSA" },
          { kty: "oct", kid: "two", alg: "HS384", k: base64url(`${second}-and-more-of-it`) },
        ],
      },
    },
    alg: "HS256",
    own: "HS256",
    kid: "own",
    aud: "api",
    iss: "gateway",
    ring: {
      rsa: { alg: "RS256", pem: rsaSpki },
      ed: { alg: "EdDSA", pem: edSpki },
      two: { alg: "HS384", secret: `${second}-and-more-of-it` },
    },
  },
];

const inSeconds = (offset: number) => `{{${offset}}}`;
const ahead = fc.constantFrom(60, 300, 86_400, 10 ** 9).map(inSeconds);
const past = fc.constantFrom(-1_000_000_000, -86_400, -60).map(inSeconds);
const anyTime = fc.oneof(
  { weight: 4, arbitrary: ahead },
  { weight: 2, arbitrary: past },
  {
    weight: 1,
    arbitrary: fc.oneof(
      jsonNumber,
      jsonString,
      fc.constantFrom("true", "null", "[]", "{}", "1e400", '"9_9"', "253402300800"),
    ),
  },
);

const member = (name: string, value: fc.Arbitrary<string>) => value.map((text) => [name, text] as const);
const algName = fc.constantFrom(
  ...["HS256", "HS384", "RS256", "PS256", "ES256", "EdDSA", "Ed25519"].map((one) => JSON.stringify(one)),
);

/** A header that fits the issuer, with members beside it or in its place. */
const header = (issuer: Issuer) =>
  fc
    .tuple(
      fc.oneof(
        { weight: 8, arbitrary: fc.constant(JSON.stringify(issuer.alg)) },
        { weight: 2, arbitrary: algName },
        {
          weight: 1,
          arbitrary: fc.oneof(
            fc.constantFrom('"none"', '"None"', '"hs256"', '""', "null", '["HS256"]', "1"),
            jsonValue,
          ),
        },
      ),
      fc.array(
        fc.oneof(
          member("typ", fc.constantFrom('"JWT"', '"at+jwt"', '"gateway-assertion+jwt"', "1", "null")),
          member(
            "kid",
            fc.constantFrom('"own"', '"rsa"', '"ed"', '"two"', '"nobody"', '""', "1", "null", '"__proto__"', "{}"),
          ),
          member("alg", algName),
          member("crit", fc.constantFrom('["b64"]', "[]", '["exp"]', '"b64"', "null")),
          member("b64", fc.constantFrom("true", "false", "null", '"false"')),
          member("jwk", fc.constant(JSON.stringify(publicJwk(p256Spki)))),
          member("zip", fc.constant('"DEF"')),
          fc.tuple(fc.constantFrom("jku", "x5u", "x5c", "x5t", "cty", "enc", "__proto__", "toString", ""), jsonValue),
        ),
        { maxLength: 3 },
      ),
      fc.boolean(),
    )
    .map(([alg, more, last]) => objectText(last ? [...more, ["alg", alg]] : [["alg", alg], ...more]));

const userId = fc.oneof(
  fc.constantFrom('"7"', "7", '"a"', '"12345678901234567890"', '""', "null", "true"),
  jsonNumber,
  jsonValue,
);

const payload = (issuer: Issuer) => {
  const base: ReadonlyArray<fc.Arbitrary<readonly [string, string]>> = [
    member(
      "token_type",
      fc.oneof(
        { weight: 9, arbitrary: fc.constant('"access"') },
        { weight: 1, arbitrary: fc.constantFrom('"refresh"', '"Access"', "null") },
      ),
    ),
    member("exp", fc.oneof({ weight: 6, arbitrary: ahead }, { weight: 2, arbitrary: anyTime })),
    member("jti", fc.oneof({ weight: 9, arbitrary: fc.constant('"a"') }, { weight: 1, arbitrary: jsonValue })),
    member("user_id", fc.oneof({ weight: 5, arbitrary: fc.constant('"7"') }, { weight: 5, arbitrary: userId })),
    member(
      "aud",
      fc.oneof(
        { weight: 6, arbitrary: fc.constant(JSON.stringify(issuer.aud ?? "api")) },
        { weight: 1, arbitrary: fc.constantFrom('["x","api"]', "[]", '["api",1]', "null", '""', '["__proto__"]') },
      ),
    ),
    member(
      "iss",
      fc.oneof(
        { weight: 6, arbitrary: fc.constant(JSON.stringify(issuer.iss ?? "gateway")) },
        { weight: 1, arbitrary: fc.constantFrom('"other"', "null", '["gateway"]') },
      ),
    ),
  ];
  const more = fc.oneof(
    member("iat", anyTime),
    member("nbf", anyTime),
    member("exp", anyTime),
    member("sub", fc.oneof(jsonString, jsonValue)),
    fc.tuple(
      fc.oneof(anyText(6), fc.constantFrom("__proto__", "constructor", "token_type", "user_id", "jti", "aud")),
      jsonValue,
    ),
  );
  return fc
    .tuple(
      fc.tuple(...base),
      fc.oneof({ weight: 8, arbitrary: fc.constant(63) }, { weight: 2, arbitrary: fc.nat(63) }),
      fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 3, arbitrary: fc.array(more, { maxLength: 3 }) }),
      fc.oneof(
        { weight: 12, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: damages(['"', "{", "}", ",", ":", "\ufeff", " ", "9999"], 1) },
      ),
    )
    .map(([members, kept, added, changes]) =>
      damaged(objectText([...members.filter((_, at) => (kept >> at) & 1), ...added]), changes),
    );
};

/** Once for each issuer: to make an arbitrary takes longer than to make a token with it. */
const inputsOf: ReadonlyArray<fc.Arbitrary<TokenInput>> = issuers.map((one, issuer) =>
  fc.record({
    issuer: fc.constant(issuer),
    header: header(one),
    payload: payload(one),
    signer: fc.oneof(
      { weight: 5, arbitrary: fc.constant(one.own) },
      { weight: 1, arbitrary: fc.constantFrom(...signers) },
    ),
    damage: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: damages([".", "=", "A", "-", "_", "+", "/", "\u00e9", " "], 2) },
    ),
    signatureSpelling: fc.oneof(
      { weight: 5, arbitrary: fc.constant("as it is" as const) },
      { weight: 1, arbitrary: fc.constantFrom(...spellings) },
    ),
  }),
);

const inputs: fc.Arbitrary<TokenInput> = fc
  .oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.constant(2) },
    { weight: 1, arbitrary: fc.constant(3) },
    { weight: 5, arbitrary: fc.constant(4) },
  )
  .chain((issuer) => inputsOf[issuer] ?? fc.constant({} as TokenInput));

export const tokens = anyTarget<TokenInput>({
  name: "tokens",
  holds: "a token is accepted only where jose accepts it with the configured key, and its claims are good",
  inputs,
  async open() {
    const gateways = await openGateways(
      issuers.map(({ vars }) => ({ ROUTES: [{ path: "/*", auth: "token", revocation: "off" }], ...vars })),
    );
    const sign = await openSigners();
    return async (input) => {
      const [issuer, ask] = [issuers[input.issuer], gateways[input.issuer]];
      if (issuer === undefined || ask === undefined) throw new Error("there is no such issuer");
      await tryToken(issuer, ask, input, sign);
    };
  },
  growth: ["A", ".", "=", "A.", "-", "!", "A=", "e30.", "W1tb"].map((text) => ({
    name: `a token of ${JSON.stringify(text)} over and over`,
    of: (size) => {
      const token = text.repeat(Math.ceil(size / text.length));
      return async () => {
        opened ??= openGateways([{}]);
        const [ask] = await opened;
        await ask?.({ url: "https://gateway.example/x", headers: new Headers({ authorization: `Bearer ${token}` }) });
        await ask?.({
          url: "https://gateway.example/x",
          headers: new Headers({ authorization: `Bearer e30.e30.${token}` }),
        });
      };
    },
  })),
});

let opened: Promise<readonly Ask[]> | undefined;

type Sign = (signer: TokenInput["signer"], signed: string, issuer: Issuer) => Promise<string>;

async function openSigners(): Promise<Sign> {
  const rsa = await importPKCS8(rsaPkcs8, "RS256");
  const pss = await importPKCS8(rsaPkcs8, "PS256");
  const ec = await importPKCS8(p256Pkcs8, "ES256");
  const ed = await importPKCS8(edPkcs8, "EdDSA");
  const subtle = async (how: Parameters<SubtleCrypto["sign"]>[0], key: CryptoKey, text: string) =>
    base64url(new Uint8Array(await crypto.subtle.sign(how, key, bytesOf(text))));
  const hmac = (hash: string, secret: string, text: string) =>
    createHmac(hash, secret).update(text, "latin1").digest("base64url");
  return async (signer, text, { vars }) => {
    if (signer === "HS256") return hmac("sha256", testSecret, text);
    if (signer === "HS384") return hmac("sha384", `${second}-and-more-of-it`, text);
    if (signer === "RS256") return subtle("RSASSA-PKCS1-v1_5", rsa as CryptoKey, text);
    if (signer === "PS256") return subtle({ name: "RSA-PSS", saltLength: 32 }, pss as CryptoKey, text);
    if (signer === "ES256") return subtle({ name: "ECDSA", hash: "SHA-256" }, ec as CryptoKey, text);
    if (signer === "EdDSA") return subtle("Ed25519", ed as CryptoKey, text);
    if (signer === "stranger") return hmac("sha256", "another-secret-of-a-stranger-0001", text);
    const pem = vars.ALGORITHM === "ES256" ? p256Spki : vars.ALGORITHM === "EdDSA" ? edSpki : rsaSpki;
    return signer === "nobody" ? "" : hmac("sha256", pem, text);
  };
}

function spelled(signature: string, how: TokenInput["signatureSpelling"]): string {
  if (how === "padded") return `${signature}=`;
  if (how === "padded twice") return `${signature}==`;
  if (how === "standard alphabet") return signature.replaceAll("-", "+").replaceAll("_", "/");
  if (how === "with a space") return `${signature.slice(0, 5)}\u00a0${signature.slice(5)}`;
  if (how === "cut") return signature.slice(0, -1);
  if (how === "longer") return `${signature}AAAA`;
  return how === "empty" ? "" : signature;
}

async function tryToken(issuer: Issuer, ask: Ask, input: TokenInput, sign: Sign): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const atNow = (text: string) => text.replace(/\{\{(-?\d+)\}\}/g, (_, offset) => String(now + Number(offset)));
  const encode = (text: string) => base64url(bytesOf(utf8(atNow(text))));
  const signed = `${encode(input.header)}.${encode(input.payload)}`;
  const token = damaged(
    `${signed}.${spelled(await sign(input.signer, signed, issuer), input.signatureSpelling)}`,
    input.damage,
  );
  let headers: Headers;
  try {
    headers = new Headers({ authorization: `Bearer ${token}` });
  } catch {
    return;
  }
  const answer = await ask({ url: "https://gateway.example/x", headers });
  ensure(serverError(answer) === undefined, () => `${serverError(answer)}`);
  // As Python's split() takes it apart.
  const sent =
    headers
      .get("authorization")
      ?.slice("Bearer ".length)
      .replace(/^[\t-\r ]+|[\t-\r ]+$/g, "") ?? "";
  if (answer.forwarded === undefined) {
    ensure(
      !(await isPlainlyGood(issuer, sent, now)),
      () => `refused with ${answer.status}, and nothing is wrong with it`,
    );
  } else {
    // Whatever jose says.
    ensure(!strangers.includes(input.signer), () => `accepted, and signed by ${input.signer}`);
    await checkAccepted(issuer, sent, answer, now);
  }
}

type Json = Readonly<Record<string, unknown>>;

/** The key by which jose is to judge; undefined where the configuration has none for the header. */
async function keyFor(
  issuer: Issuer,
  { kid, alg }: Json,
): Promise<readonly [alg: string, key: CryptoKey | Uint8Array] | undefined> {
  const byId = typeof kid === "string" && issuer.ring && Object.hasOwn(issuer.ring, kid) ? issuer.ring[kid] : undefined;
  const without =
    kid === undefined && alg !== issuer.alg
      ? Object.values(issuer.ring ?? {}).find((one) => isNamed(one.alg, alg))
      : undefined;
  const other = byId ?? without;
  if (other === undefined && issuer.ring && kid !== undefined && kid !== issuer.kid) return undefined;
  if (other?.secret !== undefined) return [other.alg, new TextEncoder().encode(other.secret)];
  if (other?.pem !== undefined) return [String(alg), await imported(other.pem, other.alg)];
  const pem = { RS256: rsaSpki, ES256: p256Spki, EdDSA: edSpki }[issuer.alg];
  return [issuer.alg, pem === undefined ? new TextEncoder().encode(testSecret) : await imported(pem, issuer.alg)];
}

const keys = new Map<string, CryptoKey>();
async function imported(pem: string, alg: string): Promise<CryptoKey> {
  const key = keys.get(pem + alg) ?? ((await importSPKI(pem, alg)) as CryptoKey);
  keys.set(pem + alg, key);
  return key;
}

const isNamed = (alg: string, name: unknown) => alg === name || (alg === "EdDSA" && name === "Ed25519");

async function joseOpens(
  issuer: Issuer,
  token: string,
): Promise<{ readonly header: Json; readonly claims: Json } | undefined> {
  try {
    const header = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString("utf8")) as Json;
    const judge = await keyFor(issuer, header);
    if (judge === undefined) return undefined;
    const { payload, protectedHeader } = await compactVerify(token, judge[1], { algorithms: [judge[0]] });
    const claims: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload),
      keepSource as never,
    );
    return { header: protectedHeader as Json, claims: claims as Json };
  } catch {
    return undefined;
  }
}

/** A number as it is written. */
interface Source {
  readonly source: string;
}
const isSource = (value: unknown): value is Source => typeof value === "object" && value !== null && "source" in value;
function keepSource(_: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === "number" ? { source: context.source } : value;
}
const numberOf = (value: unknown): number | undefined =>
  isSource(value) ? Number(value.source) : typeof value === "boolean" ? Number(value) : undefined;

/** Bytes of a signature are what counts: other spellings of them are allowed. */
function respelled(token: string): string {
  const end = token.lastIndexOf(".");
  return `${token.slice(0, end)}.${Buffer.from(token.slice(end + 1).replace(/[^\w+/-]/g, ""), "base64url").toString("base64url")}`;
}

async function checkAccepted(issuer: Issuer, token: string, { forwarded }: Answered, now: number): Promise<void> {
  const opened = await joseOpens(issuer, respelled(token));
  ensure(opened !== undefined, () => "accepted, and jose does not accept it");
  const { header, claims } = opened;
  ensure(
    header.typ !== "gateway-assertion+jwt" && header.b64 !== false,
    () => `accepted with ${JSON.stringify(header)}`,
  );
  const says = () => `accepted with ${JSON.stringify(claims).slice(0, 300)}`;
  ensure(typeof claims === "object" && claims !== null && !Array.isArray(claims), says);
  const has = (name: string) => Object.hasOwn(claims, name);
  ensure(has("exp") && (numberOf(claims.exp) ?? 0) > now - 5 && (numberOf(claims.exp) ?? 0) <= 253_402_300_799, says);
  for (const name of ["iat", "nbf"].filter(has)) ensure(!((numberOf(claims[name]) ?? 0) > now + 5), says);
  ensure(has("token_type") && claims.token_type === "access", says);
  ensure(has("jti") && typeof claims.jti === "string", says);
  ensure(!has("sub") || typeof claims.sub === "string", says);
  ensure(has("user_id"), says);
  if (issuer.iss !== undefined) ensure(has("iss") && claims.iss === issuer.iss, says);
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (issuer.aud !== undefined) ensure(has("aud") && audiences.some((one) => ["api", "other"].includes(one)), says);
  const user = forwarded?.headers.get("x-user-id") ?? null;
  const { user_id: id } = claims;
  if (isSource(id) && id.source.length < 1000)
    ensure(user === (id.source === "-0" ? "0" : id.source), () => `X-User-Id is ${user}, not ${id.source}`);
  else if (typeof id === "string" && /^[!-$&-~]*$/.test(id) && id !== "")
    ensure(user === id, () => `X-User-Id is ${user}`);
}

/** With nothing that the gateway refuses on purpose. */
async function isPlainlyGood(issuer: Issuer, token: string, now: number): Promise<boolean> {
  const opened = await joseOpens(issuer, token);
  // Long ones may be nested deeper than is read.
  if (opened === undefined || token.length > 1300 || !/^[\w.-]+$/.test(token)) return false;
  const { header, claims } = opened;
  const isKnown = Object.keys(header).every((name) => ["alg", "typ", "kid"].includes(name));
  if (!isKnown || (header.typ !== undefined && header.typ !== "JWT")) return false;
  if (Object.hasOwn(header, "kid") && typeof header.kid !== "string") return false;
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) return false;
  // No time is infinite, which Python's int() does not take.
  const isTime = (name: string) => {
    const time = numberOf(claims[name]) ?? Number.NaN;
    return !Object.hasOwn(claims, name) || (Number.isFinite(time) && time < now);
  };
  const expires = Object.hasOwn(claims, "exp") && isSource(claims.exp) ? Number(claims.exp.source) : 0;
  const isFor = issuer.aud === undefined || claims.aud === issuer.aud;
  const isFrom = issuer.iss === undefined || claims.iss === issuer.iss;
  const isTyped = claims.token_type === "access" && claims.jti === "a" && claims.user_id === "7";
  const lasts = expires > now + 30 && expires <= 253_402_300_799 && isTime("iat") && isTime("nbf");
  const isSubject = claims.sub === undefined || typeof claims.sub === "string";
  // A number of thousands of digits makes a token unreadable, as in Python.
  return isFor && isFrom && isTyped && lasts && isSubject && !/\d{4000}/.test(atob64(token));
}

const atob64 = (token: string) => Buffer.from(token.split(".")[1] ?? "", "base64url").toString("latin1");
