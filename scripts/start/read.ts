// The configuration of a local run: wrangler.toml and .dev.vars as wrangler reads them, checked as the Worker does.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { readConfiguration } from "../../src/configuration.ts";
import { bindingErrors, bindingWarnings } from "../../src/settings/checks/check-bindings.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { checkCode } from "../configuration/check-code.ts";
import { devVarsWarnings, readWranglerFile, type WranglerInput } from "../configuration/wrangler-file.ts";
import { Failure } from "../shared/failure.ts";
import { CONFIG_FILE, DEV_VARS_FILE, ROOT } from "../shared/project.ts";
import type { GoodReading } from "./reload.ts";
import { type NamedText, placedError, placedHookError } from "./setting-places.ts";

/** What can be run. */
export interface LocalReading extends GoodReading {
  readonly settings: Settings;
  /** Whether the file has ORIGIN_URL, which is not used here. */
  readonly hasOriginUrl: boolean;
}

/** What can be run, or why not: one line for each error, with file, line and column where they are known. */
export type LocalOutcome = LocalReading | { readonly errors: readonly string[] };

const text = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");
const named = (path: string): NamedText => ({ name: relative(ROOT, path), text: text(path) });

/** @param origin the API, which goes before ORIGIN_URL of the file */
export async function readLocal(origin: string): Promise<LocalOutcome> {
  // Read before wrangler does, so that a place is never one of a later text.
  const files = [CONFIG_FILE, DEV_VARS_FILE].map(named);
  try {
    const file = await readWranglerFile({ local: true });
    const { config, bindings } = file.wrangler;
    const entry = config.main;
    if (entry === undefined) return { errors: [`${basename(CONFIG_FILE)}: main is missing.`] };
    if (!existsSync(entry))
      return { errors: [`${basename(CONFIG_FILE)}: main is ${relative(ROOT, entry)}, which does not exist.`] };
    const { vars, bound } = file;
    if (vars.ORIGIN === "zone")
      return {
        errors: [
          'ORIGIN is "zone", but this machine has no zone: the gateway would call itself. Remove it for npm start.',
        ],
      };
    const given = givenVars(vars, origin);
    const { configuration, settings, errors, warnings } = await readConfiguration({ ...vars, ...given });
    const all = [...errors, ...bindingErrors(bound, settings), ...file.findings.errors];
    if (configuration === undefined || all.length > 0) return { errors: all.map((error) => placedError(error, files)) };
    const added = Object.entries(given).map(([name, value]) => [name, { type: "plain_text", value }] as const);
    return {
      settings,
      hasOriginUrl: typeof vars.ORIGIN_URL === "string" && vars.ORIGIN_URL !== "",
      warnings: [
        ...warnings.filter((warning) => !isOfOurMaking(warning, given)),
        ...bindingWarnings(bound, settings, configuration.rules),
        ...file.findings.warnings,
        ...devVarsWarnings(vars),
      ],
      checkCode: async () => {
        const { errors, warnings } = await checkCode({ file, configuration });
        const sources = [join(dirname(entry), "hooks.ts"), entry].map(named);
        return { errors: errors.map((error) => placedHookError(error, sources)), warnings };
      },
      input: { config, bindings: { ...bindings, ...Object.fromEntries(added) } as WranglerInput["bindings"] },
    };
  } catch (error) {
    if (error instanceof Failure) return { errors: [placedError(error.message, files)] };
    throw error;
  }
}

/** Vars that the file does not have, or not so. */
function givenVars(vars: Readonly<Record<string, unknown>>, origin: string): Readonly<Record<string, string>> {
  // Nobody else reaches 127.0.0.1, and whoever looks at the gateway wants to see all of it.
  const shown = Object.entries({ CONSOLE: "true", ADMIN: "true" }).filter(([name]) => vars[name] === undefined);
  // The host of a deployment is none of this machine's.
  const host = vars.ADMIN_HOST === undefined ? {} : { ADMIN_HOST: "" };
  return { ORIGIN_URL: origin, ...Object.fromEntries(shown), ...host };
}

/** A warning about what npm start has switched on. */
function isOfOurMaking(warning: string, given: Readonly<Record<string, string>>): boolean {
  const [name = ""] = /^[A-Z_]+/.exec(warning) ?? [];
  return name === "ADMIN_HOST"
    ? given.ADMIN !== undefined || given.ADMIN_HOST !== undefined
    : Object.hasOwn(given, name);
}
