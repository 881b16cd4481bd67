// Finds the setting that a misspelled name was probably meant to be. Short names of other things are no typos: the bindings
// of a Worker are in the same environment.

/**
 * The known name within two edits (insert, delete, replace) of `name`, if any. For names of less than six letters
 * fewer edits count (one), because nearly every short name is within two edits of `LOG`.
 */
export function similarNames(name: string, known: readonly string[]): string | undefined {
  return known.find((candidate) => {
    const allowed = Math.min(name.length, candidate.length) < 6 ? 1 : 2;
    return Math.abs(name.length - candidate.length) <= allowed && editDistance(name, candidate) <= allowed;
  });
}

/** Levenshtein distance: the smallest number of single-character edits. */
function editDistance(one: string, two: string): number {
  let previous = Array.from({ length: two.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= two.length; column++) {
      const replace = (previous[column - 1] ?? 0) + (one[row - 1] === two[column - 1] ? 0 : 1);
      current.push(Math.min(replace, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[two.length] ?? 0;
}
