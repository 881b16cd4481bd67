// What is wrong with wrangler.toml, as one sentence that begins with the file and, where there is one, line and column.
// Must never show a line of the file: it may have a secret in it.
import { basename, relative } from "node:path";
import { Failure, reasonOf } from "./failure.ts";
import { CONFIG_FILE, ROOT } from "./project.ts";
import { importWrangler } from "./wrangler.ts";

/** Where wrangler's parser stopped; its columns begin with 0. */
interface Place {
  readonly line: number;
  readonly column: number;
}

/** @param otherwise how the sentence begins if the file itself is not the reason */
export function configFailure(error: unknown, configFile: string, otherwise: string): Failure {
  if (error instanceof Failure) return error;
  const name = configFile.startsWith(`${ROOT}/`) ? relative(ROOT, configFile) : basename(configFile);
  const place = placeOf(error);
  if (place !== undefined) return new Failure(`${name}:${place.line}:${place.column + 1}: ${parserText(error)}.`);
  const [first = "", ...problems] = messageOf(error).split("\n");
  if (/^Processing .* configuration:$/.test(first)) {
    return new Failure(`${name}: ${problems.join(" ").replaceAll(/\s+/g, " ").replace(/^ - /, "")}`.trim());
  }
  return new Failure(`${otherwise}: ${reasonOf(error)}`);
}

/** The configuration as wrangler reads it; fails with the place of an error in it. */
export async function readConfigFile(environment: string | undefined, configFile = CONFIG_FILE) {
  const { unstable_readConfig: readConfig } = await importWrangler();
  try {
    return readConfig({ config: configFile, env: environment }, { hideWarnings: true });
  } catch (error) {
    throw configFailure(error, configFile, "Cannot read wrangler.toml");
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function placeOf(error: unknown): Place | undefined {
  if (typeof error !== "object" || error === null || !("location" in error)) return undefined;
  const { location } = error;
  if (typeof location !== "object" || location === null || !("line" in location)) return undefined;
  const column = "column" in location ? Number(location.column) : 0;
  return { line: Number(location.line), column };
}

/** `Invalid TOML document: illegal character in key`, or for JSON `ValueExpected`. */
function parserText(error: unknown): string {
  const text = reasonOf(error);
  const isName = /^([A-Z][a-z]+)+$/.test(text);
  return isName ? `Invalid JSON: ${text.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()}` : text;
}
