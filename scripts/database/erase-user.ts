// Erases a person: what is stored about them in each database, in any table, and in KV.
// Must never let a token of theirs be good again: what refuses tokens that are still out stays until they have expired.
import { longestMappedSeconds } from "../../src/settings/mapped-lifetime.ts";
import { ownerOf } from "../../src/users/token-user.ts";
import type { User, UserId } from "../../src/users/user.ts";
import type { UserIdColumn } from "../../src/users/user-id.ts";
import { Failure } from "../shared/failure.ts";
import { announceRevoked, prefixesOf } from "./api-keys.ts";
import { type Bindings, settingsOf } from "./bindings.ts";
import { noteDone } from "./command-notes.ts";
import type { Database } from "./database.ts";
import { endUserTokens } from "./end-user.ts";
import { hasSessionDatabases } from "./session-stores.ts";
import { sqlInteger, sqlText } from "./sql.ts";

/** A person by the user's id, and by what tokens call them, where the row is still there to tell. */
export interface Person {
  readonly id: UserId;
  readonly user: Pick<User, UserIdColumn> | undefined;
}

/**
 * When the last access or sliding token that names a person, or the last of another issuer that stands for one (`reissue`),
 * can be used: refresh tokens end with the row of the user.
 */
export function erasedUntil({ vars }: Pick<Bindings, "vars">, nowSeconds: number): number {
  const lifetimes = ["ACCESS_TOKEN_LIFETIME", "SLIDING_TOKEN_LIFETIME", "LEEWAY", "ISSUERS"] as const;
  const settings = settingsOf(vars, lifetimes);
  const { ACCESS_TOKEN_LIFETIME, SLIDING_TOKEN_LIFETIME, LEEWAY } = settings;
  const ownSeconds = Math.max(ACCESS_TOKEN_LIFETIME, SLIDING_TOKEN_LIFETIME) + LEEWAY;
  return nowSeconds + Math.max(ownSeconds, longestMappedSeconds(settings));
}

/**
 * 1. Ends the tokens and deletes the row, as `deleteuser` does. 2. Takes the person out of every other table. Each can be
 * repeated; the second also for an id whose row is gone.
 */
export async function eraseUser(bindings: Bindings, { id, user }: Person, nowSeconds: number): Promise<void> {
  await refuseWhileMoving(bindings);
  const until = erasedUntil(bindings, nowSeconds);
  if (user) {
    // Before the row goes, with which these lose their user.
    const sql = [...stripped("outstanding_tokens", id, nowSeconds), `DELETE FROM users WHERE id = ${sqlText(id)}`].join(
      ";\n",
    );
    const change = { sql, done: "the user is deleted" };
    await endUserTokens(bindings, user, change, nowSeconds, until);
  }
  const owner = user && ownerOf(settingsOf(bindings.vars, ["USER_ID_FIELD", "USERNAME_FIELD"]), user).value;
  const names = [...new Set([id, ...(owner === undefined ? [] : [owner])])].map(sqlText).join(", ");
  for (const { database } of bindings.sessions.values()) {
    await database.write([...stripped("sessions", id, nowSeconds), ...ownersErased(id, names)].join(";\n"));
  }
  const statements = [
    ...stripped("sessions", id, nowSeconds),
    ...stripped("outstanding_tokens", id, nowSeconds),
    `DELETE FROM moved_owners WHERE owner IN (${names})`,
    ...["admin_sessions", "events"].map((table) => `DELETE FROM ${table} WHERE user_id = ${sqlText(id)}`),
    `DELETE FROM api_keys WHERE user_id = ${sqlText(id)}`,
    `DELETE FROM deleted_users WHERE id = ${sqlText(id)}`,
    // The ids and a time: what refuses the tokens that are still out.
    `UPDATE user_cutoffs SET expires_at = MIN(expires_at, ${sqlInteger(until)}) WHERE user_id = ${sqlText(id)}`,
    `UPDATE deleted_alternate_ids SET expires_at = MIN(COALESCE(expires_at, ${sqlInteger(until)}), ${sqlInteger(until)}) WHERE user_id = ${sqlText(id)}`,
    `UPDATE audit SET user_id = 'erased', detail = '{}' WHERE user_id = ${sqlText(id)}`,
    `UPDATE audit SET actor = 'erased', place = NULL, detail = '{}' WHERE source = 'admin' AND actor = ${sqlText(id)}`,
  ];
  const keys = await prefixesOf(bindings, id);
  await bindings.database.write(statements.join(";\n"));
  await announceRevoked(bindings, keys, nowSeconds);
  // Nothing of it says whose it was.
  await noteDone(bindings.database, { action: "user_erased", user: undefined }, nowSeconds);
}

/** The rows stay, so that the tokens are known to be ended, and say neither whose they were nor where from. */
function stripped(table: "sessions" | "outstanding_tokens", id: UserId, nowSeconds: number): readonly string[] {
  return [
    `UPDATE ${table} SET blacklisted_at = ${sqlInteger(nowSeconds)} WHERE user_id = ${sqlText(id)} AND blacklisted_at IS NULL`,
    `UPDATE ${table} SET user_id = NULL, client = NULL, address = NULL WHERE user_id = ${sqlText(id)}`,
  ];
}

const ownersErased = (id: UserId, names: string): readonly string[] => [
  `DELETE FROM owners WHERE user_id = ${sqlText(id)} OR owner IN (${names})`,
  `DELETE FROM moved_owners WHERE owner IN (${names})`,
];

/** Notes of who has moved keep a copy of a person from being made: they have to be gone first. */
async function refuseWhileMoving({ database, ...rest }: Bindings): Promise<void> {
  if (!hasSessionDatabases(rest)) return;
  const [row] = await database.read("SELECT next FROM placement WHERE id = 1");
  if (typeof row?.next === "string") {
    const flag = database.place === "remote" ? " --remote" : "";
    throw new Failure(`Sessions are being moved. Finish that first: npm run manage -- sessions spread${flag}`);
  }
}

/** The tables that still have the id, after everything; for a person who wants to know. */
export async function tablesWith(database: Pick<Database, "read">, id: UserId): Promise<readonly string[]> {
  const tables = [
    "sessions",
    "outstanding_tokens",
    "user_cutoffs",
    "admin_sessions",
    "events",
    "audit",
    "api_keys",
    "deleted_alternate_ids",
  ] as const;
  const found: string[] = [];
  const [row] = await database.read(
    `SELECT ${tables.map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE user_id = ${sqlText(id)}) AS ${table}`).join(", ")},
       EXISTS (SELECT 1 FROM users WHERE id = ${sqlText(id)}) AS users, EXISTS (SELECT 1 FROM deleted_users WHERE id = ${sqlText(id)}) AS deleted_users,
       EXISTS (SELECT 1 FROM audit WHERE source = 'admin' AND actor = ${sqlText(id)}) AS actors`,
  );
  for (const [name, value] of Object.entries(row ?? {}))
    if (value === 1) found.push(name === "actors" ? "audit" : name);
  return [...new Set(found)];
}
