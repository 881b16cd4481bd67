// ROUTES → rules that can be matched, or every error in them at once.
// Must never accept a rule that could fail open: a misspelled key, a pattern that never matches.
import type { RevocationMode } from "../../auth/revocation.ts";
import { coversPath, type InternalRoute, internalRoutes } from "../../internal-routes/table.ts";
import { isRecord } from "../../settings/readers.ts";
import type { Settings } from "../../settings/settings.ts";
import { canonicalPath } from "./path.ts";
import { readRequire } from "./read-require.ts";
import { type Diagnostics, type RouteOrigin, readRouteOrigin } from "./route-origin.ts";

export type RouteAuth = "public" | "optional" | "token" | "user";

/** One rule of ROUTES, checked. */
export interface Rule extends RouteOrigin {
  /** The pattern as it was written, for the log. */
  readonly pattern: string;
  /** The path in both readings; for a prefix without its `/*`. */
  readonly decoded: string;
  readonly sent: string;
  readonly isPrefix: boolean;
  /** Exact method names; undefined for all. */
  readonly methods: ReadonlySet<string> | undefined;
  /** What `Allow` says on refusals of this route. */
  readonly allow: string;
  readonly auth: RouteAuth;
  readonly require: ReadonlyMap<string, unknown>;
  readonly revocation: RevocationMode;
  /** False in shadow mode: what the token is refused for is noted, and the request goes on as nobody's. */
  readonly enforce: boolean;
}

