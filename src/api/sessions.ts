// The sessions endpoints over HTTP: whose token it is, then one flow. Beyond Simple JWT.
// Must never act for a token that any route would refuse.

import { authenticate, type Identity } from "../auth/authenticate.ts";
import { type BearerPlan, readBearerToken } from "../auth/bearer-token.ts";
import { checkRevocation } from "../auth/revocation.ts";
import type { Operation, RequestContext } from "../context.ts";
import { type Reason, refuse } from "../errors.ts";
import { answerJson, ownHeaders } from "../http/answer.ts";
import { clearedCookies } from "../http/cookies.ts";
import { negotiateJson } from "../http/negotiation.ts";
import type { Services } from "../services.ts";
import { endSession, listSessions, logoutAll } from "../sessions/list-sessions.ts";
import type { TokenType } from "../tokens/token-types.ts";

/** What these endpoints need beside what flows use: how a bearer token is presented, and which are taken. */
export interface SessionsDeps extends Services {
  readonly headerPlan: BearerPlan;
  readonly acceptedTokenTypes: readonly TokenType[];
}

/** A request of one of them, and the session that its path names. */
export interface SessionsRequest {
  readonly request: Request;
  readonly context: RequestContext;
  readonly id?: string;
}

/** One of the endpoints: where it is, and what each method does. */
export interface SessionsEndpoint {
  /** Below TOKEN_PREFIX, with its trailing slash; `:id` stands for a session's id. */
  readonly path: string;
  readonly title: string;
  readonly description: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Of the answer when all is well. */
  readonly status: 200 | 204;
  /** As metrics call it. */
  readonly operation: Operation;
  readonly run: (deps: SessionsDeps, identity: Identity, at: SessionsRequest) => Promise<Response>;
}

export const sessionsEndpoints: readonly SessionsEndpoint[] = [
  {
    path: "/sessions/",
    title: "Sessions",
    description: "Lists the sessions of the token's user.",
    method: "GET",
    status: 200,
    operation: "sessions",
    run: async (deps, identity, { context }) =>
      answerJson(context, 200, await listSessions(deps, identity, context.nowSeconds)),
  },
  {
    path: "/sessions/:id/",
    title: "Session",
    description: "Ends one session of the token's user.",
    method: "DELETE",
    status: 204,
    operation: "session_end",
    run: async (deps, identity, { context, id = "" }) => {
      const isOwn = await endSession(deps, identity, id, context);
      const answer = new Response(null, { status: 204, headers: ownHeaders(context) });
      return isOwn ? withoutCookies(deps, answer) : answer;
    },
  },
  {
    path: "/logout-all/",
    title: "Log Out Everywhere",
    description: "Ends all tokens of the token's user, including this one.",
    method: "POST",
    status: 200,
    operation: "logout_all",
    run: async (deps, identity, { context }) => {
      await logoutAll(deps, identity, context);
      return withoutCookies(deps, answerJson(context, 200, {}));
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
 * In DRF's order: 1. `Accept` and `?format`. 2. The bearer token: good for a route with `auth = "user"` and
 * `revocation = "strict"`. 3. The method. 4. The flow.
 */
export async function answerSessions(
  deps: SessionsDeps,
  endpoint: SessionsEndpoint,
  at: SessionsRequest,
): Promise<Response> {
  const { request, context } = at;
  const { settings, headerPlan } = deps;
  context.allow = endpoint.method === "GET" ? "GET, HEAD, OPTIONS" : `${endpoint.method}, OPTIONS`;
  context.operation = endpoint.operation;
  negotiateJson(request, context);
  const presented = readBearerToken(settings, headerPlan, request) ?? refuse("credentials_missing");
  const wanted = { tokenTypes: deps.acceptedTokenTypes, readUser: true, revocation: "strict" } as const;
  const authenticated = await authenticate(deps, { token: presented.token, ...wanted }, context.nowSeconds);
  const { identity } = authenticated;
  context.userId = identity.userId;
  context.tokenType = identity.kind.type;
  context.jti = identity.jti;
  await checkRevocation(deps, "strict", authenticated, context.nowSeconds);
  const { method } = request;
  if (method === "OPTIONS") return answerJson(context, 200, describe(endpoint));
  if (method !== endpoint.method && !(method === "HEAD" && endpoint.method === "GET")) {
    refuse("method_not_allowed", { names: method });
  }
  return endpoint.run(deps, identity, at);
}

/** With AUTH_COOKIE a browser forgets tokens that were ended. */
function withoutCookies({ settings }: SessionsDeps, answer: Response): Response {
  if (settings.AUTH_COOKIE === false) return answer;
  for (const cookie of clearedCookies(settings.TOKEN_PREFIX)) answer.headers.append("set-cookie", cookie);
  return answer;
}

function describe({ title, description }: SessionsEndpoint): object {
  return { name: title, description, renders: ["application/json"], parses: ["application/json"] };
}
