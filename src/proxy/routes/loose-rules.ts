// What PATHS = "loose" means for the rules of a deployment: which of them it protects, and which can match nothing any more.
import { fits, type StricterPaths, type StricterReading } from "./match.ts";
import type { Rule } from "./rule.ts";

/** Other spellings of a rule's paths that would have passed under a less strict rule, and are 400. */
export interface GuardedRule {
  readonly rule: Rule;
  /** The rules under which such paths would have passed, with one path each. */
  readonly instead: readonly { readonly rule: Rule; readonly path: string }[];
}

/** Every rule to which the comparison applies. */
export function guardedRules(rules: readonly Rule[], loose: StricterPaths): readonly GuardedRule[] {
  return rules.flatMap((rule) => {
    const instead = new Map<Rule, string>();
    for (const method of methodsOf(rules, rule)) {
      for (const path of spellingsOf(rule)) {
        const index = rules.findIndex((one) => fits(one, method, one.decoded, path));
        const passing = rules[index];
        if (passing === undefined || passing === rule || instead.has(passing)) continue;
        if (loose.stricterReading(index, method, path) === rule) instead.set(passing, path);
      }
    }
    return instead.size === 0
      ? []
      : [{ rule, instead: [...instead].map(([passing, path]) => ({ rule: passing, path })) }];
  });
}

/** A warning for each rule whose requests are all refused, because its path reads as a stricter one. */
export function closedRules(rules: readonly Rule[], loose: StricterPaths): string[] {
  return rules.flatMap((rule, index) => {
    const path = rule.isPrefix ? `${rule.decoded}/x` : rule.decoded;
    const readings = methodsOf(rules, rule)
      .filter((method) => rules.find((one) => fits(one, method, one.decoded, path)) === rule)
      .map((method) => loose.stricterReading(index, method, path));
    const [first] = readings;
    if (first === undefined || readings.includes(undefined)) return [];
    return `ROUTES[${index}] (${rule.path}) accepts no request: with PATHS = "loose" its path reads as ${nameOf(rules, first)}. If the API tells the two apart, set PATHS = "exact".`;
  });
}

/** A stricter reading in words. */
export function nameOf(rules: readonly Rule[], reading: StricterReading): string {
  if (reading === "no rule") return "one that has no rule";
  if ("name" in reading) return `${reading.path}, which the gateway answers itself`;
  const index = rules.findIndex(({ path, methods }) => path === reading.path && methods === reading.methods);
  return `ROUTES[${index}] (${reading.path}), which is stricter`;
}

/** The methods of a rule; for one without `methods`, those that any rule has. */
function methodsOf(rules: readonly Rule[], rule: Rule): readonly string[] {
  return [...(rule.methods ?? new Set(["GET", ...rules.flatMap(({ methods }) => [...(methods ?? [])])]))];
}

/** A rule's path in other letter cases, with and without a trailing slash, with and without a format suffix. */
function spellingsOf({ decoded, isPrefix }: Rule): readonly string[] {
  if (decoded === "" || decoded === "/") return [];
  const plain = decoded.endsWith("/") ? decoded.slice(0, -1) : decoded;
  const upper = plain.toUpperCase();
  const cases = [upper, plain.toLowerCase()];
  const suffixes = [`${plain}.json`, plain.replace(/\.[^/]*$/, "")];
  return isPrefix ? [...cases, `${upper}/x`, ...suffixes] : [...cases, plain, `${plain}/`, ...suffixes];
}
