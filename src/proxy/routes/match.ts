// Matches method and path with the first rule that fits.
// Must never match a path that fits another rule in another reading.
import { refuse } from "../../errors.ts";
import type { InternalRoute } from "../../internal-routes/table.ts";
import type { CanonicalPath } from "./path.ts";
import type { Rule } from "./rule.ts";

/** What a path falls under in another spelling: a stricter rule, no rule at all (404), or an internal route. */
export type StricterReading = Rule | InternalRoute | "no rule";

/** The comparison of PATHS (loose-paths.ts). */
export interface StricterPaths {
  /**
   * A stricter rule or route that the path falls under; undefined if there is none. With "loose" the path is read without
   * regard to case, a trailing slash or a format suffix, with "exact" as it is.
   *
   * @param index of the rule that matched
   * @param path one reading of the request's path, decoded
   */
  readonly stricterReading: (index: number, method: string, path: string) => StricterReading | undefined;
}

/**
 * The first rule that fits; no rule is `no_route` (404), and the request never reaches the origin. A path with
 * percent-encodings has to fit the same rule as it was sent and as it is decoded, or it is ambiguous (400): some
 * origins decode `%61`, some compare bytes. So has one with path parameters (RFC 3986 section 3.3), with them, without
 * (to a Java server `/admin;x` is `/admin`, and `/;x/admin` too) and up to them, and one that is encoded twice, decoded
 * twice.
 *
 * @param stricter undefined to compare the rules alone
 */
export function matchRule(
  rules: readonly Rule[],
  method: string,
  path: CanonicalPath,
  stricter: StricterPaths | undefined,
): Rule {
  const index = indexOf(rules, method, path.decoded);
  const others = otherReadings(path);
  for (const reading of others) if (indexOf(rules, method, reading) !== index) refuse("path_ambiguous");
  if (path.sent !== path.decoded) {
    // No more than a rule can tell apart: of a long path, each escape costs more than all else.
    const longest = Math.max(...rules.map((one) => one.sent.length));
    const sent = upperCaseEscapes(path.sent.slice(0, longest + escapeLength));
    if (rules.findIndex((one) => fits(one, method, one.sent, sent)) !== index) refuse("path_ambiguous");
  }
  const rule = rules[index] ?? refuse("no_route");
  if (stricter && stricterReadingOf(stricter, index, method, path) !== undefined) refuse("path_ambiguous");
  return rule;
}

/** What is stricter than the rule at this index, in any reading of the path. */
export function stricterReadingOf(
  paths: StricterPaths,
  index: number,
  method: string,
  path: CanonicalPath,
): StricterReading | undefined {
  const first = paths.stricterReading(index, method, path.decoded);
  if (first !== undefined) return first;
  for (const reading of otherReadings(path)) {
    const stricter = paths.stricterReading(index, method, reading);
    if (stricter !== undefined) return stricter;
  }
  return undefined;
}

/** Index of the first rule that fits; -1 if there is none. */
function indexOf(rules: readonly Rule[], method: string, path: string): number {
  return rules.findIndex((one) => fits(one, method, one.decoded, path));
}

/** Whether a rule is for a method and a path. @param pattern the rule's path in the reading that the path is in */
export function fits(rule: Rule, method: string, pattern: string, path: string): boolean {
  if (rule.methods !== undefined && !rule.methods.has(method)) return false;
  if (!rule.isPrefix) return path === pattern;
  return path.startsWith(pattern) && (path.length === pattern.length || path.charCodeAt(pattern.length) === 0x2f);
}

const none: readonly string[] = [];

/** The path as read by origins that remove path parameters or begin the query with them, that decode twice, or do both. */
function otherReadings({ decoded }: CanonicalPath): readonly string[] {
  if (!decoded.includes("%")) return semicolonReadings(decoded);
  const twice = decodedAgain(decoded);
  return [twice, ...semicolonReadings(decoded), ...semicolonReadings(twice)];
}

/** Java servers cut parameters off each segment; to Fastify 4 the query begins at the first `;`. */
function semicolonReadings(path: string): readonly string[] {
  const semicolon = path.indexOf(";");
  return semicolon < 0 ? none : [withoutParameters(path), path.slice(0, semicolon)];
}

/** As read by an origin that decodes twice. */
function decodedAgain(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return decodedLeniently(path);
  }
}

/** As Python, PHP and CGI decode: what is no escape stays as it is, and bytes that are not UTF-8 are replaced. */
function decodedLeniently(path: string): string {
  const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    const codes = escapes.slice(1).split("%");
    return decoder.decode(Uint8Array.from(codes, (digits) => Number.parseInt(digits, 16)));
  });
}

/** Each segment up to its first `;`. A segment that is nothing else is gone with its slash, as in Tomcat. */
function withoutParameters(path: string): string {
  return path.replace(/;[^/]*/g, "").replace(/\/{2,}/g, "/");
}

const escapeLength = 3;

/** `%c3` and `%C3` are the same byte (RFC 3986 section 2.1). */
function upperCaseEscapes(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (code) => code.toUpperCase());
}
