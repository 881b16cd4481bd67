// Turns an error of D1 into a refusal for the client and a line for the log.
// Must never pass on values of a statement.
import { Refusal } from "../../errors.ts";

/** Logs that a store failed. */
export type StoreLog = (event: "store_failed", fields: { readonly store: string; readonly error: string }) => void;

/** The error of a session database that is not the one for the work. Nothing was written: the work is to be done elsewhere. */
export interface WrongDatabase extends Error {
  readonly refusedBy: string;
}

export const wrongDatabase = (name: string): WrongDatabase =>
  Object.assign(new Error(`${name} refuses`), { refusedBy: name });

export const isWrongDatabase = (error: unknown): error is WrongDatabase =>
  error instanceof Error && "refusedBy" in error;

/** Runs work on D1; whatever it throws becomes `store_unavailable` (503), and the cause is logged. */
export async function onD1<T>(log: StoreLog, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal || isWrongDatabase(error)) throw error;
    log("store_failed", { store: "d1", error: error instanceof Error ? error.message : String(error) });
    throw new Refusal("store_unavailable");
  }
}
