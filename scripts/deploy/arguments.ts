// What `npm run deploy` has to know of wrangler's command line; all of it goes on to wrangler as it is.
// Must never change, drop or repeat a word of it, for wrangler knows flags that are not known here.
import { parseArgs } from "node:util";
import { readVars } from "../configuration/wrangler-flags.ts";
import { usage } from "../shared/failure.ts";

/** The flags that matter here. */
export interface DeployArguments {
  readonly help: boolean;
  readonly dryRun: boolean;
  readonly environment: string | undefined;
  readonly configFile: string | undefined;
  readonly secretsFile: string | undefined;
  /** `--var NAME:VALUE`, which wrangler puts over the vars of wrangler.toml. */
  readonly vars: Readonly<Record<string, string>>;
  /** The flags that `wrangler d1 execute` needs too, to mean the same database. */
  readonly place: readonly string[];
}

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  "dry-run": { type: "boolean" },
  env: { type: "string", short: "e" },
  config: { type: "string", short: "c" },
  "secrets-file": { type: "string" },
  var: { type: "string", multiple: true },
} as const;

export const deployHelp = `npm run deploy -- [flags of wrangler deploy]

Checks the settings, brings the tables of the deployed database up to schema.sql, and deploys the Worker. The first
deploy makes the database, and its tables after it.

  --secrets-file FILE   secrets that go along (.env or JSON). The first deploy needs it, for SIGNING_KEY
  --dry-run             check and bundle; say what is left out
  --env NAME            an environment of wrangler.toml
  --help                this text

Every other flag goes on to wrangler. docs/deploy.md tells the whole way.`;

/** Reads what matters out of a command line that is meant for wrangler. */
export function readDeployArguments(argv: readonly string[]): DeployArguments {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS, strict: false, allowPositionals: true });
  const text = (name: "env" | "config" | "secrets-file"): string | undefined => {
    const value = values[name];
    if (value === undefined || typeof value === "string") return value;
    throw usage(`--${name} needs a value.`);
  };
  const environment = text("env");
  const configFile = text("config");
  return {
    help: values.help === true,
    dryRun: values["dry-run"] === true,
    environment,
    configFile,
    secretsFile: text("secrets-file"),
    vars: readVars(values.var),
    place: [
      ...(environment === undefined ? [] : ["--env", environment]),
      ...(configFile === undefined ? [] : ["--config", configFile]),
    ],
  };
}
