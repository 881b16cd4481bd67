// What the databases say: tables, sessions of an earlier version, where sessions are, what the cron trigger leaves behind.
// Must never write.
import type { Settings } from "../../src/settings/settings.ts";
import { d1Schema } from "../../src/stores/d1/schema.ts";
import { usersDatabase } from "../../src/stores/spread/databases.ts";
import { spreadSchema } from "../../src/stores/spread/schema.ts";
import { schemaNeeds } from "../../src/users/new-user-ids.ts";
import { hasEarlierSessions } from "../database/adopt-sessions.ts";
import type { BoundDatabase } from "../database/bindings.ts";
import type { Database } from "../database/database.ts";
import { sessionWarnings } from "../database/session-warnings.ts";
import { sqlInteger } from "../database/sql.ts";
import { stateWarnings } from "../database/user-model.ts";
import { reasonOf } from "../shared/failure.ts";
import { isoTime } from "../shared/terminal.ts";
import { apiKeyFindings } from "./api-keys.ts";
import { type Finding, reporting } from "./findings.ts";

export interface Databases {
  readonly users: BoundDatabase;
  /** Those for sessions alone, by their bindings. */
  readonly sessions: ReadonlyMap<string, BoundDatabase>;
  readonly settings: Settings;
  /** As wrangler.toml has them. */
  readonly crons: readonly string[];
  /** Whether the Worker sends events to the API. */
  readonly sendsEvents: boolean;
}

/** Expired rows may lie about for as long as two runs of the cron trigger are apart, if it runs every hour. */
const leftoverSeconds = 2 * 3600;
/** An event that the API takes is sent within seconds, or by the next run of the cron trigger. */
const unsentSeconds = 3600;

/** Looks at the databases; what needs newer tables is left out if they are not up to date. */
export async function lookInDatabases(databases: Databases): Promise<readonly Finding[]> {
  const { users, sessions, settings } = databases;
  const { database } = users;
  const tables = reporting("tables");
  const flag = database.place === "remote" ? " --remote" : "";
  let complaint: string | undefined;
  const log = (_: string, fields: Readonly<Record<string, unknown>>): void => {
    if (typeof fields.error === "string") complaint = fields.error;
  };
  const inner = d1Schema(users.d1, schemaNeeds(settings), log);
  const state = await inner.check();
  const [warning] = stateWarnings(state, database);
  if (warning !== undefined) return [tables.error(complaint === undefined ? warning : `${warning} ${complaint}`)];
  const places = await sessionWarnings(database, asDatabases(sessions));
  const bound = new Map([[usersDatabase, users.d1], ...[...sessions].map(([name, one]) => [name, one.d1] as const)]);
  const all = sessions.size === 0 ? state : await spreadSchema(inner, bound, log).check();
  if (places.length === 0 && all === "outdated") {
    return [
      tables.error(
        "A database for sessions lacks tables or columns of this version.",
        `npm run manage -- migrate${flag}`,
      ),
    ];
  }
  const placement = reporting("where sessions are");
  return [
    tables.ok(`The tables of the ${database.place} database${sessions.size === 0 ? " are" : "s are"} up to date.`),
    ...places.map((text) => (/503/.test(text) ? placement.error(text) : placement.warning(text))),
    ...(await earlierFindings(database, settings, flag)),
    ...(await cronFindings(databases)),
    ...(databases.sendsEvents ? await eventFindings(database) : []),
    ...(settings.API_KEYS ? await apiKeyFindings(database, await clockOf(database)) : []),
  ];
}

const asDatabases = (bound: ReadonlyMap<string, BoundDatabase>): ReadonlyMap<string, Database> =>
  new Map([...bound].map(([name, { database }]) => [name, database]));

async function clockOf(database: Pick<Database, "read">): Promise<number> {
  const [row] = await database.read("SELECT unixepoch() AS now");
  return Number(row?.now);
}

async function earlierFindings(database: Database, { LEEWAY }: Settings, flag: string): Promise<readonly Finding[]> {
  const earlier = reporting("sessions of an earlier version");
  if (!(await hasEarlierSessions(database, (await clockOf(database)) - LEEWAY))) return [];
  return [
    earlier.warning(
      "There are sessions of an earlier version that have not been adopted. Each moves when it is refreshed.",
      `npm run manage -- sessions adopt${flag}`,
    ),
  ];
}

async function cronFindings({ users, sessions, settings, crons }: Databases): Promise<readonly Finding[]> {
  const cron = reporting("cron trigger");
  const { database } = users;
  const before = (await clockOf(database)) - settings.LEEWAY - leftoverSeconds;
  const leftover = `SELECT expires_at FROM sessions WHERE expires_at < ${sqlInteger(before)}
    AND COALESCE(kept_until < ${sqlInteger(before)}, true) ORDER BY expires_at LIMIT 1`;
  const oldest: number[] = [];
  for (const one of [database, ...asDatabases(sessions).values()]) {
    const rows = await one.read(leftover).catch((error: unknown) => {
      if (reasonOf(error).includes("no such table")) return [];
      throw error;
    });
    oldest.push(...rows.map(({ expires_at: expires }) => Number(expires)));
  }
  if (crons.length === 0 && database.place === "remote") {
    return [
      cron.warning(
        "wrangler.toml has no cron trigger: expired rows stay, and events that the API did not take are sent again only with the next one.",
        'Add [triggers] with crons = ["17 * * * *"], and deploy.',
      ),
    ];
  }
  const [last] = await database.read("SELECT at FROM last_flush");
  const ran = last === undefined ? undefined : Number(last.at);
  if (database.place === "remote" && (ran === undefined || ran < before)) {
    return [
      cron.warning(
        ran === undefined ? "The cron trigger has not run yet." : `The cron trigger has not run since ${isoTime(ran)}.`,
        "It should run every hour: look at its events in the dashboard, and at flush and store_failed in the log.",
      ),
    ];
  }
  if (oldest.length > 0) {
    return [
      cron.warning(
        `Rows that expired on ${isoTime(Math.min(...oldest))} have not been deleted: the cron trigger cannot keep up.`,
        "Look at the trigger's events in the dashboard and at flush in the log (docs/scaling.md). npm run manage -- flushexpiredtokens deletes them.",
      ),
    ];
  }
  const since = ran === undefined ? "" : ` The cron trigger ran last at ${isoTime(ran)}.`;
  return [cron.ok(`No expired rows are left behind.${since}`)];
}

async function eventFindings(database: Database): Promise<readonly Finding[]> {
  const events = reporting("events");
  const before = (await clockOf(database)) - unsentSeconds;
  const [row] = await database.read(
    `SELECT COUNT(*) AS events, MIN(created_at) AS oldest FROM events WHERE created_at < ${sqlInteger(before)}`,
  );
  if (Number(row?.events) === 0) return [events.ok("No event waits for the API.")];
  return [
    events.warning(
      `${Number(row?.events) === 1 ? "1 event waits" : `${Number(row?.events)} events wait`} for the API, since ${isoTime(Number(row?.oldest))}.`,
      "Look at the API, at EVENTS_URL and at events_failed in the log (docs/events.md).",
    ),
  ];
}
