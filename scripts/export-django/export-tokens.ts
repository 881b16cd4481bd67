// The token_blacklist app's rows of the tokens that are still good or still refused.
// Must never make a token good again that the gateway refuses.
import { createHash } from "node:crypto";
import { exactNumber } from "../../src/json/exact-number.ts";
import { isEndedWithAll } from "../../src/stores/d1/cutoffs.ts";
import { isNotAdopted } from "../../src/stores/d1/earlier-tokens.ts";
import { currentJti } from "../../src/stores/d1/session-state.ts";
import { writeTokenId } from "../../src/tokens/token-id.ts";
import type { UserIdType } from "../../src/users/new-user-ids.ts";
import type { Bindings } from "../database/bindings.ts";
import type { Row } from "../database/database.ts";
import { hasSessionDatabases, overDatabases, readHere } from "../database/session-stores.ts";
import { allRows } from "../import-django/existing.ts";
import { type FixtureRow, keyOf } from "./export-users.ts";
import type { Onto } from "./onto.ts";

const ended = (table: string, nowSeconds: number, more: string, cutoff = "c.issued_before"): string =>
  `COALESCE(${table}.blacklisted_at, CASE WHEN ${table}.session_version <> u.session_version
    OR ${table}.created_at < ${cutoff} OR ${isEndedWithAll(`${table}.created_at`)} OR ${more} THEN ${nowSeconds} END)`;
const joined = (table: string): string =>
  `LEFT JOIN users AS u ON u.id = ${table}.user_id LEFT JOIN user_cutoffs AS c ON c.user_id = ${table}.user_id`;

/** In a database for sessions alone, which knows the users by its own versions. */
const owners = `LEFT JOIN (SELECT user_id, MAX(session_version) AS session_version, MAX(issued_before) AS issued_before
  FROM owners WHERE is_active IS NOT NULL GROUP BY user_id) AS u ON u.user_id = sessions.user_id`;

/** Sessions of which a token has not expired; `ended_at` also where the session ended without a mark on its token. */
const selectSessions = (nowSeconds: number, hasUsers = true) => `SELECT * FROM (
  SELECT sessions.id AS key, ${currentJti} AS jti, other_jti, counter, sessions.user_id AS owner_id, started_at, created_at,
    sessions.expires_at, MAX(sessions.expires_at, COALESCE(kept_until, 0)) AS last_end,
    ${ended("sessions", nowSeconds, "ended_at IS NOT NULL", hasUsers ? undefined : "u.issued_before")} AS ended_at
  FROM sessions ${hasUsers ? joined("sessions") : owners}
  WHERE sessions.expires_at > ${nowSeconds} OR kept_until > ${nowSeconds})`;

/** The same of tokens of an earlier version that no session has taken over. */
const selectEarlier = (nowSeconds: number) => `SELECT * FROM (
  SELECT t.jti, CAST(t.user_id AS TEXT) AS owner_id, t.created_at, t.expires_at,
    ${ended("t", nowSeconds, "e.family IS NOT NULL")} AS ended_at
  FROM outstanding_tokens AS t ${joined("t")} LEFT JOIN ended_families AS e ON e.family = COALESCE(t.family, t.jti)
  WHERE t.expires_at > ${nowSeconds} AND ${isNotAdopted("t.jti")})`;

/** What an export of tokens depends on. */
export interface TokenTerms {
  readonly idType: UserIdType;
  /** The ids that Django has afterwards. */
  readonly ids: ReadonlySet<string>;
  readonly onto: Onto | undefined;
  readonly nowSeconds: number;
  /** REFRESH_TOKEN_LIFETIME or that of sliding tokens, whichever is longer. */
  readonly lifetimeSeconds: number;
}

/** The tokens that Django is to know. */
export interface TokenExport {
  readonly outstanding: readonly FixtureRow[];
  readonly blacklisted: readonly FixtureRow[];
  /** Of a session with more rotations than this, the last ones are listed. */
  readonly mostRotations: number;
  /** How many sessions have more. */
  readonly longSessions: number;
}

/** A token, and since when it is refused. */
interface ExportedToken {
  readonly jti: string;
  readonly ownerId: unknown;
  readonly createdAt: unknown;
  readonly expiresAt: unknown;
  readonly endedAt: unknown;
}

/** Seconds between two rotations of a session all of whose used tokens are listed. */
const oftenest = 60;

/**
 * The rows of outstanding tokens, then those of blacklisted ones. A session gives its last token and each one that this
 * replaced, as far back as one a minute would be good: no row says when a single one expired.
 */
