// Rows for the tables, as years of use would leave them.
// Must never make a row that the run's own user or tokens meet.
import { passwordHash } from "../scripts/database/users.ts";
import type { Stores } from "./serve/stores.ts";

/** How many rows and ids there are beside those of the run itself. */
export interface TableSizes {
  readonly users: number;
  readonly tokens: number;
  readonly ids: number;
}

/** Whose tokens the bench makes. */
export const benchUser = { id: "7", username: "ada", password: "correct horse battery staple" } as const;

const ROWS_PER_STATEMENT = 25_000;
const FIRST_OTHER_USER = 1000;
/** Two million of these steps fill the first 32 bits of an id. */
const ID_STEP = 2000;

/** The user of the bench, and so many others with their tokens. */
export async function fillStores(stores: Stores, sizes: TableSizes, progress: (text: string) => void): Promise<void> {
  const { db } = stores;
  await db
    .prepare("INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, ?, '2026-01-02T03:04:05Z')")
    .bind(String(benchUser.id), benchUser.username, await passwordHash(benchUser.password))
    .run();
  const nowSeconds = Math.floor(Date.now() / 1000);
  for (const [first, count] of batches(sizes.users)) {
    progress(`users ${first + count}`);
    await db.prepare(usersSql).bind(first, count).run();
  }
  for (const [first, count] of batches(sizes.tokens)) {
    progress(`outstanding_tokens ${first + count}`);
    await db.prepare(tokensSql).bind(first, count, nowSeconds, Math.max(sizes.users, 1)).run();
  }
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
 * Four in five were used up by a refresh, as a week of rotation leaves them; ?3 now, ?4 how many users. Ids ascend
 * through their whole space, since a million in no order would take longer to write than all races take.
 */
const tokensSql = `${numbers}, ids (n, jti) AS MATERIALIZED (SELECT n, printf('%08x', n * ${ID_STEP}) || lower(hex(randomblob(12))) FROM number)
  INSERT INTO outstanding_tokens
    (jti, token_type, user_id, created_at, expires_at, blacklisted_at, family, session_started_at)
  SELECT jti, 'refresh', CASE WHEN ?4 > 1 THEN ${FIRST_OTHER_USER} + n % CAST(?4 AS INTEGER) END, ?3 - n % 600000, ?3 + 600000 - n % 600000,
    CASE WHEN n % 5 > 0 THEN ?3 - n % 600000 + 900 END, jti, ?3 - n % 600000 FROM ids`;
