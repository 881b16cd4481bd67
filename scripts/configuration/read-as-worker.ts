// The configuration as the Worker would read it, before there is one: settings, keys, routes, bindings, with every error.
// Must never let a check pass that the Worker would not: what is judged here is judged by the Worker's own code.
import { type Configuration, readConfiguration } from "../../src/configuration.ts";
import { type Bound, bindingErrors, bindingWarnings } from "../../src/settings/checks/check-bindings.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { standInSecrets } from "./stand-in-key.ts";
import { readWranglerFile, type WranglerChoice, type WranglerFile } from "./wrangler-file.ts";

export interface WorkerReading {
  /** Undefined while the settings have errors; those of bindings are in `errors` alone. */
  readonly configuration: Configuration | undefined;
  /** To be used for nothing but sentences while there are errors. */
  readonly settings: Settings;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** SIGNING_KEY is out of sight, and another one was put in its place to judge the rest by. */
  readonly standIn: boolean;
  /** The vars and secrets that were read. */
  readonly env: Readonly<Record<string, unknown>>;
  readonly bound: Bound;
  readonly file: WranglerFile;
}

/** @param secrets go before what the file says, as secrets of the Worker do */
export async function readAsWorker(
  choice: WranglerChoice,
  secrets: Readonly<Record<string, string>> = {},
): Promise<WorkerReading> {
  const file = await readWranglerFile(choice);
  const given: Record<string, unknown> = { ...file.vars, ...secrets };
  const bound: Bound = given.ORIGIN === "zone" ? { ...file.bound, ORIGIN: "zone" } : file.bound;
  const standIn = given.SIGNING_KEY === undefined;
  // The stand-in is nobody's other half, so that a VERIFYING_KEY is only looked at beside the real key.
  const env = standIn ? { ...given, VERIFYING_KEY: "", ...standInSecrets(given) } : given;
  const { configuration, settings, errors, warnings } = await readConfiguration(env);
  return {
    configuration,
    settings,
    errors: [...errors, ...bindingErrors(bound, settings)],
    // While a route has an error, it cannot be said which of them have an origin.
    warnings: [...warnings, ...(configuration ? bindingWarnings(bound, settings, configuration.rules) : [])],
    standIn,
    env: given,
    bound,
    file,
  };
}
