// Reads the configuration as the Worker would, with every error: settings, keys, routes, bindings.
// Must never accept what the Worker does not: the checks are the Worker's own code.
import { type Configuration, readConfiguration } from "../../src/configuration.ts";
import { type Bound, bindingErrors, bindingWarnings } from "../../src/settings/checks/check-bindings.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { standInSecrets } from "./stand-in-key.ts";
import { readWranglerFile, type WranglerChoice, type WranglerFile } from "./wrangler-file.ts";

export interface WorkerReading {
  /** Undefined while the settings have errors; those of bindings are in `errors` alone. */
  readonly configuration: Configuration | undefined;
  /** To be used only for texts while there are errors. */
  readonly settings: Settings;
  /** What the Worker would find, and what wrangler.toml has where the Worker does not get it. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** SIGNING_KEY is not available, and a placeholder was used to check the rest. */
  readonly hasPlaceholderKey: boolean;
  /** The vars and secrets that were read. */
  readonly env: Readonly<Record<string, unknown>>;
  readonly bound: Bound;
  readonly file: WranglerFile;
}

/** @param secrets take precedence over the file, as secrets of the Worker do */
export async function readAsWorker(
  choice: WranglerChoice,
  secrets: Readonly<Record<string, string>> = {},
): Promise<WorkerReading> {
  const file = await readWranglerFile(choice);
  const given: Record<string, unknown> = { ...file.vars, ...secrets };
  const bound: Bound = given.ORIGIN === "zone" ? { ...file.bound, ORIGIN: "zone" } : file.bound;
  const hasPlaceholderKey = given.SIGNING_KEY === undefined;
  // No VERIFYING_KEY belongs to the placeholder: it is checked only together with the real key.
  const env = hasPlaceholderKey
    ? { ...given, VERIFYING_KEY: "", ...standInSecrets({ ...given, EVENTS: bound.EVENTS }) }
    : given;
  const { configuration, settings, errors, warnings } = await readConfiguration(env);
  return {
    configuration,
    settings,
    errors: [...errors, ...bindingErrors(bound, settings), ...file.findings.errors],
    // Which routes have an origin is known only without errors.
    warnings: [
      ...warnings,
      ...file.findings.warnings,
      ...(configuration ? bindingWarnings(bound, settings, configuration.rules) : []),
    ],
    hasPlaceholderKey,
    env: given,
    bound,
    file,
  };
}
