// Reads the settings from the environment. Every error is reported at once, each by the name of its setting.
// Must never put the value of a secret into an error, and never let an unreadable setting fall back to its default.

import { checkApiKeys } from "./checks/check-api-keys.ts";
import { checkAssertion } from "./checks/check-assertion.ts";
import { checkCookie } from "./checks/check-cookie.ts";
import { checkCors } from "./checks/check-cors.ts";
import { checkHealth } from "./checks/check-health.ts";
import { checkLogIn } from "./checks/check-log-in.ts";
import { nameError } from "./checks/check-names.ts";
import { checkOpenings } from "./checks/check-openings.ts";
import { checkPages } from "./checks/check-pages.ts";
import { checkProvisioning } from "./checks/check-provisioning.ts";
import { checkSessions } from "./checks/check-sessions.ts";
import { checkTenants } from "./checks/check-tenants.ts";
import { checkTokenPaths } from "./checks/check-token-paths.ts";
import { checkUrls, originError } from "./checks/check-urls.ts";
import { checkUserModel } from "./checks/check-user-model.ts";
import { endpointNames, servedEndpoints, tokenClassName } from "./derived.ts";
import { shown } from "./readers.ts";
import { type SettingName, type Settings, settingsTable } from "./settings.ts";

/** Settings, to be used only while `errors` is empty, and warnings that do not stop the Worker. */
export interface SettingsReading {
  readonly settings: Settings;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Reads all settings of the table from a Worker's environment.
 *
 * @param env vars, secrets and bindings as the Worker gets them, or the `[vars]` of a wrangler.toml
 */
export function readSettings(env: Readonly<Record<string, unknown>>): SettingsReading {
  const errors: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of settingNames) values[name] = readOne(name, env[name], errors);
  for (const [name, value] of Object.entries(env)) {
    const error = nameError(name, value);
    if (error) errors.push(error);
  }
  const origin = originError(env.ORIGIN);
  if (origin) errors.push(origin);
  // Every name of the table was read just above, each by the reader that gives the type its entry has in Settings.
  const settings = values as unknown as Settings;
  const warnings: string[] = [];
  checkTogether(settings, errors, warnings);
  return { settings, errors, warnings };
}

const settingNames = Object.keys(settingsTable).filter(isSettingName);

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingsTable, name);
}

function readOne(name: SettingName, raw: unknown, errors: string[]): unknown {
  const setting = settingsTable[name];
  if (raw === undefined) {
    if (name === "SIGNING_KEY") errors.push("SIGNING_KEY is required: a secret of at least 32 bytes, or a PEM.");
    return setting.default;
  }
  const result = setting.read(raw);
  if ("expected" in result) {
    errors.push(`${name} must be ${result.expected}${"secret" in setting ? "" : `; it is ${shown(raw)}`}.`);
    return setting.default;
  }
  return result.value;
}

/** Checks that need several settings, and those that go beyond a reader. */
function checkTogether(settings: Settings, errors: string[], warnings: string[]): void {
  if (settings.BLACKLIST_AFTER_ROTATION && !settings.TOKEN_BLACKLIST_ENABLED) {
    errors.push("BLACKLIST_AFTER_ROTATION needs TOKEN_BLACKLIST_ENABLED: without it nothing would be blacklisted.");
  }
  for (const name of settings.TOKEN_ENDPOINTS ?? []) {
    if (!endpointNames.some((known) => known === name)) {
      errors.push(`TOKEN_ENDPOINTS must be a list of ${endpointNames.join(", ")}; it has ${shown(name)}.`);
    }
  }
  for (const name of ["blacklist", "sessions"]) {
    if (settings.TOKEN_ENDPOINTS?.includes(name) && !settings.TOKEN_BLACKLIST_ENABLED) {
      errors.push(`TOKEN_ENDPOINTS has "${name}", which needs TOKEN_BLACKLIST_ENABLED.`);
    }
  }
  checkTokenPaths(settings, errors, warnings);
  for (const name of settings.AUTH_TOKEN_CLASSES) {
    if (!tokenClassName(name)) errors.push(`AUTH_TOKEN_CLASSES has the unknown class ${shown(name)}.`);
  }
  for (const scheme of settings.AUTH_HEADER_TYPES) {
    if (!isToken(scheme)) {
      errors.push(
        `AUTH_HEADER_TYPES has ${shown(scheme)}, which is not a scheme: a single word, see RFC 9110 section 11.1.`,
      );
    }
  }
  if (!/^[A-Za-z0-9_-]+$/.test(settings.AUTH_HEADER_NAME)) {
    errors.push(`AUTH_HEADER_NAME must be a header name; it is ${shown(settings.AUTH_HEADER_NAME)}.`);
  }
  for (const header of Object.keys(settings.IDENTITY_HEADERS)) {
    if (!isToken(header)) errors.push(`IDENTITY_HEADERS has ${shown(header)}, which is not a header name.`);
  }
  checkClaimNames(settings, errors);
  checkUserModel(settings, errors);
  checkUrls(settings, errors, warnings);
  checkAssertion(settings, errors, warnings);
  checkCors(settings, errors, warnings);
  checkSessions(settings, errors, warnings);
  checkLogIn(settings, errors, warnings);
  const classes = settings.AUTH_TOKEN_CLASSES.map(tokenClassName);
  checkCookie(settings, { served: servedEndpoints(settings), classes }, errors, warnings);
  checkOpenings(settings, classes, errors, warnings);
  checkHealth(settings, errors);
  checkApiKeys(settings, errors, warnings);
  checkPages(settings, errors, warnings);
  checkProvisioning(settings, errors, warnings);
  checkTenants(settings, errors, warnings);
  if (settings.ROTATE_REFRESH_TOKENS && !settings.BLACKLIST_AFTER_ROTATION) {
    warnings.push(
      "ROTATE_REFRESH_TOKENS without BLACKLIST_AFTER_ROTATION: old refresh tokens stay valid until they expire.",
    );
  }
}

/** RFC 9110 section 5.6.2: the form of schemes and header names. */
const isToken = (text: string) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);

function checkClaimNames(settings: Settings, errors: string[]): void {
  const own: Array<readonly [string, string | null]> = [
    ["TOKEN_TYPE_CLAIM", settings.TOKEN_TYPE_CLAIM],
    ["JTI_CLAIM", settings.JTI_CLAIM],
    ["USER_ID_CLAIM", settings.USER_ID_CLAIM],
    ["SLIDING_TOKEN_REFRESH_EXP_CLAIM", settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM],
    ["REVOKE_TOKEN_CLAIM", settings.REVOKE_TOKEN_CLAIM],
  ];
  const taken = new Map<string, string>(
    ["exp", "iat", "nbf", "iss", "aud"].map((name) => [name, "a registered claim"]),
  );
  for (const [name, claim] of own) {
    if (claim === null) continue;
    const other = taken.get(claim);
    if (other) errors.push(`${name} must not be ${shown(claim)}: that is ${other}.`);
    else taken.set(claim, `the claim of ${name}`);
  }
  if (settings.JTI_CLAIM === null && settings.TOKEN_BLACKLIST_ENABLED) {
    errors.push("JTI_CLAIM must be a name while TOKEN_BLACKLIST_ENABLED is true: the blacklist needs it.");
  }
}
