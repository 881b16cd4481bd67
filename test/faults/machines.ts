// Callers that are no users of ours: machines with API keys, and users of another issuer.
import { expect, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { entryOf, nowSeconds, type Provider, provider } from "../support/provider.ts";
import type { Asked, Client } from "./operations.ts";
import type { Operation } from "./table.ts";

/** Its tokens are nobody's here, and those of the other stand for users, who get a row. */
const issuers = { plain: "https://idp.example", mapped: "https://mapped.example" } as const;
let providers: { readonly plain: Provider; readonly mapped: Provider } | undefined;
const providersOnce = async () => {
  providers ??= { plain: await provider(issuers.plain), mapped: await provider(issuers.mapped) };
  return providers;
};

/** The settings that these callers need. */
export async function machineVars() {
  const { plain, mapped } = await providersOnce();
  const leeway = "120s";
  return {
    API_KEYS: true,
    ISSUERS: [
      entryOf(plain, { leeway }),
      entryOf(mapped, { leeway, reissue: { user: "alternate_id" }, provision: true }),
    ],
  };
}

/** The same issuers with keys that are fetched, and the JWK Set that each of them has at this address. */
export async function fetchedIssuers() {
  const { plain, mapped } = await providersOnce();
  const entries = (await machineVars()).ISSUERS.map((entry) => ({
    ...entry,
    keys: undefined,
    jwks: `${String(entry.issuer)}/jwks`,
  }));
  const sets = new Map([plain, mapped].map(({ issuer, jwk }) => [`${issuer}/jwks`, { keys: [jwk] }]));
  const privateSets = new Map(
    [plain, mapped].map(({ issuer, privateJwk }) => [`${issuer}/jwks`, { keys: [privateJwk] }]),
  );
  return { ISSUERS: entries, sets, privateSets };
}

export const machineRoutes = [
  { path: "/key/cached/*", auth: "token", api_keys: true, revocation: "cached" },
  { path: "/key/strict/*", auth: "token", api_keys: true, revocation: "strict" },
  { path: "/issuer/cached/*", auth: "token", issuers: [issuers.plain], revocation: "cached" },
  { path: "/issuer/strict/*", auth: "token", issuers: [issuers.plain], revocation: "strict" },
  { path: "/issuer/mapped/*", auth: "token", issuers: [issuers.mapped], revocation: "cached" },
];

/** A key, with the hash that it has once it was used. */
interface ApiKey {
  readonly prefix: string;
  readonly text: string;
  readonly sha512: string;
}

export interface Machine {
  readonly apiKey: ApiKey;
  /** A token of the issuer that the operation is about. */
  readonly foreign: string;
  readonly subject: string;
}

const random = () => crypto.randomUUID().replaceAll("-", "");
const bytes = (text: string) => new TextEncoder().encode(text);

/** A key with the scope of introspection, and a token of another issuer. */
export async function newMachine(needs: Operation): Promise<Machine> {
  const prefix = random().slice(0, 8);
  const text = `${prefix}.${random()}`;
  const sha512 = `sha512$$${new Uint8Array(await crypto.subtle.digest("SHA-512", bytes(text))).toHex()}`;
  const hash = needs === "API key, imported" ? await pbkdf2Of(text) : sha512;
  const sql =
    "INSERT INTO api_keys (id, prefix, hashed_key, name, scopes, created_at) VALUES (?1, ?2, ?3, ?2, '[\"introspect\"]', 1)";
  await DB.prepare(sql).bind(`${prefix}.${hash}`, prefix, hash).run();
  const { plain, mapped } = await providersOnce();
  const subject = random();
  const issuer = needs === "issuer's token, mapped" ? mapped : plain;
  // For as long as the last good keys of an issuer may serve, and more.
  const foreign = await issuer.token({ sub: subject, jti: random(), exp: nowSeconds() + 12 * 3600 });
  return { apiKey: { prefix, text, sha512 }, foreign, subject };
}

/** As Django's PBKDF2PasswordHasher writes it. */
async function pbkdf2Of(text: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", bytes(text), "PBKDF2", false, ["deriveBits"]);
  const way = { name: "PBKDF2", hash: "SHA-256", salt: bytes("salt"), iterations: 1000 };
  return `pbkdf2_sha256$1000$salt$${new Uint8Array(await crypto.subtle.deriveBits(way, key, 256)).toBase64()}`;
}

/** The status; a 503 says when to come again, and nothing says more than that. */
async function statusOf(app: App, path: string, authorization: string): Promise<number> {
  const headers = { authorization, "cf-connecting-ip": "192.0.2.1" };
  const response = await app.fetch(new Request(`https://gateway.example${path}`, { headers }));
  if (response.status === 503) {
    expect([response.headers.get("retry-after"), await response.json()]).toEqual([
      "5",
      { detail: "Service temporarily unavailable, try again later." },
    ]);
  }
  return response.status;
}

const withKey = (path: string) => (app: App, one: Client) => statusOf(app, path, `Api-Key ${one.apiKey.text}`);
const withForeign = (path: string) => (app: App, one: Client) => statusOf(app, path, `Bearer ${one.foreign}`);

/** An end that D1 alone knows of. */
const revokeKey = async ({ apiKey }: Client) =>
  void (await DB.prepare("UPDATE api_keys SET revoked_at = 2 WHERE prefix = ?").bind(apiKey.prefix).run());
const endTokensOf = (issuer: string) => async (one: Client) => {
  const sql = "INSERT INTO user_cutoffs (user_id, issued_before, expires_at) VALUES (?1, ?2, ?3)";
  const id = `${encodeURIComponent(issuer)} ${one.subject}`;
  await DB.prepare(sql)
    .bind(id, nowSeconds() + 1, nowSeconds() + 600)
    .run();
};

/** The row has what it had, with the cheap hash; the key is good, and a wrong one is not. */
async function keyIsWhole(app: App, one: Client): Promise<void> {
  const { prefix, text, sha512 } = one.apiKey;
  const sql = "SELECT hashed_key, scopes, expires_at, revoked_at FROM api_keys WHERE prefix = ?";
  // An imported key's is written after the response.
  await vi.waitFor(
    async () =>
      expect(await DB.prepare(sql).bind(prefix).first()).toEqual({
        ...{ hashed_key: sha512, scopes: '["introspect"]', expires_at: null, revoked_at: null },
      }),
    { timeout: 60_000 },
  );
  expect(await statusOf(app, "/key/strict/", `Api-Key ${text}`)).toBe(200);
  expect(await statusOf(app, "/key/strict/", `Api-Key ${text.slice(0, -1)}-`)).toBe(401);
}

async function foreignIsGood(app: App, one: Client): Promise<void> {
  expect(await withForeign("/issuer/strict/")(app, one)).toBe(200);
}

/** One row and one entry in the audit log, however often it was begun. */
async function userIsThereOnce(_app: App, { subject }: Client): Promise<void> {
  const users = await DB.prepare("SELECT id, is_active, last_login FROM users WHERE alternate_id = ?")
    .bind(subject)
    .all();
  expect(users.results).toEqual([{ id: expect.any(String), is_active: 1, last_login: null }]);
  const entries = await DB.prepare("SELECT source, action FROM audit WHERE user_id = ?")
    .bind(users.results[0]?.id)
    .all();
  expect(entries.results).toEqual([{ source: "issuer", action: "user_created" }]);
}

async function introspect(app: App, one: Client): Promise<number> {
  const headers = { authorization: `Api-Key ${one.apiKey.text}`, "cf-connecting-ip": "192.0.2.1" };
  const response = await app.fetch(postJson("/api/token/introspect/", { token: one.access }, headers));
  const body = (await response.json()) as { readonly active?: boolean };
  // Where it is not known whether the token is good, nothing says that it is, nor that it is not.
  expect(body.active).toBe(response.status === 200 ? true : undefined);
  if (response.status === 503) expect(response.headers.get("retry-after")).toBe("5");
  return response.status;
}

export const machineOperations = {
  "API key": { run: withKey("/key/cached/"), status: 200, holds: keyIsWhole, endInD1: revokeKey },
  "API key, strict": { run: withKey("/key/strict/"), status: 200, holds: keyIsWhole, endInD1: revokeKey },
  "API key, imported": { run: withKey("/key/cached/"), status: 200, holds: keyIsWhole, endInD1: revokeKey },
  introspection: { run: introspect, status: 200, holds: keyIsWhole, endInD1: revokeKey },
  "issuer's token": {
    ...{ run: withForeign("/issuer/cached/"), status: 200, holds: foreignIsGood },
    endInD1: endTokensOf(issuers.plain),
  },
  "issuer's token, strict": {
    ...{ run: withForeign("/issuer/strict/"), status: 200, holds: foreignIsGood },
    endInD1: endTokensOf(issuers.plain),
  },
  "issuer's token, mapped": {
    ...{ run: withForeign("/issuer/mapped/"), status: 200, holds: userIsThereOnce },
    endInD1: endTokensOf(issuers.mapped),
  },
} as const satisfies Partial<Record<Operation, Asked>>;
