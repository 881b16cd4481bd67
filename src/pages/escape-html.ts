// Text → the HTML that shows it.
// Must never be used for what stands in a script, a style, or outside of quotes in a tag.

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for between tags and for attributes in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (found) => escapes[found] ?? "");
}
