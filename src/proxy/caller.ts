// Who is calling: the API key or the bearer token of a proxied request, its revocation and the required claims.
// Must never take a bad token or key for none.
import type { ApiKeyIdentity, ApiKeys } from "../auth/api-keys.ts";
import type { Authentication, AuthenticationRequest, Identity } from "../auth/authenticate.ts";
import { type BearerPlan, type BearerToken, readBearerToken } from "../auth/bearer-token.ts";
import type { LimitedCaller } from "../auth/limits.ts";
import type { RequestContext, TokenIdentity } from "../context.ts";
import { refuse } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import type { Claims } from "../tokens/claims.ts";
import { checkApiKey, loggedKey } from "./api-key-caller.ts";
import { type Rule, unmet } from "./routes/rule.ts";

export interface CallerDependencies {
  readonly settings: Settings;
  readonly headerPlan: BearerPlan;
  readonly authentication: Authentication;
  /** Undefined while API_KEYS is off. */
  readonly apiKeys?: ApiKeys | undefined;
}

/** Who is calling, as far as the route asks. */
export interface Caller {
  readonly bearerToken: BearerToken | undefined;
  readonly identity: Identity | undefined;
  /** In the place of a token. */
  readonly apiKey?: ApiKeyIdentity | undefined;
}

export const anonymous: Caller = { bearerToken: undefined, identity: undefined };

/** The caller, or why there is none that may pass; then `identity` is that of the refused token, if it was verified. */
export interface CallerCheck extends Caller {
  readonly error?: unknown;
}

/** No token: anonymous on `optional`, refused elsewhere. A bad token is refused everywhere, never anonymous. */
export function checkCaller(
  dependencies: CallerDependencies,
  rule: Rule,
  request: Request,
  context: RequestContext,
): CallerCheck | Promise<CallerCheck> {
  let identity: Identity | undefined;
  try {
    const key = checkApiKey(dependencies, rule, request, context);
    if (key !== undefined) return key;
    const bearerToken = readBearerToken(dependencies.settings, dependencies.headerPlan, request);
    if (bearerToken === undefined) return rule.auth === "optional" ? anonymous : refuse("credentials_missing");
    const asked = askedOf(rule, bearerToken);
    identity = dependencies.authentication.recall(asked, context.nowSeconds);
    if (!identity) return authenticateCaller(dependencies.authentication, rule, bearerToken, context);
    requireClaims(rule, identity.claims, context);
    return { bearerToken, identity };
  } catch (error) {
    return { ...anonymous, identity, error };
  }
}

/** What the route wants to know of the token. */
const askedOf = ({ auth, revocation, issuers }: Rule, { token }: BearerToken): AuthenticationRequest => ({
  token,
  readUser: auth === "user",
  revocation,
  issuers,
});

async function authenticateCaller(
  authentication: Authentication,
  rule: Rule,
  bearerToken: BearerToken,
  context: RequestContext,
): Promise<CallerCheck> {
  const { nowSeconds, requestId } = context;
  let identity: Identity | undefined;
  try {
    const authenticated = await authentication.authenticate(askedOf(rule, bearerToken), nowSeconds);
    ({ identity } = authenticated);
    await authentication.checkRevocation(rule.revocation, authenticated, nowSeconds);
    requireClaims(rule, identity.claims, context);
    if (authenticated.finish) identity = await authenticated.finish(requestId);
    return { bearerToken, identity };
  } catch (error) {
    return { ...anonymous, identity, error };
  }
}

/** Each required claim is met; 403 otherwise. */
function requireClaims(rule: Rule, claims: Claims, context: RequestContext): void {
  for (const requirement of rule.requirements) {
    const reason = unmet(requirement, claims, context);
    if (reason) refuse(reason);
  }
}

/** What the log has of who is calling, also of who was refused after that. */
export const callerIdentity = ({ identity, apiKey }: Caller): TokenIdentity | undefined =>
  apiKey ? loggedKey(apiKey) : tokenIdentity(identity);

const tokenIdentity = (identity: Identity | undefined): TokenIdentity | undefined =>
  identity && {
    userId: identity.userId,
    tokenType: identity.tokenType.type,
    jti: identity.jti,
    issuer: identity.foreign?.issuer,
  };

/** Whose requests are counted; undefined for an anonymous one. */
export const limitedCaller = ({ identity, apiKey }: Caller): LimitedCaller | undefined =>
  apiKey ? { userId: undefined, apiKey: apiKey.prefix } : identity;
