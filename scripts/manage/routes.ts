// `routes`: all routes of a configuration, in the order in which they are matched.
// Must never show a table for a configuration with errors.
import type { LimitedEndpoint } from "../../src/settings/limits.ts";
import { defaultInWords, type RouteKeyName, routeKeyNames } from "../../src/settings/route-keys.ts";
import { describedRoutes, type RuleKeys, routeKeyRows, ruleKeys } from "../configuration/routes.ts";
import { publishesKeys, readWhich, type WhichReading, whichFlags, whichHelp } from "../configuration/which-flags.ts";
import { EXIT, settingsFailure } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { textTable } from "../shared/terminal.ts";
import type { Command } from "./command.ts";

const flags = { json: { type: "boolean" }, ...whichFlags } as const;

const keys = textTable(["key", "default", "with auth", ""], routeKeyRows).map((line) => `  ${line}`);

const help = `npm run manage -- routes [flags]

Lists how each path is handled: internal routes, then ROUTES of wrangler.toml (the first match decides), then 404.
Without flags, it uses the configuration of npm start (which sets ORIGIN_URL itself).

  --json             as JSON, for programs: npm run --silent manage -- routes --json
${whichHelp}

The keys of a route in ROUTES (docs/routes.md):

${keys.join("\n")}

Exit codes: 0 listed, 1 the configuration has errors, 2 usage error.

  npm run manage -- routes
  npm run manage -- routes --env staging --json`;

/** One row of the table; what does not apply is null. */
export interface RouteRow extends RuleKeys {
  /** Who answers: the gateway itself, the API by a rule of ROUTES, or none (404). */
  readonly kind: "own" | "rule" | "rest";
  readonly path: string;
  readonly what: string | null;
}

/** A row in which no key is set. */
const unset = Object.fromEntries(
  [...routeKeyNames.filter((name) => name !== "path"), "what"].map((name) => [name, null]),
) as Omit<{ readonly [Name in keyof RouteRow]: null }, "kind" | "path">;

/** The table for a configuration; fails with the errors of one that has some. */
export function routeRows({ configuration, errors, bound }: WhichReading): readonly RouteRow[] {
  if (errors.length > 0 || configuration === undefined) throw settingsFailure(errors);
  const { settings, rules } = configuration;
  const elsewhere = { service: "ORIGIN (service binding)", zone: "ORIGIN (zone)" } as const;
  const origin = bound.ORIGIN === undefined ? settings.ORIGIN_URL : elsewhere[bound.ORIGIN];
  const internal = describedRoutes(settings, publishesKeys(configuration)).map(
    ({ name, path, methods, what }): RouteRow => ({
      ...unset,
      kind: "own",
      path,
      methods: methods.length === 0 ? null : methods,
      limit: settings.TOKEN_LIMITS[name as LimitedEndpoint] ?? null,
      what,
    }),
  );
  const routed = rules.map(
    (rule): RouteRow => ({
      ...unset,
      kind: "rule",
      ...ruleKeys(rule),
      path: rule.path,
      // Programs find a table also where no claim can be asked for.
      require: Object.fromEntries(rule.require) as RouteRow["require"],
      origin: rule.destination?.base ?? origin,
    }),
  );
  return [...internal, ...routed, { ...unset, kind: "rest", path: "anything else", what: "404" }];
}

/** Keys that are shown in the column of another one, or in that of the target. */
const withoutColumn: readonly RouteKeyName[] = ["enforce", "limit", "origin", "strip_prefix"];
/** Keys that have a column only where a rule has them. */
const columnIfSet: readonly RouteKeyName[] = ["issuers", "api_keys"];
const columnsOf = (rows: readonly RouteRow[]): readonly RouteKeyName[] =>
  routeKeyNames
    .filter((name) => !withoutColumn.includes(name))
    .filter((name) => !columnIfSet.includes(name) || rows.some((row) => row[name] !== null));

function cell(row: RouteRow, name: RouteKeyName): string {
  const value = row[name];
  const onlyLogged = name === "auth" && row.enforce === false ? " (only logged)" : "";
  if (value === null) return name === "methods" ? defaultInWords(name) : "-";
  if (Array.isArray(value)) return value.join(",");
  if (typeof value !== "object") return `${value}${onlyLogged}`;
  const members = Object.entries(value).map(([member, wanted]) => `${member}=${JSON.stringify(wanted)}`);
  return members.join(" ") || "-";
}

function target(row: RouteRow, withoutOrigin: string): string {
  const stripped = row.strip_prefix === null ? "" : `, without ${row.strip_prefix}`;
  const limited = row.limit === null ? "" : `, limited by ${row.limit.by} with ${row.limit.binding}`;
  return (row.kind === "rule" ? (row.origin ?? withoutOrigin) : `gateway: ${row.what}`) + stripped + limited;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  const reading = await readWhich(values);
  const rows = routeRows(reading);
  if (values.json === true) console.log(JSON.stringify(rows, null, 2));
  else {
    const columns = columnsOf(rows);
    const withoutOrigin = reading.hasLocalApi ? "the API of npm start" : "no origin: 502";
    const table = textTable(
      [...columns, "goes to"],
      rows.map((row) => [...columns.map((name) => cell(row, name)), target(row, withoutOrigin)]),
    );
    for (const line of table) console.log(line);
  }
  return EXIT.ok;
}

export const routesCommand: Command = { summary: "list the routes in effect", help, flags, run };
