// The Worker's stores over several databases, for commands where databases for sessions alone are bound.
// Must never change a user before the session database knows of it.
import { Refusal } from "../../src/errors.ts";
import type { Owner } from "../../src/stores/contract.ts";
import { allInOne } from "../../src/stores/d1/session-tables.ts";
import { changeUser, type UserChange } from "../../src/stores/spread/change-user.ts";
import {
  type SpreadLog,
  type SpreadStores,
  sessionDatabases,
  usersDatabase,
} from "../../src/stores/spread/databases.ts";
import { ownerOf } from "../../src/users/token-user.ts";
import type { User, UserId } from "../../src/users/user.ts";
import type { UserIdColumn } from "../../src/users/user-id.ts";
import { Failure } from "../shared/failure.ts";
import { type Bindings, settingsOf } from "./bindings.ts";
import type { Database, Row } from "./database.ts";

/** Whether there are databases for sessions alone. Where sessions are, the databases say. */
export const hasSessionDatabases = ({ sessions }: Pick<Bindings, "sessions">): boolean => sessions.size > 0;

/** The user as tokens name them. */
export const ownerIn = ({ vars }: Pick<Bindings, "vars">, user: Pick<User, UserIdColumn>) =>
  ownerOf(settingsOf(vars, ["USER_ID_FIELD", "USERNAME_FIELD"]), user);

/** Runs work with the stores; what keeps them from it is thrown as a sentence. */
export async function overDatabases<T>(
  { d1, sessions }: Pick<Bindings, "d1" | "sessions">,
  work: (stores: SpreadStores) => Promise<T>,
): Promise<T> {
  let complaint: string | undefined;
  const log: SpreadLog = (_, fields) => {
    complaint =
      "error" in fields
        ? fields.error
        : `The database ${fields.name} is not bound, or another one is bound by this name: npm run manage -- check`;
  };
  const bound = new Map([[usersDatabase, d1], ...[...sessions].map(([name, one]) => [name, one.d1] as const)]);
  const databases = sessionDatabases(bound, log);
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  try {
    return await work({ users: d1, databases, nowSeconds, log });
  } catch (error) {
    throw error instanceof Refusal && complaint !== undefined ? new Failure(complaint) : error;
  }
}

/** The owner of a user's sessions. @param userId undefined for tokens without a user */
export async function ownerOfId(
  bindings: Pick<Bindings, "vars">,
  { users, databases }: SpreadStores,
  userId: UserId | undefined,
): Promise<Owner> {
  if (userId === undefined) return "no user";
  const select = "SELECT CAST(id AS TEXT) AS id, username, alternate_id FROM users WHERE id = ?1";
  const user = await users.prepare(select).bind(userId).first<Pick<User, UserIdColumn>>();
  if (user) return ownerIn(bindings, user);
  // Deleted: the session database still knows what tokens called them.
  const owners = await databases.inAll(async ({ db, tables }) => {
    if (tables.hasEarlier) return [];
    const [result] = await db.batch<{ owner: string }>([
      db.prepare("SELECT owner FROM owners WHERE user_id = ?1").bind(userId),
    ]);
    return result?.results ?? [];
  });
  return { column: "id", value: owners.flat()[0]?.owner ?? userId };
}

/** Reads sessions of DB; fails where they were moved to other databases, of which none is bound. */
export async function readHere(database: Pick<Database, "batch">, sql: string): Promise<readonly Row[]> {
  const [, rows] = await database.batch([`SELECT ${allInOne.isHere} AS here`, sql]);
  return rows ?? [];
}

/** Fails likewise. */
const hereSql = `UPDATE placement SET version = version WHERE id = 1 AND ${allInOne.isHere} = 1`;

/** Writes statements that change a user. @param change what they do to the user's sessions */
export async function writeUserChange(
  bindings: Bindings,
  user: Pick<User, UserIdColumn>,
  change: UserChange,
  sql: string,
): Promise<void> {
  if (!hasSessionDatabases(bindings)) return bindings.database.write(`${sql};\n${hereSql}`);
  const write = () => bindings.database.write(sql);
  await overDatabases(bindings, (stores) => changeUser(stores, ownerIn(bindings, user), change, write));
}

/** What a person can do where sessions are in databases that are not bound. */
export function asPlaceFailure(error: unknown): unknown {
  if (!(error instanceof Error && error.message.includes("malformed JSON"))) return error;
  return new Failure(
    "Sessions are in databases of their own, such as SESSIONS_1, which wrangler.toml does not bind: npm run manage -- check",
  );
}
