// PATHS = "loose": whether a path falls under a stricter rule than the one that matched, or under an internal route, when it
// is read as an API may read it: without regard to case, a trailing slash or a format suffix.
// Must never cost more than the length of the path and the number of rules, nor change the path that goes to the origin.
import { coversPath, type InternalRoute, internalRouteOf } from "../../internal-routes/table.ts";
import { isStricter } from "../../settings/route-keys.ts";
import { withoutSuffixes } from "./format-suffix.ts";
import { fits, type StricterPaths } from "./match.ts";
import type { Rule } from "./rule.ts";

/** A rule by the paths that read like one of its own. */
interface Spelling {
  readonly rule: Rule;
  readonly whole: string;
  readonly bare: string;
  /** How many segments the rule's path has. */
  readonly depth: number;
}

/** What can be stricter than a rule: looked up by `bare`, or tried one by one. */
interface Targets {
  readonly exact: ReadonlyMap<string, readonly Spelling[]>;
  readonly prefixes: readonly Spelling[];
}

/**
 * Works out at start what each rule has to be compared with: nothing, if no other is stricter.
 *
 * A path that reads like a rule's own path is rewritten to the rule's spelling (`/API/Users` to `/api/Users` for
 * `/api/*`), and the rules are asked again, with the request's method. So an exception that a deployer made by an earlier
 * rule stays one, and what matches no rule in that spelling counts as strictest.
 *
 * @param internal stricter than any rule
 */
export function loosePaths(rules: readonly Rule[], internal: readonly InternalRoute[]): StricterPaths {
  // Rules that are equally strict have the same targets.
  const levels: Rule[] = [];
  const levelOf = rules.map((rule) => {
    const known = levels.findIndex((one) => !isStricter(one, rule) && !isStricter(rule, one));
    return known < 0 ? levels.push(rule) - 1 : known;
  });
  const matches = rules.map((rule, index) => rules.filter((other, place) => mayMatch(rule, index, other, place)));
  const targets = levels.map((level) =>
    targetsOf(rules.filter((rule, index) => mayEndStricter(rule, matches[index] ?? [], level))),
  );
  const mayBeInternal = internalFilter(internal);
  const internalReading = internalReadings(internal);
  return {
    stricterReading(index, method, path) {
      const found = targets[levelOf[index] ?? 0];
      const couldBeInternal = mayBeInternal.test(path);
      if (found === undefined && !couldBeInternal) return undefined;
      const folded = foldPath(path);
      const own = couldBeInternal ? internalReading(method, folded) : undefined;
      const rule = rules[index];
      if (own !== undefined || found === undefined || rule === undefined) return own;
      for (const spelling of [...(found.exact.get(folded.bare) ?? none), ...found.prefixes]) {
        const other = rewritten(spelling, path, folded);
        if (other === undefined || other === path) continue;
        const matched = rules.find((one) => fits(one, method, one.decoded, other));
        if (matched === undefined) return "no rule";
        if (isStricter(matched, rule)) return matched;
      }
      return undefined;
    },
  };
}

const none: readonly Spelling[] = [];

/** PATHS = "exact": only what a reading of the path has byte by byte, as of `/api/token;x/` without its parameter. */
export function exactPaths(internal: readonly InternalRoute[]): StricterPaths {
  const mayBeInternal = internalFilter(internal);
  return {
    stricterReading: (_index, method, path) =>
      mayBeInternal.test(path) ? internalRouteOf(internal, method, path) : undefined,
  };
}

/** Whether a request for one of a rule's paths may match the other rule: a later one by its method alone. */
function mayMatch(rule: Rule, index: number, other: Rule, place: number): boolean {
  return (place <= index || rule.methods !== undefined) && (isBelow(rule, other) || isBelow(other, rule));
}

function isBelow(one: Rule, other: Rule): boolean {
  if (one.decoded === other.decoded) return true;
  return other.isPrefix && one.decoded.startsWith(`${other.decoded}/`);
}

/** Whether every path of the second rule is one of the first. */
function covers(one: Rule, other: Rule): boolean {
  return isBelow(other, one) && (one.isPrefix || !other.isPrefix);
}

/** Whether a request for one of a rule's paths may match a rule that is stricter than `level`, or none. */
function mayEndStricter(rule: Rule, matches: readonly Rule[], level: Rule): boolean {
  // "/*" has one spelling.
  if (rule.isPrefix && rule.decoded === "") return false;
  if (matches.some((one) => isStricter(one, level))) return true;
  return rule.methods !== undefined && !matches.some((one) => one.methods === undefined && covers(one, rule));
}

