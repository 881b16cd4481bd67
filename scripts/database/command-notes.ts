// What is written along with what a command changes, in the change's own transaction: an entry of the audit log, and for some
// an event, which the Worker's cron trigger sends.
import { hostname, userInfo } from "node:os";
import type { AuditAction, AuditEntry } from "../../src/stores/audit-contract.ts";
import { noteTexts } from "../../src/stores/d1/notes.ts";
import type { EventType, NewEvent } from "../../src/stores/events-contract.ts";
import type { UserId } from "../../src/users/user.ts";
import type { Bindings } from "./bindings.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database } from "./database.ts";

/** Whom a command changes: the user's id, or the name of a user who is just being created; undefined for everybody or nobody. */
type Whom = { readonly id: UserId } | { readonly name: string } | undefined;

/** What a command notes. */
export interface CommandNotes {
  readonly action: AuditAction;
  readonly user: Whom;
  /** For the audit log. */
  readonly detail?: AuditEntry["detail"];
  readonly event?: { readonly type: EventType; readonly data?: NewEvent["data"] };
}

/** Who runs a command, and where. */
export const commandOrigin = (): Pick<AuditEntry, "source" | "actor" | "place"> => ({
  source: "command",
  actor: accountName(),
  place: hostname(),
});

function accountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user without a name.
    return undefined;
  }
}

/** The same bindings, whose next write also writes the notes. Where no events are sent, none is written. */
export function withNotes(
  bindings: Bindings,
  { action, user, detail, event }: CommandNotes,
  nowSeconds: number,
): Bindings {
  const audit: AuditEntry = { ...commandOrigin(), atSeconds: nowSeconds, action, detail };
  const told: NewEvent | undefined =
    event && bindings.sendsEvents
      ? { type: event.type, createdAtSeconds: nowSeconds, data: event.data ?? {} }
      : undefined;
  const notes = { audit, event: told };
  const { database } = bindings;
  const text = notesText(notes, user);
  const write = (change: string) => database.write(`${change.trimEnd().replace(/;$/, "")};\n${text}`);
  return { ...bindings, notes, database: { ...database, write } };
}

/** Writes an entry of the audit log for what was done in several steps, or changes nothing. */
export async function noteDone(
  database: Pick<Database, "write">,
  notes: Omit<CommandNotes, "event">,
  nowSeconds: number,
): Promise<void> {
  await database.write(doneText(notes, nowSeconds));
}

/** The statement of such an entry, to stand last in a transaction. */
export const doneText = ({ action, user, detail }: Omit<CommandNotes, "event">, nowSeconds: number): string =>
  notesText({ audit: { ...commandOrigin(), atSeconds: nowSeconds, action, detail } }, user);

function notesText(notes: Parameters<typeof noteTexts>[0], user: Whom): string {
  const owner =
    user === undefined
      ? undefined
      : "id" in user
        ? { sql: (id: string) => id, value: user.id }
        : { sql: (name: string) => `(SELECT id FROM users WHERE username = ${name})`, value: user.name };
  return noteTexts(notes, owner, { sql: "true" })
    .map(([sql, values]) => withLiterals(sql, values))
    .join(";\n");
}
