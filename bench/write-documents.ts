// docs/performance.md with its pictures, and docs/cost.md, from a result.
// Must never write a figure that is not in it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { costPartsOf, partsOf, withParts } from "./document.ts";
import { picturesOf } from "./plot.ts";
import { type BenchResult, COST_FILE, DOCUMENT_FILE, PICTURE_DIRECTORY } from "./result.ts";

export function writeDocuments(result: BenchResult): void {
  writeFileSync(DOCUMENT_FILE, withParts(readFileSync(DOCUMENT_FILE, "utf8"), partsOf(result)));
  writeFileSync(COST_FILE, withParts(readFileSync(COST_FILE, "utf8"), costPartsOf(result)));
  for (const [name, svg] of Object.entries(picturesOf(result))) writeFileSync(join(PICTURE_DIRECTORY, name), svg);
}
