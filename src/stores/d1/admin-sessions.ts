// Sessions of the admin page in D1.
// Must never be given a cookie's value: sessions are found by its hash.
import type { AdminSessionStore } from "../admin-contract.ts";
import { issuedBeforeFrom, usersCutoff } from "./cutoffs.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { selectUser, userColumns, userFrom } from "./users.ts";

export function d1AdminSessions(db: D1Database, log: StoreLog): AdminSessionStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  return {
    open: ({ idHash, userId, fingerprint, createdAtSeconds, expiresAtSeconds, sessionVersion }) =>
      on(async () => {
        const insert = db
          .prepare(
            `INSERT INTO admin_sessions
               (id_hash, user_id, fingerprint, created_at, last_used_at, expires_at, session_version, confirmed_at)
             VALUES (?1, ?2, ?3,
               MAX(?4, ${usersCutoff("?2")}), ?4, ?5, ?6, ?4)`,
          )
          .bind(idHash, userId, fingerprint, createdAtSeconds, expiresAtSeconds, sessionVersion);
        const look = selectUser(db, { column: "id", value: userId });
        const [, found] = await db.batch<Record<string, unknown>>([insert, look]);
        return userFrom(found?.results[0]);
      }),
    find: (idHash) =>
      on(async () => {
        const row = await db
          .prepare(
            `SELECT ${userColumns}, s.fingerprint, s.created_at, s.last_used_at, s.expires_at, s.confirmed_at,
               s.session_version AS begun_version,
               ${usersCutoff("s.user_id")} AS issued_before
             FROM admin_sessions AS s JOIN users ON users.id = s.user_id
             WHERE s.id_hash = ?1`,
          )
          .bind(idHash)
          .first<Record<string, unknown>>();
        const user = userFrom(row);
        if (!row || !user) return undefined;
        return {
          user,
          fingerprint: String(row.fingerprint),
          createdAtSeconds: Number(row.created_at),
          lastUsedAtSeconds: Number(row.last_used_at),
          expiresAtSeconds: Number(row.expires_at),
          confirmedAtSeconds: Number(row.confirmed_at),
          issuedBeforeSeconds: issuedBeforeFrom(row),
          sessionVersion: typeof row.begun_version === "number" ? row.begun_version : undefined,
        };
      }),
    touch: (idHash, nowSeconds) =>
      on(async () => {
        const sql = "UPDATE admin_sessions SET last_used_at = ?2 WHERE id_hash = ?1";
        await db.prepare(sql).bind(idHash, nowSeconds).run();
      }),
    confirm: (idHash, nowSeconds) =>
      on(async () => {
        const sql = "UPDATE admin_sessions SET confirmed_at = ?2 WHERE id_hash = ?1";
        await db.prepare(sql).bind(idHash, nowSeconds).run();
      }),
    close: (idHash) =>
      on(async () => void (await db.prepare("DELETE FROM admin_sessions WHERE id_hash = ?1").bind(idHash).run())),
    deleteExpired: (beforeSeconds) =>
      on(async () => {
        await db.prepare("DELETE FROM admin_sessions WHERE expires_at < ?1").bind(beforeSeconds).run();
      }),
  };
}
