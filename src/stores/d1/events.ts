// The outbox of events in D1.
// Must never write an event apart from the change that it tells of.
import type { UserId } from "../../users/user.ts";
import type { Owner } from "../contract.ts";
import type { EventStore, EventType, NewEvent } from "../events-contract.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { idOf } from "./users.ts";

/** The owner of a token or session as the owner of an event; nobody's has none. */
export const eventOwner = (owner: Owner): EventOwner | undefined =>
  owner === "no user" ? undefined : { sql: (parameter) => idOf(owner, parameter), value: owner.value };

/** The user of a row's id. */
export const eventUser = (id: UserId): EventOwner => ({ sql: (parameter) => parameter, value: id });

/** Whose event it is: SQL over the parameter that it is given, and that parameter's value. */
export interface EventOwner {
  readonly sql: (parameter: string) => string;
  readonly value: string;
}

/** When an event is written: SQL over ?5 and later parameters. */
export interface EventCondition {
  readonly sql: string;
  readonly values?: ReadonlyArray<string | number | null>;
}

const changedBefore: EventCondition = { sql: "changes() > 0" };

/**
 * The statement that writes an event, and its values.
 *
 * @param condition by default that the statement just before it in the batch has changed a row
 */
export function eventStatement(
  event: NewEvent,
  owner: EventOwner,
  condition = changedBefore,
): readonly [sql: string, values: ReadonlyArray<string | number | null>] {
  return [
    `INSERT INTO events (type, created_at, data, user_id)
     SELECT ?1, ?2, ?3, id FROM (SELECT ${owner.sql("?4")} AS id) WHERE id IS NOT NULL AND ${condition.sql}`,
    [event.type, event.createdAtSeconds, JSON.stringify(event.data), owner.value, ...(condition.values ?? [])],
  ];
}

/** The same, to stand in a batch; nothing where there is no event. */
export function eventStatements(
  db: D1Database,
  event: NewEvent | undefined,
  owner: EventOwner | undefined,
  condition?: EventCondition,
): D1PreparedStatement[] {
  if (!event || !owner) return [];
  const [sql, values] = eventStatement(event, owner, condition);
  return [db.prepare(sql).bind(...values)];
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
        await db.prepare(sql).bind(JSON.stringify(sequences)).run();
      }),
  };
}
