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
 * The raw token, whatever is in it. Undefined when there is none: no header, an empty one, or another scheme (compared
 * exactly, case and all, as Simple JWT does). A header with our scheme that has not exactly two parts is refused.
 */
export function tokenFromHeader(header: string | null, schemes: readonly string[]): string | undefined {
  if (header === null) return undefined;
  const space = header.indexOf(" ");
  // Nearly every header there is: a scheme, one space, a token.
  if (space > 0 && schemes.includes(header.slice(0, space)) && isOnePart(header, space + 1)) {
    return header.slice(space + 1);
  }
  const parts = header.split(/[\t-\r ]+/).filter((part) => part !== "");
  const [scheme, token] = parts;
  if (scheme === undefined || !schemes.includes(scheme)) return undefined;
  if (parts.length !== 2) refuse("authorization_header_malformed");
  return token;
}

/** What Python's split() takes for white space; of it, `fetch` lets these stand in a header's value. */
const whiteSpace = [" ", "\t", "\v", "\f", "\r", "\n"];

/** The engine looks for a character far quicker than a loop over three hundred would. */
function isOnePart(text: string, from: number): boolean {
  return from < text.length && whiteSpace.every((space) => text.indexOf(space, from) < 0);
}
