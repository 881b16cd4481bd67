// Refresh and sliding tokens in D1: written down, blacklisted, rotated, flushed.
// Must never decide anything in two statements that are not one transaction.
import type { ListedToken, LoginRecord, Rotation, Standing, TokenMarks, TokenStore, UserLookup } from "./contract.ts";
import { onD1, type StoreLog } from "./d1-errors.ts";
import { cutoffFrom, selectCutoff, selectEnded, selectState, stateFrom } from "./d1-token-state.ts";
import { selectUser, userFrom } from "./d1-users.ts";

type Row = Record<string, unknown>;

export function d1Tokens(db: D1Database, log: StoreLog): TokenStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  return {
    isBlacklisted: (jti) => on(async () => isBlacklistedRow(await selectToken(db, jti).first())),
    standing: (marks, lookup, mayBeStale) => on(() => standing(db, marks, lookup, mayBeStale)),
    tokenAndUser: (jti, lookup) =>
      on(async () => {
        const statements = [
          ...(jti === undefined ? [] : [selectState(db, jti)]),
          ...(jti === undefined || lookup === undefined ? [] : [selectCutoff(db, lookup)]),
          ...(lookup === undefined ? [] : [selectUser(db, lookup)]),
        ];
        const results = statements.length === 0 ? [] : await db.batch<Row>(statements);
        const state = jti === undefined ? undefined : stateFrom(jti, results[0]?.results[0]);
        return {
          blacklisted: state?.blacklistedAtSeconds !== undefined,
          state,
          issuedBeforeSeconds: jti === undefined || lookup === undefined ? 0 : cutoffFrom(results[1]?.results[0]),
          user: lookup === undefined ? undefined : userFrom(results.at(-1)?.results[0]),
        };
      }),
    recordLogin: (record) =>
      on(async () => {
        const statements = loginStatements(db, record);
        if (statements.length > 0) await db.batch(statements);
      }),
    list: (token) => on(async () => void (await insertToken(db, token).run())),
    blacklist: (token, nowSeconds) =>
      on(async () => (await blacklistToken(db, token, nowSeconds, null).first()) !== null),
    rotate: (spent, successor, nowSeconds) => on(() => rotate(db, spent, successor, nowSeconds, log)),
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
}

async function standing(
  db: D1Database,
  marks: TokenMarks | undefined,
  lookup: UserLookup | undefined,
  mayBeStale: boolean,
): Promise<Standing> {
  const reader = mayBeStale ? db.withSession("first-unconstrained") : db;
  const statements = [
    ...(marks === undefined ? [] : [selectEnded(reader, marks)]),
    ...(lookup === undefined ? [] : [selectUser(reader, lookup)]),
  ];
  const results = statements.length === 0 ? [] : await reader.batch<Row>(statements);
  const told = marks === undefined ? undefined : results[0]?.results[0];
  return {
    blacklisted: told?.blacklisted === 1,
    ended: told?.ended === 1,
    user: lookup === undefined ? undefined : userFrom(results.at(-1)?.results[0]),
  };
}

function selectToken(db: D1Database, jti: string): D1PreparedStatement {
  return db.prepare("SELECT blacklisted_at FROM outstanding_tokens WHERE jti = ?1").bind(jti);
}

function isBlacklistedRow(row: Readonly<Record<string, unknown>> | null | undefined): boolean {
  return typeof row?.blacklisted_at === "number";
}

// The user's id is looked up once more, so that a row deleted meanwhile leaves NULL and not a broken reference.
// A token without a family begins one.
const columns = "jti, token_type, user_id, created_at, expires_at, family, session_started_at, client, address";
const values = "?1, ?2, (SELECT id FROM users WHERE id = ?3), ?4, ?5, COALESCE(?6, ?1), COALESCE(?7, ?4), ?8, ?9";

function tokenValues(token: ListedToken): Array<string | number | null> {
  const { jti, type, userId, createdAtSeconds, expiresAtSeconds, family, sessionStartedAtSeconds, client } = token;
  const session = [family ?? null, sessionStartedAtSeconds ?? null, client?.name ?? null, client?.address ?? null];
  return [jti, type, userId ?? null, createdAtSeconds, expiresAtSeconds, ...session];
}

function insertToken(db: D1Database, token: ListedToken): D1PreparedStatement {
  return db
    .prepare(`INSERT INTO outstanding_tokens (${columns}) VALUES (${values}) ON CONFLICT (jti) DO NOTHING`)
    .bind(...tokenValues(token));
}

/**
 * One transaction: the spent token, its successor, and what its row says then, which is how a loser learns of the
 * winner's. When the answer is lost the row is asked once more: it may have been written all the same.
 */
async function rotate(
  db: D1Database,
  spent: ListedToken,
  successor: ListedToken,
  nowSeconds: number,
  log: StoreLog,
): Promise<Rotation> {
  try {
    const results = await db.batch<Row>([
      blacklistToken(db, spent, nowSeconds, successor.jti),
      insertSuccessor(db, spent, successor),
      selectState(db, spent.jti),
    ]);
    return { won: (results[0]?.results.length ?? 0) > 0, state: stateFrom(spent.jti, results[2]?.results[0]) };
  } catch (error) {
    const state = stateFrom(spent.jti, await selectState(db, spent.jti).first<Row>());
    if (state?.blacklistedAtSeconds === undefined) throw error;
    log("store_failed", { store: "d1", error: error instanceof Error ? error.message : String(error) });
    return { won: state.successor?.jti === successor.jti, state };
  }
}

/**
 * The one statement that uses a token up: it inserts or updates a row only while none says blacklisted, and returns a
 * row only then. D1 runs writes one after the other on one primary, so one caller sees a row, and all others none.
 */
export function blacklistToken(db: D1Database, token: ListedToken, nowSeconds: number, successorJti: string | null) {
  return db
    .prepare(
      `INSERT INTO outstanding_tokens (${columns}, blacklisted_at, successor_jti) VALUES (${values}, ?10, ?11)
       ON CONFLICT (jti) DO UPDATE SET blacklisted_at = excluded.blacklisted_at, successor_jti = excluded.successor_jti,
         expires_at = MAX(outstanding_tokens.expires_at, excluded.expires_at)
       WHERE outstanding_tokens.blacklisted_at IS NULL
       RETURNING jti`,
    )
    .bind(...tokenValues(token), nowSeconds, successorJti);
}

/**
 * Writes the successor down, in its family, only if the row of the spent token names it: only for the winner. What is
 * not known of its client is what the spent token's row has.
 */
function insertSuccessor(db: D1Database, spent: ListedToken, successor: ListedToken): D1PreparedStatement {
  const { jti, type, userId, createdAtSeconds, expiresAtSeconds, client } = successor;
  return db
    .prepare(
      `INSERT INTO outstanding_tokens (${columns})
       SELECT ?1, ?2, (SELECT id FROM users WHERE id = ?3), ?4, ?5,
         COALESCE(old.family, old.jti), COALESCE(old.session_started_at, old.created_at),
         COALESCE(?7, old.client), COALESCE(?8, old.address)
       FROM outstanding_tokens AS old WHERE old.jti = ?6 AND old.successor_jti = ?1`,
    )
    .bind(
      ...[jti, type, userId ?? null, createdAtSeconds, expiresAtSeconds, spent.jti],
      ...[client?.name ?? null, client?.address ?? null],
    );
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
