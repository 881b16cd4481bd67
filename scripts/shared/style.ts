// Colours for people at a terminal, and only for them.
// Must never colour a pipe, a file, or anything while NO_COLOR is set.
import { styleText } from "node:util";

type Stream = { readonly isTTY?: boolean };

/** Marks a text when the stream is a terminal and NO_COLOR is not set (no-color.org: set means not empty). */
export const styled = (
  format: Parameters<typeof styleText>[0],
  text: string,
  stream: Stream,
  noColor: string | undefined = process.env.NO_COLOR,
): string =>
  stream.isTTY === true && (noColor === undefined || noColor === "")
    ? styleText(format, text, { validateStream: false })
    : text;
