// Adopts the sessions of an earlier version, which had a row for each token, into the table `sessions`.
// Must never hold a statement of its own that writes: what it sends is what the Worker writes when a token is used.
import { adoptSql, isNotAdopted } from "../../src/stores/d1/earlier-tokens.ts";
import type { Database } from "./database.ts";
import { sqlInteger, sqlText } from "./sql.ts";

type Tables = Pick<Database, "read" | "batch">;

/** Rows of the earlier table in one statement: D1 answers nothing else meanwhile, which takes some tenths of a second. */
const ROWS_PER_BATCH = 5000;

/** What came of it. */
export interface Adoption {
  readonly adopted: number;
  /** Whether the Worker of an earlier version wrote more of them meanwhile. */
  readonly more: boolean;
}

/** The good tokens that have not expired. @param beforeSeconds tokens that expired before it cannot be used */
const isLeft = (beforeSeconds: number): string => `earlier.expires_at >= ${sqlInteger(beforeSeconds)}`;

/** Whether a good token of the earlier table is in no session. */
export async function hasEarlierSessions(database: Pick<Database, "read">, beforeSeconds: number): Promise<boolean> {
  const [row] = await database.read(
    `SELECT EXISTS (SELECT 1 FROM outstanding_tokens AS earlier WHERE ${isLeft(beforeSeconds)} AND blacklisted_at IS NULL
       AND ${isNotAdopted("earlier.jti")}
       AND NOT EXISTS (SELECT 1 FROM ended_families WHERE family = COALESCE(earlier.family, earlier.jti))) AS found`,
  );
  return row?.found === 1;
}

/**
 * Adopts them, in batches by the tokens' ids. It may be ended at any point and called again, also twice at once, and while
 * Workers of both versions run: a session is adopted once, and each batch is one transaction.
 *
 * @param at how many rows were looked at, of how many
 */
export async function adoptSessions(
  database: Tables,
  beforeSeconds: number,
  at: (done: number, total: number) => void,
  batchRows = ROWS_PER_BATCH,
): Promise<Adoption> {
  const [count] = await database.read("SELECT count(*) AS total FROM outstanding_tokens");
  const total = Number(count?.total ?? 0);
  let adopted = 0;
  let after = "";
  for (let done = 0; ; done += batchRows) {
    at(Math.min(done, total), total);
    const last = `SELECT jti FROM outstanding_tokens WHERE jti > ${sqlText(after)} ORDER BY jti LIMIT 1 OFFSET ${sqlInteger(batchRows - 1)}`;
    const range = `earlier.jti > ${sqlText(after)} AND earlier.jti <= COALESCE((${last}), earlier.jti)`;
    const [bound, , changes] = await database.batch([
      last,
      adoptSql(`${range} AND ${isLeft(beforeSeconds)}`),
      "SELECT changes() AS adopted",
    ]);
    adopted += Number(changes?.[0]?.adopted ?? 0);
    if (typeof bound?.[0]?.jti !== "string") break;
    after = bound[0].jti;
  }
  at(total, total);
  return { adopted, more: await hasEarlierSessions(database, beforeSeconds) };
}
