// `api_keys` of a route: which API keys open it, and what a scope looks like.
import type { ReadResult } from "./readers.ts";

/** All API keys, or those with all of these scopes; undefined: none. */
export type AdmittedApiKeys = readonly string[] | true | undefined;

const longestScope = 100;

/** RFC 6749 section 3.3, so that a list of them can be one text with blanks; without what is quoted in JSON and TOML. */
export const isScope = (text: unknown): text is string =>
  typeof text === "string" && text.length <= longestScope && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);

/** `true`, or scopes, all of which a key needs. No text: a misspelled value must not open a route. */
export function readAdmittedApiKeys(raw: unknown): ReadResult<AdmittedApiKeys> {
  if (raw === true) return { value: true };
  if (raw === false) return { value: undefined };
  if (Array.isArray(raw) && raw.length > 0 && raw.every(isScope)) return { value: [...new Set(raw)] };
  return { expected: 'true, or a list of scopes such as ["reports"]' };
}

/** Whether a key has all that is asked. */
export const hasScopes = (scopes: readonly string[], wanted: readonly string[] | true): boolean =>
  wanted === true || wanted.every((scope) => scopes.includes(scope));

/** Whether there is a key that opens the second route and not the first. */
export function admitsFewerApiKeys(one: AdmittedApiKeys, other: AdmittedApiKeys): boolean {
  if (other === undefined || one === true) return false;
  return one === undefined || other === true || !hasScopes(other, one);
}
