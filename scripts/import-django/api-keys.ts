// Reads the API keys of djangorestframework-api-key out of a dump, and plans how they are written.
// Must never import a key that could not be verified here, nor let a revoked one be good again.
import { prefixOf } from "../../src/auth/api-key-header.ts";
import { numberText } from "../../src/json/exact-number.ts";
import { readTime } from "../../src/python/django-time.ts";
import { readHash } from "../../src/users/api-key-hash.ts";
import type { UserId } from "../../src/users/user.ts";
import { type BulkStatement, bulkStatements, type Cell } from "../database/bulk.ts";
import type { Database } from "../database/database.ts";
import { type DumpRow, parseRow, readRows } from "./dump.ts";
import type { DumpFormat } from "./row-splitter.ts";

/** The library's own model, as dumpdata writes it. */
export const libraryModel = "rest_framework_api_key.apikey";

/** A key of a dump. */
export interface ImportedApiKey {
  /** Its primary key: the prefix, a dot, and the hash that it was made with. */
  readonly id: string;
  readonly prefix: string;
  readonly hashedKey: string;
  readonly name: string;
  readonly userId: UserId | undefined;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number | undefined;
  readonly revoked: boolean;
}

/** What is asked of an import. */
export interface ApiKeyImport {
  /** In small letters. */
  readonly models: readonly string[];
  readonly ownerField: string | undefined;
  readonly format: DumpFormat | undefined;
}

export interface ApiKeyDump {
  readonly keys: readonly ImportedApiKey[];
  /** A sentence for each row that cannot be imported. */
  readonly invalid: readonly string[];
  /** The models of the other rows, with their numbers. */
  readonly others: ReadonlyMap<string, number>;
}

/** Reads a whole dump out of its bytes. */
export async function readApiKeys(
  path: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { models, ownerField, format }: ApiKeyImport,
): Promise<ApiKeyDump> {
  const keys: ImportedApiKey[] = [];
  const invalid: string[] = [];
  const others = new Map<string, number>();
  const rowOfPrefix = new Map<string, number>();
  const add = (text: string, row: number) => {
    const { model, ...one } = parseRow(path, text, row);
    if (!models.includes(model.toLowerCase())) {
      others.set(model, (others.get(model) ?? 0) + 1);
      return;
    }
    const key = readKey(one, ownerField);
    if (typeof key === "string") {
      invalid.push(`Row ${row} (${model}): ${key}.`);
      return;
    }
    const twin = rowOfPrefix.get(key.prefix);
    if (twin !== undefined) invalid.push(`Row ${row} (${model}): its prefix is that of row ${twin}.`);
    else {
      rowOfPrefix.set(key.prefix, row);
      keys.push(key);
    }
  };
  await readRows(path, bytes, format, add, () => {});
  return { keys, invalid, others };
}

const hashProblems: Readonly<Record<string, string>> = {
  unusable_password: "its hash is unusable",
  unknown_hash_format: "its hash is in a format that is not known here",
  malformed_hash: "its hash is malformed",
  hash_too_costly: "its hash costs more than ten seconds of CPU",
};

/** A row's key, or what is wrong with it. Rows of versions before 1.4 have prefix and hash in the primary key alone. */
function readKey({ pk, fields }: DumpRow, ownerField: string | undefined): ImportedApiKey | string {
  const id = typeof pk === "string" ? pk : undefined;
  const dot = id?.indexOf(".") ?? -1;
  const prefix = fields.prefix ?? (dot < 0 ? undefined : id?.slice(0, dot));
  const hashedKey = fields.hashed_key ?? (dot < 0 ? undefined : id?.slice(dot + 1));
  if (typeof prefix !== "string" || prefixOf(`${prefix}.x`) !== prefix) return "it has no prefix of letters and digits";
  if (typeof hashedKey !== "string") return "it has no hash";
  const hash = readHash(hashedKey);
  if (typeof hash === "string") return hashProblems[hash] ?? hash;
  const created = readTime(fields.created);
  if (created === undefined) return "its time of creation cannot be read";
  const { expiry_date: expiry = null, revoked = false, name = "" } = fields;
  const expires = expiry === null ? undefined : readTime(expiry);
  if (expiry !== null && expires === undefined) return "its expiry cannot be read";
  if (typeof revoked !== "boolean") return "it does not say whether it is revoked";
  const userId = ownerField === undefined ? undefined : readOwner(fields[ownerField]);
  if (userId === null) return `its ${ownerField} is no primary key`;
  return {
    id: id ?? `${prefix}.${hashedKey}`,
    ...{ prefix, hashedKey, revoked, userId },
    name: String(name),
    createdAtSeconds: created.seconds,
    expiresAtSeconds: expires?.seconds,
  };
}

