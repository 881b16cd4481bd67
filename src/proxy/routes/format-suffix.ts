// Format suffixes of a path, which some frameworks cut off before they look for a view.

/**
 * The path without format suffixes, as DRF (`format_suffix_patterns`), Rails (`(.:format)`) and Spring take them:
 * `/report.json` is `/report`, and `/api/.json` is `/api`. Linear in the length of the path.
 */
export function withoutSuffixes(path: string): string {
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
