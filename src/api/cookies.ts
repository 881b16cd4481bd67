// AUTH_COOKIE at the token endpoints: takes a token from its cookie, sends new ones in cookies, clears them.
// Must never act on a cookie, or set one, for a page of another site.

import { Refusal, refuse } from "../errors.ts";
import {
  type AuthCookie,
  accessCookie,
  clearedCookies,
  earlierCookies,
  readAuthCookie,
  refreshCookie,
  setCookie,
} from "../http/cookies.ts";
import { provenance } from "../http/csrf.ts";
import type { Log } from "../log-events.ts";
import { refreshCookiePath } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";
import { type TokenType, tokenTypes } from "../tokens/token-types.ts";
import type { Endpoint, FieldName } from "./definitions.ts";

interface CookieServices {
  readonly settings: Settings;
  readonly log: Log;
}

/** What comes in the place of a field that the body does not have. */
export type Instead = (name: FieldName) => string | undefined;

/** Which cookie stands in for a field. */
const cookieFor: Readonly<Partial<Record<FieldName, AuthCookie>>> = { refresh: refreshCookie, token: accessCookie };

/** Where a token of an answer goes, and how long it is good. */
const carriers: Readonly<Record<string, { readonly cookie: AuthCookie; readonly tokenType: TokenType }>> = {
  access: { cookie: accessCookie, tokenType: tokenTypes.access },
  refresh: { cookie: refreshCookie, tokenType: tokenTypes.refresh },
  token: { cookie: accessCookie, tokenType: tokenTypes.sliding },
};

/** A request to a token endpoint, as far as AUTH_COOKIE is concerned. */
export interface CookieRequest {
  /** The token of a cookie in the place of a field that the body lacks. */
  readonly instead: Instead;
  /** Whether a refusal makes the browser forget its cookies. */
  readonly forgets: (error: unknown) => boolean;
  /** The body of the answer, and the cookies that go with it. @param body what the body is without cookies */
  readonly split: (tokens: object, body: object) => { readonly body: object; readonly cookies: readonly string[] };
}

/**
 * A page of another site is refused, whatever it sends: an answer that sets cookies could log its visitor in as somebody
 * else. A token from a cookie counts only on a request from the gateway's own pages or trusted ones; an app without
 * cookies needs to say nothing. With "only", the body of the answer goes without the tokens.
 */
export function openCookies(
  services: CookieServices,
  endpoint: Endpoint,
  request: Request,
  requestId: string,
): CookieRequest {
  const { settings } = services;
  const from = provenance(request.headers, request.url, settings.CORS_ORIGINS);
  if (from === "foreign") refuse("csrf_refused");
  let fromCookie = false;
  return {
    instead(name) {
      const cookie = cookieFor[name];
      const found = cookie && readAuthCookie(request.headers.get("cookie"), cookie);
      if (found === undefined) return undefined;
      if (from !== "own") refuse("csrf_refused");
      fromCookie = true;
      return found ?? refuse("auth_cookie_ambiguous");
    },
    forgets: (error) => error instanceof Refusal && forgets(endpoint, error, fromCookie),
    split: (tokens, body) => ({
      body: settings.AUTH_COOKIE === "only" ? withoutTokens(body) : body,
      cookies: endpoint.name === "blacklist" ? clearedCookies(settings) : cookiesOf(services, tokens, requestId),
    }),
  };
}

/** A token that no browser would keep is refused: the page would seem to be logged in, and not be. */
function cookiesOf({ settings, log }: CookieServices, tokens: object, requestId: string): string[] {
  const path = refreshCookiePath(settings);
  return Object.entries(tokens).flatMap(([name, token]) => {
    const carrier = Object.hasOwn(carriers, name) ? carriers[name] : undefined;
    if (!carrier || typeof token !== "string") return [];
    const { cookie, tokenType } = carrier;
    const text = setCookie(cookie, token, path, tokenType.lifetimeSeconds(settings));
    if (text !== undefined) return cookie === refreshCookie ? [text, ...earlierCookies(settings)] : [text];
    log("auth_cookie_too_large", { request_id: requestId, cookie, bytes: token.length });
    return refuse("auth_cookie_too_large");
  });
}

function withoutTokens(answer: object): object {
  return Object.fromEntries(Object.entries(answer).filter(([name]) => !Object.hasOwn(carriers, name)));
}

/**
 * A log-out ends in a browser without cookies, unless the store could not be asked. A refused refresh too, if the token
 * came from a cookie; but not when it was used up already: of two tabs that refresh at once, one is refused so, and would
 * clear what the other has just been given.
 */
function forgets(endpoint: Endpoint, { reason, wire }: Refusal, fromCookie: boolean): boolean {
  const isUseless = wire.status === 401 || reason === "token_user_id_malformed";
  if (endpoint.name === "blacklist") return isUseless || reason === "fields_invalid";
  return fromCookie && endpoint.name !== "verify" && isUseless && reason !== "token_blacklisted";
}
