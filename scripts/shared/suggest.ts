// Finds what a mistyped command or flag was probably meant to be.
import { usage } from "./failure.ts";

/** The known name that is nearest, if any is near: a typo in three letters, other separators, or a beginning. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_]/g, "");
  const given = plain(name);
  const byDistance = known
    .map((candidate) => ({ candidate, edits: edits(given, plain(candidate)) }))
    .sort((one, other) => one.edits - other.edits);
  const [best] = byDistance;
  if (best !== undefined && best.edits <= Math.max(1, Math.floor(given.length / 3))) return best.candidate;
  const beginnings = known.filter((candidate) => given.length > 2 && plain(candidate).startsWith(given));
  return beginnings.length === 1 ? beginnings[0] : undefined;
}

/** ` Did you mean X?`, or nothing. */
export function didYouMean(name: string, known: readonly string[], prefix = ""): string {
  const meant = nearest(name, known);
  return meant === undefined ? "" : ` Did you mean ${prefix}${meant}?`;
}

/** Single-character edits: insert, delete, replace, or swap two neighbours. */
function edits(one: string, two: string): number {
  const rows: number[][] = [Array.from({ length: two.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= one.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= two.length; column++) {
      const same = one[row - 1] === two[column - 1] ? 0 : 1;
      const swapped = one[row - 1] === two[column - 2] && one[row - 2] === two[column - 1];
      rows[row]?.push(
        Math.min(
          at(row - 1, column - 1) + same,
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(one.length, two.length);
}

/** Fails for a subcommand that there is not. */
export const unknownWord = (what: string, word: string, known: readonly string[]) =>
  usage(`There is no ${what} '${word}'.${didYouMean(word, known)} See --help.`);
