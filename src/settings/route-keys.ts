// The keys of a route in ROUTES, one row each. Rules, their types, error texts, `manage routes`, `explain` and the table in
// docs/routes.md derive from it; what each key says, in words, is in scripts/configuration/routes.ts.
import { type AdmittedApiKeys, admitsFewerApiKeys, readAdmittedApiKeys } from "./admitted-api-keys.ts";
import { checkOriginUrl } from "./checks/check-urls.ts";
import { isSameLimit, type Limit, type LimitInCode, readLimit } from "./limits.ts";
import { isRecord, type Reader, readChoice, shown } from "./readers.ts";
import { isSameValue, readRequire, wantedOf } from "./require.ts";
import { readIssuersOfRoute, refusesMoreIssuers } from "./route-issuers.ts";
import { revocationModes, type Settings } from "./settings.ts";

/** What a rule asks of a request, the least first. */
export const routeAuths = ["public", "optional", "token", "user"] as const;
export type RouteAuth = (typeof routeAuths)[number];

/** What is wrong with a route, or worth knowing, as the end of a sentence that begins with the route's name. */
export interface Diagnostics {
  readonly error: (text: string) => void;
  readonly warn: (text: string) => void;
}

interface Row<T> {
  /** Reads what ROUTES has; undefined after an error. */
  readonly read: (raw: unknown, diagnostics: Diagnostics) => T | undefined;
  /** The values of `auth` with which the key has an effect; all of them if left out. */
  readonly appliesTo?: readonly RouteAuth[];
  /** What happens to the key with other values of `auth`: an error, unless it says no more than the default does. */
  readonly elsewhere?: "ignored";
  /**
   * Whether a rule with the first value refuses, for this key, a request that one with the second value lets pass.
   * PATHS = "loose" goes by it: a key that can refuse a request and is not compared would fail open.
   */
  readonly refusesMore: (one: T, other: T) => boolean;
  /** The key is about the token: it refuses nothing on a public route or in shadow mode. */
  readonly isAboutToken?: true;
}

/** What a route without the key has: a value, with its name for people, or what a setting says. */
type Default<T> = { readonly value: T; readonly shown: string } | { readonly setting: SettingOf<T> };
type SettingOf<T> = { [Name in keyof Settings]: Settings[Name] extends T ? Name : never }[keyof Settings];

type RequiredKey<T> = Row<T> & { readonly default: "required" };
type OptionalKey<T> = Row<T> & { readonly default: Default<T> };

const required = <T>(row: Row<T>): RequiredKey<T> => ({ ...row, default: "required" });
const optional = <T>(byDefault: Default<T>, row: Row<T>): OptionalKey<T> => ({ ...row, default: byDefault });

/** For keys that decide which requests a rule is for, or where they go. */
const refusesNothing = () => false;
/** For words in ascending order of strictness. */
const laterIn =
  <T>(order: readonly T[]) =>
  (one: T, other: T) =>
    order.indexOf(one) > order.indexOf(other);

export const routeKeys = {
  path: required<string>({
    read: reading(readPattern),
    // The path in another spelling is what PATHS looks for, with the request's own method.
    refusesMore: refusesNothing,
  }),
  methods: optional<ReadonlySet<string> | undefined>(
    { value: undefined, shown: "all" },
    {
      read: reading(readMethods),
      refusesMore: refusesNothing,
    },
  ),
  auth: required<RouteAuth>({
    read: reading(readChoice(routeAuths)),
    refusesMore: laterIn(routeAuths),
    isAboutToken: true,
  }),
  issuers: optional<ReadonlySet<string> | undefined>(
    { value: undefined, shown: '["self"]' },
    {
      read: reading(readIssuersOfRoute),
      appliesTo: ["optional", "token", "user"],
      refusesMore: refusesMoreIssuers,
      isAboutToken: true,
    },
  ),
  /** An integer beyond 2^53 has to be a bigint: `{ account: 281474976710657001n }`. */
  require: optional<ReadonlyMap<string, unknown>>(
    { value: new Map(), shown: "none" },
    {
      read: readRequire,
      appliesTo: ["token", "user"],
      refusesMore: (one, other) =>
        [...one].some(([name, value]) => !other.has(name) || !isSameValue(other.get(name), value)),
      isAboutToken: true,
    },
  ),
  revocation: optional<Settings["REVOCATION"]>(
    { setting: "REVOCATION" },
    {
      read: reading(readChoice(revocationModes)),
      appliesTo: ["optional", "token", "user"],
      elsewhere: "ignored",
      refusesMore: laterIn(revocationModes),
      isAboutToken: true,
    },
  ),
  /** Undefined: no API key opens the route. */
  api_keys: optional<AdmittedApiKeys>(
    { value: undefined, shown: "none" },
    {
      read: reading(readAdmittedApiKeys),
      appliesTo: ["optional", "token", "user"],
      refusesMore: admitsFewerApiKeys,
      isAboutToken: true,
    },
  ),
  enforce: optional<boolean>(
    { value: true, shown: "true" },
    {
      read: reading(readTrueOrFalse),
      appliesTo: ["optional", "token", "user"],
      refusesMore: (one, other) => one && !other,
      isAboutToken: true,
    },
  ),
  limit: optional<Limit | undefined>(
    { value: undefined, shown: "none" },
    { read: reading(readLimit), refusesMore: (one, other) => one !== undefined && !isSameLimit(one, other) },
  ),
  origin: optional<string | undefined>(
    { value: undefined, shown: "ORIGIN, ORIGIN_URL" },
    { read: readOrigin, refusesMore: refusesNothing },
  ),
  strip_prefix: optional<string | undefined>(
    { value: undefined, shown: "none" },
    { read: reading(readStripPrefix), refusesMore: refusesNothing },
  ),
};

