// ROUTES → rules that can be matched, or every error in them at once.
// Must never accept a rule that could fail open: a misspelled key, a pattern that never matches.
import { coversPath, type InternalRoute, internalRoutes } from "../../internal-routes/table.ts";
import { issuerNames, self } from "../../settings/issuers.ts";
import { wantedOf } from "../../settings/require.ts";
import { type Diagnostics, expectedPath, type RouteValues, readRoute } from "../../settings/route-keys.ts";
import type { Settings } from "../../settings/settings.ts";
import { urlOrigin } from "../forward.ts";
import { isUserClaim } from "../headers/identity-headers.ts";
import { canonicalPath, type Strip } from "./path.ts";
import { checkParts, partReader } from "./request-parts.ts";
import type { Requirement, Rule } from "./rule.ts";

export interface PolicyReading {
  readonly rules: readonly Rule[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** The methods that DRF's views know, in its order; what a route without `methods` shows in `Allow`. */
const usualMethods = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS";

/** Reads ROUTES. A rule that an earlier one or the internal routes hide is an error, too. */
export function readPolicy(settings: Settings): PolicyReading {
  const errors: string[] = [];
  const warnings: string[] = [];
  const rules: Rule[] = [];
  settings.ROUTES.forEach((raw, index) => {
    const name = `ROUTES[${index}]`;
    const found: string[] = [];
    const diagnostics: Diagnostics = {
      error: (text) => found.push(`${name}${text}`),
      warn: (text) => warnings.push(`${name}${text}`),
    };
    const values = readRoute(raw, settings, diagnostics);
    if (values) {
      checkTogether(values, settings, diagnostics);
      checkParts(values, settings, diagnostics);
    }
    if (values && found.length === 0) {
      // Without an error, each key has its value.
      const rule = ruleOf(values as RouteValues, settings);
      const hiding = hiddenBy(rule, rules, settings);
      if (hiding === undefined) rules.push(rule);
      else found.push(`${name} (${rule.path}) can never match: ${hiding}.`);
    }
    errors.push(...found);
  });
  return { rules, errors, warnings };
}

/** What can only be seen with several keys or ISSUERS in view, or with the reading of paths. */
function checkTogether(values: Partial<RouteValues>, settings: Settings, diagnostics: Diagnostics): void {
  const { path, strip_prefix, enforce, auth, issuers, limit, api_keys, require } = values;
  const { error, warn } = diagnostics;
  const known = [self, ...issuerNames(settings)];
  for (const issuer of issuers ?? []) {
    if (!known.includes(issuer))
      error(`.issuers has ${JSON.stringify(issuer)}, which is not the issuer of an entry of ISSUERS.`);
  }
  const opensToOthers = [...(issuers ?? [])].some((issuer) => issuer !== self);
  for (const name of (opensToOthers && require?.keys()) || []) {
    if (!isUserClaim(settings, name)) continue;
    error(
      `.require.${name} says which of your users is calling, which no other issuer can say: give its tokens a route without it.`,
    );
  }
  if (enforce === false && auth !== "public") {
    warn(` (${path}) has enforce = false: what it would refuse is logged and passes as anonymous.`);
  }
  if (api_keys === true && require !== undefined && require.size > 0) {
    warn(
      ` (${path}) has require, which is for tokens: with api_keys = true any API key opens it. Scopes are for keys.`,
    );
  }
  if (auth === "public" && limit !== undefined && limit.by !== "address") {
    warn(` (${path}) has a limit by ${limit.by}, but auth = "public" reads no token: requests are counted by address.`);
  }
  if (path === undefined) return;
  const { decoded } = patternOf(path);
  if (!isCanonical(decoded || "/")) error(`.path must be ${expectedPath}; it is ${JSON.stringify(path)}.`);
  else if (strip_prefix !== undefined && decoded !== strip_prefix && !decoded.startsWith(`${strip_prefix}/`)) {
    const shown = JSON.stringify(strip_prefix);
    error(`.strip_prefix must be what path begins with, by whole segments; it is ${shown}.`);
  }
}

function isCanonical(path: string): boolean {
  try {
    return canonicalPath({ path, query: "" }).sent === path;
  } catch {
    return false;
  }
}

/** A pattern as the matching needs it. */
function patternOf(path: string): Pick<Rule, "decoded" | "sent" | "isPrefix"> {
  const isPrefix = path.endsWith("/*");
  const decoded = isPrefix ? path.slice(0, -2) : path;
  return { decoded, sent: encodeURI(decoded), isPrefix };
}

function ruleOf(values: RouteValues, settings: Settings): Rule {
  const { path, methods, origin, strip_prefix: prefix } = values;
  const strip = prefix === undefined ? undefined : { decoded: prefix, sent: encodeURI(prefix) };
  return {
    ...values,
    ...patternOf(path),
    requirements: [...values.require].map(([claim, value]) => requirement(claim, value, settings, strip)),
    allow: methods ? [...methods].join(", ") : usualMethods,
    destination: origin === undefined ? undefined : urlOrigin(origin),
    strip,
  };
}

function requirement(claim: string, value: unknown, settings: Settings, strip: Strip | undefined): Requirement {
  const wanted = wantedOf(value) ?? { value };
  return { claim, wanted: "value" in wanted ? wanted : { part: partReader(wanted.part, settings, strip) } };
}

/** What hides a rule, in words; undefined when some request can reach it. */
function hiddenBy(rule: Rule, earlier: readonly Rule[], settings: Settings): string | undefined {
  const internal = internalPath(rule, settings);
  if (internal) return `${internal} is the gateway's own`;
  const over = earlier.filter((one) => coversRule(one, rule));
  const all = over.find((one) => one.methods === undefined);
  if (all) return `${all.path} comes first`;
  const hidden = rule.methods && [...rule.methods].every((method) => over.some((one) => one.methods?.has(method)));
  return hidden ? `${over.map((one) => one.path).join(", ")} come first` : undefined;
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
