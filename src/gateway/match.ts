// Method and path → the first rule that fits.
// Must never match a path in one reading only.
import { refuse } from "../errors.ts";
import type { CanonicalPath } from "./path.ts";
import type { Rule } from "./policy.ts";

/**
 * The first rule that fits; no rule is `no_route` (404), and the request never reaches the origin. A path with
 * percent-encodings has to fit the same rule as it was sent and as it is decoded, or it is ambiguous (400): some
 * origins decode `%61`, some compare bytes.
 */
export function matchRule(rules: readonly Rule[], method: string, path: CanonicalPath): Rule {
  const rule = rules.find((one) => fits(one, method, one.decoded, path.decoded));
  if (path.sent !== path.decoded) {
    const sent = upperCaseEscapes(path.sent);
    if (rules.find((one) => fits(one, method, one.sent, sent)) !== rule) refuse("path_ambiguous");
  }
  return rule ?? refuse("no_route");
}

function fits(rule: Rule, method: string, pattern: string, path: string): boolean {
  if (rule.methods !== undefined && !rule.methods.has(method)) return false;
  if (!rule.isPrefix) return path === pattern;
  return path.startsWith(pattern) && (path.length === pattern.length || path.charCodeAt(pattern.length) === 0x2f);
}

/** `%c3` and `%C3` are the same byte (RFC 3986 section 2.1). */
function upperCaseEscapes(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (code) => code.toUpperCase());
}
