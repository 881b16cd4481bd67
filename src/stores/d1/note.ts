// What is written along with a change: whose it is, and when.
import type { UserId } from "../../users/user.ts";
import type { Owner } from "../contract.ts";
import { idOf } from "./users.ts";

/** A statement, and its values. */
export type Note = readonly [sql: string, values: ReadonlyArray<string | number | null>];

/** Whom a note is about: SQL over the parameter that it is given, and that parameter's value. */
export interface NoteOwner {
  readonly sql: (parameter: string) => string;
  readonly value: string;
}

/** The owner of a token or session as the owner of a note; a token without a user has none. */
export const noteOwner = (owner: Owner): NoteOwner | undefined =>
  owner === "no user" ? undefined : { sql: (parameter) => idOf(owner, parameter), value: owner.value };

/** The user of a row's id. */
export const noteUser = (id: UserId): NoteOwner => ({ sql: (parameter) => parameter, value: id });

/** When a note is written: SQL over ?5 and later parameters. */
export interface NoteCondition {
  readonly sql: string;
  readonly values?: ReadonlyArray<string | number | null>;
}

/** By default: that the statement just before it in the batch has changed a row. */
export const whenChanged: NoteCondition = { sql: "changes() > 0" };
