// Method and path → the first rule that fits.
// Must never match a path in one reading only.
import { refuse } from "../errors.ts";
import type { CanonicalPath } from "./path.ts";
import type { Rule } from "./policy.ts";

/**
 * The first rule that fits; no rule is `no_route` (404), and the request never reaches the origin. A path with
 * percent-encodings has to fit the same rule as it was sent and as it is decoded, or it is ambiguous (400): some
 * origins decode `%61`, some compare bytes. So has one with path parameters (RFC 3986 section 3.3), with them and
 * without (to a Java server `/admin;x` is `/admin`), and one that is encoded twice, decoded twice.
 */
export function matchRule(rules: readonly Rule[], method: string, path: CanonicalPath): Rule {
  const rule = rules.find((one) => fits(one, method, one.decoded, path.decoded));
  if (path.decoded.includes(";")) {
    const cut = withoutParameters(path.decoded);
    if (rules.find((one) => fits(one, method, one.decoded, cut)) !== rule) refuse("path_ambiguous");
  }
  if (path.decoded.includes("%")) {
    const twice = decodedAgain(path.decoded);
    if (rules.find((one) => fits(one, method, one.decoded, twice)) !== rule) refuse("path_ambiguous");
  }
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

/** As an origin reads it that decodes twice; as it is, where that cannot be. */
function decodedAgain(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Each segment up to its first `;`. */
function withoutParameters(path: string): string {
  return path.replace(/;[^/]*/g, "");
}

/** `%c3` and `%C3` are the same byte (RFC 3986 section 2.1). */
function upperCaseEscapes(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (code) => code.toUpperCase());
}
