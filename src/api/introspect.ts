// The introspection endpoint over HTTP (RFC 7662): who asks is checked first, then the body is read. For APIs alone.
// Must never answer who has neither an API key for it nor PROVISIONING_KEY, nor tell two bad tokens apart.
import { apiKeyFrom } from "../auth/api-key-header.ts";
import type { ApiKeys } from "../auth/api-keys.ts";
import type { Introspect } from "../auth/introspect.ts";
import { type LimitedCaller, requestCounter } from "../auth/limits.ts";
import type { DecisionRecord, Draft, Handler, RequestContext } from "../context.ts";
import { type Reason, refuse } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import { readBody } from "../http/body.ts";
import { readFields } from "../http/fields.ts";
import { negotiateJson } from "../http/negotiation.ts";
import type { Settings } from "../settings/settings.ts";
import type { RateLimiter } from "../stores/contract.ts";
import type { OpenSignedRequest } from "../tokens/provisioning-request.ts";

/** The scope that an API key needs. */
export const introspectScope = "introspect";

export interface IntrospectServices {
  readonly settings: Settings;
  readonly introspect: Introspect;
  /** By the names of their bindings: all that limits name. */
  readonly limiters: ReadonlyMap<string, RateLimiter>;
  /** Undefined while API_KEYS is off. */
  readonly apiKeys?: ApiKeys | undefined;
  /** Undefined while PROVISIONING_KEY is not set. */
  readonly openSignedRequest: OpenSignedRequest | undefined;
}

export const introspectEndpoint = {
  title: "Token Introspection",
  description: "Tells an API whether a token is good, and what it says (RFC 7662).",
  operation: "introspect",
} as const;

/** What it may be refused with; a bad token is none of it. */
export const refusedIntrospection: readonly Reason[] = [
  ...(["fields_invalid", "json_unreadable", "form_unreadable", "request_malformed", "no_route"] as const),
  ...(["not_acceptable", "body_too_slow", "uploads_full", "body_too_large", "media_type_unsupported"] as const),
  ...(["credentials_missing", "internal_error", "store_unavailable", "keys_unavailable", "misconfigured"] as const),
];

/** What else is refused where API keys are taken. */
export const refusedApiKeys: readonly Reason[] = [
  ...(["api_key_malformed", "api_key_unknown", "api_key_wrong", "api_key_expired", "api_key_revoked"] as const),
  ...(["api_key_owner_inactive", "api_key_scope_missing", "api_key_throttled"] as const),
];

/** What else is refused where signed requests are taken. */
export const refusedSignedRequests: readonly Reason[] = [
  ...(["provisioning_signature", "provisioning_token_type", "provisioning_late"] as const),
  ...(["provisioning_other_request", "provisioning_other_body"] as const),
];

const allow = "POST";

/**
 * 1. `Accept`. 2. The method. 3. Who asks. 4. The body. 5. The token. TOKEN_LIMITS counts before 3 by address, and after it by
 * API key.
 */
export function createIntrospectEndpoint(services: IntrospectServices): Handler {
  const { settings, introspect, apiKeys } = services;
  const limit = settings.TOKEN_LIMITS.introspect;
  const count = requestCounter(settings, services.limiters);
  return async (request, context) => {
    const record: Draft<DecisionRecord> = { operation: introspectEndpoint.operation };
    let indent = 0;
    try {
      indent = negotiateJson(request);
      if (context.method !== "POST") refuse("method_not_allowed", { names: context.method });
      if (limit?.by === "address") await count(limit, undefined, context);
      const { checkBody, caller } = await whoAsks(services, context, record);
      if (limit?.by === "key") await count(limit, caller, context);
      const { token } = readFields(await readBody(request, context.uploads, checkBody), ["token"]);
      return { record, response: answerJson(context, 200, await introspect(context, token), { indent }) };
    } catch (error) {
      return { record, error, allow, indent, takesApiKeys: settings.API_KEYS && apiKeys !== undefined };
    }
  };
}

/** Who asks, as far as limits go; and what is to be checked of the body: that it was signed, where the request was. */
interface Asking {
  readonly caller: LimitedCaller | undefined;
  readonly checkBody: (body: Uint8Array) => void;
}

/** Refuses who may not ask. */
async function whoAsks(
  { settings, apiKeys, openSignedRequest }: IntrospectServices,
  context: RequestContext,
  record: Draft<DecisionRecord>,
): Promise<Asking> {
  const authorization = context.headers.get("authorization");
  const key = apiKeys && apiKeyFrom(authorization);
  if (apiKeys && key !== undefined) {
    const mode = settings.REVOCATION;
    const { prefix, scopes } =
      apiKeys.recall(key, mode, context.nowSeconds) ?? (await apiKeys.authenticate(key, mode, context));
    record.identity = { userId: undefined, tokenType: "api_key", jti: prefix };
    if (!scopes.includes(introspectScope)) refuse("api_key_scope_missing");
    return { caller: { userId: undefined, apiKey: prefix }, checkBody: () => {} };
  }
  if (openSignedRequest === undefined) return refuse("credentials_missing");
  const asked = { method: context.method, url: context.url.text, nowSeconds: context.nowSeconds };
  const { checkBody } = await openSignedRequest(authorization, asked);
  return { caller: undefined, checkBody };
}
