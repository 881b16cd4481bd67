// schema.sql in pieces that D1's batch takes.
// Must never change a statement.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

export const schemaStatements: readonly string[] = readFileSync(
  resolve(import.meta.dirname, "../../schema.sql"),
  "utf8",
)
  .replace(/--.*$/gm, "")
  .split(";")
  .map((statement) => statement.trim())
  .filter(Boolean);
