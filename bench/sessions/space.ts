// How much space a session takes in SQLite, table and indexes.
import { DatabaseSync } from "node:sqlite";
import { schemaStatements } from "../../scripts/database/tables.ts";

const SESSIONS = 200_000;

const insert = `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
  INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at, session_version)
  SELECT lower(hex(randomblob(12))), 0, 'refresh', CAST(n AS TEXT), 1780000000 + n, 1780000000 + n, 1780604800 + n, 0 FROM number`;

/** What a rotation leaves in the row, a day later; sessions are refreshed in no order. */
const refresh = `UPDATE sessions SET counter = 96, created_at = created_at + 86400, expires_at = expires_at + 86400,
  uses = json_array(created_at + 86400), mark = lower(hex(randomblob(12)))`;

/** Bytes per session in a database of their own, written in the order of random keys: after the log-in, and after a rotation. */
export function bytesPerSession(): { readonly new: number; readonly refreshed: number } {
  const database = new DatabaseSync(":memory:");
  for (const sql of schemaStatements) database.exec(sql);
  const bytes = () =>
    Number(database.prepare("SELECT page_count * page_size AS b FROM pragma_page_count, pragma_page_size").get()?.b);
  const none = bytes();
  database.prepare(insert).run(SESSIONS);
  const begun = bytes();
  database.exec(refresh);
  const refreshed = bytes();
  database.close();
  return { new: Math.round((begun - none) / SESSIONS), refreshed: Math.round((refreshed - none) / SESSIONS) };
}
