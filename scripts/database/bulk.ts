// Writes many rows in one go or not at all: locally one batch, which D1 makes a transaction; remotely one file.
// Must never let a value out of the JSON text it travels in: that text holds no quote and no semicolon.
import { Failure, reasonOf } from "../shared/failure.ts";
import type { Bindings } from "./bindings.ts";

/** A statement with one parameter, `?1`, and the JSON list of rows that the parameter is; or one without a parameter. */
export interface BulkStatement {
  readonly sql: string;
  readonly json?: string;
}

/** A value of a row. */
export type Cell = string | number | null;

/** Characters of JSON in one statement. A bound parameter may have 2 MB, a statement with its text in it 100 KB. */
const JSON_CHARACTERS = { local: 500_000, remote: 80_000 } as const;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** JSON of nothing but printable ASCII, without `'` and `;`: the same text as a parameter and in an SQL literal. */
export const plainJson = (value: unknown): string => JSON.stringify(value).replace(/[';\x7f-\uffff]/g, escaped);

/** The rows in as many statements as their place needs. */
export function bulkStatements(
  place: keyof typeof JSON_CHARACTERS,
  sql: string,
  rows: Iterable<readonly Cell[]>,
): Array<Required<BulkStatement>> {
  const statements: Array<Required<BulkStatement>> = [];
  let parts: string[] = [];
  let characters = 0;
  const close = (): void => {
    if (parts.length > 0) statements.push({ sql, json: `[${parts.join(",")}]` });
    parts = [];
    characters = 0;
  };
  for (const row of rows) {
    const part = plainJson(row);
    if (characters + part.length > JSON_CHARACTERS[place]) close();
    parts.push(part);
    characters += part.length + 1;
  }
  close();
  return statements;
}

/** The statement with its rows written out as an SQL literal. */
export const statementText = ({ sql, json }: BulkStatement): string =>
  `${json === undefined ? sql : sql.replace("?1", () => `'${json}'`)};\n`;

/** Writes them all, or throws and has written none. `sent` counts the statements that were handed over. */
export async function writeBulk(
  { database, d1 }: Pick<Bindings, "database" | "d1">,
  statements: readonly BulkStatement[],
  sent: (count: number) => void,
): Promise<void> {
  if (statements.length === 0) return;
  try {
    if (database.place === "remote") return await database.write(statements.map(statementText).join(""));
    const bound: D1PreparedStatement[] = [];
    for (const { sql, json } of statements) {
      bound.push(json === undefined ? d1.prepare(sql) : d1.prepare(sql).bind(json));
      sent(bound.length);
    }
    await d1.batch(bound);
  } catch (error) {
    const reason = reasonOf(error);
    throw new Failure(
      reason.includes("constraint failed")
        ? `The ${database.place} database was changed by another process in the meantime. Nothing was written; run the command again.`
        : `The ${database.place} database refused to write: ${reason}`,
    );
  }
}
