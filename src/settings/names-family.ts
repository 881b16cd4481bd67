// Whether tokens name the family they belong to: the claim `sid`, which the edge needs to end access tokens by session.
// Must never be true by default: Simple JWT's tokens have no such claim.
import type { Settings } from "./settings.ts";

/** The claim that names the family: the id of the log-in's first token (OpenID Connect's name for a session's id). */
export const familyClaim = "sid";

type Deciding = Pick<Settings, "BLACKLIST_ENDS_SESSION" | "REVOKE_FAMILY_ON_REUSE">;

/** True while a setting is on that ends the access tokens of a family. */
export function namesFamily(settings: Deciding): boolean {
  return settings.BLACKLIST_ENDS_SESSION || settings.REVOKE_FAMILY_ON_REUSE;
}