export async function exportTokens(
  bindings: Pick<Bindings, "database" | "d1" | "sessions">,
  { idType, ids, onto, nowSeconds, lifetimeSeconds }: TokenTerms,
): Promise<TokenExport> {
  const timeOf = (seconds: unknown): string =>
    new Date(Number(seconds) * 1000).toISOString().replace(".000Z", onto?.zoned === false ? "" : "Z");
  /** The gateway stores no tokens: the text is empty. Django looks tokens up by their jti alone. */
  const fieldsOf = ({ jti, ownerId, createdAt, expiresAt }: ExportedToken) => {
    const owner = typeof ownerId === "string" && ids.has(ownerId) ? keyOf(ownerId, idType) : null;
    return { user: owner, jti, token: "", created_at: timeOf(createdAt), expires_at: timeOf(expiresAt) };
  };
  const mostRotations = Math.max(1000, Math.ceil(lifetimeSeconds / oftenest));
  const outstanding: FixtureRow[] = [];
  const blacklisted: FixtureRow[] = [];
  const add = (token: ExportedToken): void => {
    const { jti, endedAt } = token;
    const known = onto?.tokens.get(jti);
    const key = known ?? tokenKey(jti);
    const pk = exactKey(key);
    if (known === undefined)
      outstanding.push({ model: "token_blacklist.outstandingtoken", pk, fields: fieldsOf(token) });
    if (endedAt === null || onto?.blacklistings.has(key)) return;
    const fields = { token: pk, blacklisted_at: timeOf(endedAt) };
    blacklisted.push({ model: "token_blacklist.blacklistedtoken", pk, fields });
  };
  let longSessions = 0;
  const addSession = (row: Row): void => {
    if (Number(row.counter) > mostRotations) longSessions++;
    for (const token of tokensOf(row, mostRotations)) add(token);
  };
  if (hasSessionDatabases(bindings)) {
    for (const row of await sessionsOfAll(bindings, nowSeconds)) addSession(row);
  } else {
    const read = (sql: string) => readHere(bindings.database, sql);
    for await (const row of allRows(read, selectSessions(nowSeconds), "key")) addSession(row);
  }
  for await (const row of allRows(bindings.database.read, selectEarlier(nowSeconds), "jti")) {
    const { owner_id: ownerId, created_at: createdAt, expires_at: expiresAt, ended_at: endedAt } = row;
    add({ jti: String(row.jti), ownerId, createdAt, expiresAt, endedAt });
  }
  return { outstanding, blacklisted, mostRotations, longSessions };
}

/** The sessions of all databases. While they are moved, one can still be where it was; the newer one counts. */
async function sessionsOfAll(bindings: Pick<Bindings, "d1" | "sessions">, nowSeconds: number): Promise<Iterable<Row>> {
  const sessions = new Map<unknown, Row>();
  await overDatabases(bindings, ({ databases }) =>
    databases.inAll(async ({ db, tables }) => {
      const read = async (sql: string) => (await db.batch<Row>([db.prepare(sql)]))[0]?.results ?? [];
      for await (const row of allRows(read, selectSessions(nowSeconds, tables.hasEarlier), "key")) {
        const known = sessions.get(row.key);
        if (known === undefined || Number(row.created_at) >= Number(known.created_at)) sessions.set(row.key, row);
      }
    }),
  );
  return sessions.values();
}

/** The tokens of a session: those that were used up, the first one first, and the last one. */
function* tokensOf(row: Row, mostRotations: number): Generator<ExportedToken> {
  const counter = Number(row.counter);
  const ownerId = row.owner_id;
  for (let number = Math.max(0, counter - mostRotations); number < counter; number++) {
    const jti = number === 0 && row.other_jti !== null ? row.other_jti : writeTokenId(String(row.key), number);
    // Not later than the last one was issued, and until no token of the session can be good.
    const times = { createdAt: row.started_at, expiresAt: row.last_end, endedAt: row.created_at };
    yield { jti: String(jti), ownerId, ...times };
  }
  const { created_at: createdAt, expires_at: expiresAt, ended_at: endedAt } = row;
  yield { jti: String(row.jti), ownerId, createdAt, expiresAt, endedAt };
}

/**
 * The key of a token that Django does not have: always the same for a jti, so that a second export meets the first, and
 * from 2^52 to 2^61, where no sequence comes.
 */
export const tokenKey = (jti: string): string =>
  String(2n ** 52n + (createHash("sha256").update(jti, "utf8").digest().readBigUInt64BE() >> 4n));

const exactKey = (key: string): unknown => (Number.isSafeInteger(Number(key)) ? Number(key) : exactNumber(key));
