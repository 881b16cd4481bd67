// Turns an error of D1 into a refusal for the client and a line for the log.
// Must never pass on values of a statement.
import { Refusal } from "../../errors.ts";

/** Logs that a store failed. */
export type StoreLog = (event: "store_failed", fields: { readonly store: string; readonly error: string }) => void;

/** A session database that is not the one for the work. Nothing was written: the work is to be done elsewhere. */
export class WrongDatabase extends Error {
  readonly database: string;
  constructor(database: string) {
    super(`${database} refuses`);
    this.database = database;
  }
}

/** Runs work on D1; whatever it throws becomes `store_unavailable` (503), and the cause is logged. */
export async function onD1<T>(log: StoreLog, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal || error instanceof WrongDatabase) throw error;
    log("store_failed", { store: "d1", error: error instanceof Error ? error.message : String(error) });
    throw new Refusal("store_unavailable");
  }
}