export type RouteKeyName = keyof typeof routeKeys;
export const routeKeyNames = Object.keys(routeKeys) as readonly RouteKeyName[];

/** The values of all keys: read, or by default. */
export type RouteValues = {
  readonly [Name in RouteKeyName]: Parameters<(typeof routeKeys)[Name]["refusesMore"]>[0];
};

/** The table with its types by name, for code that goes through all rows. */
const rows: { readonly [Name in RouteKeyName]: RequiredKey<RouteValues[Name]> | OptionalKey<RouteValues[Name]> } =
  routeKeys;

type InCode<T> = T extends Limit
  ? LimitInCode
  : T extends ReadonlySet<string>
    ? readonly string[]
    : T extends ReadonlyMap<string, unknown>
      ? Readonly<Record<string, string | number | bigint | boolean>>
      : T;
type RequiredName = {
  [Name in RouteKeyName]: (typeof routeKeys)[Name] extends { readonly default: "required" } ? Name : never;
}[RouteKeyName];

/** One route of ROUTES in code; docs/routes.md explains each key. */
export type Route = { readonly [Name in RequiredName]: InCode<RouteValues[Name]> } & {
  readonly [Name in Exclude<RouteKeyName, RequiredName>]?: InCode<RouteValues[Name]> | undefined;
};

/** Whether a key has an effect on routes with this `auth`. */
export function appliesTo(name: RouteKeyName, auth: RouteAuth): boolean {
  return rows[name].appliesTo?.includes(auth) ?? true;
}

/** What a route without the key has, in words. */
export function defaultInWords(name: RouteKeyName): string {
  const { default: byDefault } = rows[name];
  if (byDefault === "required") return byDefault;
  return "setting" in byDefault ? byDefault.setting : byDefault.shown;
}

/** Whether a value is what every route without the key has; not so for one that a setting says. */
export function isDefault(name: RouteKeyName, value: unknown): boolean {
  const { default: byDefault } = rows[name];
  return byDefault !== "required" && "value" in byDefault && byDefault.value === value;
}

/** Where a key has an effect, in words. */
export function whereInWords(name: RouteKeyName): string {
  return rows[name].appliesTo?.join(", ") ?? "all";
}

/**
 * Whether there is a request that the first rule refuses and the second lets pass. Of two rules, each can be stricter
 * than the other in its own way.
 */
export function isStricter(one: RouteValues, other: RouteValues): boolean {
  const checksToken = one.auth !== "public" && one.enforce;
  const byKey = <Name extends RouteKeyName>(name: Name): boolean => {
    const { isAboutToken, refusesMore } = rows[name];
    return (checksToken || isAboutToken !== true) && refusesMore(one[name], other[name]);
  };
  return routeKeyNames.some(byKey) || (checksToken && readsOtherSegments(one, other));
}

/** `$path.N` is a segment of the path as the API gets it: where another prefix is stripped, it is another one. */
function readsOtherSegments(one: RouteValues, other: RouteValues): boolean {
  if (one.strip_prefix === other.strip_prefix) return false;
  return [...one.require.values()].some((value) => {
    const wanted = wantedOf(value);
    return wanted !== undefined && "part" in wanted && wanted.part.in === "path";
  });
}

