// An access token of ours in the place of another issuer's, for the origin alone: Django's own check of tokens takes it.
// Must never outlast the token that it stands for, nor be given to a client.
import type { Hooks } from "../hooks.ts";
import type { Settings } from "../settings/settings.ts";
import type { Claims } from "../tokens/claims.ts";
import type { Codec } from "../tokens/codec.ts";
import { mint } from "../tokens/mint.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import type { User } from "../users/user.ts";
import { userClaims } from "./session-claims.ts";

/** How long such a token is good: no longer than a request may take on its way. */
const lifetimeSeconds = 60;
/** How much of that has to be left when a request takes one along that was made for an earlier one. */
const leastLeftSeconds = 20;

export interface ReissueDependencies {
  readonly settings: Settings;
  readonly hooks: Hooks;
  readonly codec: Pick<Codec, "signReissued">;
  readonly newId: () => string;
}

/** A token that was made, and until when requests may take it along. */
export interface Reissued {
  readonly token: string;
  readonly claims: Claims;
  readonly untilSeconds: number;
}

/** Simple JWT's access token for the user, with the claims of a log-in. @param endSeconds of the token that it stands for */
export async function reissue(
  { settings, hooks, codec, newId }: ReissueDependencies,
  user: User,
  { nowSeconds, endSeconds }: { readonly nowSeconds: number; readonly endSeconds: number },
): Promise<Reissued> {
  const shared = await userClaims({ settings, hooks }, user, "refresh");
  const minted = mint(tokenTypes.access, { settings, nowSeconds, id: newId() }, shared);
  const exp = Math.min(Number(minted.exp), nowSeconds + lifetimeSeconds, endSeconds);
  const claims = { ...minted, exp };
  return { claims, token: await codec.signReissued(claims), untilSeconds: exp - leastLeftSeconds };
}
