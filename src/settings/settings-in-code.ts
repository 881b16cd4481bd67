// Settings that a deployer's own Worker passes to createGateway(), joined with those of the environment.
// Must never take a secret from code, which ends up in repositories, bundles and source maps.
import { inSettingCase, pythonSettings } from "./checks/check-names.ts";
import type { Issuer } from "./issuers.ts";
import type { TokenLimitsInCode } from "./limits.ts";
import type { Route } from "./route-keys.ts";
import { type SettingName, type Settings, settingsTable } from "./settings.ts";
import { similarNames } from "./similar-names.ts";
import type { TokenPathsInCode } from "./token-paths.ts";

/** Whole seconds, or a number with a unit: `"15m"`. */
export type Duration = number | `${number}${"s" | "m" | "h" | "d" | "w"}`;

/** Bytes, or a number with a unit: `"10MB"`. */
export type Bytes = number | `${number}${"B" | "KB" | "MB" | "GB" | "KiB" | "MiB" | "GiB"}`;

/** Settings that are, or may hold, a secret: they come from the environment alone. */
export type SecretName = {
  [Name in SettingName]: (typeof settingsTable)[Name] extends { readonly secret: true } ? Name : never;
}[SettingName];

type InCode<Name extends SettingName> = Name extends "ROUTES"
  ? readonly Route[]
  : Name extends "ISSUERS"
    ? readonly Issuer[]
    : Name extends "TOKEN_PATHS"
      ? TokenPathsInCode
      : Name extends "TOKEN_LIMITS"
        ? TokenLimitsInCode
        : Settings[Name] extends number
          ? Duration
          : Settings[Name] extends number | null
            ? Bytes | null
            : Settings[Name] extends readonly string[] | null
              ? readonly string[]
              : Settings[Name];

/** Settings by their public names, as in `[vars]`; undefined is the same as left out. */
export type SettingsInCode = { readonly [Name in Exclude<SettingName, SecretName>]?: InCode<Name> | undefined };

/** The environment with the settings from code added, and what was wrong with those. */
export interface Joined {
  readonly env: Readonly<Record<string, unknown>>;
  readonly errors: readonly string[];
}

/**
 * Joins both. The environment takes precedence, setting by setting: one bundle serves staging and production, and a value
 * can be changed without a build. Names other than those of settings are errors in code, where there are no bindings.
 */
export function joinSettings(inCode: SettingsInCode, env: Readonly<Record<string, unknown>>): Joined {
  const joined: Record<string, unknown> = {};
  const errors: string[] = [];
  for (const [name, value] of Object.entries(inCode)) {
    const error = nameError(name);
    if (error) errors.push(error);
    else joined[name] = value;
  }
  for (const [name, value] of Object.entries(env)) if (value !== undefined) joined[name] = value;
  return { env: joined, errors };
}

function nameError(name: string): string | undefined {
  const setting = Object.entries(settingsTable).find(([known]) => known === name)?.[1];
  if (!setting) {
    const wanted = inSettingCase(name);
    const instead = Object.hasOwn(pythonSettings, wanted) ? pythonSettings[wanted] : undefined;
    if (instead)
      return `${name}, given to createGateway, is Python code in Simple JWT and has no effect here: ${instead}.`;
    const meant = similarNames(wanted, Object.keys(settingsTable));
    return `${name}, given to createGateway, is not a setting${meant ? `; did you mean ${meant}?` : "."}`;
  }
  return "secret" in setting
    ? `${name} must not be in code: set it in the environment, as a secret (wrangler secret put ${name}).`
    : undefined;
}
