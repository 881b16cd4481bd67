// The outbox of events in D1.
// Must never write an event apart from the change that it tells of.
import type { EventStore, EventType, NewEvent } from "../events-contract.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { type Note, type NoteCondition, type NoteOwner, whenChanged } from "./note.ts";
import { retried } from "./retry.ts";
import { idOf } from "./users.ts";

/**
 * The statement that writes an event, and its values.
 *
 * @param condition by default that the statement just before it in the batch has changed a row
 */
export function eventStatement(event: NewEvent, owner: NoteOwner, condition: NoteCondition = whenChanged): Note {
  return [
    `INSERT INTO events (type, created_at, data, user_id)
     SELECT ?1, ?2, ?3, id FROM (SELECT ${owner.sql("?4")} AS id) WHERE id IS NOT NULL AND ${condition.sql}`,
    [event.type, event.createdAtSeconds, JSON.stringify(event.data), owner.value, ...(condition.values ?? [])],
  ];
}

export function d1Events(db: D1Database, log: StoreLog): EventStore {
  const columns = "sequence, user_id, type, created_at, data";
  return {
    pending: (user, limit) =>
      onD1(log, async () => {
        const whose = user === undefined ? "sequence > ?2" : `user_id = ${idOf(user, "?2")}`;
        const sql = `SELECT ${columns} FROM events WHERE ${whose} ORDER BY sequence LIMIT ?1`;
        const { results } = await db
          .prepare(sql)
          .bind(limit, user?.value ?? 0)
          .all<Readonly<Record<string, unknown>>>();
        return results.map((row) => ({
          sequence: Number(row.sequence),
          userId: String(row.user_id),
          type: String(row.type) as EventType,
          createdAtSeconds: Number(row.created_at),
          data: JSON.parse(String(row.data)) as NewEvent["data"],
        }));
      }),
    remove: (sequences) =>
      onD1(log, async () => {
        // One parameter: D1 allows 100 in a statement.
        const sql = "DELETE FROM events WHERE sequence IN (SELECT value FROM json_each(?1))";
        await retried(db, () => db.prepare(sql).bind(JSON.stringify(sequences)).run());
      }),
  };
}
