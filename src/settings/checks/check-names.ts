// Names in the environment that are no settings, but were meant to be: typos, another case, and settings of Simple JWT
// whose value is Python code.
import { type SettingName, settingsTable } from "../settings.ts";
import { similarNames } from "../similar-names.ts";

/** Names of bindings in wrangler.toml, which are not misspelled settings. */
const bindingNames = new Set(["DB", "BLACKLIST", "ORIGIN", "LOGIN_LIMITER", "METRICS"]);

const settingNames = Object.keys(settingsTable) as SettingName[];
const namesWithTypos = settingNames.filter((name) => !("reportsTypos" in settingsTable[name]));

const obtainSerializer = "write the hooks claimsFor and responseFor";
const refreshSerializer = "set RECOMPUTE_CLAIMS_ON_REFRESH, with the hook claimsFor; write the hook responseFor";
const ownEndpoint = "answer the path in a Worker of your own (docs/package.md)";

/** Settings of Simple JWT that name Python code, with what does the same here; docs/hooks.md has the table. */
export const pythonSettings: Readonly<Record<string, string>> = {
  USER_AUTHENTICATION_RULE: "write the hook userMayAuthenticate",
  ON_LOGIN_SUCCESS: "write the hook onLoginSuccess",
  ON_LOGIN_FAILED: "write the hook onLoginFailed",
  TOKEN_OBTAIN_SERIALIZER: obtainSerializer,
  SLIDING_TOKEN_OBTAIN_SERIALIZER: obtainSerializer,
  TOKEN_REFRESH_SERIALIZER: refreshSerializer,
  SLIDING_TOKEN_REFRESH_SERIALIZER: refreshSerializer,
  TOKEN_VERIFY_SERIALIZER: ownEndpoint,
  TOKEN_BLACKLIST_SERIALIZER: ownEndpoint,
  JSON_ENCODER: "write the hook encodeClaims",
  TOKEN_USER_CLASS: "pass claims to the API with IDENTITY_HEADERS or ASSERTION",
  SIMPLE_JWT: "make each of its settings a var of its own",
};

/** The spelling of settings: `accessTokenLifetime` and `access-token-lifetime` are ACCESS_TOKEN_LIFETIME. */
export const inSettingCase = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toUpperCase();

/**
 * What is wrong with a name that the environment has; undefined for settings, bindings, and names of the deployer's own.
 *
 * @param value a binding may have any name, so only a var is taken for a misspelled setting
 */
export function nameError(name: string, value: unknown): string | undefined {
  if (Object.hasOwn(settingsTable, name) || bindingNames.has(name)) return undefined;
  const wanted = inSettingCase(name);
  if (Object.hasOwn(pythonSettings, wanted)) {
    return isPythonDefault(value)
      ? undefined
      : `${name} is Python code in Simple JWT and has no effect here: ${pythonSettings[wanted]}.`;
  }
  if (!isVar(value)) return undefined;
  const isCase = wanted !== name && namesWithTypos.some((known) => known === wanted);
  const meant = isCase ? wanted : similarNames(name, namesWithTypos);
  return meant === undefined ? undefined : `${name} is not a setting; did you mean ${meant}?`;
}

/** None, or Simple JWT's own code, which is what the gateway does. */
const isPythonDefault = (value: unknown): boolean =>
  value === "" || value === null || (typeof value === "string" && value.startsWith("rest_framework_simplejwt."));

function isVar(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return true;
  return Object.getPrototypeOf(value) === Object.prototype;
}
