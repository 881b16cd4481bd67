// The table of faults: no cell is empty, each test that it names is there, and docs/reliability.md shows it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { documentText, projectRoot } from "../support/documents.ts";
import { type Cell, operationNames, type Part, table } from "./table.ts";

const cells = Object.entries(table).flatMap(([part, row]) =>
  operationNames.map((operation) => [part as Part, operation, row[operation] as Cell | null | undefined] as const),
);

it("has a cell for each part and operation", () => {
  expect(cells).toHaveLength(23 * 24);
  expect(cells.filter(([, , cell]) => cell === undefined)).toEqual([]);
  for (const row of Object.values(table)) {
    expect(Object.keys(row).toSorted()).toEqual([...operationNames].toSorted());
  }
});

it("promises each in one sentence", () => {
  for (const [, , cell] of cells) if (cell) expect(cell.promise).toMatch(/^[A-Z0-9].*\.$/);
});

it("names tests that are there", () => {
  const missing = cells.filter(([, , cell]) => {
    if (!cell) return false;
    const text = readFileSync(join(projectRoot, cell.file), "utf8");
    return !text.includes(`"${cell.test}"`);
  });
  expect(missing).toEqual([]);
});

/** The table as the document has it: a row for each part and promise. */
function rowsInDocument(): string[] {
  return Object.entries(table).flatMap(([part, row]) => {
    const byPromise = new Map<string, { cell: Cell; names: string[] }>();
    for (const name of operationNames) {
      const cell = row[name] as Cell | null;
      if (!cell) continue;
      const key = `${cell.promise}${cell.file}`;
      const entry = byPromise.get(key) ?? { cell, names: [] };
      byPromise.set(key, entry);
      entry.names.push(name);
    }
    return [...byPromise.values()].map(({ cell, names }) => {
      const operations = names.length === operationNames.length ? "all" : names.join("; ");
      return `| ${part} | ${operations} | ${cell.promise} | \`${cell.file}\` |`;
    });
  });
}

it("is what docs/reliability.md shows", () => {
  const text = documentText("docs/reliability.md");
  const [section = ""] = text.slice(text.indexOf("\n## Faults\n")).split(/\n## (?!Faults)/);
  const shown = section.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| part "));
  expect(shown).toEqual(rowsInDocument());
});
