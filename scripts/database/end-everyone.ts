// Ends the tokens of everybody: in each database, then in KV.
// Must never take this machine's clock for the database's: tokens of the time between would stay good.
import { endEveryone } from "../../src/sessions/end-sessions.ts";
import { everyonesCutoff, isEndedWithAll } from "../../src/stores/d1/cutoffs.ts";
import { isNotAdopted } from "../../src/stores/d1/earlier-tokens.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { spreadSessions } from "../../src/stores/spread/sessions.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import { type Bindings, storesOf } from "./bindings.ts";
import { commandOrigin } from "./command-notes.ts";
import type { Database } from "./database.ts";
import { hasSessionDatabases, overDatabases } from "./session-stores.ts";
import { sqlInteger } from "./sql.ts";

/** Sessions that are counted at most in one database: the count is for a person. */
export const mostCounted = 100_000;

/** How many sessions can still be refreshed; undefined where there are more than are counted. */
export async function countOpenSessions({ database, sessions }: Bindings): Promise<number | undefined> {
  const now = await clockOf(database);
  const isOpen = (table: string) =>
    `expires_at > ${sqlInteger(now)} AND blacklisted_at IS NULL AND NOT ${isEndedWithAll(`${table}.created_at`)}`;
  const own = `SELECT 1 FROM sessions WHERE ${isOpen("sessions")} AND ended_at IS NULL`;
  const earlier = `SELECT 1 FROM outstanding_tokens AS earlier WHERE ${isOpen("earlier")} AND ${isNotAdopted("earlier.jti")}`;
  const count = async (one: Database, sql: string) => {
    const rows = await one.read(`SELECT COUNT(*) AS sessions FROM (${sql} LIMIT ${mostCounted + 1})`);
    return Number(rows[0]?.sessions);
  };
  const counts = [await count(database, `SELECT * FROM (${own} UNION ALL ${earlier})`)];
  for (const { database: one } of sessions.values()) counts.push(await count(one, own));
  return counts.some((one) => one > mostCounted) ? undefined : counts.reduce((sum, one) => sum + one, 0);
}

/** The database's time, in seconds. */
async function clockOf(database: Pick<Database, "read">): Promise<number> {
  const [row] = await database.read("SELECT unixepoch() AS now");
  return Number(row?.now);
}

/** Returns the second before which tokens are ended. */
export async function endTokensOfEveryone(bindings: Bindings): Promise<number> {
  const nowSeconds = await clockOf(bindings.database);
  let kvProblem: string | undefined;
  const announce = storesOf(bindings).announceEveryone;
  const revocationCache = {
    announceEveryone: async (issuedBeforeSeconds: number) => {
      await announce?.(issuedBeforeSeconds, nowSeconds).catch((error: unknown) => {
        kvProblem = reasonOf(error);
      });
    },
  };
  const end = (endIn: (issuedBeforeSeconds: number) => Promise<void>) =>
    endEveryone({ sessions: { endEveryone: endIn }, revocationCache }, nowSeconds);
  let complaint: string | undefined;
  const log = (_: string, { error }: { readonly error: string }): void => {
    complaint = error;
  };
  const notes = { audit: { ...commandOrigin(), atSeconds: nowSeconds, action: "everyone_logged_out" } as const };
  const work = hasSessionDatabases(bindings)
    ? overDatabases(bindings, (stores) => end((before) => spreadSessions(stores, notes).endEveryone(before)))
    : end((before) => d1Sessions(bindings.d1, log, notes).endEveryone(before));
  await work.catch((error: unknown) => {
    throw new Failure(`Not everywhere yet: ${complaint ?? reasonOf(error)} Run the command again.`);
  });
  if (kvProblem !== undefined) {
    throw new Failure(`The databases have it, but KV could not be updated: ${kvProblem} Run the command again.`);
  }
  const [row] = await bindings.database.read(`SELECT ${everyonesCutoff} AS issued_before`);
  return Number(row?.issued_before);
}
