// The session endpoints over HTTP: authenticate, then one use case. Not in Simple JWT.
// Must never act for a token that a route would refuse.

import type { Authentication, Identity } from "../auth/authenticate.ts";
import { type BearerPlan, readBearerToken } from "../auth/bearer-token.ts";
import type { DecisionRecord, Draft, Handler, Operation, RequestContext } from "../context.ts";
import { type Reason, refuse } from "../errors.ts";
import { answerJson, type JsonOptions, ownHeaders } from "../http/answer.ts";
import { clearedCookies } from "../http/cookies.ts";
import { negotiateJson } from "../http/negotiation.ts";
import type { TokenRouteName } from "../internal-routes/table.ts";
import type { TokenUseCases } from "../sessions/use-cases.ts";
import type { Settings } from "../settings/settings.ts";

export interface SessionsServices {
  readonly settings: Settings;
  readonly useCases: Pick<TokenUseCases, "listSessions" | "endSession" | "logoutAll">;
  readonly headerPlan: BearerPlan;
  readonly authentication: Authentication;
}

/** An authenticated request to one of them. */
interface Call {
  readonly context: RequestContext;
  readonly identity: Identity;
  /** The session that the path names; empty where it names none. */
  readonly id: string;
  readonly options: JsonOptions;
}

/** One of the endpoints: its method, and what that does. */
export interface SessionsEndpoint {
  readonly title: string;
  readonly description: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Of the answer when all is well. */
  readonly status: 200 | 204;
  /** Its internal route, which metrics call so, too. */
  readonly operation: Operation & TokenRouteName;
  readonly run: (services: SessionsServices, call: Call) => Promise<Response>;
}

export const sessionsEndpoints: readonly SessionsEndpoint[] = [
  {
    title: "Sessions",
    description: "Lists the sessions of the token's user.",
    method: "GET",
    status: 200,
    operation: "sessions",
    run: async (services, { context, identity, options }) =>
      answerJson(context, 200, await services.useCases.listSessions(context, identity), options),
  },
  {
    title: "Session",
    description: "Ends one session of the token's user.",
    method: "DELETE",
    status: 204,
    operation: "session_end",
    run: async (services, { context, identity, id, options }) => {
      const isOwn = await services.useCases.endSession(context, identity, id);
      const response = new Response(null, { status: 204, headers: ownHeaders(context, options.allow) });
      return isOwn ? withoutCookies(services, response) : response;
    },
  },
  {
    title: "Log Out Everywhere",
    description: "Ends all tokens of the token's user, including this one.",
    method: "POST",
    status: 200,
    operation: "logout_all",
    run: async (services, { context, identity, options }) => {
      await services.useCases.logoutAll(context, identity);
      return withoutCookies(services, answerJson(context, 200, {}, options));
    },
  },
];

/** What each of them may be refused with. */
export const refusedSessions: readonly Reason[] = [
  ...(["credentials_missing", "authorization_header_malformed", "no_token_class_fits", "token_blacklisted"] as const),
  ...(["user_claim_missing", "user_not_found", "user_inactive", "user_password_changed"] as const),
  ...([
    "no_route",
    "not_acceptable",
    "internal_error",
    "store_unavailable",
    "keys_unavailable",
    "misconfigured",
  ] as const),
];

/**
 * In DRF's order: 1. `Accept` and `?format`. 2. The bearer token, as on a route with `auth = "user"` and
 * `revocation = "strict"`. 3. The method. 4. The use case.
 *
 * @returns the handler; its third argument is the session's id in the path
 */
export function createSessionsEndpoint(
  services: SessionsServices,
  endpoint: SessionsEndpoint,
): (...call: [...Parameters<Handler>, id: string]) => ReturnType<Handler> {
  const allow = endpoint.method === "GET" ? "GET, HEAD, OPTIONS" : `${endpoint.method}, OPTIONS`;
  return async (request, context, id) => {
    const record: Draft<DecisionRecord> = { operation: endpoint.operation };
    let indent = 0;
    try {
      indent = negotiateJson(request);
      const bearerToken = readBearerToken(services.settings, services.headerPlan, request);
      const { token } = bearerToken ?? refuse("credentials_missing");
      const asked = { token, readUser: true, revocation: "strict" } as const;
      const authenticated = await services.authentication.authenticate(asked, context.nowSeconds);
      const { identity } = authenticated;
      record.identity = { userId: identity.userId, tokenType: identity.tokenType.type, jti: identity.jti };
      await services.authentication.checkRevocation("strict", authenticated, context.nowSeconds);
      const { method } = request;
      const options = { allow, indent };
      if (method === "OPTIONS") return { record, response: answerJson(context, 200, describe(endpoint), options) };
      if (method !== endpoint.method && !(method === "HEAD" && endpoint.method === "GET")) {
        refuse("method_not_allowed", { names: method });
      }
      return { record, response: await endpoint.run(services, { context, identity, id, options }) };
    } catch (error) {
      return { record, error, allow, indent };
    }
  };
}

/** With AUTH_COOKIE, the browser forgets tokens that were ended. */
function withoutCookies({ settings }: SessionsServices, response: Response): Response {
  if (settings.AUTH_COOKIE === false) return response;
  for (const cookie of clearedCookies(settings)) response.headers.append("set-cookie", cookie);
  return response;
}

function describe({ title, description }: SessionsEndpoint): object {
  return { name: title, description, renders: ["application/json"], parses: ["application/json"] };
}