/** Undefined for a key without an owner, null for what is no primary key. */
function readOwner(value: unknown): UserId | undefined | null {
  if (value === null || value === undefined) return undefined;
  return typeof value === "string" ? value : (numberText(value) ?? null);
}

/** What the database has of a key. */
interface Existing {
  readonly id: string;
  readonly isRevoked: boolean;
}

/** What an import comes to. */
export interface ApiKeyPlan {
  readonly rows: readonly ImportedApiKey[];
  readonly fresh: number;
  /** The prefixes of keys that are good here and revoked in the dump. */
  readonly ended: readonly string[];
  readonly invalid: readonly string[];
}

export async function planApiKeys(
  database: Pick<Database, "read">,
  { keys, invalid }: ApiKeyDump,
): Promise<ApiKeyPlan> {
  const known = new Map<string, Existing>();
  for (const { id, prefix, revoked_at: revoked } of await database.read(
    "SELECT id, prefix, revoked_at FROM api_keys",
  )) {
    known.set(String(prefix), { id: String(id), isRevoked: revoked !== null });
  }
  const users = keys.some(({ userId }) => userId !== undefined) ? await userIds(database) : new Set<string>();
  const rows: ImportedApiKey[] = [];
  const problems = [...invalid];
  let fresh = 0;
  const ended: string[] = [];
  for (const key of keys) {
    const here = known.get(key.prefix);
    if (here !== undefined && here.id !== key.id)
      problems.push(`${key.prefix}: another key of the gateway has this prefix.`);
    else if (key.userId !== undefined && !users.has(key.userId)) {
      problems.push(`${key.prefix}: its owner, the user with the id ${key.userId}, is not here; import users first.`);
    } else {
      rows.push(key);
      if (here === undefined) fresh++;
      else if (key.revoked && !here.isRevoked) ended.push(key.prefix);
    }
  }
  return { rows, fresh, ended, invalid: problems };
}

async function userIds(database: Pick<Database, "read">): Promise<ReadonlySet<string>> {
  const rows = await database.read("SELECT CAST(id AS TEXT) AS id_text FROM users");
  return new Set(rows.map(({ id_text: id }) => String(id)));
}

const cells = (count: number): string => Array.from({ length: count }, (_, index) => `value ->> ${index}`).join(", ");

const columns = "id, prefix, hashed_key, name, user_id, scopes, created_at, expires_at, revoked_at";

/** A repeated import gives scopes and an owner only where it is told to. "WHERE true" tells SQLite that ON CONFLICT is no join. */
const importSql = (takes: readonly string[]): string =>
  `INSERT INTO api_keys (${columns}) SELECT ${cells(9)} FROM json_each(?1) WHERE true
  ON CONFLICT (id) DO UPDATE SET ${takes.map((name) => `${name} = excluded.${name}, `).join("")}name = excluded.name,
    expires_at = excluded.expires_at, revoked_at = COALESCE(api_keys.revoked_at, excluded.revoked_at),
    hashed_key = CASE WHEN api_keys.hashed_key LIKE 'sha512$$%' THEN api_keys.hashed_key ELSE excluded.hashed_key END`;

/** The statements of a plan, to run in one transaction. @param scopes undefined to leave those of known keys as they are */
export function apiKeyStatements(
  place: Database["place"],
  rows: readonly ImportedApiKey[],
  terms: { readonly scopes: readonly string[]; readonly hasOwners: boolean; readonly nowSeconds: number },
): BulkStatement[] {
  const { scopes, hasOwners, nowSeconds } = terms;
  const takes = [...(scopes.length > 0 ? ["scopes"] : []), ...(hasOwners ? ["user_id"] : [])];
  const list = JSON.stringify(scopes);
  return bulkStatements(
    place,
    importSql(takes),
    rows.map((key): readonly Cell[] => [
      ...[key.id, key.prefix, key.hashedKey, key.name, key.userId ?? null, list],
      ...[key.createdAtSeconds, key.expiresAtSeconds ?? null, key.revoked ? nowSeconds : null],
    ]),
  );
}
