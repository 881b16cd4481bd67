// How an API may read a path that tells fewer paths apart than the rules do: without regard to case, to a slash at the
// end, and to a format suffix.
// Must never be used for the path that goes to the origin.

/** Two paths are the same to such an API if they have the same `bare` form. */
export interface FoldedPath {
  /** Without regard to case, without a slash at its end. "" for the root. */
  readonly whole: string;
  /** The same without format suffixes: each segment from the end is cut at its first dot until one is left that has none. */
  readonly bare: string;
}

/** @param path decoded, without empty segments (`canonicalPath` refuses them) */
export function foldPath(path: string): FoldedPath {
  const lower = foldCase(path);
  const whole = lower.endsWith("/") ? lower.slice(0, -1) : lower;
  return { whole, bare: withoutSuffixes(whole) };
}

/**
 * The path without format suffixes, as DRF (`format_suffix_patterns`), Rails (`(.:format)`) and Spring take them:
 * `/report.json` is `/report`, and `/api/.json` is `/api`. Linear in the length of the path.
 */
function withoutSuffixes(path: string): string {
  let bare = path;
  for (;;) {
    const slash = bare.lastIndexOf("/");
    const dot = bare.indexOf(".", slash + 1);
    if (dot < 0) return bare;
    // A segment that is nothing but a suffix leaves the one before it, which may have one, too.
    if (dot > slash + 1) return bare.slice(0, dot);
    bare = bare.slice(0, Math.max(slash, 0));
  }
}

const notAscii = /[^\0-\x7f]/;

/**
 * A text without regard to case, by the widest idea of it: what is equal in lower case, in upper case or by Unicode's
 * full case folding is equal here. So are K (Kelvin) and k, ſ and s, ß and ss, ﬁ and fi, and the Turkish ı and İ and i
 * (Java's `equalsIgnoreCase`).
 */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  if (!notAscii.test(text)) return lower;
  // In three steps: ẞ is ß in lower case, and ß is SS in upper case. İ becomes an i with a dot of its own.
  return lower.toUpperCase().toLowerCase().replaceAll("i\u0307", "i").replaceAll("ς", "σ");
}
