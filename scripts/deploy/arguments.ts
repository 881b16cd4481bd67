// Reads the flags of `npm run deploy`. All arguments are also passed to wrangler.
// Must never change, drop or repeat an argument: wrangler has flags that are unknown here.
import { parseArgs } from "node:util";
import { readVars } from "../configuration/wrangler-flags.ts";
import { usage } from "../shared/failure.ts";

/** The flags that are used here. */
export interface DeployArguments {
  readonly help: boolean;
  readonly dryRun: boolean;
  readonly environment: string | undefined;
  readonly configFile: string | undefined;
  readonly secretsFile: string | undefined;
  /** `--var NAME:VALUE`, which overrides the vars of wrangler.toml. */
  readonly vars: Readonly<Record<string, string>>;
  /** The flags that `wrangler d1 execute` needs to select the same database. */
  readonly place: readonly string[];
}

export const OPTIONS = {
  help: { type: "boolean", short: "h" },
  "dry-run": { type: "boolean" },
  env: { type: "string", short: "e" },
  config: { type: "string", short: "c" },
  "secrets-file": { type: "string" },
  var: { type: "string", multiple: true },
} as const;

export const deployHelp = `npm run deploy -- [flags of wrangler deploy]

Checks the settings, updates the tables of the deployed databases to schema.sql and sessions.sql, and deploys the Worker.
The first deploy creates the databases, then their tables.

  --secrets-file FILE   secrets to deploy with the Worker (.env or JSON). The first deploy needs it, for SIGNING_KEY
  --dry-run             check and bundle only; say what is skipped
  --env NAME            an environment of wrangler.toml
  --help                show this text

All other flags are passed to wrangler. docs/deploy.md describes the procedure.

  npm run deploy -- --dry-run
  npm run deploy -- --secrets-file .dev.vars.production`;

/** Reads these flags from a command line for wrangler. */
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
