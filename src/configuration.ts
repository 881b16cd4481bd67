// The environment → everything that is settled before the first request: settings, keys, rules; or every fault in them.
// Must never import a store or the platform: `npm run deploy` runs this too.
import { checkAllowedHeaders } from "./gateway/allowed-headers.ts";
import { type HeaderPlan, planHeaders } from "./gateway/headers.ts";
import { identityHeaderFaults } from "./gateway/identity-headers.ts";
import { exactPaths, loosePaths } from "./gateway/loose-paths.ts";
import { closedRules } from "./gateway/loose-rules.ts";
import type { StricterPaths } from "./gateway/match.ts";
import { type Rule, readPolicy } from "./gateway/policy.ts";
import { internalRoutes } from "./http/internal-routes.ts";
import { readSettings, tokenClassName } from "./settings/read.ts";
import type { Settings } from "./settings/settings.ts";
import { readKeyRing } from "./tokens/key-ring.ts";
import { type Keys, publicJwksOf, readKeys } from "./tokens/keys.ts";
import { type Kind, kindOfClass } from "./tokens/kinds.ts";

/** A configuration without faults. */
export interface Configuration {
  readonly settings: Settings;
  readonly keys: Keys;
  readonly rules: readonly Rule[];
  /** What PATHS compares. */
  readonly stricterPaths: StricterPaths;
  readonly headerPlan: HeaderPlan;
  /** The kinds of AUTH_TOKEN_CLASSES, in order. */
  readonly tokenKinds: readonly Kind[];
}

export interface ConfigurationReading {
  /** Undefined while there are faults. */
  readonly configuration: Configuration | undefined;
  /** To judge the bindings by; to be used for nothing else while there are faults. */
  readonly settings: Settings;
  /** Sentences that name the setting and what was expected; never the value of a secret. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

/** @param env what a Worker gets, or the vars of a wrangler.toml with the secrets beside them */
export async function readConfiguration(env: Readonly<Record<string, unknown>>): Promise<ConfigurationReading> {
  const reading = readSettings(env);
  const { settings } = reading;
  const policy = readPolicy(settings);
  const keys = settings.SIGNING_KEY === "" ? undefined : await readKeys(settings);
  const ring = await readKeyRing(settings);
  const keyFaults = [...(keys?.faults ?? []), ...ring.faults];
  const allowed = checkAllowedHeaders(settings);
  const headerFaults = [...identityHeaderFaults(settings), ...allowed.faults];
  const faults = [...reading.faults, ...policy.faults, ...headerFaults, ...keyFaults];
  const warnings = [
    ...reading.warnings,
    ...policy.warnings,
    ...allowed.warnings,
    ...(keys?.warnings ?? []),
    ...ring.warnings,
  ];
  if (faults.length > 0 || !keys?.keys) return { configuration: undefined, settings, faults, warnings };
  const tokenKinds = settings.AUTH_TOKEN_CLASSES.flatMap((name) => kindOfClass(tokenClassName(name) ?? "") ?? []);
  const allKeys = { ...keys.keys, ring: ring.keys };
  const internal = internalRoutes(settings, publicJwksOf(allKeys).length > 0);
  const isLoose = settings.PATHS === "loose";
  const stricterPaths = isLoose ? loosePaths(policy.rules, internal) : exactPaths(internal);
  if (isLoose) warnings.push(...closedRules(policy.rules, stricterPaths));
  const configuration = {
    settings,
    keys: allKeys,
    rules: policy.rules,
    stricterPaths,
    headerPlan: planHeaders(settings),
    tokenKinds,
  };
  return { configuration, settings, faults, warnings };
}
