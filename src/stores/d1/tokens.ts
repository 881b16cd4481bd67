// Refresh and sliding tokens in D1: written down, blacklisted, rotated, flushed.
// Must never decide anything in two statements that are not one transaction.
import type {
  LoginRecord,
  OutstandingToken,
  Owner,
  RevocationKeys,
  Rotation,
  TokenStatus,
  TokenStore,
  UserLookup,
} from "../contract.ts";
import type { NewEvent } from "../events-contract.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { eventOwner, eventStatements, eventUser } from "./events.ts";
import { blacklistToken, extendToken, insertSuccessor, insertToken } from "./token-rows.ts";
import {
  accountFrom,
  issuedBeforeFrom,
  selectAccount,
  selectEnded,
  selectIssuedBefore,
  selectState,
  stateFrom,
} from "./token-state.ts";
import { selectUser, userFrom } from "./users.ts";

type Row = Record<string, unknown>;

/** @param event written with the next change */
export function d1Tokens(db: D1Database, log: StoreLog, event?: NewEvent): TokenStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  const store: TokenStore = {
    withEvent: (next) => (next ? d1Tokens(db, log, next) : store),
    isBlacklisted: (_owner, jti) => on(async () => isBlacklistedRow(await selectToken(db, jti).first())),
    tokenStatus: (revocationKeys, lookup, mayBeStale) => on(() => tokenStatus(db, revocationKeys, lookup, mayBeStale)),
    tokenAndUser: (owner, jti, usedSinceSeconds) =>
      on(async () => {
        const lookup = owner === "no user" ? undefined : owner;
        const statements = [
          ...(jti === undefined ? [] : [selectState(db, jti, usedSinceSeconds)]),
          ...(jti === undefined || lookup === undefined ? [] : [selectIssuedBefore(db, lookup)]),
          ...(lookup === undefined ? [] : [selectUser(db, lookup)]),
        ];
        const results = statements.length === 0 ? [] : await db.batch<Row>(statements);
        const state = jti === undefined ? undefined : stateFrom(jti, results[0]?.results[0]);
        return {
          blacklisted: state?.blacklistedAtSeconds !== undefined,
          state,
          issuedBeforeSeconds: jti === undefined || lookup === undefined ? 0 : issuedBeforeFrom(results[1]?.results[0]),
          user: lookup === undefined ? undefined : userFrom(results.at(-1)?.results[0]),
        };
      }),
    // One batch because it is one round trip; the contract asks for less.
    recordLogin: (_owner, record) =>
      on(async () => {
        const { userId } = record;
        const writes = [...loginStatements(db, record), ...loginEvent(db, record, event)];
        return accountFrom(userId, await db.batch<Row>([...writes, ...selectAccount(db, userId)]));
      }),
    insert: (_owner, token) =>
      on(async () => {
        const { userId } = token;
        return accountFrom(userId, await db.batch<Row>([insertToken(db, token), ...selectAccount(db, userId)]));
      }),
    extend: (owner, token) =>
      on(async () => {
        const results = await db.batch<Row>([extendToken(db, owner, token), ...selectAccount(db, token.userId)]);
        const row = results[0]?.results[0];
        return {
          blacklisted: row === undefined || isBlacklistedRow(row),
          account: accountFrom(token.userId, results),
        };
      }),
    blacklist: (owner, token, nowSeconds) =>
      on(async () => {
        const write = blacklistToken(db, owner, { token, nowSeconds, successorJti: null });
        const tells = eventStatements(db, event, eventOwner(owner));
        if (tells.length === 0) return (await write.first()) !== null;
        const [written] = await db.batch<Row>([write, ...tells]);
        return (written?.results.length ?? 0) > 0;
      }),
    rotate: (owner, { used, successor }, nowSeconds, usedSinceSeconds) =>
      on(() => rotate(db, log, { owner, used, successor, nowSeconds, usedSinceSeconds })),
    deleteExpired: (beforeSeconds, limit) =>
      on(async () => {
        const result = await db
          .prepare(
            "DELETE FROM outstanding_tokens WHERE jti IN (SELECT jti FROM outstanding_tokens WHERE expires_at < ?1 LIMIT ?2)",
          )
          .bind(beforeSeconds, limit)
          .run();
        return result.meta.changes;
      }),
  };
  return store;
}

