// A configuration for `explain` out of vars of a test's own, as the command reads one out of wrangler.toml.
import type { WhichReading } from "../../scripts/configuration/which-flags.ts";
import { readConfiguration } from "../../src/configuration.ts";
import { urlOrigin } from "../../src/proxy/forward.ts";

const bound = {
  DB: true,
  BLACKLIST: true,
  LOGIN_LIMITER: "right",
  EVENTS: undefined,
  METRICS: undefined,
  ORIGIN: undefined,
} as const;

/** Without SIGNING_KEY in `env` it is a configuration with a placeholder, made by the caller. */
export async function readingOf(
  env: Readonly<Record<string, unknown>>,
  whose: "local" | "deployed" = "local",
  change: Partial<WhichReading> = {},
): Promise<WhichReading> {
  const { configuration, settings, errors, warnings } = await readConfiguration(env);
  return {
    ...{ configuration, settings, errors, warnings, env, bound, whose },
    hasPlaceholderKey: false,
    file: {
      vars: env,
      secretNames: [],
      openVars: {},
      findings: { errors: [], warnings: [] },
      code: { main: undefined },
      bound,
    },
    notes: [],
    fileWarnings: [],
    defaultOrigin: urlOrigin("https://api.example"),
    hasLocalApi: false,
    ...change,
  };
}
