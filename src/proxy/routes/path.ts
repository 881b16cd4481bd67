// The canonical path of a request: what is matched with the rules is what goes to the origin.
// Must never repair a path: one that an origin could read in another way is refused.
import { refuse } from "../../errors.ts";
import type { RequestUrl } from "../../http/request-url.ts";

/** A path that can be read in one way only. */
export interface CanonicalPath {
  /** The bytes as they came and as they go on: percent-encoded, without the query. */
  readonly sent: string;
  /** The path as read by an origin that decodes percent-encoding once. */
  readonly decoded: string;
  /** From `?` on, untouched; empty if there is none. */
  readonly query: string;
}

/** A prefix that the API does not know (`strip_prefix`), in both readings. */
export interface Strip {
  readonly decoded: string;
  readonly sent: string;
}

/**
 * Reads the path of a request without changing a byte. Refused with `path_ambiguous` (400): a fragment, an encoded
 * slash, backslash or NUL, bytes that are not UTF-8, a broken percent-encoding, control characters, empty segments,
 * dot segments (also before `;`, which Java servers remove), and the same encoded twice.
 */
export function canonicalPath({ path: sent, query }: Pick<RequestUrl, "path" | "query">): CanonicalPath {
  if (sent.includes("#") || query.includes("#")) refuse("path_ambiguous");
  const decoded = sent.includes("%") ? decodeOnce(sent) : sent;
  if (!isPlain(decoded)) refuse("path_ambiguous");
  return { sent, decoded, query };
}

function decodeOnce(sent: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(sent);
  } catch {
    refuse("path_ambiguous");
  }
  // An encoded slash would be a separator for some origins and a character for others.
  if (separators(decoded) !== separators(sent)) refuse("path_ambiguous");
  // Twice encoded: an origin behind a second proxy may decode once more.
  if (decoded.includes("%")) refuseIfDangerousWhenDecoded(decoded);
  return decoded;
}

function separators(path: string): number {
  let count = 0;
  for (let index = 0; index < path.length; index++) if (path.charCodeAt(index) === slash) count++;
  return count;
}

function refuseIfDangerousWhenDecoded(path: string): void {
  const lower = path.toLowerCase();
  if (["%2f", "%5c", "%00", "%2e", "%25"].some((code) => lower.includes(code))) refuse("path_ambiguous");
}

const slash = 0x2f;

/** No control characters, no backslash, no empty segment, no segment of dots. */
function isPlain(path: string): boolean {
  let segmentStart = 1;
  for (let index = 0; index <= path.length; index++) {
    const code = index < path.length ? path.charCodeAt(index) : slash;
    if (code < 0x20 || code === 0x7f || code === 0x5c) return false;
    if (code !== slash || index === 0) continue;
    if (index === segmentStart && index < path.length) return false;
    if (isDots(path, segmentStart, index)) return false;
    segmentStart = index + 1;
  }
  return true;
}

/** `.` or `..`, or either followed by path parameters (`..;x`). */
function isDots(path: string, start: number, end: number): boolean {
  let index = start;
  while (index < end && path.charAt(index) === ".") index++;
  const dots = index - start;
  return (dots === 1 || dots === 2) && (index === end || path.charAt(index) === ";");
}
