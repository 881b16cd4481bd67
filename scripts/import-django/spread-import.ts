// An import where databases for sessions alone are bound: whose sessions end, and where tokens are written.
// Must never write a user whose sessions end before their session database knows of it.
import { accountsInUsers } from "../../src/stores/d1/accounts.ts";
import { beginChanges, type ChangedOwner, finishChanges } from "../../src/stores/d1/owners.ts";
import type { SpreadStores } from "../../src/stores/spread/databases.ts";
import { type UserIdColumn, userIdColumn } from "../../src/users/user-id.ts";
import { type Bindings, settingsOf } from "../database/bindings.ts";
import { plainJson } from "../database/bulk.ts";
import type { Row } from "../database/database.ts";
import { overDatabases, ownerIn } from "../database/session-stores.ts";
import { sqlText } from "../database/sql.ts";
import type { TokenInsert } from "./plan-tokens.ts";
import { sessionTokensSql, tokenCells, tokensSql } from "./statements.ts";

type Owner = ChangedOwner & { readonly column: UserIdColumn; readonly value: string };

/** Owners, or tokens, in one batch: through wrangler it is a command line, which takes 128 KB. */
const atOnce = 100;

/** An announcement lasts a minute: later, sessions could have begun again before the write. */
const surelyAnnouncedSeconds = 45;

/**
 * 1. The session databases: no session of the users begins, and those that there are have ended. 2. The write. 3. Sessions
 * begin again.
 *
 * @param ended what tokens call the users, with their ids
 */
export function writeEnding<T>(
  bindings: Bindings,
  ended: ReadonlyMap<string, string>,
  issuedBeforeSeconds: number,
  write: () => Promise<T>,
): Promise<T> {
  const column = userIdColumn(settingsOf(bindings.vars, ["USER_ID_FIELD", "USERNAME_FIELD"]));
  const owners = [...ended].map(([value, userId]) => ({ column, value, owner: value, userId, issuedBeforeSeconds }));
  return overDatabases(bindings, async (stores) => {
    const since = stores.nowSeconds();
    const withUsers = await begin(stores, owners);
    try {
      const written = await write();
      const isLate = stores.nowSeconds() - since > surelyAnnouncedSeconds;
      // Sessions of the others were ended by the write, unless they were moved just before it.
      await begin(stores, isLate ? owners : withUsers);
      return written;
    } finally {
      for (const some of chunksOf(owners)) await finish(stores, some);
    }
  });
}

/** Gives those whose sessions are in the database of users. */
async function begin({ databases }: SpreadStores, owners: readonly Owner[]): Promise<readonly Owner[]> {
  const withUsers: Owner[] = [];
  for (const chunk of chunksOf(owners)) {
    await databases.atEach(chunk, async ({ db, tables }, some) => {
      if (tables.hasEarlier) withUsers.push(...some);
      else {
        const changed = some.map(({ owner, userId, issuedBeforeSeconds }) => ({ owner, userId, issuedBeforeSeconds }));
        await db.batch([beginChanges(db, changed)]);
      }
    });
  }
  return withUsers;
}

async function finish({ users, databases }: SpreadStores, owners: readonly Owner[]): Promise<void> {
  await databases.atEach(owners, async ({ db, tables }, some) => {
    if (tables.hasEarlier) return;
    const looks = some.flatMap((owner) => accountsInUsers.select(users, owner));
    const results = await users.batch<Record<string, unknown>>(looks);
    const { statements } = accountsInUsers;
    const now = some.map(({ value }, index) => {
      const { user } = accountsInUsers.from(results.slice(index * statements, (index + 1) * statements));
      return [value, user ?? null] as const;
    });
    await db.batch([finishChanges(db, now)]);
  });
}

/** Writes tokens of users who are written already, a hundred at a time. It can be repeated. */
export async function writeTokens(
  bindings: Bindings,
  tokens: readonly TokenInsert[],
  at: (done: number, total: number) => void,
): Promise<void> {
  let done = 0;
  await overDatabases(bindings, async ({ databases }) => {
    for (const chunk of chunksOf(tokens)) {
      const { owned, nobodys } = await withOwners(bindings, chunk);
      await databases.atEach(owned, ({ db, tables }, some) =>
        writeRows(
          db,
          tables.hasEarlier,
          some.map(({ token }) => token),
        ),
      );
      if (nobodys.length > 0) {
        await databases.at("no user", ({ db, tables }) => writeRows(db, tables.hasEarlier, nobodys));
      }
      done += chunk.length;
      at(done, tokens.length);
    }
  });
}

async function writeRows(db: D1Database, hasUsers: boolean, tokens: readonly TokenInsert[]): Promise<void> {
  const json = plainJson(tokens.map(tokenCells));
  for (const sql of hasUsers ? tokensSql : sessionTokensSql) await db.batch([db.prepare(sql).bind(json)]);
}

/** The tokens with their users as the database of users has them now: one who is gone is nobody. */
async function withOwners(bindings: Bindings, tokens: readonly TokenInsert[]) {
  const list = (values: ReadonlyArray<string | null | undefined>): string =>
    `(SELECT value FROM json_each(${sqlText(plainJson(values.filter((value) => typeof value === "string")))}))`;
  const rows = await bindings.database.read(
    `SELECT CAST(id AS TEXT) AS id_text, username, alternate_id FROM users
     WHERE id IN ${list(tokens.map(({ userId }) => userId))} OR username IN ${list(tokens.map(({ username }) => username))}`,
  );
  const byId = new Map(rows.map((row) => [String(row.id_text), row]));
  const byName = new Map(rows.map((row) => [String(row.username), row]));
  const owned: Array<ReturnType<typeof ownerIn> & { readonly token: TokenInsert }> = [];
  const nobodys: TokenInsert[] = [];
  for (const token of tokens) {
    const row = byId.get(token.userId ?? "") ?? byName.get(token.username ?? "");
    if (row === undefined) nobodys.push({ ...token, userId: null, username: null });
    else {
      const user = userOf(row);
      owned.push({ ...ownerIn(bindings, user), token: { ...token, userId: user.id, username: null } });
    }
  }
  return { owned, nobodys };
}

const userOf = (row: Row) => ({
  id: String(row.id_text),
  username: String(row.username),
  alternate_id: typeof row.alternate_id === "string" ? row.alternate_id : null,
});

function* chunksOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += atOnce) yield all.slice(at, at + atOnce);
}
