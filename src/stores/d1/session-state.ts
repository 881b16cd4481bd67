// What a row of `sessions` says of a token: whether it is the one that is good, was used up, or was revoked.
// Must never find a session by anything but the id of one of its tokens.
import { readTokenId, writeTokenId } from "../../tokens/token-id.ts";
import { longestChain, type Successor, type TokenState } from "../token-state.ts";
import type { Parameters } from "./parameters.ts";

type Row = Readonly<Record<string, unknown>>;

/** The id that is never a session's key: for a token whose id was made elsewhere. */
const noKey = "";

/** A token's place in the table, as SQL. */
export interface TokenPlace {
  /** Its session's row. */
  readonly row: string;
  /** That row, only while this token is the last of it. */
  readonly current: string;
  /** That the token was used up, was revoked, or ended with its session. */
  readonly isEnded: string;
}

/** Each part adds what it needs to the parameters when it is asked for. @param table the name of `sessions` in the statement */
export function tokenPlace(jti: string, parameters: Parameters, table = "sessions"): TokenPlace {
  const id = readTokenId(jti);
  const other = `${table}.other_jti = ${parameters.add(jti)}`;
  const revoked = `${table}.blacklisted_at IS NOT NULL OR ${table}.ended_at IS NOT NULL`;
  if (!id) {
    return {
      row: `(${other})`,
      current: `(${other} AND ${table}.counter = 0)`,
      isEnded: `(${other} AND (${table}.counter > 0 OR ${revoked}))`,
    };
  }
  const key = `${table}.id = ${parameters.add(id.key)}`;
  const counter = () => `CAST(${parameters.add(id.counter)} AS INTEGER)`;
  return {
    row: `(${key} OR ${other})`,
    // A higher one was lost with the row that knew it, when the database was restored: it counts as good, as unknown ones do.
    get current() {
      return `((${key} AND ${table}.counter <= ${counter()}) OR (${other} AND ${table}.counter = 0))`;
    },
    get isEnded() {
      return `((${key} AND (${table}.counter > ${counter()} OR ${revoked})) OR (${other} AND (${table}.counter > 0 OR ${revoked})))`;
    },
  };
}

/** A session's name, by which it is listed and which tokens have as `sid`: the id of its first token. */
export const sessionName = (table = "sessions"): string =>
  `COALESCE(${table}.session, ${table}.other_jti, ${table}.id || '00000000')`;

/** The id of a row's last token. */
export const currentJti = `CASE WHEN sessions.counter = 0 AND sessions.other_jti IS NOT NULL THEN sessions.other_jti
  ELSE sessions.id || printf('%08x', sessions.counter) END`;

/** The row of a session's first token, by the session's name. */
export const firstNamed = (name: string, table: string): string =>
  `${table}.id = CASE WHEN ${name} GLOB '*00000000' AND length(${name}) = 32 THEN substr(${name}, 1, 24) ELSE '${noKey}' END
    OR ${table}.other_jti = ${name}`;

/** The rows of the session of a name, as SQL. @param name SQL that gives it */
export const rowsNamed = (name: string, table = "sessions"): string =>
  `(${firstNamed(name, table)} OR ${table}.session = ${name})`;

/** When the session of a name was ended, as SQL; NULL while it goes on. Reads three rows, however many the session has. */
export const namedEnd = (name: string): string =>
  `COALESCE((SELECT MAX(first.ended_at) FROM sessions AS first WHERE ${firstNamed(name, "first")}),
    (SELECT MAX(ended_at) FROM sessions WHERE session = ${name}))`;

const stateColumns = [
  ...["id", "counter", "user_id", "started_at", "created_at", "expires_at", "blacklisted_at", "ended_at", "uses"],
  ...["mark", "session", "other_jti", "session_version"],
];

/**
 * The statement that reads a token's session; always gives one row. `earlier` is 1 for a token that is not in it but in
 * the table of an earlier version.
 */
export function selectSession(
  db: D1Database,
  jti: string,
  parameters: Parameters,
  { earlier, here }: { readonly earlier: string; readonly here: string },
): D1PreparedStatement {
  const columns = stateColumns.map((column) => `s.${column}`).join(", ");
  const { row } = tokenPlace(jti, parameters, "s");
  const sql = `SELECT ${columns}, s.id IS NULL AND ${earlier} AS earlier, ${here} AS here FROM (SELECT 1) LEFT JOIN sessions AS s ON ${row}`;
  return db.prepare(sql).bind(...parameters.values);
}

/** That row; undefined for a token that is in no session. @param usedSinceSeconds as in TokenQuestion */
export function stateFrom(
  jti: string,
  row: Row | null | undefined,
  usedSinceSeconds: number | undefined,
): TokenState | undefined {
  if (typeof row?.id !== "string") return undefined;
  const current = Number(row.counter);
  const counter = row.other_jti === jti ? 0 : (readTokenId(jti)?.counter ?? 0);
  const revokedAt = numberIn(row.blacklisted_at) ?? numberIn(row.ended_at);
  const session = textIn(row.session) ?? textIn(row.other_jti) ?? writeTokenId(row.id, 0);
  const common = {
    session,
    userId: textIn(row.user_id),
    sessionEnded: typeof row.ended_at === "number",
    expiresAtSeconds: Number(row.expires_at),
    sessionStartedAtSeconds: Number(row.started_at),
    sessionVersion: numberIn(row.session_version),
    nextJti: writeTokenId(row.id, counter + 1),
  };
  if (counter >= current) {
    return { ...common, blacklistedAtSeconds: revokedAt, successorJti: undefined, newest: undefined };
  }
  const { usedAtSeconds, isKnown } = usedAt(textIn(row.uses), current - counter);
  const newest: Successor = {
    jti: writeTokenId(row.id, current),
    createdAtSeconds: Number(row.created_at),
    expiresAtSeconds: Number(row.expires_at),
    blacklisted: revokedAt !== undefined || !isKnown,
  };
  return {
    ...common,
    blacklistedAtSeconds: usedAtSeconds,
    successorJti: writeTokenId(row.id, counter + 1),
    newest: usedSinceSeconds !== undefined && usedAtSeconds >= usedSinceSeconds ? newest : undefined,
  };
}

/**
 * When a token was used up, `rotations` ago. Uses that were out of the grace are not kept: those tokens were used "long
 * ago". Where the row has as many uses as it keeps, an earlier token was used at the first of them at the latest.
 */
function usedAt(
  uses: string | undefined,
  rotations: number,
): { readonly usedAtSeconds: number; readonly isKnown: boolean } {
  const times = uses === undefined ? [] : (JSON.parse(uses) as number[]);
  const known = times[times.length - rotations];
  if (known !== undefined) return { usedAtSeconds: known, isKnown: true };
  return { usedAtSeconds: times.length >= longestChain ? Number(times[0]) : 0, isKnown: false };
}

const numberIn = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
const textIn = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
