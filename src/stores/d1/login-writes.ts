// What a log-in writes in the database of users, and the event that tells of it.
import { readTokenId } from "../../tokens/token-id.ts";
import type { LoginRecord } from "../contract.ts";
import type { Notes } from "../events-contract.ts";
import { noteUser } from "./note.ts";
import { noteStatements } from "./notes.ts";

/**
 * None for a log-in whose user was changed while it was under way: it is refused.
 *
 * @param unlessBegun none either where the token's session is there, in the same database
 */
export function loginEvent(db: D1Database, { userId, token }: LoginRecord, notes: Notes, unlessBegun = false) {
  const unchanged =
    "EXISTS (SELECT 1 FROM users WHERE id = ?4 AND is_active = 1 AND session_version = COALESCE(?5, session_version))";
  const values = [token?.sessionVersion ?? null];
  if (!unlessBegun || token === undefined) {
    return noteStatements(db, notes, noteUser(userId), { sql: unchanged, values });
  }
  const sql = `${unchanged} AND NOT EXISTS (SELECT 1 FROM sessions WHERE id = ?6 OR other_jti = ?7)`;
  const keys = [readTokenId(token.jti)?.key ?? null, token.jti];
  return noteStatements(db, notes, noteUser(userId), { sql, values: [...values, ...keys] });
}

/** What a log-in writes in the database of users. */
export function loginWrites(db: D1Database, record: LoginRecord): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  if (record.newHash) {
    statements.push(
      db
        .prepare("UPDATE users SET password = ?1 WHERE id = ?2 AND password = ?3")
        .bind(record.newHash.better, record.userId, record.newHash.checked),
    );
  }
  if (record.lastLogin !== undefined) {
    statements.push(db.prepare("UPDATE users SET last_login = ?1 WHERE id = ?2").bind(record.lastLogin, record.userId));
  }
  return statements;
}
