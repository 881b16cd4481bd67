// The statements that write a token's row in D1.
// Must never decide anything in two statements that are not one transaction.
import type { OutstandingToken, Owner } from "../contract.ts";
import { idOf } from "./token-state.ts";

// The user's id is looked up once more, so that a row deleted meanwhile leaves NULL and not a broken reference.
// A token without a session begins one.
const columns =
  "jti, token_type, user_id, created_at, expires_at, family, session_started_at, client, address, session_version";
const values = "?1, ?2, (SELECT id FROM users WHERE id = ?3), ?4, ?5, COALESCE(?6, ?1), COALESCE(?7, ?4), ?8, ?9, ?10";

function tokenValues(token: OutstandingToken): Array<string | number | null> {
  const { jti, type, userId, createdAtSeconds, expiresAtSeconds, session, sessionStartedAtSeconds, client } = token;
  const rest = [session ?? null, sessionStartedAtSeconds ?? null, client?.name ?? null, client?.address ?? null];
  return [jti, type, userId ?? null, createdAtSeconds, expiresAtSeconds, ...rest, token.sessionVersion ?? null];
}

export function insertToken(db: D1Database, token: OutstandingToken): D1PreparedStatement {
  return db
    .prepare(`INSERT INTO outstanding_tokens (${columns}) VALUES (${values}) ON CONFLICT (jti) DO NOTHING`)
    .bind(...tokenValues(token));
}

/** That the row that is there is not another user's. A row whose user is gone, or not known, is anybody's. */
function notOfAnother(owner: Owner, parameter: string): string {
  return owner === "no user" ? "true" : `COALESCE(outstanding_tokens.user_id = ${idOf(owner, parameter)}, true)`;
}

const ownerValues = (owner: Owner): Array<string | number> => (owner === "no user" ? [] : [owner.value]);

/**
 * Never shortens a row's life, nor takes an end back; a version that is not known yet is filled in. Gives a row back
 * unless it is another user's.
 */
export function extendToken(db: D1Database, owner: Owner, token: OutstandingToken): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO outstanding_tokens (${columns}) VALUES (${values})
       ON CONFLICT (jti) DO UPDATE SET expires_at = MAX(outstanding_tokens.expires_at, excluded.expires_at),
         session_version = COALESCE(outstanding_tokens.session_version, excluded.session_version)
       WHERE ${notOfAnother(owner, "?11")}
       RETURNING blacklisted_at`,
    )
    .bind(...tokenValues(token), ...ownerValues(owner));
}

/** A token that is used up or logged out, and by which token if it was by a rotation. */
export interface Blacklisting {
  readonly token: OutstandingToken;
  readonly nowSeconds: number;
  readonly successorJti: string | null;
}

/**
 * The one statement that uses a token up: it inserts or updates a row only while none says blacklisted, and returns a
 * row only then. D1 runs writes one after the other on one primary, so one caller sees a row, and all others none.
 */
export function blacklistToken(
  db: D1Database,
  owner: Owner,
  { token, nowSeconds, successorJti }: Blacklisting,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO outstanding_tokens (${columns}, blacklisted_at, successor_jti) VALUES (${values}, ?11, ?12)
       ON CONFLICT (jti) DO UPDATE SET blacklisted_at = excluded.blacklisted_at, successor_jti = excluded.successor_jti,
         expires_at = MAX(outstanding_tokens.expires_at, excluded.expires_at),
         session_version = COALESCE(outstanding_tokens.session_version, excluded.session_version)
       WHERE outstanding_tokens.blacklisted_at IS NULL AND ${notOfAnother(owner, "?13")}
       RETURNING jti`,
    )
    .bind(...tokenValues(token), nowSeconds, successorJti, ...ownerValues(owner));
}

/**
 * Writes the successor down, in its session and under its version, only if the row of the used token names it: only for
 * the winner. What is not known of its client is what the used token's row has.
 */
export function insertSuccessor(
  db: D1Database,
  used: OutstandingToken,
  successor: OutstandingToken,
): D1PreparedStatement {
  const { jti, type, userId, createdAtSeconds, expiresAtSeconds, client } = successor;
  return db
    .prepare(
      `INSERT INTO outstanding_tokens (${columns})
       SELECT ?1, ?2, (SELECT id FROM users WHERE id = ?3), ?4, ?5,
         COALESCE(old.family, old.jti), COALESCE(old.session_started_at, old.created_at),
         COALESCE(?7, old.client), COALESCE(?8, old.address), old.session_version
       FROM outstanding_tokens AS old WHERE old.jti = ?6 AND old.successor_jti = ?1`,
    )
    .bind(
      ...[jti, type, userId ?? null, createdAtSeconds, expiresAtSeconds, used.jti],
      ...[client?.name ?? null, client?.address ?? null],
    );
}
