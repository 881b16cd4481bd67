// The API key of a request, in the header Authorization alone, as djangorestframework-api-key reads it (its KeyParser).
// Must never let a key be forwarded because the header holds something else, too.

const scheme = "api-key";

/** What a key looks like: `prefix.secret`, both of characters that a header and a log can hold. */
const keyForm = /^([A-Za-z0-9_-]{1,32})\.[!-~]{1,200}$/;

/** The text behind `Api-Key`, in any case, and one space, whatever it is; undefined where the header has another scheme. */
export function apiKeyFrom(header: string | null): string | undefined {
  if (header === null || header.slice(0, scheme.length).toLowerCase() !== scheme) return undefined;
  if (header.length === scheme.length) return "";
  return header.charAt(scheme.length) === " " ? header.slice(scheme.length + 1) : undefined;
}

/** The prefix of a key: what is before its first dot. Undefined for what is no key. */
export const prefixOf = (key: string): string | undefined => keyForm.exec(key)?.[1];

/**
 * Whether a value of Authorization could be read as one with an API key: by whoever splits it at white space, whatever that
 * is to them, or at commas, into which several headers were joined, and by a version of the library that splits it wherever
 * it finds `Api-Key `. The origin gets the bytes that the client sent, also those that are no text here.
 */
export const mayHoldApiKey = (header: string | null): boolean =>
  header !== null && /api-key[^!-+\--~]|(?:^|[^!-+\--~])api-key$/i.test(header);
