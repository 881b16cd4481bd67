// How VERIFYING_KEYS is read: a JWK Set as a TOML table or as JSON text.
// Must never put anything of the set into what is expected: it may hold secrets.
import { isNone, isRecord, parsedJson, type ReadResult } from "./readers.ts";

/** The keys of a JWK Set (RFC 7517 section 5), not looked into; None for nothing. */
export function readJwkSet(raw: unknown): ReadResult<readonly Readonly<Record<string, unknown>>[] | null> {
  if (isNone(raw)) return { value: null };
  const set = typeof raw === "string" ? parsedJson(raw) : raw;
  const keys: unknown = isRecord(set) ? set.keys : undefined;
  if (Array.isArray(keys) && keys.every(isRecord)) return { value: keys };
  return { expected: 'a JWK Set ({"keys": [...]}) as a table or JSON text, or "" for None' };
}
