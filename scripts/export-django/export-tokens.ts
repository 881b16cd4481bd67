// The token_blacklist app's rows of the tokens that are still good or still refused.
// Must never make a token good again that the gateway refuses.
import { createHash } from "node:crypto";
import { exactNumber } from "../../src/json/exact-number.ts";
import type { UserIdType } from "../../src/users/new-user-ids.ts";
import type { Database, Row } from "../database/database.ts";
import { allRows } from "../import-django/existing.ts";
import { type FixtureRow, keyOf } from "./export-users.ts";
import type { Onto } from "./onto.ts";

/** Tokens that have not expired; `ended_at` also where a session ended without a mark on its token. */
const select = (nowSeconds: number) => `SELECT jti, owner_id, created_at, expires_at, ended_at FROM (
  SELECT t.jti, CAST(t.user_id AS TEXT) AS owner_id, t.created_at, t.expires_at, COALESCE(t.blacklisted_at,
    CASE WHEN t.session_version <> u.session_version OR t.created_at < c.issued_before OR e.family IS NOT NULL THEN ${nowSeconds} END) AS ended_at
  FROM outstanding_tokens AS t LEFT JOIN users AS u ON u.id = t.user_id LEFT JOIN user_cutoffs AS c ON c.user_id = t.user_id
    LEFT JOIN ended_families AS e ON e.family = COALESCE(t.family, t.jti)
  WHERE t.expires_at > ${nowSeconds})`;

/** What an export of tokens depends on. */
export interface TokenTerms {
  readonly idType: UserIdType;
  /** The ids that Django has afterwards. */
  readonly ids: ReadonlySet<string>;
  readonly onto: Onto | undefined;
  readonly nowSeconds: number;
}

/** The rows of outstanding tokens, then those of blacklisted ones. */
export async function exportTokens(
  database: Pick<Database, "read">,
  { idType, ids, onto, nowSeconds }: TokenTerms,
): Promise<{ readonly outstanding: readonly FixtureRow[]; readonly blacklisted: readonly FixtureRow[] }> {
  const timeOf = (seconds: unknown): string =>
    new Date(Number(seconds) * 1000).toISOString().replace(".000Z", onto?.zoned === false ? "" : "Z");
  /** The gateway stores no tokens: the text is empty. Django looks tokens up by their jti alone. */
  const fieldsOf = (row: Row, jti: string) => {
    const owner = typeof row.owner_id === "string" && ids.has(row.owner_id) ? keyOf(row.owner_id, idType) : null;
    return { user: owner, jti, token: "", created_at: timeOf(row.created_at), expires_at: timeOf(row.expires_at) };
  };
  const outstanding: FixtureRow[] = [];
  const blacklisted: FixtureRow[] = [];
  for await (const row of allRows((sql) => database.read(sql), select(nowSeconds), "jti")) {
    const jti = String(row.jti);
    const known = onto?.tokens.get(jti);
    const key = known ?? tokenKey(jti);
    const pk = exactKey(key);
    if (known === undefined)
      outstanding.push({ model: "token_blacklist.outstandingtoken", pk, fields: fieldsOf(row, jti) });
    if (row.ended_at === null || onto?.blacklistings.has(key)) continue;
    const fields = { token: pk, blacklisted_at: timeOf(row.ended_at) };
    blacklisted.push({ model: "token_blacklist.blacklistedtoken", pk, fields });
  }
  return { outstanding, blacklisted };
}

/**
 * The key of a token that Django does not have: always the same for a jti, so that a second export meets the first, and
 * from 2^52 to 2^61, where no sequence comes.
 */
export const tokenKey = (jti: string): string =>
  String(2n ** 52n + (createHash("sha256").update(jti, "utf8").digest().readBigUInt64BE() >> 4n));

const exactKey = (key: string): unknown => (Number.isSafeInteger(Number(key)) ? Number(key) : exactNumber(key));
