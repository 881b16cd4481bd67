// The environment → everything that is settled before the first request: settings, keys, rules; or every error in them.
// Must never import a store or the platform: `npm run deploy` runs this too.

import { internalRoutes } from "./internal-routes/table.ts";
import { checkAllowedHeaders } from "./proxy/headers/allowed-headers.ts";
import { type HeaderPlan, planHeaders } from "./proxy/headers/headers.ts";
import { identityHeaderErrors } from "./proxy/headers/identity-headers.ts";
import { exactPaths, loosePaths } from "./proxy/routes/loose-paths.ts";
import { closedRules } from "./proxy/routes/loose-rules.ts";
import type { StricterPaths } from "./proxy/routes/match.ts";
import { readPolicy } from "./proxy/routes/policy.ts";
import type { Rule } from "./proxy/routes/rule.ts";
import { readIssuers } from "./settings/issuers.ts";
import { readSettings } from "./settings/read.ts";
import type { Settings } from "./settings/settings.ts";
import { type IssuerWithKeys, readIssuerKeys } from "./tokens/issuer-keys.ts";
import { readKeyRing } from "./tokens/key-ring.ts";
import { type Keys, publicJwksOf, readKeys } from "./tokens/keys.ts";

/** A configuration without errors. */
export interface Configuration {
  readonly settings: Settings;
  readonly keys: Keys;
  /** The issuers of ISSUERS. */
  readonly issuers: readonly IssuerWithKeys[];
  readonly rules: readonly Rule[];
  /** What PATHS compares. */
  readonly stricterPaths: StricterPaths;
  readonly headerPlan: HeaderPlan;
}

export interface ConfigurationReading {
  /** Undefined while there are errors. */
  readonly configuration: Configuration | undefined;
  /** To check the bindings against; for nothing else while there are errors. */
  readonly settings: Settings;
  /** Sentences that name the setting and what was expected; never the value of a secret. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** @param env what a Worker gets, or the vars of a wrangler.toml with the secrets beside them */
export async function readConfiguration(env: Readonly<Record<string, unknown>>): Promise<ConfigurationReading> {
  const reading = readSettings(env);
  const { settings } = reading;
  const policy = readPolicy(settings);
  const keys = settings.SIGNING_KEY === "" ? undefined : await readKeys(settings);
  const ring = await readKeyRing(settings);
  const issuers = readIssuers(settings);
  const issuerKeys = await readIssuerKeys(issuers.issuers);
  const keyErrors = [...(keys?.errors ?? []), ...ring.errors, ...issuers.errors, ...issuerKeys.errors];
  const allowed = checkAllowedHeaders(settings);
  const headerErrors = [...identityHeaderErrors(settings), ...allowed.errors];
  const errors = [...reading.errors, ...policy.errors, ...headerErrors, ...keyErrors];
  const warnings = [
    ...reading.warnings,
    ...policy.warnings,
    ...allowed.warnings,
    ...(keys?.warnings ?? []),
    ...ring.warnings,
    ...issuers.warnings,
  ];
  if (errors.length > 0 || !keys?.keys) return { configuration: undefined, settings, errors, warnings };
  const allKeys = { ...keys.keys, ring: ring.keys };
  const internal = internalRoutes(settings, publicJwksOf(allKeys).length > 0);
  const isLoose = settings.PATHS === "loose";
  const stricterPaths = isLoose ? loosePaths(policy.rules, internal) : exactPaths(internal);
  warnings.push(...unusedIssuers(issuerKeys.issuers, policy.rules));
  if (isLoose) warnings.push(...closedRules(policy.rules, stricterPaths));
  const configuration = {
    settings,
    keys: allKeys,
    issuers: issuerKeys.issuers,
    rules: policy.rules,
    stricterPaths,
    headerPlan: planHeaders(settings),
  };
  return { configuration, settings, errors, warnings };
}

/** A warning for each issuer whose tokens no route accepts. */
const unusedIssuers = (issuers: readonly IssuerWithKeys[], rules: readonly Rule[]): string[] =>
  issuers
    .filter(({ issuer }) => !rules.some((rule) => rule.issuers?.has(issuer)))
    .map(({ place, issuer }) => `${place} (${issuer}) opens no route: name it in the key issuers of one.`);