/** Reads one route, key by key; every error at once. Undefined where the route is no table. */
export function readRoute(
  raw: unknown,
  settings: Settings,
  diagnostics: Diagnostics,
): Partial<RouteValues> | undefined {
  const { error, warn } = diagnostics;
  if (!isRecord(raw)) {
    error(' must be a table such as { path = "/api/*", auth = "token" }.');
    return undefined;
  }
  for (const name of Object.keys(raw)) {
    if (!Object.hasOwn(routeKeys, name)) error(`.${name} is not known; a route has ${routeKeyNames.join(", ")}.`);
  }
  const values: Record<string, unknown> = {};
  for (const name of routeKeyNames) {
    const { default: byDefault, read } = rows[name];
    values[name] =
      raw[name] === undefined && byDefault !== "required"
        ? defaultValue(byDefault, settings)
        : read(raw[name], { error: (text) => error(`.${name}${text}`), warn: (text) => warn(`.${name}${text}`) });
  }
  // Each value was read just above, by the reader that gives the type its row has in RouteValues.
  const route = values as Partial<RouteValues>;
  for (const name of routeKeyNames) checkApplies(name, raw, route, error);
  return route;
}

const defaultValue = (byDefault: Default<unknown>, settings: Settings): unknown =>
  "setting" in byDefault ? settings[byDefault.setting] : byDefault.value;

function checkApplies(
  name: RouteKeyName,
  raw: Readonly<Record<string, unknown>>,
  values: Partial<RouteValues>,
  error: Diagnostics["error"],
): void {
  const { appliesTo: auths, elsewhere } = rows[name];
  const { auth } = values;
  const given = values[name];
  if (raw[name] === undefined || given === undefined || auth === undefined || elsewhere === "ignored") return;
  if (auths === undefined || auths.includes(auth) || isDefault(name, given)) return;
  const listed = auths.join(", ").replace(/, (?=\w+$)/, " or ");
  error(`.${name} applies only to routes with auth = ${listed}; here it is ${auth}.`);
}

/** A reader of a setting as the reader of a key. */
function reading<T>(read: Reader<T>): Row<T>["read"] {
  return (raw, { error }) => {
    const result = read(raw);
    if ("value" in result) return result.value;
    error(` must be ${result.expected}${raw === undefined ? "" : `; it is ${shown(raw)}`}.`);
    return undefined;
  };
}

/** What a path has to be. Whether it can be read in one way only is found out where paths are (proxy/routes/policy.ts). */
export const expectedPath =
  'an exact path ("/a/b/") or a prefix ("/a/*"), without other wildcards, "?", "#", "%" or empty or dotted segments';

function readPattern(raw: unknown): ReturnType<Reader<string>> {
  const isPattern = typeof raw === "string" && /^\/[^*?#%]*$/.test(raw.replace(/\/\*$/, "/"));
  return isPattern && !raw.endsWith("//*") ? { value: raw } : { expected: expectedPath };
}

function readMethods(raw: unknown): ReturnType<Reader<ReadonlySet<string>>> {
  const isList = Array.isArray(raw) && raw.length > 0;
  if (isList && raw.every((one) => typeof one === "string" && /^[A-Z-]+$/.test(one))) return { value: new Set(raw) };
  return { expected: 'a list of method names in capitals, such as ["GET", "HEAD"]' };
}

/** No text: a misspelled value must not switch enforcement off. */
function readTrueOrFalse(raw: unknown): ReturnType<Reader<boolean>> {
  return typeof raw === "boolean" ? { value: raw } : { expected: "true or false" };
}

/** The text is not put into the error: a URL may have a password in it. */
function readOrigin(raw: unknown, { error, warn }: Diagnostics): string | undefined {
  const checked = typeof raw === "string" ? checkOriginUrl(raw) : { error: " must be a URL." };
  if (checked.error !== undefined) error(checked.error);
  else if ("warning" in checked && checked.warning !== undefined) warn(checked.warning);
  return typeof raw === "string" && checked.error === undefined ? raw : undefined;
}

function readStripPrefix(raw: unknown): ReturnType<Reader<string>> {
  const isPrefix = typeof raw === "string" && /^\/.*[^/]$/s.test(raw);
  return isPrefix ? { value: raw } : { expected: 'a path such as "/api", without a trailing slash' };
}
