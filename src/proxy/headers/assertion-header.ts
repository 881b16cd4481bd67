// X-Gateway-Assertion: the signed statement of who is calling, on a request that somebody stands behind.
// Must never be set on an anonymous request.

import type { ApiKeyIdentity } from "../../auth/api-keys.ts";
import type { ForeignIdentity, Identity } from "../../auth/authenticate.ts";
import type { RequestContext } from "../../context.ts";
import { refuse } from "../../errors.ts";
import type { Settings } from "../../settings/settings.ts";
import { apiKeyAssertionClaims, assertionClaims, type SignAssertion } from "../../tokens/assertion.ts";
import type { Claims } from "../../tokens/claims.ts";
import type { Origin } from "../forward.ts";
import { isUserClaim, longestValueBytes } from "./identity-headers.ts";

/** The `aud` for an origin that has no URL of its own: a service binding, or the server behind the Worker's route. */
const unnamedAudience = "origin";

/** A request that is about to be forwarded for somebody. */
interface Forwarding {
  readonly identity: Identity;
  readonly origin: Origin;
  readonly context: RequestContext;
}

/** Signs and sets it. One that is too large for a header is refused (431), as an identity header is. */
export async function setAssertion(
  sign: SignAssertion,
  settings: Settings,
  headers: Headers,
  { identity, origin, context }: Forwarding,
): Promise<void> {
  const claims = assertionClaims({
    settings,
    nowSeconds: context.nowSeconds,
    requestId: context.requestId,
    audience: origin.audience ?? unnamedAudience,
    userId: identity.userId,
    claims: identity.foreign ? foreignClaims(settings, identity.claims, identity.foreign) : identity.claims,
    foreign: identity.foreign,
  });
  await signAndSet(sign, claims, headers);
}

/** The same for an API key. */
export async function setApiKeyAssertion(
  sign: SignAssertion,
  settings: Settings,
  headers: Headers,
  { apiKey, origin, context }: Omit<Forwarding, "identity"> & { readonly apiKey: ApiKeyIdentity },
): Promise<void> {
  const { nowSeconds, requestId } = context;
  const input = { settings, nowSeconds, requestId, audience: origin.audience ?? unnamedAudience };
  await signAndSet(sign, apiKeyAssertionClaims(input, apiKey), headers);
}

async function signAndSet(sign: SignAssertion, claims: Claims, headers: Headers): Promise<void> {
  const assertion = await sign(claims);
  if (assertion.length > longestValueBytes) refuse("identity_too_large");
  headers.set("x-gateway-assertion", assertion);
}

/** Those of another issuer's token, but for what says which user of ours it is: that is as in the token reissued for that user. */
function foreignClaims(settings: Settings, claims: Claims, { reissued }: ForeignIdentity): Claims {
  const ours = Object.entries(reissued?.claims ?? {}).filter(([name]) => isUserClaim(settings, name));
  const theirs = Object.entries(claims).filter(([name]) => !isUserClaim(settings, name));
  return Object.fromEntries([...theirs, ...ours]);
}
