// Writes values into SQL text, for the one place that takes nothing but text: `wrangler d1 execute`.
// Must never let a value end the literal it stands in.

/**
 * A text as an SQL literal. Plain printable ASCII is quoted, with quotes doubled; everything else goes as hexadecimal
 * bytes, so that no line end, control character or encoding on the way can change it.
 */
export const sqlText = (value: string): string =>
  /^[\x20-\x7e]*$/.test(value)
    ? `'${value.replaceAll("'", "''")}'`
    : `CAST(X'${Buffer.from(value, "utf8").toString("hex")}' AS TEXT)`;

/** A whole number as an SQL literal. */
export function sqlInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error("Cannot write the number: it is not a whole number");
  return String(value);
}

/** A boolean as Django's columns hold it. */
export const sqlBoolean = (value: boolean): string => (value ? "1" : "0");
