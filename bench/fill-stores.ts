// Rows for the tables, as a time of use would leave them.
// Must never make a row that the run's own user or tokens meet.
import { passwordHash } from "../scripts/database/users.ts";
import type { Stores } from "./serve/stores.ts";

/** How many rows and ids there are beside those of the run itself. */
export interface TableSizes {
  readonly users: number;
  readonly sessions: number;
  readonly ids: number;
}

/** Nothing but the user of the bench. */
export const noRows: TableSizes = { users: 0, sessions: 0, ids: 0 };

/** Whose tokens the bench makes. */
export const benchUser = { id: "7", username: "ada", password: "correct horse battery staple" } as const;

const ROWS_PER_STATEMENT = 25_000;
/** The ids of the others ascend from it. */
export const FIRST_OTHER_USER = 1000;

/** The user of the bench, and so many others with their sessions. */
export async function fillStores(stores: Stores, sizes: TableSizes, progress: (text: string) => void): Promise<void> {
  const { db } = stores;
  await db
    .prepare("INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, ?, '2026-01-02T03:04:05Z')")
    .bind(String(benchUser.id), benchUser.username, await passwordHash(benchUser.password))
    .run();
  for (const [first, count] of batches(sizes.users)) {
    progress(`users ${first + count}`);
    await db.prepare(usersSql).bind(first, count).run();
  }
  await fillSessions(db, sizes, progress);
}

/** Rows of `sessions`, or of `outstanding_tokens` where the tables are those of a version that has none. */
export async function fillSessions(
  db: D1Database,
  { users, sessions }: Pick<TableSizes, "users" | "sessions">,
  progress: (text: string) => void,
): Promise<void> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const sql = (await hasSessions(db)) ? sessionsSql : tokensSql;
  for (const [first, count] of batches(sessions)) {
    progress(`sessions ${first + count}`);
    await db
      .prepare(sql)
      .bind(first, count, nowSeconds, Math.max(users, 1), Math.floor(2 ** 32 / sessions))
      .run();
  }
}

async function hasSessions(db: D1Database): Promise<boolean> {
  const sql = "SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table' AND name = 'sessions'";
  return (await db.prepare(sql).first("tables")) === 1;
}

/** Begin and length of each statement's rows. */
function batches(rows: number): (readonly [number, number])[] {
  const count = Math.ceil(rows / ROWS_PER_STATEMENT);
  return Array.from({ length: count }, (_, index) => {
    const first = index * ROWS_PER_STATEMENT;
    return [first, Math.min(ROWS_PER_STATEMENT, rows - first)] as const;
  });
}

/** ?1 the first number, ?2 how many. */
const numbers =
  "WITH RECURSIVE number (n) AS (SELECT CAST(?1 AS INTEGER) UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1 + ?2)";

const usersSql = `${numbers}
  INSERT INTO users (id, username, password, email, date_joined)
  SELECT n + ${FIRST_OTHER_USER}, 'user' || n, '!' || hex(randomblob(40)), 'user' || n || '@example.com',
    '2026-01-02T03:04:05Z' FROM number`;

/**
 * ?3 now, ?4 how many users, ?5 the step by which the first 32 bits of the ids ascend: through their whole space, since a
 * million in no order would take longer to write than all races take.
 */
const ids = (random: number) =>
  `${numbers}, ids (n, id) AS MATERIALIZED
    (SELECT n, printf('%08x', n * CAST(?5 AS INTEGER)) || lower(hex(randomblob(${random}))) FROM number)`;
const userOf = `CASE WHEN ?4 > 1 THEN CAST(${FIRST_OTHER_USER} + n % CAST(?4 AS INTEGER) AS TEXT) END`;

/** Sessions that began within a week, four in five of which were refreshed since, as most are that are still used. */
const sessionsSql = `${ids(8)}
  INSERT INTO sessions
    (id, counter, token_type, user_id, started_at, created_at, expires_at, uses, mark, session_version)
  SELECT id, n % 5 * 40, 'refresh', ${userOf}, ?3 - n % 600000, ?3 - n % 600000 / 2, ?3 - n % 600000 / 2 + 604800,
    CASE WHEN n % 5 > 0 THEN json_array(CAST(?3 AS INTEGER) - n % 600000 / 2) END,
    CASE WHEN n % 5 > 0 THEN lower(hex(randomblob(12))) END, 0 FROM ids`;

/** A row per token, four in five of which were used up by a refresh, as a week of rotation left them. */
const tokensSql = `${ids(12)}
  INSERT INTO outstanding_tokens
    (jti, token_type, user_id, created_at, expires_at, blacklisted_at, family, session_started_at)
  SELECT id, 'refresh', ${userOf}, ?3 - n % 600000, ?3 + 600000 - n % 600000,
    CASE WHEN n % 5 > 0 THEN ?3 - n % 600000 + 900 END, id, ?3 - n % 600000 FROM ids`;
