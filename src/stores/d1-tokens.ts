// Refresh and sliding tokens in D1: written down, blacklisted, rotated, flushed.
// Must never decide anything in two statements that are not one transaction.
import type { ListedToken, LoginRecord, TokenStore } from "./contract.ts";
import { onD1, type StoreLog } from "./d1-errors.ts";
import { selectUser, userFrom } from "./d1-users.ts";

export function d1Tokens(db: D1Database, log: StoreLog): TokenStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  return {
    isBlacklisted: (jti) => on(async () => isBlacklistedRow(await selectToken(db, jti).first())),
    tokenAndUser: (jti, lookup) =>
      on(async () => {
        const statements = [
          ...(jti === undefined ? [] : [selectToken(db, jti)]),
          ...(lookup === undefined ? [] : [selectUser(db, lookup)]),
        ];
        if (statements.length === 0) return { blacklisted: false, user: undefined };
        const results = await db.batch<Record<string, unknown>>(statements);
        const blacklisted = jti !== undefined && isBlacklistedRow(results[0]?.results[0]);
        return { blacklisted, user: lookup === undefined ? undefined : userFrom(results.at(-1)?.results[0]) };
      }),
    recordLogin: (record) =>
      on(async () => {
        const statements = loginStatements(db, record);
        if (statements.length > 0) await db.batch(statements);
      }),
    list: (token) => on(async () => void (await insertToken(db, token).run())),
    blacklist: (token, nowSeconds) =>
      on(async () => (await blacklistToken(db, token, nowSeconds, null).first()) !== null),
    rotate: (spent, successor, nowSeconds) =>
      on(async () => {
        const [first] = await db.batch([
          blacklistToken(db, spent, nowSeconds, successor.jti),
          insertSuccessor(db, spent, successor),
        ]);
        return (first?.results.length ?? 0) > 0;
      }),
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
    ping: () => on(async () => void (await db.prepare("SELECT jti FROM outstanding_tokens LIMIT 1").first())),
  };
}

function selectToken(db: D1Database, jti: string): D1PreparedStatement {
  return db.prepare("SELECT blacklisted_at FROM outstanding_tokens WHERE jti = ?1").bind(jti);
}

function isBlacklistedRow(row: Readonly<Record<string, unknown>> | null | undefined): boolean {
  return typeof row?.blacklisted_at === "number";
}

// The user's id is looked up once more, so that a row deleted meanwhile leaves NULL and not a broken reference.
const insertColumns = "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at";

function tokenValues(token: ListedToken): Array<string | number | null> {
  return [token.jti, token.type, token.userId ?? null, token.createdAtSeconds, token.expiresAtSeconds];
}

function insertToken(db: D1Database, token: ListedToken): D1PreparedStatement {
  return db
    .prepare(
      `${insertColumns}) VALUES (?1, ?2, (SELECT id FROM users WHERE id = ?3), ?4, ?5) ON CONFLICT (jti) DO NOTHING`,
    )
    .bind(...tokenValues(token));
}

/**
 * The one statement that uses a token up: it inserts or updates a row only while none says blacklisted, and returns a
 * row only then. D1 runs writes one after the other on one primary, so one caller sees a row, and all others none.
 */
function blacklistToken(db: D1Database, token: ListedToken, nowSeconds: number, successorJti: string | null) {
  return db
    .prepare(
      `${insertColumns}, blacklisted_at, successor_jti)
       VALUES (?1, ?2, (SELECT id FROM users WHERE id = ?3), ?4, ?5, ?6, ?7)
       ON CONFLICT (jti) DO UPDATE SET blacklisted_at = excluded.blacklisted_at, successor_jti = excluded.successor_jti,
         expires_at = MAX(outstanding_tokens.expires_at, excluded.expires_at)
       WHERE outstanding_tokens.blacklisted_at IS NULL
       RETURNING jti`,
    )
    .bind(...tokenValues(token), nowSeconds, successorJti);
}

/** Writes the successor down only if the row of the spent token names it, that is: only for the winner. */
function insertSuccessor(db: D1Database, spent: ListedToken, successor: ListedToken): D1PreparedStatement {
  return db
    .prepare(
      `${insertColumns}) SELECT ?1, ?2, (SELECT id FROM users WHERE id = ?3), ?4, ?5
       WHERE EXISTS (SELECT 1 FROM outstanding_tokens WHERE jti = ?6 AND successor_jti = ?1)`,
    )
    .bind(...tokenValues(successor), spent.jti);
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
