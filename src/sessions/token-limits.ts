// TOKEN_LIMITS: how often the token endpoints may be asked, by one address or by one user.
// Must never count a user by a token that was not verified: anybody could use up somebody else's count.
import { requestCounter } from "../auth/limits.ts";
import type { RequestContext } from "../context.ts";
import type { LimitedEndpoint } from "../settings/limits.ts";
import type { Settings } from "../settings/settings.ts";
import type { RateLimiter } from "../stores/contract.ts";
import { claim } from "../tokens/claims.ts";
import type { Codec } from "../tokens/codec.ts";

/** The limit of one endpoint. Both refuse with `request_throttled` (429). */
export interface EndpointLimit {
  /** Before the body is read. */
  readonly byAddress: (context: RequestContext) => Promise<void>;
  /** Once it was read. @param token what was sent; where it is no token with a good signature, the address is counted */
  readonly byUser: (token: string, context: RequestContext) => Promise<void>;
}

export interface TokenLimitDependencies {
  readonly settings: Settings;
  readonly codec: Codec;
  readonly limiters: ReadonlyMap<string, RateLimiter>;
}

const nothing = async () => {};

/** Undefined for an endpoint without a limit. */
export function endpointLimit(
  { settings, codec, limiters }: TokenLimitDependencies,
  endpoint: string,
): EndpointLimit | undefined {
  const limit = settings.TOKEN_LIMITS[endpoint as LimitedEndpoint];
  if (limit === undefined) return undefined;
  const count = requestCounter(settings, limiters);
  if (limit.by === "address") {
    return { byAddress: (context) => count(limit, undefined, context), byUser: nothing };
  }
  const callerOf = async (token: string, nowSeconds: number) => {
    try {
      return { userId: claim(await codec.open(token, nowSeconds), settings.USER_ID_CLAIM) };
    } catch {
      return undefined;
    }
  };
  return {
    byAddress: nothing,
    byUser: async (token, context) => count(limit, await callerOf(token, context.nowSeconds), context),
  };
}
