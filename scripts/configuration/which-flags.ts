// The flags that choose the configuration of a command: that of local runs, or that of a deployment.
// Must never read a secret from the command line.
import type { Configuration } from "../../src/configuration.ts";
import { type Origin, urlOrigin } from "../../src/proxy/forward.ts";
import { settingsTable } from "../../src/settings/settings.ts";
import { publicJwksOf } from "../../src/tokens/keys.ts";
import { usage } from "../shared/failure.ts";
import { readAsWorker, type WorkerReading } from "./read-as-worker.ts";
import { readSecretsFile } from "./secrets-file.ts";
import { readVars } from "./wrangler-flags.ts";

export const whichFlags = {
  remote: { type: "boolean" },
  env: { type: "string" },
  "secrets-file": { type: "string" },
  var: { type: "string", multiple: true },
} as const;

/** The same flags as `--help` shows them. */
export const whichHelp = `  --remote           the deployed configuration, without .dev.vars; implied by --env and --secrets-file
  --env NAME         an environment of wrangler.toml
  --secrets-file FILE  the secrets of the deployment, as for npm run deploy (.env or JSON)
  --var NAME:VALUE   override a var of wrangler.toml, as in wrangler; can be repeated
  --help             show this text`;

/** What the flags of `whichFlags` may hold. */
export interface Which {
  readonly remote?: boolean | undefined;
  readonly env?: string | undefined;
  readonly "secrets-file"?: string | undefined;
  readonly var?: readonly string[] | undefined;
}

/** Whether the flags choose the local configuration. */
export const isLocal = (which: Which): boolean =>
  which.remote !== true && which.env === undefined && which["secrets-file"] === undefined;

/** The name for the API of npm start if wrangler.toml has none. */
export const LOCAL_API = "http://api.localhost";

export interface WhichReading extends WorkerReading {
  /** Which configuration it is, for texts. */
  readonly whose: "local" | "deployed";
  /** Which files were read, and whether a placeholder was used for a key. */
  readonly notes: readonly string[];
  /** The origin of routes without an `origin`; it has no base if it is a Worker or a zone. */
  readonly defaultOrigin: Pick<Origin, "base" | "audience"> | undefined;
  /** The default origin is LOCAL_API: npm start passes the real URL. */
  readonly hasLocalApi: boolean;
  /** About the secrets file itself. */
  readonly fileWarnings: readonly string[];
}

/** VERIFYING_KEY is public, even if the dashboard keeps it as a secret. */
const secretNames = Object.entries(settingsTable).flatMap(([name, setting]) =>
  "secret" in setting && name !== "VERIFYING_KEY" ? [name] : [],
);

/** Reads the configuration that the flags choose. */
export async function readWhich(which: Which): Promise<WhichReading> {
  for (const pair of which.var ?? []) {
    if (secretNames.some((name) => pair.startsWith(`${name}:`))) {
      throw usage(
        "Do not put a secret on the command line, where other users of this machine can read it. Use --secrets-file.",
      );
    }
  }
  const path = which["secrets-file"];
  const secretsFile = path === undefined ? { secrets: {}, warnings: [] } : readSecretsFile(path);
  const local = isLocal(which);
  const choice = { environment: which.env, vars: readVars(which.var), local };
  const reading = await readAsWorker(choice, secretsFile.secrets);
  const secrets = local ? reading.file.secretNames : Object.keys(secretsFile.secrets);
  const from = path ?? ".dev.vars or the environment";
  const notes = [
    ...(secrets.length > 0 ? [`Read in addition to wrangler.toml, from ${from}: ${secrets.join(", ")}.`] : []),
    ...(reading.hasPlaceholderKey
      ? [
          "SIGNING_KEY is not available here: a placeholder of the same kind was used, and VERIFYING_KEY was not checked.",
        ]
      : []),
  ];
  const hasLocalApi = local && reading.bound.ORIGIN === undefined && reading.settings.ORIGIN_URL === null;
  return {
    ...reading,
    whose: local ? "local" : "deployed",
    notes,
    defaultOrigin: hasLocalApi ? urlOrigin(LOCAL_API) : originOf(reading),
    hasLocalApi,
    fileWarnings: secretsFile.warnings,
  };
}

function originOf({ bound, settings }: WorkerReading): WhichReading["defaultOrigin"] {
  if (bound.ORIGIN !== undefined) return { base: undefined };
  const { ORIGIN_URL } = settings;
  return ORIGIN_URL === null || !URL.canParse(ORIGIN_URL) ? undefined : urlOrigin(ORIGIN_URL);
}

/** Whether /.well-known/jwks.json has keys. */
export const publishesKeys = ({ keys }: Configuration): boolean => publicJwksOf(keys).length > 0;
