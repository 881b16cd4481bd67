// Scripts and style sheets as they are sent: without comments and indentation.

/** @param text without a comment sign inside a string */
export const sentText = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\/ ?/g, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/\n\s+/g, "\n")
    .trim();
