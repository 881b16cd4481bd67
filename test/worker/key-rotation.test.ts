// docs/key-rotation.md from end to end: HS256, then RS256, then another key, and nobody has to log in again.
import { createHmac, createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { configurationAt, type KeyPlace } from "../../scripts/keys/key-place.ts";
import { newKey } from "../../scripts/keys/new-key.ts";
import { planRing, planRotation } from "../../scripts/keys/plan-keys.ts";
import type { Changes } from "../../scripts/keys/secrets-text.ts";
import type { Algorithm } from "../../src/settings/settings.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "../security/recording-origin.ts";
import { claimsIn, headerIn } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";

const nowSeconds = () => Math.floor(Date.now() / 1000);
const firstSecret = "the-first-secret-of-this-gateway-0123456789";
const invalid = '{"detail":"Token is invalid","code":"token_not_valid"}';

let storage: string;
let origin: RecordingOrigin;
let gateway: Gateway;
/** What stands in .dev.vars; every step of the walk changes it as `keys rotate` and `keys retire` do. */
let secrets: Readonly<Record<string, string>>;

beforeAll(async () => {
  storage = mkdtempSync(join(tmpdir(), "key-rotation-"));
  origin = await startRecordingOrigin();
});
afterAll(() => {
  origin.close();
  rmSync(storage, { recursive: true, force: true });
});

const place = (): KeyPlace => ({
  isLocal: true,
  required: undefined,
  path: "",
  name: ".dev.vars",
  text: "",
  vars: {},
  secrets,
});

async function start(): Promise<void> {
  gateway = await startGateway({ ORIGIN_URL: origin.url, ...secrets }, { storage });
}

/** Another start of the Worker, with the same users and tokens and other keys. */
async function restart(changes: Changes): Promise<void> {
  await gateway.close();
  const kept = Object.entries({ ...secrets, ...changes }).filter((entry): entry is [string, string] => !!entry[1]);
  secrets = Object.fromEntries(kept);
  await start();
}

async function rotate(algorithm: Algorithm): Promise<{ readonly oldKid: string; readonly newKid: string }> {
  const key = newKey(algorithm, nowSeconds());
  const { changes, old } = planRotation(place(), await configurationAt(place()), key, nowSeconds());
  await restart(changes);
  return { oldKid: old.kid, newKid: key.kid };
}

async function retire(kid: string): Promise<void> {
  const { settings } = await configurationAt(place());
  await restart(
    planRing(
      place(),
      (settings.VERIFYING_KEYS ?? []).filter((entry) => entry.kid !== kid),
    ).changes,
  );
}

/** Who the origin was told is calling; undefined for a refusal. */
async function opens(access: string): Promise<unknown> {
  origin.taken();
  const { status } = await gateway.get("/notes/", access);
  const [received] = origin.taken();
  if (status !== 200) return received === undefined ? undefined : "refused, but asked";
  return received && everySpelling(received, "x-user-id").join();
}

interface Pair {
  readonly access: string;
  readonly refresh: string;
}

async function post(path: string, body: object): Promise<Pair> {
  const answer = await gateway.post(`/api/token/${path}`, body);
  expect([answer.status, answer.status === 200 ? "" : await answer.text()]).toEqual([200, ""]);
  return (await answer.json()) as Pair;
}

const login = () => post("", { username: "ada", password: "correct horse" });
const refresh = ({ refresh }: Pair) => post("refresh/", { refresh });

async function published(): Promise<Array<Record<string, string>>> {
  const { keys } = (await (await gateway.get("/.well-known/jwks.json")).json()) as { keys: Record<string, string>[] };
  return keys;
}

/** As Django with ALGORITHM RS256 and this VERIFYING_KEY does, whatever the `kid`. */
function fitsPem(token: string, pem: string): boolean {
  const end = token.lastIndexOf(".");
  const signature = Buffer.from(token.slice(end + 1), "base64url");
  return headerIn(token).alg === "RS256" && verify("sha256", Buffer.from(token.slice(0, end)), pem, signature);
}

/** A token that Django made, without a kid, with the first secret. */
function djangoToken(): string {
  const claims = { token_type: "access", exp: nowSeconds() + 300, iat: nowSeconds(), jti: "d1", user_id: "7" };
  const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signed = parts.join(".");
  return `${signed}.${createHmac("sha256", firstSecret).update(signed).digest("base64url")}`;
}

it("HS256, RS256, another RSA key: who logged in once goes on, until a key is retired", async () => {
  secrets = { SIGNING_KEY: firstSecret };
  await start();
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  const first = await login();
  expect(headerIn(first.refresh)).toEqual({ alg: "HS256", typ: "JWT" });
  expect((await gateway.get("/.well-known/jwks.json")).status).toBe(401);

  const { oldKid: secretKid, newKid: rsaKid } = await rotate("RS256");
  expect(await opens(first.access)).toBe("7");
  expect(await opens(djangoToken())).toBe("7");
  const second = await refresh(first);
  expect(headerIn(second.access)).toEqual({ alg: "RS256", typ: "JWT", kid: rsaKid });
  expect(headerIn(second.refresh)).toEqual({ alg: "RS256", typ: "JWT", kid: rsaKid });
  expect(claimsIn(second.refresh).user_id).toBe("7");
  const used = await gateway.post("/api/token/refresh/", { refresh: first.refresh });
  expect([used.status, await used.text()]).toEqual([401, '{"detail":"Token is blacklisted","code":"token_not_valid"}']);
  const [own = {}, ...others] = await published();
  expect([own.kid, own.alg, others]).toEqual([rsaKid, "RS256", []]);
  const pem = createPublicKey({ key: own, format: "jwk" }).export({ type: "spki", format: "pem" }).toString();
  expect([fitsPem(second.access, pem), fitsPem(first.access, pem)]).toEqual([true, false]);

  const { oldKid, newKid } = await rotate("RS256");
  expect(oldKid).toBe(rsaKid);
  expect((await published()).map(({ kid, alg }) => [kid, alg])).toEqual([
    [newKid, "RS256"],
    [rsaKid, "RS256"],
  ]);
  expect([await opens(first.access), await opens(second.access)]).toEqual(["7", "7"]);
  const third = await refresh(second);
  expect(headerIn(third.refresh)).toEqual({ alg: "RS256", typ: "JWT", kid: newKid });
  expect(fitsPem(third.access, pem)).toBe(false);

  await retire(secretKid);
  expect([await opens(first.access), await opens(djangoToken())]).toEqual([undefined, undefined]);
  expect([await opens(second.access), await opens(third.access)]).toEqual(["7", "7"]);
  await retire(rsaKid);
  expect([await opens(second.access), await opens(third.access)]).toEqual([undefined, "7"]);
  for (const token of [first.refresh, second.refresh]) {
    const answer = await gateway.post("/api/token/refresh/", { refresh: token });
    expect([answer.status, await answer.text()]).toEqual([401, invalid]);
  }
  expect(headerIn((await refresh(third)).access).kid).toBe(newKid);
  await gateway.close();
});

describe("the published set", () => {
  beforeEach(async () => {
    secrets = { SIGNING_KEY: firstSecret };
    const { publicJwk } = (await configurationAt({ ...place(), secrets: rsaSecrets })).keys;
    secrets = { ...secrets, VERIFYING_KEYS: JSON.stringify({ keys: [publicJwk, oct] }) };
    await start();
  });
  afterEach(() => gateway.close());
  const { signingKey: SIGNING_KEY, kid: KEY_ID } = newKey("RS256", 1_700_000_000);
  const rsaSecrets = { SIGNING_KEY, KEY_ID, ALGORITHM: "RS256" };
  const oct = { kty: "oct", alg: "HS512", kid: "shared", k: Buffer.from("x".repeat(64)).toString("base64url") };

  it("has the ring's public keys under an HMAC algorithm too, never a secret, and is not sent twice", async () => {
    const answer = await gateway.get("/.well-known/jwks.json");
    const text = await answer.text();
    const { keys } = JSON.parse(text) as { keys: Record<string, string>[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([["alg", "e", "kid", "kty", "n", "use"]]);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    const etag = answer.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[A-Za-z0-9_-]{43}"$/);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await gateway.get("/.well-known/jwks.json", undefined, { "if-none-match": tag });
      expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
      expect(again.headers.get("cache-control")).toBe("public, max-age=300");
    }
    const other = await gateway.get("/.well-known/jwks.json", undefined, { "if-none-match": '"other"' });
    expect([other.status, await other.text()]).toEqual([200, text]);
  });
});
