// withDatabase() for the commands about tokens, which also need stores and settings.
import { type Bindings, localBindings, remoteBindings } from "../database/bindings.ts";
import type { Place } from "./command.ts";

/** Opens the selected database with its bindings, does the work, and always closes it. */
export async function withBindings<T>(place: Place, work: (bindings: Bindings) => Promise<T>): Promise<T> {
  const bindings = place.remote === true ? await remoteBindings(place.env) : await localBindings();
  try {
    return await work(bindings);
  } finally {
    await bindings.database.close();
  }
}
