// `doctor`: looks at a gateway from all sides, and says of each thing that is wrong what to do.
// Must never write, nor show a secret.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isSessionsBinding } from "../../src/settings/checks/check-bindings.ts";
import { isLoopback } from "../../src/settings/checks/check-urls.ts";
import { readWhich, type Which, type WhichReading, whichFlags, whichHelp } from "../configuration/which-flags.ts";
import { type BoundDatabase, bindingsOf, sessionBindingsIn } from "../database/bindings.ts";
import { d1OverText } from "../database/d1-over-text.ts";
import { openLocal } from "../database/local.ts";
import { openRemoteAsItIs } from "../database/remote.ts";
import { type Finding, reporting, sortedFindings } from "../doctor/findings.ts";
import { type Databases, lookInDatabases } from "../doctor/in-databases.ts";
import { issuerFindings, type LoadSet, loadSet } from "../doctor/issuers.ts";
import { keyFindings } from "../doctor/keys.ts";
import { type Get, getOverNetwork, lookAround, lookOverHttp, probePathOf } from "../doctor/over-http.ts";
import { readConfigFile } from "../shared/config-failure.ts";
import { EXIT, reasonOf, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { STATE_DIRECTORY } from "../shared/project.ts";
import { styled } from "../shared/terminal.ts";
import { checkConfiguration } from "./check.ts";
import type { Command } from "./command.ts";

const flags = {
  url: { type: "string" },
  origin: { type: "string" },
  json: { type: "boolean" },
  ...whichFlags,
} as const;

const help = `npm run manage -- doctor [flags]

Looks at a gateway from all sides and says what is wrong and what to do: the settings, as check does; with --url the
gateway as a client sees it (reachable, ready, its clock, its public keys, that routes with a token refuse requests
without one, that the API can be reached); the databases (tables, where sessions are, expired rows, events that wait);
whether the keys of ISSUERS can be fetched. It sends GET requests without a token, and changes nothing.

Without --remote, it looks at the settings and the database of npm start.

  --url URL          the gateway's address, such as https://api.example.com
  --origin URL       the API's own address: it should not answer who comes around the gateway. Use it from a machine
                     that may not reach the API
  --json             {"ok", "findings"}, for programs: npm run --silent manage -- doctor --json
${whichHelp}

With the deployed HEALTH_KEY in the environment, or in --secrets-file, the gateway tells more. With --secrets-file, the
keys are checked as well.

Exit codes: 0 no errors, 1 errors, 2 usage error.

  npm run manage -- doctor --remote --url https://api.example.com
  npm run manage -- doctor --secrets-file .dev.vars.production --url https://api.example.com --json`;

/** What to look at. */
export interface Patient {
  readonly which: Which;
  readonly url: string | undefined;
  readonly origin: string | undefined;
  readonly get: Get;
  readonly loadSet: LoadSet;
  readonly now: () => number;
  /** Undefined where there is no database to look at. */
  readonly openDatabases: (reading: WhichReading) => Promise<OpenDatabases | undefined>;
}

/** The databases, and how they are closed. */
export interface OpenDatabases extends Omit<Databases, "settings"> {
  readonly close: () => Promise<void>;
}

export async function diagnose(patient: Patient): Promise<readonly Finding[]> {
  const { which, url, origin, get, now, openDatabases } = patient;
  const reading = await readWhich(which);
  const { configuration, settings } = reading;
  const knowsKeys = !reading.hasPlaceholderKey;
  const healthKey = (process.env.HEALTH_KEY ?? "") || settings.HEALTH_KEY || undefined;
  const findings: Finding[] = [...(await settingsFindings(which))];
  if (configuration !== undefined && knowsKeys) findings.push(...keyFindings(configuration, Math.floor(now() / 1000)));
  findings.push(...(await issuerFindings(configuration?.issuers ?? [], patient.loadSet)));
  if (url === undefined)
    findings.push(reporting("reachable").skipped("The gateway itself was not asked.", "Add --url."));
  else {
    const isOpen = new URL(url).protocol === "http:" && !isLoopback(new URL(url));
    if (isOpen) {
      const todo = "Use the https address. HEALTH_KEY was not sent.";
      findings.push(reporting("reachable").warning(`${url} is plain http: whoever is on the way reads tokens.`, todo));
    }
    const key = isOpen ? undefined : healthKey;
    findings.push(...(await lookOverHttp({ url, get, healthKey: key, now, configuration, knowsKeys })));
  }
  if (origin !== undefined) {
    const closed = configuration?.rules.find(({ auth }) => auth === "token" || auth === "user");
    const path = configuration && closed ? probePathOf(configuration, closed) : undefined;
    findings.push(await lookAround(origin, path ?? "/", get));
  }
  findings.push(...(await databaseFindings(reading, openDatabases)));
  return sortedFindings(findings);
}

async function settingsFindings(which: Which): Promise<readonly Finding[]> {
  const about = reporting("settings");
  const { errors, warnings } = await checkConfiguration(which);
  const found = [...errors.map((text) => about.error(text)), ...warnings.map((text) => about.warning(text))];
  return found.length > 0 ? found : [about.ok("The settings have neither errors nor warnings.")];
}

async function databaseFindings(reading: WhichReading, open: Patient["openDatabases"]): Promise<readonly Finding[]> {
  const about = reporting("tables");
  try {
    const databases = await open(reading);
    if (databases === undefined) return [about.skipped("There is no local database yet.", "npm start makes it.")];
    try {
      return await lookInDatabases({ ...databases, settings: reading.settings });
    } finally {
      await databases.close();
    }
  } catch (error) {
    return [about.error(`The databases could not be looked at: ${reasonOf(error)}`)];
  }
}

/** The databases that the flags mean, as they are. */
export const openDatabases =
  ({ env }: Which) =>
  async (reading: WhichReading): Promise<OpenDatabases | undefined> => {
    const config = await readConfigFile(env);
    const crons = config.triggers?.crons ?? [];
    if (reading.whose === "local") {
      if (!existsSync(join(STATE_DIRECTORY, "v3/d1"))) return undefined;
      const local = await openLocal(STATE_DIRECTORY, "as they are");
      const { database, d1, sessions, sendsEvents } = bindingsOf(local.database, local.env, local.sessions);
      return { users: { database, d1 }, sessions, crons, sendsEvents, close: () => local.database.close() };
    }
    const place = env === undefined ? [] : ["--env", env];
    const remote = (binding?: string): BoundDatabase => {
      const database = openRemoteAsItIs(place, undefined, binding);
      return { database, d1: d1OverText(database) };
    };
    const sessions = new Map(
      sessionBindingsIn(config)
        .filter(isSessionsBinding)
        .map((name) => [name, remote(name)]),
    );
    const sendsEvents = reading.bound.EVENTS !== undefined || reading.settings.EVENTS_URL !== null;
    return { users: remote(), sessions, crons, sendsEvents, close: async () => {} };
  };

const shownLevels = { error: "red", warning: "yellow", skipped: "dim", ok: "green" } as const;

/** The report for people. */
export function findingLines(findings: readonly Finding[]): readonly string[] {
  const { stdout } = process;
  const lines = findings.flatMap(({ level, about, what, todo }) => [
    `${styled(shownLevels[level], level.padEnd(7), stdout)}  ${about}: ${what}`,
    ...(todo === undefined ? [] : [`         do: ${todo}`]),
  ]);
  const count = (level: Finding["level"]) => findings.filter((one) => one.level === level).length;
  const some = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  const sum = `${some(count("error"), "error")}, ${some(count("warning"), "warning")}, ${count("skipped")} not looked at, ${count("ok")} ok.`;
  return [...lines, sum];
}

/** An address without a path, or a usage error. */
function readUrl(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.search !== "" || url.hash !== "") {
    throw usage(`${flag} needs an address such as https://api.example.com.`);
  }
  if (url.username !== "" || url.password !== "") throw usage(`Do not put a password into ${flag}.`);
  return text.replace(/\/+$/, "");
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  const { json, url, origin, ...which } = values;
  const findings = await diagnose({
    which,
    url: readUrl("--url", url),
    origin: readUrl("--origin", origin),
    get: getOverNetwork,
    loadSet,
    now: Date.now,
    openDatabases: openDatabases(which),
  });
  const ok = findings.every(({ level }) => level !== "error");
  if (json === true) console.log(JSON.stringify({ ok, findings }, null, 2));
  else for (const line of findingLines(findings)) console.log(line);
  return ok ? EXIT.ok : EXIT.failed;
}

export const doctorCommand: Command = {
  summary: "look at a gateway from all sides, and say what to do",
  help,
  flags,
  run,
};
