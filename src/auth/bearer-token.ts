// The bearer token of a request (RFC 6750 section 2.1): from the header of AUTH_HEADER_NAME, with AUTH_COOKIE from its cookie, or
// with WEBSOCKET_TOKEN from the subprotocols of a handshake.
// Must never choose between two tokens, take one from the query or the body, nor act on a cookie for a page of another site.
import { refuse } from "../errors.ts";
import { accessCookie, readAuthCookie } from "../http/cookies.ts";
import { needsOwnPage, provenance } from "../http/csrf.ts";
import { offeredToken } from "../http/subprotocols.ts";
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

/** Where a bearer token stands: AUTH_HEADER_NAME in small letters, and AUTH_HEADER_TYPES. */
export interface BearerPlan {
  readonly authHeader: string;
  readonly schemes: readonly string[];
}

export interface BearerToken {
  readonly token: string;
  readonly fromCookie: boolean;
  /** Offered as a subprotocol: no header of the request shows that it is one person's. */
  readonly fromSubprotocol?: true | undefined;
}

/**
 * Undefined when there is none. A cookie that can be read in two ways, or that has another token than the header, is
 * refused (401), also where anonymous requests may pass. A token that only the cookie has opens no WebSocket and no
 * method that may change something unless the request is from our own pages (403); a header needs no such proof, for
 * no page can make a browser add it. With WEBSOCKET_TOKEN, a token that a handshake offers as a subprotocol counts as one in
 * the header, since only a page that has it can offer it; one in each is refused (400).
 */
export function readBearerToken(settings: Settings, plan: BearerPlan, request: Request): BearerToken | undefined {
  const { headers } = request;
  const inHeader = tokenFromHeader(headers.get(plan.authHeader), plan.schemes);
  const offered = settings.WEBSOCKET_TOKEN === null ? undefined : offeredToken(request.method, headers);
  if (offered !== undefined && inHeader !== undefined) refuse("websocket_token_conflict");
  const token = inHeader ?? offered;
  const fromSubprotocol = offered === undefined ? undefined : true;
  const inCookie = settings.AUTH_COOKIE === false ? undefined : readAuthCookie(headers.get("cookie"), accessCookie);
  if (inCookie === undefined) return token === undefined ? undefined : { token, fromCookie: false, fromSubprotocol };
  if (inCookie === null) refuse("auth_cookie_ambiguous");
  if (token !== undefined) {
    return token === inCookie ? { token, fromCookie: false, fromSubprotocol } : refuse("auth_cookie_conflict");
  }
  const own =
    !needsOwnPage(request.method, headers) || provenance(headers, request.url, settings.CORS_ORIGINS) === "own";
  return own ? { token: inCookie, fromCookie: true } : refuse("csrf_refused");
}
