// Opens what the commands about tokens need: withDatabase() with the stores and the settings beside the database.
// Must never leave the local helper process behind.
import { type Bindings, localBindings, remoteBindings } from "../database/bindings.ts";
import type { Place } from "./command.ts";

/** Opens the place that the flags mean, does the work, and closes it whatever happens. */
export async function withBindings<T>(place: Place, work: (bindings: Bindings) => Promise<T>): Promise<T> {
  const bindings = place.remote === true ? await remoteBindings(place.env) : await localBindings();
  try {
    return await work(bindings);
  } finally {
    await bindings.database.close();
  }
}
