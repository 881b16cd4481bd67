// Names in .dev.vars that wrangler passes over: it loads what [vars] or [secrets] of wrangler.toml name, and nothing else.
// Must never show or keep a value of the file.
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { settingsTable } from "../../src/settings/settings.ts";
import { DEV_VARS_FILE } from "../shared/project.ts";

/** One warning for each setting of .dev.vars that the local Worker does not get. @param loaded what it gets */
export function unloadedSecrets(loaded: Readonly<Record<string, unknown>>, path: string = DEV_VARS_FILE): string[] {
  if (!existsSync(path)) return [];
  const names = Object.keys(parseEnv(readFileSync(path, "utf8")));
  return names
    .filter((name) => Object.hasOwn(settingsTable, name) && !Object.hasOwn(loaded, name))
    .map((name) => `${name} is in .dev.vars, but wrangler does not load it: [vars] and [secrets] do not name it.`);
}
