// The file with the keys: .dev.vars for local runs, a --secrets-file for production.
// Must never show a value of either.
import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type Configuration, readConfiguration } from "../../src/configuration.ts";
import { parseSecrets } from "../configuration/wrangler-flags.ts";
import { readConfigFile } from "../shared/config-failure.ts";
import { settingsFailure } from "../shared/failure.ts";
import { DEV_VARS_FILE, ROOT } from "../shared/project.ts";
import type { Changes } from "./secrets-text.ts";

/** A file with keys, and the settings around it. */
export interface KeyPlace {
  readonly isLocal: boolean;
  readonly path: string;
  /** The path to show. */
  readonly name: string;
  /** Empty if there is no such file. */
  readonly text: string;
  /** The vars of wrangler.toml. */
  readonly vars: Readonly<Record<string, unknown>>;
  /** Names under [secrets] of wrangler.toml, which are then the only secrets that wrangler dev loads; undefined without it. */
  readonly required: readonly string[] | undefined;
  /** The secrets of the file, which take precedence over the vars. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** @param secretsFile as given on the command line, or undefined for .dev.vars */
export async function openKeyPlace(secretsFile: string | undefined, environment?: string): Promise<KeyPlace> {
  const path = secretsFile === undefined ? DEV_VARS_FILE : resolve(ROOT, secretsFile);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const { vars, secrets } = await readConfigFile(environment);
  const file = { isLocal: secretsFile === undefined, path, name: nameOf(path), text };
  return { ...file, vars, required: secrets?.required, secrets: parseSecrets(text) };
}

/** A path below the project, relative to it. */
export const nameOf = (path: string): string => (path.startsWith(`${ROOT}/`) ? relative(ROOT, path) : path);

/** The configuration that the Worker would read, optionally with changes; fails with its errors. */
export async function configurationAt({ vars, secrets }: KeyPlace, changes: Changes = {}): Promise<Configuration> {
  const env: Record<string, unknown> = { ...vars, ...secrets };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  const { configuration, errors } = await readConfiguration(env);
  if (!configuration) throw settingsFailure(errors);
  return configuration;
}
