// Whether tokens name their session in the claim `sid`, by which access tokens are ended with it. Off by default: tokens of
// Simple JWT have no such claim.
import type { Settings } from "./settings.ts";

/** The claim that names the session, by the id of the log-in's first token (OpenID Connect's name for a session's id). */
export const familyClaim = "sid";

type Deciding = Pick<Settings, "BLACKLIST_ENDS_SESSION" | "REVOKE_FAMILY_ON_REUSE">;

/** True while a setting is on that ends the access tokens of a session. */
export function namesFamily(settings: Deciding): boolean {
  return settings.BLACKLIST_ENDS_SESSION || settings.REVOKE_FAMILY_ON_REUSE;
}
