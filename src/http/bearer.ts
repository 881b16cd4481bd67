// The header of AUTH_HEADER_NAME → a raw token, none, or a malformed header: Simple JWT's three cases.
// Must never take a token from anywhere else (query, cookie, body), nor another scheme's.
import { refuse } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";

/** The header's own name from Django's spelling (`HTTP_X_ACCESS_TOKEN`) or its own (`X-Access-Token`), in small letters. */
export function authHeaderName(settings: Settings): string {
  return settings.AUTH_HEADER_NAME.replace(/^HTTP_/, "")
    .replaceAll("_", "-")
    .toLowerCase();
}

/**
 * The raw token. Undefined when there is none: no header, an empty one, or another scheme (compared exactly, case and
 * all, as Simple JWT does). A header with our scheme that has not exactly two parts is refused.
 */
export function bearerToken(header: string | null, schemes: readonly string[]): string | undefined {
  if (header === null) return undefined;
  const space = header.indexOf(" ");
  // Nearly every header there is: a scheme, one space, a token.
  if (space > 0 && schemes.includes(header.slice(0, space)) && isTokenText(header, space + 1)) {
    return header.slice(space + 1);
  }
  const parts = header.split(/[\t-\r ]+/).filter((part) => part !== "");
  const [scheme, token] = parts;
  if (scheme === undefined || !schemes.includes(scheme)) return undefined;
  if (parts.length !== 2 || token === undefined) refuse("authorization_header_malformed");
  // RFC 6750 section 2.1: ASCII only. What is not goes on as an empty token, to be refused as every bad one is.
  return /^[!-~]*$/.test(token) ? token : "";
}

/** Printable ASCII from a place to the end, and some of it. */
function isTokenText(text: string, from: number): boolean {
  for (let index = from; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x21 || code > 0x7e) return false;
  }
  return from < text.length;
}
