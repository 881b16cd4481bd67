// TOKEN_PATHS as a value: what it can name, and how it is read. src/settings/derived.ts has the paths in effect.
import { isRecord, parsedJson, type ReadResult } from "./readers.ts";

/** What TOKEN_PATHS can name. `sessions` is for single sessions too, which are below it. */
export const tokenPathNames = [
  ...(["obtain", "refresh", "verify", "blacklist"] as const),
  ...(["sliding", "sliding_refresh", "sessions", "logout_all", "introspect"] as const),
] as const;
export type TokenPathName = (typeof tokenPathNames)[number];

/** TOKEN_PATHS as it is read: each path with a slash at its end. */
export type TokenPaths = Readonly<Partial<Record<Exclude<TokenPathName, "obtain">, string>>> & {
  readonly obtain?: readonly string[];
};

/** TOKEN_PATHS as it is written. */
export type TokenPathsInCode = Readonly<Partial<Record<Exclude<TokenPathName, "obtain">, string>>> & {
  readonly obtain?: string | readonly string[];
};

const expected = { expected: 'a table of endpoint to path, such as { obtain = "/auth/jwt/create/" }' };

/** A table of paths or its JSON text; `obtain` may have a list. checks/check-token-paths.ts checks names and paths. */
export function readTokenPaths(raw: unknown): ReadResult<TokenPaths> {
  const table = typeof raw === "string" ? parsedJson(raw) : raw;
  if (!isRecord(table)) return expected;
  const read: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(table)) {
    const list = name === "obtain" && Array.isArray(value) ? value : [value];
    if (list.length === 0 || !list.every((path): path is string => typeof path === "string")) return expected;
    const paths = list.map((path) => (path.endsWith("/") ? path : `${path}/`));
    read[name] = name === "obtain" ? paths : (paths[0] ?? "");
  }
  return { value: read };
}