/** Undefined where there is nothing to compare with. */
function targetsOf(rules: readonly Rule[]): Targets | undefined {
  if (rules.length === 0) return undefined;
  const exact = new Map<string, Spelling[]>();
  const prefixes: Spelling[] = [];
  for (const rule of rules) {
    const depth = rule.decoded.split("/").length - 1;
    const spelling = { rule, ...foldPath(rule.decoded), depth };
    // A prefix has no suffix where more segments follow.
    if (rule.isPrefix) prefixes.push({ ...spelling, whole: foldCase(rule.decoded) });
    else exact.set(spelling.bare, [...(exact.get(spelling.bare) ?? []), spelling]);
  }
  return { exact, prefixes };
}

/** The path in the rule's spelling; undefined where it does not read like one of the rule's. */
function rewritten({ rule, whole, depth }: Spelling, path: string, read: FoldedPath): string | undefined {
  if (!rule.isPrefix) return rule.decoded;
  if (read.whole.startsWith(whole)) {
    const next = read.whole.charAt(whole.length);
    if (next === "/") return rule.decoded + fromSegment(path, depth);
    if (next === "" || (next === "." && !read.whole.includes("/", whole.length))) return rule.decoded;
  }
  return read.bare === whole ? rule.decoded : undefined;
}

/** The path from its nth segment on, with the slash before it. */
function fromSegment(path: string, segments: number): string {
  let start = 0;
  for (let count = 0; count < segments; count++) start = path.indexOf("/", start + 1);
  return path.slice(start);
}

/** Paths that may read like an internal route: most begin otherwise, and need no more than this. */
function internalFilter(routes: readonly InternalRoute[]): RegExp {
  const beginnings = routes.map(({ path }) => foldPath(path.replace(/(:id\/|\*)$/, "")).bare);
  const shortest = beginnings.filter((one) => !beginnings.some((other) => other !== one && one.startsWith(other)));
  const texts = [...new Set(shortest)].map((text) => text.replace(/[^a-z0-9/_-]/g, "\\$&"));
  // What is not ASCII may be equal to a letter of ASCII.
  return new RegExp(`^(?:${texts.join("|")})|[^\\0-\\x7f]`, "i");
}

/**
 * Finds the internal route that a path reads like. It has another spelling: what has the route's own never gets here,
 * except by a method that the route leaves to ROUTES.
 */
function internalReadings(routes: readonly InternalRoute[]) {
  const exact = new Map<string, InternalRoute>();
  const patterns: Array<{ readonly route: InternalRoute; readonly folded: InternalRoute }> = [];
  for (const route of routes) {
    const isPattern = route.path.endsWith("/*") || route.path.includes(":id");
    if (isPattern) patterns.push({ route, folded: { ...route, path: foldCase(route.path) } });
    else exact.set(foldPath(route.path).bare, route);
  }
  return (method: string, { whole, bare }: FoldedPath): InternalRoute | undefined => {
    const route = exact.get(bare);
    if (route && (route.others !== "routed" || route.methods.includes(method))) return route;
    return patterns.find(({ folded }) => coversPath(folded, whole) || coversPath(folded, bare))?.route;
  };
}

/** A path as such an API reads it: two paths are the same to it if they have the same `bare` form. */
interface FoldedPath {
  /** Without regard to case, without a slash at its end. "" for the root. */
  readonly whole: string;
  /** The same without format suffixes: each segment from the end is cut at its first dot until one is left that has none. */
  readonly bare: string;
}

/** @param path decoded, without empty segments (`canonicalPath` refuses them) */
function foldPath(path: string): FoldedPath {
  const lower = foldCase(path);
  const whole = lower.endsWith("/") ? lower.slice(0, -1) : lower;
  return { whole, bare: withoutSuffixes(whole) };
}

const notAscii = /[^\0-\x7f]/;

/**
 * A text without regard to case, by the widest idea of it: what is equal in lower case, in upper case or by Unicode's
 * full case folding is equal here. So are K (Kelvin) and k, ſ and s, ß and ss, ﬁ and fi, and the Turkish ı and İ and i
 * (Java's `equalsIgnoreCase`).
 */
function foldCase(text: string): string {
  const lower = text.toLowerCase();
  if (!notAscii.test(text)) return lower;
  // In three steps: ẞ is ß in lower case, and ß is SS in upper case. İ becomes an i with a dot of its own.
  return lower.toUpperCase().toLowerCase().replaceAll("i\u0307", "i").replaceAll("ς", "σ");
}
