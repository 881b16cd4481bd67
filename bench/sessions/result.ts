// What `npm run bench:sessions` measured, as it is written down: one entry for each number of sessions.
import { join } from "node:path";
import type { Machine } from "../machine.ts";
import type { RaceOptions, ShapeResult } from "../race.ts";
import { PICTURE_DIRECTORY } from "../result.ts";
import type { Spread } from "../statistics.ts";
import type { StoreUse } from "../store-use.ts";

export interface FlushSpreads {
  readonly milliseconds: Spread;
  readonly storeCpuMilliseconds: Spread | null;
}

/** The flush of so many expired rows: among few, among many, and among many of the version before. */
export interface FlushFigures {
  readonly rows: number;
  readonly empty: FlushSpreads;
  readonly full: FlushSpreads;
  readonly before: FlushSpreads | null;
}

export interface SessionsRun {
  readonly machine: Machine;
  readonly options: Omit<RaceOptions, "only">;
  readonly users: number;
  readonly sessions: number;
  /** Of the whole database with its users, after it was filled. */
  readonly databaseBytes: number;
  /** Refresh and log-in: `gateway-empty`, `gateway-full` and, where another checkout was given, `before`. */
  readonly shapes: readonly ShapeResult[];
  readonly flush: FlushFigures;
}

export interface SessionsResult {
  /** By number of sessions, ascending. */
  readonly runs: readonly SessionsRun[];
  /** Of a session whose key is anywhere among the others, as keys are. */
  readonly bytesPerSession: { readonly new: number; readonly refreshed: number };
  readonly storeUse: readonly StoreUse[];
  /** Of the version before, where it was given. */
  readonly storeUseBefore: readonly StoreUse[] | null;
}

export const SESSIONS_FILE = join(PICTURE_DIRECTORY, "sessions.json");
