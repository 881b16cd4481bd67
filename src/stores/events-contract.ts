// Events for the API as an interface: written down with the change that they tell of, sent later, at least once; and notes,
// which are what is written along with a change.
import type { UserId } from "../users/user.ts";
import type { UserIdColumn } from "../users/user-id.ts";
import type { AuditEntry } from "./audit-contract.ts";

/** What happened to a user or their sessions. */
export type EventType = "login" | "logout" | "refresh_reuse" | "user_changed" | "user_deleted";

/** An event that is to be written down. Of whom it tells, the store knows from the change. */
export interface NewEvent {
  readonly type: EventType;
  readonly createdAtSeconds: number;
  /** What else the receiver should know; never a secret. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event that was written down. */
export interface StoredEvent extends NewEvent {
  /** Grows with each event, and so with each event of one user: a receiver drops what is not above the last one. */
  readonly sequence: number;
  readonly userId: UserId;
}

/** What is written along with a change. */
export interface Notes {
  /** For the API; undefined while events are off. */
  readonly event?: NewEvent | undefined;
  /** For the audit log; undefined for what users do themselves. */
  readonly audit?: AuditEntry | undefined;
}

export const hasNotes = ({ event, audit }: Notes): boolean => event !== undefined || audit !== undefined;

/** A store whose writes can bring notes along. */
export interface TellsOf<Store> {
  /** The same store, whose next write also writes the notes, in the same transaction, and only if it changes something. */
  withNotes(notes: Notes): Store;
}

/** Events that are still to be sent. */
export interface EventStore {
  /** The oldest first; of one user, or of all. */
  pending(
    user: { readonly column: UserIdColumn; readonly value: string } | undefined,
    limit: number,
  ): Promise<readonly StoredEvent[]>;
  /** Forgets events that were sent. */
  remove(sequences: readonly number[]): Promise<void>;
}

/** Where events go. */
export interface EventTarget {
  /** The `aud` of its tokens. */
  readonly audience: string;
  /** Delivers signed events in their order, as far as they are taken. Never throws. */
  send(tokens: readonly string[]): Promise<Delivery>;
}

/** What became of a delivery. */
export interface Delivery {
  /** How many of the events, from the first on, need not be sent again. */
  readonly taken: number;
  /** Why the next one was not taken, or one was refused for good; names no address. */
  readonly error?: string;
}
