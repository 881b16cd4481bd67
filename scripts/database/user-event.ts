// Events about users that the commands change: written in the change's own transaction, and sent by the Worker's cron trigger.
import { eventStatement } from "../../src/stores/d1/events.ts";
import type { EventType, NewEvent } from "../../src/stores/events-contract.ts";
import type { UserId } from "../../src/users/user.ts";
import type { Bindings } from "./bindings.ts";
import { withLiterals } from "./d1-over-text.ts";

/** Whose event, and what it says. */
export interface CommandEvent {
  readonly type: EventType;
  /** The user's id, or the name of a user who is just being created. */
  readonly user: { readonly id: UserId } | { readonly name: string };
  readonly data?: NewEvent["data"];
}

/** The same bindings, whose next write also writes the event, where the Worker sends events. */
export function withEvent(bindings: Bindings, { type, user, data = {} }: CommandEvent, nowSeconds: number): Bindings {
  if (!bindings.sendsEvents) return bindings;
  const owner =
    "id" in user
      ? { sql: (id: string) => id, value: user.id }
      : { sql: (name: string) => `(SELECT id FROM users WHERE username = ${name})`, value: user.name };
  const event: NewEvent = { type, createdAtSeconds: nowSeconds, data };
  const [sql, values] = eventStatement(event, owner, { sql: "true" });
  const { database } = bindings;
  const write = (change: string) =>
    database.write(`${change.trimEnd().replace(/;$/, "")};\n${withLiterals(sql, values)}`);
  return { ...bindings, event, database: { ...database, write } };
}
