// The API key of a proxied request, in the place of a token.
// Must never let a key pass where none is taken, nor choose between a key and a token.
import { apiKeyFrom } from "../auth/api-key-header.ts";
import type { ApiKeyIdentity, ApiKeys } from "../auth/api-keys.ts";
import { type BearerPlan, readBearerToken } from "../auth/bearer-token.ts";
import type { RequestContext, TokenIdentity } from "../context.ts";
import { Refusal, refuse } from "../errors.ts";
import { hasScopes } from "../settings/admitted-api-keys.ts";
import type { Settings } from "../settings/settings.ts";
import type { Rule } from "./routes/rule.ts";

/** The key, or why it does not open the route; then `apiKey` is the refused one, if it was good as such. */
export interface ApiKeyCheck {
  readonly bearerToken: undefined;
  readonly identity: undefined;
  readonly apiKey?: ApiKeyIdentity;
  readonly error?: unknown;
}

const nobody = { bearerToken: undefined, identity: undefined } as const;

interface ApiKeyCheckDependencies {
  readonly settings: Settings;
  readonly headerPlan: BearerPlan;
  readonly apiKeys?: ApiKeys | undefined;
}

/** Checks a request's API key; undefined for a request without one, and while API_KEYS is off. */
export function checkApiKey(
  { settings, headerPlan, apiKeys }: ApiKeyCheckDependencies,
  rule: Rule,
  request: Request,
  context: RequestContext,
): ApiKeyCheck | Promise<ApiKeyCheck> | undefined {
  const key = apiKeys && apiKeyFrom(context.headers.get("authorization"));
  if (apiKeys === undefined || key === undefined) return undefined;
  const wanted = rule.api_keys ?? refuse("api_key_not_accepted");
  if (readBearerToken(settings, headerPlan, request) !== undefined) refuse("api_key_with_token");
  const known = apiKeys.recall(key, rule.revocation, context.nowSeconds);
  if (known) return withScopes(wanted, known);
  return apiKeys.authenticate(key, rule.revocation, context).then(
    (apiKey) => withScopes(wanted, apiKey),
    (error: unknown) => ({ ...nobody, error }),
  );
}

function withScopes(wanted: readonly string[] | true, apiKey: ApiKeyIdentity): ApiKeyCheck {
  const caller = { ...nobody, apiKey };
  return hasScopes(apiKey.scopes, wanted) ? caller : { ...caller, error: new Refusal("api_key_scope_missing") };
}

/** A key as the log has it, in the fields of a token. */
export const loggedKey = ({ prefix }: ApiKeyIdentity): TokenIdentity => ({
  userId: undefined,
  tokenType: "api_key",
  jti: prefix,
});
