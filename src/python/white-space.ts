// White space as Python's str.strip() and str.isspace() have it.
// Must never be JavaScript's: trim() leaves U+001C to U+001F and U+0085, and takes U+FEFF.

const space = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const leading = new RegExp(`^${space}+`);
const isSpace = new RegExp(`^${space}$`);

/** str.strip(). Takes linear time whatever the text is. */
export function trimAsPython(text: string): string {
  const rest = text.replace(leading, "");
  let end = rest.length;
  while (end > 0 && isSpace.test(rest.charAt(end - 1))) end--;
  return rest.slice(0, end);
}
