// The audit log in D1. A trigger refuses every change but the pruning of old entries and the erasure of a person.
// Must never write an entry for a change apart from that change.
import type { UserId } from "../../users/user.ts";
import type { AuditEntry, AuditStore } from "../audit-contract.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { type Note, type NoteCondition, type NoteOwner, whenChanged } from "./note.ts";

/** The statement that writes an entry, and its values. @param owner whom it is about; undefined for nobody, or everybody */
export function auditStatement(
  { atSeconds, source, actor, action, place, requestId, detail = {} }: AuditEntry,
  owner: NoteOwner | undefined,
  condition: NoteCondition = whenChanged,
): Note {
  // The owner is ?4 and the values of the condition follow, as for an event.
  const values = condition.values ?? [];
  const next = (index: number) => `?${5 + values.length + index}`;
  return [
    `INSERT INTO audit (at, source, action, user_id, actor, place, request_id, detail)
     SELECT ?1, ?2, ?3, ${owner ? `CAST(${owner.sql("?4")} AS TEXT)` : "?4"}, ${next(0)}, ${next(1)}, ${next(2)}, ${next(3)}
     WHERE ${condition.sql}`,
    [
      ...[atSeconds, source, action, owner?.value ?? null, ...values],
      ...[actor ?? null, place ?? null, requestId ?? null, JSON.stringify(detail)],
    ],
  ];
}

export function d1Audit(db: D1Database, log: StoreLog): AuditStore {
  return {
    write: (entry, userId) =>
      onD1(log, async () => {
        const [sql, values] = auditStatement(entry, ofUser(userId), { sql: "true" });
        await db
          .prepare(sql)
          .bind(...values)
          .run();
      }),
    prune: (beforeSeconds, limit) =>
      onD1(log, async () => {
        // From the oldest on, so that no more rows are looked at. The last one stays: the next is numbered after it.
        const sql = `DELETE FROM audit WHERE sequence IN (
          SELECT sequence FROM (SELECT sequence, at FROM audit ORDER BY sequence LIMIT ?2)
          WHERE at < ?1 AND sequence < (SELECT MAX(sequence) FROM audit))`;
        return (await db.prepare(sql).bind(beforeSeconds, limit).run()).meta.changes;
      }),
  };
}

const ofUser = (id: UserId | undefined): NoteOwner | undefined =>
  id === undefined ? undefined : { sql: (parameter) => parameter, value: id };
