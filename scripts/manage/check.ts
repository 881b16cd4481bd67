// `check`: lists every error and warning of a configuration, for people and for CI.
// Must never show a secret.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Configuration } from "../../src/configuration.ts";
import { guardedRules } from "../../src/proxy/routes/loose-rules.ts";
import type { Rule } from "../../src/proxy/routes/rule.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { d1Schema } from "../../src/stores/d1/schema.ts";
import { schemaNeeds } from "../../src/users/new-user-ids.ts";
import { checkCode } from "../configuration/check-code.ts";
import { readWhich, type Which, whichFlags, whichHelp } from "../configuration/which-flags.ts";
import { devVarsWarnings } from "../configuration/wrangler-file.ts";
import { openLocal } from "../database/local.ts";
import { sessionWarnings } from "../database/session-warnings.ts";
import { stateWarnings } from "../database/user-model.ts";
import { deploymentWarnings } from "../deploy/check.ts";
import { EXIT } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { STATE_DIRECTORY } from "../shared/project.ts";
import { styled } from "../shared/terminal.ts";
import type { Command } from "./command.ts";

const flags = { json: { type: "boolean" }, ...whichFlags } as const;

const help = `npm run manage -- check [flags]

Reads settings, keys, routes and bindings from wrangler.toml as the Worker does, and lists every error and warning with
the name of its setting. Without flags, it checks the configuration of npm start, with the secrets of .dev.vars. It also
checks that the tables of the local databases are up to date, and that each database for sessions is the one that the
Worker expects. It needs no account and no network. A key that is not available is replaced by a placeholder, and the
output says so.

  --json             {"ok", "faults", "warnings", "notes"}, for programs: npm run --silent manage -- check --json
${whichHelp}

Exit codes: 0 no errors, 1 errors, 2 usage error.

  npm run manage -- check
  npm run manage -- check --env staging --json
  npm run manage -- check --var TOKEN_PREFIX:/auth`;

/** The errors, warnings and notes of a configuration. */
export interface CheckReport {
  readonly ok: boolean;
  /** Whether the Worker itself would refuse to work; what stands in the wrong place of wrangler.toml, it does not get. */
  readonly stopsWorker: boolean;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** Checks the configuration that the flags select. */
export async function checkConfiguration(which: Which): Promise<CheckReport> {
  const reading = await readWhich(which);
  const code = await checkCode(reading);
  const more =
    reading.whose === "local"
      ? devVarsWarnings(reading.env)
      : deploymentWarnings(reading.settings, reading.file.openVars);
  const errors = [...reading.errors, ...code.errors, ...code.buildErrors];
  const stored = reading.whose === "local" ? await localDatabaseWarnings(reading.settings) : [];
  const guarded = reading.configuration === undefined ? [] : guardedNotes(reading.configuration);
  return {
    ok: errors.length === 0,
    stopsWorker: errors.length > reading.file.findings.errors.length + code.buildErrors.length,
    errors,
    warnings: [...reading.warnings, ...code.warnings, ...more, ...reading.fileWarnings, ...stored],
    notes: [...reading.notes, ...code.notes, ...guarded],
  };
}

/** Whether the database of npm start, if there is one, is what the Worker and its settings need. Nothing is written. */
async function localDatabaseWarnings(settings: Settings): Promise<readonly string[]> {
  if (!existsSync(join(STATE_DIRECTORY, "v3/d1"))) return [];
  // Without the binding there is an error already.
  const local = await openLocal(STATE_DIRECTORY, "as they are").catch(() => undefined);
  if (local === undefined) return [];
  try {
    const schema = d1Schema(local.env.DB as D1Database, schemaNeeds(settings), () => {});
    const tables = stateWarnings(await schema.check(), local.database);
    return [...tables, ...(await sessionWarnings(local.database, local.sessions))];
  } finally {
    await local.database.close();
  }
}

/** Names each rule to which the comparison of PATHS = "loose" applies. */
function guardedNotes({ settings, rules, stricterPaths }: Configuration): string[] {
  if (settings.PATHS !== "loose") return [];
  const named = (rule: Rule): string => `ROUTES[${rules.indexOf(rule)}] (${rule.path})`;
  return guardedRules(rules, stricterPaths).map(({ rule, instead }) => {
    const examples = instead.map((one) => `${one.path}, which ${named(one.rule)} would let pass`);
    return `PATHS = "loose": a path that matches ${named(rule)} only without regard to case, a trailing slash or a format suffix is 400: ${examples.join("; ")}.`;
  });
}

/** The report for people: one line for each finding, then the totals. */
function reportLines({ stopsWorker, errors, warnings, notes }: CheckReport): string[] {
  const { stdout } = process;
  const some = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  const sum = `${some(errors.length, "error")}, ${some(warnings.length, "warning")}.`;
  return [
    ...errors.map((error) => `${styled("red", "error", stdout)}    ${error}`),
    ...warnings.map((warning) => `${styled("yellow", "warning", stdout)}  ${warning}`),
    ...notes.map((note) => `note     ${note}`),
    errors.length > 0
      ? `${sum}${stopsWorker ? " The Worker would answer every request with 503." : ""}`
      : styled("green", `OK: ${sum}`, stdout),
  ];
}

/** What `--json` prints: its names are public, and `faults` is older than the word `errors`. */
const shown = ({ ok, errors, warnings, notes }: CheckReport) => ({ ok, faults: errors, warnings, notes });

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  const report = await checkConfiguration(values);
  if (values.json === true) console.log(JSON.stringify(shown(report), null, 2));
  else for (const line of reportLines(report)) console.log(line);
  return report.ok ? EXIT.ok : EXIT.failed;
}

export const checkCommand: Command = { summary: "check settings, keys, routes and bindings", help, flags, run };
