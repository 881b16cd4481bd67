// Outstanding and blacklisted tokens as the admin page lists them, from D1.
import type { AdminToken, AdminTokenStore, Page, TokenQuery } from "../admin-contract.ts";
import { type Condition, readPage } from "./admin-pages.ts";
import { onD1, type StoreLog } from "./errors.ts";

type Row = Readonly<Record<string, unknown>>;

const columns =
  "jti, token_type, CAST(user_id AS TEXT) AS owner_id, created_at, expires_at, blacklisted_at, family, client, address, username, alternate_id, is_superuser, outstanding_tokens.session_version <> users.session_version AS outdated";
/** Where one of the two versions is not known, or there is no user, `outdated` is NULL. */
const source = "outstanding_tokens LEFT JOIN users ON users.id = outstanding_tokens.user_id";

export function d1AdminTokens(db: D1Database, log: StoreLog): AdminTokenStore {
  return {
    page: (query) => onD1(log, () => pageOfTokens(db, query)),
    byId: (jti) =>
      onD1(log, async () => {
        const row = await db.prepare(`SELECT ${columns} FROM ${source} WHERE jti = ?1`).bind(jti).first<Row>();
        return row ? tokenFrom(row) : undefined;
      }),
  };
}

function pageOfTokens(
  db: D1Database,
  { userId, state, nowSeconds, from, rows }: TokenQuery,
): Promise<Page<AdminToken>> {
  const bounds: Condition[] = userId === undefined ? [] : [{ sql: "user_id = ?", values: [userId] }];
  const filters: Condition[] = [];
  if (state === "live" || state === "outdated") {
    filters.push({
      sql: `blacklisted_at IS NULL AND outdated IS ${state === "live" ? "NOT TRUE" : "TRUE"}`,
      values: [],
    });
    // From the latest end downwards: the place is a bound already when the list is walked upwards.
    if (from?.way !== "before") bounds.push({ sql: "expires_at > ?", values: [nowSeconds] });
  }
  if (state === "blacklisted") filters.push({ sql: "blacklisted_at IS NOT NULL", values: [] });
  if (state === "expired" && from?.way !== "after") bounds.push({ sql: "expires_at <= ?", values: [nowSeconds] });
  return readPage(
    db,
    {
      columns,
      source: { sql: source, values: [] },
      rows,
      order: ["expires_at", "jti"],
      descending: true,
      bounds,
      filters,
      from,
    },
    { read: tokenFrom, placeOf: (row) => ({ first: Number(row.expires_at), second: String(row.jti) }) },
  );
}

function tokenFrom(row: Row): AdminToken {
  const { jti, owner_id: userId, username, alternate_id: alternateId, blacklisted_at: blacklistedAt, family } = row;
  return {
    jti: String(jti),
    type: row.token_type === "sliding" ? "sliding" : "refresh",
    user:
      typeof userId === "string" && typeof username === "string"
        ? {
            id: userId,
            username,
            alternate_id: typeof alternateId === "string" ? alternateId : null,
            is_superuser: row.is_superuser === 1,
          }
        : undefined,
    createdAtSeconds: Number(row.created_at),
    expiresAtSeconds: Number(row.expires_at),
    blacklistedAtSeconds: typeof blacklistedAt === "number" ? blacklistedAt : undefined,
    outdated: row.outdated === 1,
    session: typeof family === "string" ? family : String(jti),
    client: typeof row.client === "string" ? row.client : undefined,
    address: typeof row.address === "string" ? row.address : undefined,
  };
}