async function tokenStatus(
  db: D1Database,
  revocationKeys: RevocationKeys | undefined,
  lookup: UserLookup | undefined,
  mayBeStale: boolean,
): Promise<TokenStatus> {
  const reader = mayBeStale ? db.withSession("first-unconstrained") : db;
  const statements = [
    ...(revocationKeys === undefined ? [] : [selectEnded(reader, revocationKeys)]),
    ...(lookup === undefined ? [] : [selectUser(reader, lookup)]),
  ];
  const results = statements.length === 0 ? [] : await reader.batch<Row>(statements);
  const row = revocationKeys === undefined ? undefined : results[0]?.results[0];
  return {
    ended: row?.ended === 1,
    user: lookup === undefined ? undefined : userFrom(results.at(-1)?.results[0]),
  };
}

function selectToken(db: D1Database, jti: string): D1PreparedStatement {
  return db.prepare("SELECT blacklisted_at FROM outstanding_tokens WHERE jti = ?1").bind(jti);
}

function isBlacklistedRow(row: Readonly<Record<string, unknown>> | null | undefined): boolean {
  return typeof row?.blacklisted_at === "number";
}

/** A rotation as the store is asked for it. */
interface Rotating {
  readonly owner: Owner;
  readonly used: OutstandingToken;
  readonly successor: OutstandingToken;
  readonly nowSeconds: number;
  readonly usedSinceSeconds: number | undefined;
}

/**
 * One transaction: the used token, its successor, what its row says then, which is how a loser learns of the winner's,
 * and the user. When the answer is lost the row is asked once more: it may have been written all the same.
 */
async function rotate(db: D1Database, log: StoreLog, rotating: Rotating): Promise<Rotation> {
  const { owner, used, successor, nowSeconds, usedSinceSeconds } = rotating;
  const look = () => [selectState(db, used.jti, usedSinceSeconds), ...selectAccount(db, used.userId)];
  try {
    const using = { token: used, nowSeconds, successorJti: successor.jti };
    const writes = [blacklistToken(db, owner, using), insertSuccessor(db, used, successor)];
    const results = await db.batch<Row>([...writes, ...look()]);
    const state = stateFrom(used.jti, results[2]?.results[0]);
    return { won: (results[0]?.results.length ?? 0) > 0, state, account: accountFrom(used.userId, results) };
  } catch (error) {
    const results = await db.batch<Row>(look());
    const state = stateFrom(used.jti, results[0]?.results[0]);
    if (state?.blacklistedAtSeconds === undefined) throw error;
    log("store_failed", { store: "d1", error: error instanceof Error ? error.message : String(error) });
    return { won: state.successorJti === successor.jti, state, account: accountFrom(used.userId, results) };
  }
}

/** None for a log-in whose user was changed while it was under way: it is refused. */
function loginEvent(db: D1Database, { userId, token }: LoginRecord, event: NewEvent | undefined) {
  const unchanged =
    "EXISTS (SELECT 1 FROM users WHERE id = ?4 AND is_active = 1 AND session_version = COALESCE(?5, session_version))";
  return eventStatements(db, event, eventUser(userId), { sql: unchanged, values: [token?.sessionVersion ?? null] });
}

function loginStatements(db: D1Database, record: LoginRecord): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  if (record.token) statements.push(insertToken(db, record.token));
  if (record.newHash) {
    statements.push(
      db
        .prepare("UPDATE users SET password = ?1 WHERE id = ?2 AND password = ?3")
        .bind(record.newHash.better, record.userId, record.newHash.checked),
    );
  }
  if (record.lastLogin !== undefined) {
    statements.push(db.prepare("UPDATE users SET last_login = ?1 WHERE id = ?2").bind(record.lastLogin, record.userId));
  }
  return statements;
}
