// Settings as the Worker would read them: the defaults, a signing key, and the one thing that a test changes.
import { readSettings } from "../../src/settings/read.ts";
import type { Settings } from "../../src/settings/settings.ts";

/** 32 bytes, as HS256 asks for. */
export const testSecret = "unit-tests-only-unit-tests-only-";

/** Throws when the settings have errors: what a test sets up has to be a configuration that could run. */
export function settingsOf(vars: Readonly<Record<string, unknown>> = {}): Settings {
  const { settings, errors } = readSettings({ SIGNING_KEY: testSecret, ...vars });
  if (errors.length > 0) throw new Error(errors.join("\n"));
  return settings;
}

/** The setting. */
export const withHealthKey = { HEALTH_KEY: "health-key-of-the-tests" } as const;

/** The header that goes with it. */
export const healthKeyHeader = { "x-health-key": withHealthKey.HEALTH_KEY } as const;
