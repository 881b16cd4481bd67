// AUTH_COOKIE at the token endpoints: takes a token from its cookie, hands new ones out in cookies, clears them.
// Must never act on a cookie, or set one, for a page of another site.

import type { RequestContext } from "../context.ts";
import { Refusal, refuse } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import {
  type AuthCookie,
  accessCookie,
  clearedCookies,
  readAuthCookie,
  refreshCookie,
  setCookie,
} from "../http/cookies.ts";
import { provenance } from "../http/csrf.ts";
import type { Services } from "../services.ts";
import { type TokenType, tokenTypes } from "../tokens/token-types.ts";
import type { Endpoint, FieldName } from "./definitions.ts";

/** What comes in the place of a field that the body does not have. */
export type Instead = (name: FieldName) => string | undefined;

/** Which cookie stands in for a field. */
const cookieFor: Readonly<Partial<Record<FieldName, AuthCookie>>> = { refresh: refreshCookie, token: accessCookie };

/** Where a token of an answer goes, and how long it is good. */
const carriers: Readonly<Record<string, { readonly cookie: AuthCookie; readonly kind: TokenType }>> = {
  access: { cookie: accessCookie, kind: tokenTypes.access },
  refresh: { cookie: refreshCookie, kind: tokenTypes.refresh },
  token: { cookie: accessCookie, kind: tokenTypes.sliding },
};

/**
 * 1. A page of another site is refused, whatever it sends: an answer that sets cookies could log its visitor in as
 * somebody else. 2. A token from a cookie counts only on a request from our own pages; an app without cookies needs to
 * say nothing. 3. The flow. 4. Cookies for what it gave; with "only" the body goes without them.
 *
 * @param run reads the body and calls the flow
 */
export async function answerWithCookies(
  deps: Pick<Services, "settings" | "log">,
  endpoint: Endpoint,
  { request, context }: { readonly request: Request; readonly context: RequestContext },
  run: (instead: Instead) => Promise<object>,
): Promise<Response> {
  const { settings } = deps;
  const from = provenance(request.headers, request.url, settings.CORS_ORIGINS);
  if (from === "foreign") refuse("csrf_refused");
  let fromCookie = false;
  const instead: Instead = (name) => {
    const cookie = cookieFor[name];
    const found = cookie && readAuthCookie(request.headers.get("cookie"), cookie);
    if (found === undefined) return undefined;
    if (from !== "own") refuse("csrf_refused");
    fromCookie = true;
    return found ?? refuse("auth_cookie_ambiguous");
  };
  try {
    const tokens = await run(instead);
    const cookies =
      endpoint.name === "blacklist"
        ? clearedCookies(settings.TOKEN_PREFIX)
        : cookiesOf(deps, tokens, context.requestId);
    const response = answerJson(context, 200, settings.AUTH_COOKIE === "only" ? withoutTokens(tokens) : tokens);
    for (const cookie of cookies) response.headers.append("set-cookie", cookie);
    return response;
  } catch (error) {
    context.forgetCookies = error instanceof Refusal && forgets(endpoint, error, fromCookie);
    throw error;
  }
}

/** A token that no browser would keep is refused: the page would seem to be logged in, and not be. */
function cookiesOf({ settings, log }: Pick<Services, "settings" | "log">, tokens: object, requestId: string): string[] {
  return Object.entries(tokens).flatMap(([name, token]) => {
    const carrier = Object.hasOwn(carriers, name) ? carriers[name] : undefined;
    if (!carrier || typeof token !== "string") return [];
    const { cookie, kind } = carrier;
    const text = setCookie(cookie, token, settings.TOKEN_PREFIX, kind.lifetimeSeconds(settings));
    if (text !== undefined) return text;
    log("auth_cookie_too_large", { request_id: requestId, cookie, bytes: token.length });
    return refuse("auth_cookie_too_large");
  });
}

function withoutTokens(answer: object): object {
  return Object.fromEntries(Object.entries(answer).filter(([name]) => !Object.hasOwn(carriers, name)));
}

/**
 * A log-out ends in a browser without cookies, unless the store could not be asked. A refused refresh too, if the token
 * came from a cookie; but not when it was used up already: of two tabs that refresh at once one is told so, and would
 * clear what the other has just been given.
 */
function forgets(endpoint: Endpoint, { reason, wire }: Refusal, fromCookie: boolean): boolean {
  if (endpoint.name === "blacklist") return wire.status === 401 || reason === "fields_invalid";
  return fromCookie && endpoint.name !== "verify" && wire.status === 401 && reason !== "token_blacklisted";
}
