// Writes what `manage.py dumpdata auth.User token_blacklist` writes, as large as wanted: for tests and measurements.
// Must never hold a secret: hashes and signatures are made up and fit nothing.
// By hand: node test/support/django-dump.ts dump.json 100000 200000
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** How large, and from when. Every other token is blacklisted, every tenth a sliding one. */
export interface DumpSize {
  readonly users: number;
  readonly tokens: number;
  readonly nowSeconds: number;
}

const iso = (seconds: number, fraction = "") => new Date(seconds * 1000).toISOString().replace(".000Z", `${fraction}Z`);
const hex = (number: number) => number.toString(16).padStart(32, "0");
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function userRow(pk: number, { nowSeconds }: DumpSize) {
  const fields = {
    password: `pbkdf2_sha256$600000$${pk.toString(36).padStart(22, "a")}$${"A".repeat(43)}=`,
    last_login: pk % 3 === 0 ? iso(nowSeconds - pk, ".123") : null,
    is_superuser: false,
    username: `user${pk}`,
    first_name: pk % 50 === 0 ? "Zoë" : "First",
    last_name: "Last",
    email: `user${pk}@example.com`,
    is_staff: pk % 100 === 0,
    is_active: pk % 20 !== 0,
    date_joined: iso(nowSeconds - 86_400 - pk, ".456"),
    groups: [],
    user_permissions: [],
  };
  return { model: "auth.user", pk, fields };
}

function tokenRow(pk: number, { users, nowSeconds }: DumpSize) {
  const user = (pk % users) + 1;
  const sliding = pk % 10 === 0;
  const claims = {
    token_type: sliding ? "sliding" : "refresh",
    exp: nowSeconds + 86_400 + pk,
    iat: nowSeconds - pk,
    jti: hex(pk),
    user_id: String(user),
    ...(sliding ? { refresh_exp: nowSeconds + 172_800 + pk } : {}),
  };
  const fields = {
    user,
    jti: hex(pk),
    token: `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}.${"A".repeat(43)}`,
    created_at: iso(nowSeconds - pk, ".789"),
    expires_at: iso(nowSeconds + 86_400 + pk),
  };
  return { model: "token_blacklist.outstandingtoken", pk, fields };
}

function blacklistedRow(pk: number, { nowSeconds }: DumpSize) {
  const fields = { token: pk * 2, blacklisted_at: iso(nowSeconds - 1, ".001") };
  return { model: "token_blacklist.blacklistedtoken", pk, fields };
}

/** The rows of such a dump, in dumpdata's order. */
export function* dumpRows(size: DumpSize): Generator<{ model: string; pk: number; fields: object }> {
  for (let pk = 1; pk <= size.users; pk++) yield userRow(pk, size);
  for (let pk = 1; pk <= size.tokens; pk++) yield tokenRow(pk, size);
  for (let pk = 1; pk <= size.tokens / 2; pk++) yield blacklistedRow(pk, size);
}

function* dumpText(size: DumpSize): Generator<string> {
  let before = "[";
  for (const row of dumpRows(size)) {
    yield before + JSON.stringify(row);
    before = ", ";
  }
  yield before === "[" ? "[]" : "]";
}

/** Writes a dump to a file, piece by piece. */
export async function writeDjangoDump(path: string, size: DumpSize): Promise<void> {
  await pipeline(dumpText(size), createWriteStream(path));
}

if (import.meta.main) {
  const [path = "dump.json", users = "1000", tokens = "2000"] = process.argv.slice(2);
  const nowSeconds = Math.floor(Date.now() / 1000);
  await writeDjangoDump(path, { users: Number(users), tokens: Number(tokens), nowSeconds });
}
