// The notes of a change, to stand right behind it in its batch: the entry of the audit log, and the event for the API.
// Must never have anything between them and the statement of the change.
import type { Notes } from "../events-contract.ts";
import { auditStatement } from "./audit.ts";
import { eventStatement } from "./events.ts";
import type { Note, NoteCondition, NoteOwner } from "./note.ts";

/** @param condition by default that the statement just before them in the batch has changed a row */
export function noteTexts(
  { audit, event }: Notes,
  owner: NoteOwner | undefined,
  condition?: NoteCondition,
): readonly Note[] {
  return [
    // First: it is written for nobody, too, and so tells the event whether there was a change.
    ...(audit ? [auditStatement(audit, owner, condition)] : []),
    ...(event && owner ? [eventStatement(event, owner, condition)] : []),
  ];
}

/** The same as statements. */
export const noteStatements = (
  db: D1Database,
  notes: Notes,
  owner: NoteOwner | undefined,
  condition?: NoteCondition,
): D1PreparedStatement[] => noteTexts(notes, owner, condition).map(([sql, values]) => db.prepare(sql).bind(...values));
