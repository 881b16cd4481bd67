// The statements that write a token's row in D1.
// Must never decide anything in two statements that are not one transaction.
import type { OutstandingToken } from "../contract.ts";

// The user's id is looked up once more, so that a row deleted meanwhile leaves NULL and not a broken reference.
// A token without a family begins one.
const columns =
  "jti, token_type, user_id, created_at, expires_at, family, session_started_at, client, address, session_version";
const values = "?1, ?2, (SELECT id FROM users WHERE id = ?3), ?4, ?5, COALESCE(?6, ?1), COALESCE(?7, ?4), ?8, ?9, ?10";

function tokenValues(token: OutstandingToken): Array<string | number | null> {
  const { jti, type, userId, createdAtSeconds, expiresAtSeconds, family, sessionStartedAtSeconds, client } = token;
  const session = [family ?? null, sessionStartedAtSeconds ?? null, client?.name ?? null, client?.address ?? null];
  return [jti, type, userId ?? null, createdAtSeconds, expiresAtSeconds, ...session, token.sessionVersion ?? null];
}

export function insertToken(db: D1Database, token: OutstandingToken): D1PreparedStatement {
  return db
    .prepare(`INSERT INTO outstanding_tokens (${columns}) VALUES (${values}) ON CONFLICT (jti) DO NOTHING`)
    .bind(...tokenValues(token));
}

/** Never shortens a row's life, nor takes an end back; a version that is not known yet is filled in. */
export function extendToken(db: D1Database, token: OutstandingToken): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO outstanding_tokens (${columns}) VALUES (${values})
       ON CONFLICT (jti) DO UPDATE SET expires_at = MAX(outstanding_tokens.expires_at, excluded.expires_at),
         session_version = COALESCE(outstanding_tokens.session_version, excluded.session_version)
       RETURNING blacklisted_at`,
    )
    .bind(...tokenValues(token));
}

/**
 * The one statement that uses a token up: it inserts or updates a row only while none says blacklisted, and returns a
 * row only then. D1 runs writes one after the other on one primary, so one caller sees a row, and all others none.
 */
export function blacklistToken(
  db: D1Database,
  token: OutstandingToken,
  nowSeconds: number,
  successorJti: string | null,
) {
  return db
    .prepare(
      `INSERT INTO outstanding_tokens (${columns}, blacklisted_at, successor_jti) VALUES (${values}, ?11, ?12)
       ON CONFLICT (jti) DO UPDATE SET blacklisted_at = excluded.blacklisted_at, successor_jti = excluded.successor_jti,
         expires_at = MAX(outstanding_tokens.expires_at, excluded.expires_at),
         session_version = COALESCE(outstanding_tokens.session_version, excluded.session_version)
       WHERE outstanding_tokens.blacklisted_at IS NULL
       RETURNING jti`,
    )
    .bind(...tokenValues(token), nowSeconds, successorJti);
}

/**
 * Writes the successor down, in its family and under its version, only if the row of the used token names it: only for
 * the winner. What is not known of its client is what the used token's row has.
 */
export function insertSuccessor(
  db: D1Database,
  spent: OutstandingToken,
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
      ...[jti, type, userId ?? null, createdAtSeconds, expiresAtSeconds, spent.jti],
      ...[client?.name ?? null, client?.address ?? null],
    );
}
