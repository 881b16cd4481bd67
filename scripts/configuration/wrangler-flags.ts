// What flags of wrangler add to wrangler.toml: `--var`, and the text of `--secrets-file`.
// Must never print or keep a value of it.
import { parseEnv } from "node:util";

/** The secrets by name, from JSON or .env text. */
export function parseSecrets(text: string): Readonly<Record<string, string>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = parseEnv(text);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, secret]) => [name, String(secret)]));
}

/** The vars that `--var NAME:VALUE` sets, by name; without a colon the value is empty, as for wrangler. */
export function readVars(pairs: readonly unknown[] | undefined): Readonly<Record<string, string>> {
  const texts = (pairs ?? []).filter((pair) => typeof pair === "string");
  return Object.fromEntries(
    texts.map((pair) => {
      const colon = pair.indexOf(":");
      return colon === -1 ? [pair, ""] : [pair.slice(0, colon), pair.slice(colon + 1)];
    }),
  );
}
