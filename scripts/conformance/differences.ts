// Reads the tables of test/parity/differences.md.
// Must never take a row without a reason.

/** One row: steps of a scenario, or all steps with a tag. */
export type Difference =
  | { readonly kind: "scenario"; readonly name: string; readonly steps: readonly number[]; readonly reason: string }
  | { readonly kind: "tag"; readonly name: string; readonly reason: string };

/** Rows are `| scenario | steps | reason |` and `| tag:name | all | reason |`; throws on one that has no reason. */
export function readDifferences(markdown: string): Difference[] {
  const rows = markdown.split("\n").filter((line) => /^\| `/.test(line));
  return rows.map((line) => {
    const [, first = "", steps = "", reason = ""] = line.split("|").map((cell) => cell.trim());
    const name = first.replaceAll("`", "");
    if (reason === "") throw new Error(`${name} is documented as a difference without a reason`);
    if (name.startsWith("tag:")) return { kind: "tag", name: name.slice(4), reason };
    const numbers = steps.split(",").map((step) => Number(step.trim()));
    if (!numbers.every(Number.isInteger)) throw new Error(`${name}: ${steps} is not a list of steps`);
    return { kind: "scenario", name, steps: numbers, reason };
  });
}
