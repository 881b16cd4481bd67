// Test files share their databases: what one has ended for everybody must not end the tokens of the next.
import { BLACKLIST } from "./bindings.ts";
import { boundDatabases } from "./session-databases.ts";

/** Forgets, in each database and in KV, that everybody was logged out. */
export async function forgetEveryonesCutoff(): Promise<void> {
  for (const db of boundDatabases.values()) {
    // A database for sessions that no test has used has no tables.
    await db
      .prepare("DELETE FROM everyone_cutoff")
      .run()
      .catch(() => undefined);
  }
  await BLACKLIST.delete("everyone");
}