export interface PolicyReading {
  readonly rules: readonly Rule[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const auths: readonly RouteAuth[] = ["public", "optional", "token", "user"];
const revocations: readonly RevocationMode[] = ["off", "cached", "strict"];
const knownKeys = new Set(["path", "methods", "auth", "require", "revocation", "origin", "strip_prefix", "enforce"]);
/** The methods that DRF's views know, in its order; what a route without `methods` shows in `Allow`. */
const usualMethods = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS";

/** Reads the routes of the settings; a rule that an earlier one hides, or that the gateway's own paths hide, is an error. */
export function readPolicy(settings: Settings): PolicyReading {
  const errors: string[] = [];
  const warnings: string[] = [];
  const rules: Rule[] = [];
  settings.ROUTES.forEach((raw, index) => {
    const name = `ROUTES[${index}]`;
    const found: string[] = [];
    const rule = readRule(raw, settings, {
      error: (text) => found.push(`${name}${text}`),
      warn: (text) => warnings.push(`${name}${text}`),
    });
    const hiding = rule && found.length === 0 ? hiddenBy(rule, rules, settings) : undefined;
    if (hiding !== undefined) found.push(`${name} (${rule?.pattern}) can never match: ${hiding}.`);
    errors.push(...found);
    if (rule && found.length === 0) rules.push(rule);
  });
  return { rules, errors, warnings };
}

function readRule(raw: unknown, settings: Settings, diagnostics: Diagnostics): Rule | undefined {
  const { error } = diagnostics;
  if (!isRecord(raw)) {
    error(' must be a table such as { path = "/api/*", auth = "token" }.');
    return undefined;
  }
  for (const key of Object.keys(raw)) {
    if (!knownKeys.has(key)) error(`.${key} is not known; a route has ${[...knownKeys].join(", ")}.`);
  }
  const pattern = readPattern(raw.path, error);
  const methods = readMethods(raw.methods, error);
  const auth = auths.find((one) => one === raw.auth);
  if (!auth) error(`.auth must be one of ${auths.join(", ")}.`);
  const revocation =
    raw.revocation === undefined ? settings.REVOCATION : revocations.find((one) => one === raw.revocation);
  if (!revocation) error(`.revocation must be one of ${revocations.join(", ")}.`);
  const required = readRequire(raw.require, error);
  if (raw.require !== undefined && (auth === "public" || auth === "optional")) {
    error(`.require asks for claims, which auth = "${auth}" does not.`);
  }
  const enforce = readEnforce(raw.enforce, auth, `(${pattern?.pattern})`, diagnostics);
  const routeOrigin = readRouteOrigin(raw, pattern?.decoded, diagnostics);
  if (!pattern || !auth || !revocation) return undefined;
  return {
    ...pattern,
    ...routeOrigin,
    methods,
    allow: methods ? [...methods].join(", ") : usualMethods,
    auth,
    require: required,
    revocation,
    enforce,
  };
}

/** A misspelled value must not switch enforcement off. */
function readEnforce(raw: unknown, auth: RouteAuth | undefined, shown: string, { error, warn }: Diagnostics): boolean {
  if (raw === undefined || raw === true) return true;
  if (raw !== false) error(".enforce must be true or false.");
  else if (auth === "public") error('.enforce = false has no use with auth = "public", which refuses nothing.');
  else warn(` ${shown} has enforce = false: what it would refuse is logged and passes as nobody's.`);
  return raw !== false;
}

function readPattern(raw: unknown, error: (text: string) => void) {
  const expected = '.path must be an exact path ("/a/b/") or a prefix ("/a/*")';
  if (typeof raw !== "string" || !raw.startsWith("/")) {
    error(`${expected}.`);
    return undefined;
  }
  const isPrefix = raw.endsWith("/*");
  const path = isPrefix ? raw.slice(0, -2) : raw;
  if (/[*?#%]/.test(path) || !isCanonical(path || "/") || (isPrefix && path.endsWith("/"))) {
    error(
      `${expected}, without other wildcards, "?", "#", "%" or empty or dotted segments; it is ${JSON.stringify(raw)}.`,
    );
    return undefined;
  }
  return { pattern: raw, decoded: path, sent: encodeURI(path), isPrefix };
}

function isCanonical(path: string): boolean {
  try {
    return canonicalPath({ path, query: "" }).sent === path;
  } catch {
    return false;
  }
}

function readMethods(raw: unknown, error: (text: string) => void): ReadonlySet<string> | undefined {
  if (raw === undefined) return undefined;
  const good =
    Array.isArray(raw) && raw.length > 0 && raw.every((one) => typeof one === "string" && /^[A-Z-]+$/.test(one));
  if (good) return new Set(raw as string[]);
  error('.methods must be a list of method names in capitals, such as ["GET", "HEAD"].');
  return undefined;
}

/** What hides a rule, in words; undefined when some request can reach it. */
function hiddenBy(rule: Rule, earlier: readonly Rule[], settings: Settings): string | undefined {
  const own = internalPath(rule, settings);
  if (own) return `${own} is the gateway's own`;
  const over = earlier.filter((one) => coversRule(one, rule));
  const all = over.find((one) => one.methods === undefined);
  if (all) return `${all.pattern} comes first`;
  const hidden = rule.methods && [...rule.methods].every((method) => over.some((one) => one.methods?.has(method)));
  return hidden ? `${over.map((one) => one.pattern).join(", ")} come first` : undefined;
}

function coversRule(earlier: Rule, later: Rule): boolean {
  if (!earlier.isPrefix) return !later.isPrefix && earlier.decoded === later.decoded;
  return later.decoded === earlier.decoded || later.decoded.startsWith(`${earlier.decoded}/`);
}

/** The internal route that answers every request for the rule's path. */
function internalPath(rule: Rule, settings: Settings): string | undefined {
  const routes = internalRoutes(settings, false).filter(({ others }) => others === "refused");
  const route = routes.find((one) => coversPath(one, rule.decoded));
  if (route === undefined) return undefined;
  if (isBelowGateway(route)) return "/_gateway/";
  if (rule.isPrefix) return undefined;
  return route.path.includes(":id") ? route.path.replace(":id", "<id>") : rule.decoded;
}

const isBelowGateway = ({ path }: InternalRoute): boolean => path.startsWith("/_gateway/");
