// `routes`: what becomes of which path, in the order in which it is decided.
// Must never show a table that the Worker would not work with: with errors there is none.
import { ownPaths } from "../configuration/own-paths.ts";
import { publishesKeys, readWhich, type WhichReading, whichFlags, whichHelp } from "../configuration/which-flags.ts";
import { EXIT, settingsFailure } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import type { Command } from "./command.ts";
import { textTable } from "./text-table.ts";

const flags = { json: { type: "boolean" }, ...whichFlags } as const;

const help = `npm run manage -- routes [flags]

Lists how each path is handled: internal routes, then ROUTES of wrangler.toml (the first match decides), then 404.
Without flags, it uses the configuration of npm start (which sets ORIGIN_URL itself).

  --json             as JSON, for programs: npm run --silent manage -- routes --json
${whichHelp}

Exit codes: 0 listed, 1 the configuration has errors, 2 usage error.

  npm run manage -- routes
  npm run manage -- routes --env staging --json`;

/** One row of the table; what does not apply is null. */
export interface RouteRow {
  /** Who answers: the gateway itself, the API by a rule of ROUTES, or nobody (404). */
  readonly kind: "own" | "rule" | "rest";
  readonly path: string;
  /** Null for all methods. */
  readonly methods: readonly string[] | null;
  readonly auth: string | null;
  readonly require: Readonly<Record<string, unknown>> | null;
  readonly revocation: string | null;
  /** False where what would be refused is only logged. */
  readonly enforce: boolean | null;
  readonly origin: string | null;
  readonly strip_prefix: string | null;
  readonly what: string | null;
}

const nothing = {
  methods: null,
  auth: null,
  require: null,
  revocation: null,
  enforce: null,
  origin: null,
  strip_prefix: null,
  what: null,
};

/** The table for a configuration; fails with the errors of one that has some. */
export function routeRows({ configuration, errors, bound }: WhichReading): readonly RouteRow[] {
  if (errors.length > 0 || configuration === undefined) throw settingsFailure(errors);
  const { settings, rules } = configuration;
  const elsewhere = { service: "ORIGIN (service binding)", zone: "ORIGIN (zone)" } as const;
  const origin = bound.ORIGIN === undefined ? settings.ORIGIN_URL : elsewhere[bound.ORIGIN];
  const own = ownPaths(settings, publishesKeys(configuration)).map(
    ({ path, methods, what }): RouteRow => ({
      ...nothing,
      kind: "own",
      path,
      methods: methods.length === 0 ? null : methods,
      what,
    }),
  );
  const routed = rules.map(
    (rule): RouteRow => ({
      ...nothing,
      kind: "rule",
      path: rule.pattern,
      methods: rule.methods ? [...rule.methods] : null,
      auth: rule.auth,
      require: Object.fromEntries(rule.require),
      revocation: asksForToken(rule.auth) ? rule.revocation : null,
      enforce: rule.auth === "public" ? null : rule.enforce,
      origin: rule.origin?.base ?? origin,
      strip_prefix: rule.strip?.decoded ?? null,
    }),
  );
  return [...own, ...routed, { ...nothing, kind: "rest", path: "anything else", what: "404" }];
}

const asksForToken = (auth: string): boolean => auth !== "public";

const head = ["path", "methods", "auth", "require", "revocation", "goes to"];

function cells(row: RouteRow, withoutOrigin: string): string[] {
  const required = Object.entries(row.require ?? {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const target = row.kind === "rule" ? (row.origin ?? withoutOrigin) : `gateway: ${row.what}`;
  const stripped = row.strip_prefix === null ? "" : `, without ${row.strip_prefix}`;
  return [
    row.path,
    row.methods?.join(",") ?? "all",
    (row.auth ?? "-") + (row.enforce === false ? " (only logged)" : ""),
    required.join(" ") || "-",
    row.revocation ?? "-",
    target + stripped,
  ];
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  const reading = await readWhich(values);
  const rows = routeRows(reading);
  if (values.json === true) console.log(JSON.stringify(rows, null, 2));
  else {
    const withoutOrigin = reading.standInOrigin ? "the API of npm start" : "no origin: 502";
    const table = textTable(
      head,
      rows.map((row) => cells(row, withoutOrigin)),
    );
    for (const line of table) console.log(line);
  }
  return EXIT.ok;
}

export const routesCommand: Command = { summary: "list the routes in effect", help, run };
