// Sessions with their last tokens as the admin page lists them, from D1. Those of an earlier version are listed once they
// are adopted.
import type { UserId } from "../../users/user.ts";
import type { AdminToken, AdminTokenStore, Page, Place, TokenQuery } from "../admin-contract.ts";
import { type Condition, readPage } from "./admin-pages.ts";
import { everyonesCutoff, isEndedWithAll } from "./cutoffs.ts";
import { isNotAdopted } from "./earlier-tokens.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { createParameters } from "./parameters.ts";
import { currentJti, sessionName, tokenPlace } from "./session-state.ts";
import { allInOne, type SessionPlace, type SessionTables } from "./session-tables.ts";

type Row = Readonly<Record<string, unknown>>;

const whose = "username, alternate_id, is_superuser";

/** When a token was revoked, or ended with those of everybody: in the second before the last one that this has ended. */
const blacklistedAt = (table: string): string =>
  `COALESCE(${table}.blacklisted_at, CASE WHEN ${isEndedWithAll(`${table}.created_at`)} THEN ${everyonesCutoff} - 2 END)`;

/** Of a session by its last token. */
const ownColumns = `sessions.id AS row_key, ${currentJti} AS jti, token_type, sessions.user_id AS owner_id, created_at, expires_at,
  ${blacklistedAt("sessions")} AS blacklisted_at, ${sessionName()} AS session, client, address`;

/** What sessions are listed with: the table that has their users. */
interface Listing {
  readonly columns: string;
  readonly source: string;
}

/** Where one of the two versions is not known, or there is no user, `outdated` is NULL. */
const withUsers: Listing = {
  columns: `${ownColumns}, ${whose}, sessions.session_version <> users.session_version AS outdated`,
  source: "sessions LEFT JOIN users ON users.id = sessions.user_id",
};

/** In a database for sessions alone, which has no names. */
const withOwners: Listing = {
  columns: `${ownColumns}, NULL AS username, NULL AS alternate_id, NULL AS is_superuser,
    sessions.session_version <> owners.session_version AS outdated`,
  source: "sessions LEFT JOIN owners ON owners.user_id = sessions.user_id",
};
const listingOf = ({ hasEarlier }: SessionTables): Listing => (hasEarlier ? withUsers : withOwners);

/** The same of a token of an earlier version, which has a row of its own. */
const earlierColumns = `jti, token_type, CAST(user_id AS TEXT) AS owner_id, created_at, expires_at,
  ${blacklistedAt("outstanding_tokens")} AS blacklisted_at, COALESCE(family, jti) AS session, client, address, ${whose}, outstanding_tokens.session_version <> users.session_version AS outdated`;
const earlierSource = "outstanding_tokens LEFT JOIN users ON users.id = outstanding_tokens.user_id";

/** Rows of the earlier table that a page looks at, at most. */
const earlierLookedAt = 1000;

export function d1AdminTokens(db: D1Database, log: StoreLog): AdminTokenStore {
  return {
    page: (query) =>
      onD1(log, async () => {
        const page = await pageOfSessions({ db, tables: allInOne }, query);
        return { ...page, rows: page.rows.map(({ token }) => token) };
      }),
    byId: (jti) => onD1(log, async () => (await sessionByJti({ db, tables: allInOne }, jti))?.token),
    hasEarlier: (nowSeconds) =>
      onD1(log, async () => {
        const sql = `SELECT EXISTS (SELECT 1 FROM (SELECT * FROM outstanding_tokens WHERE expires_at > ?1
            ORDER BY expires_at DESC LIMIT ${earlierLookedAt}) AS earlier
          WHERE blacklisted_at IS NULL AND ${isNotAdopted("earlier.jti")}) AS found`;
        return (await db.prepare(sql).bind(nowSeconds).first<Row>())?.found === 1;
      }),
  };
}

/** A session in a list, with its place there and the id of its user. */
export interface ListedSession {
  readonly token: AdminToken;
  readonly place: Place;
  readonly userId: UserId | undefined;
}

/** The session of a token, used up or not; of the tables of an earlier version as well, where there are any. */
export async function sessionByJti({ db, tables }: SessionPlace, jti: string): Promise<ListedSession | undefined> {
  const { columns, source } = listingOf(tables);
  const parameters = createParameters();
  const { row, isEnded } = tokenPlace(jti, parameters);
  const asked = parameters.add(jti);
  // Of a token that was used up, its session's row says when the last one was issued: then, or after it.
  const ended = `CASE WHEN ${isEnded} THEN COALESCE(sessions.blacklisted_at, created_at) ELSE ${blacklistedAt("sessions")} END`;
  const sql = `SELECT ${columns}, ${asked} AS jti, ${ended} AS blacklisted_at FROM ${source} WHERE ${row}`;
  const earlier = db.prepare(`SELECT ${earlierColumns} FROM ${earlierSource} WHERE jti = ?1`).bind(jti);
  const own = db.prepare(sql).bind(...parameters.values);
  const results = await db.batch<Row>([own, ...(tables.hasEarlier ? [earlier] : [])]);
  const [found] = results.flatMap((result) => result.results);
  return found && listedFrom(found);
}

const listedFrom = (row: Row): ListedSession => ({
  token: tokenFrom(row),
  place: placeOf(row),
  userId: typeof row.owner_id === "string" ? row.owner_id : undefined,
});

const placeOf = (row: Row): Place => ({ first: Number(row.expires_at), second: String(row.row_key) });

/** A page of one database. */
export function pageOfSessions(
  { db, tables }: SessionPlace,
  { userId, state, nowSeconds, from, rows }: TokenQuery,
): Promise<Page<ListedSession>> {
  const { columns, source } = listingOf(tables);
  const bounds: Condition[] = userId === undefined ? [] : [{ sql: "sessions.user_id = ?", values: [userId] }];
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
      order: ["expires_at", "row_key"],
      descending: true,
      bounds,
      filters,
      from,
    },
    { read: listedFrom, placeOf },
  );
}

function tokenFrom(row: Row): AdminToken {
  const { jti, owner_id: userId, username, alternate_id: alternateId, blacklisted_at: blacklistedAt } = row;
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
    session: String(row.session),
    client: typeof row.client === "string" ? row.client : undefined,
    address: typeof row.address === "string" ? row.address : undefined,
  };
}
