// Checks the settings about sessions: each needs others, without which nothing would enforce it.
import { namesSession, sessionClaim } from "../derived.ts";
import type { Settings } from "../settings.ts";

/** Adds to the errors and warnings of readSettings(). */
export function checkSessions(settings: Settings, errors: string[], warnings: string[]): void {
  const { REFRESH_REUSE_GRACE, REVOKE_FAMILY_ON_REUSE, SESSION_ABSOLUTE_LIFETIME, SESSION_IDLE_LIFETIME } = settings;
  const usesUp = settings.ROTATE_REFRESH_TOKENS && settings.BLACKLIST_AFTER_ROTATION;
  for (const [name, on] of Object.entries({ REFRESH_REUSE_GRACE, REVOKE_FAMILY_ON_REUSE })) {
    if (on && !usesUp) {
      errors.push(
        `${name} needs ROTATE_REFRESH_TOKENS and BLACKLIST_AFTER_ROTATION: without them no token is ever used up.`,
      );
    }
  }
  if (SESSION_ABSOLUTE_LIFETIME > 0 && !settings.TOKEN_BLACKLIST_ENABLED) {
    errors.push(
      "SESSION_ABSOLUTE_LIFETIME needs TOKEN_BLACKLIST_ENABLED: without it the start of a session is not known.",
    );
  }
  if (SESSION_IDLE_LIFETIME > 0 && !settings.ROTATE_REFRESH_TOKENS) {
    errors.push("SESSION_IDLE_LIFETIME needs ROTATE_REFRESH_TOKENS: without it the use of a token is not recorded.");
  }
  if (settings.BLACKLIST_ENDS_SESSION && !settings.TOKEN_BLACKLIST_ENABLED) {
    errors.push("BLACKLIST_ENDS_SESSION needs TOKEN_BLACKLIST_ENABLED: without it nothing would be blacklisted.");
  }
  if (settings.SESSION_METADATA && !settings.TOKEN_BLACKLIST_ENABLED) {
    errors.push("SESSION_METADATA needs TOKEN_BLACKLIST_ENABLED: without it no session is recorded.");
  }
  if (REVOKE_FAMILY_ON_REUSE && REFRESH_REUSE_GRACE === 0) {
    warnings.push(
      "REVOKE_FAMILY_ON_REUSE without REFRESH_REUSE_GRACE: two refreshes at once, or one that is repeated because its response was lost, end the session.",
    );
  }
  if (!namesSession(settings)) return;
  const { TOKEN_TYPE_CLAIM, JTI_CLAIM, USER_ID_CLAIM, REVOKE_TOKEN_CLAIM, SLIDING_TOKEN_REFRESH_EXP_CLAIM } = settings;
  const own = { TOKEN_TYPE_CLAIM, JTI_CLAIM, USER_ID_CLAIM, REVOKE_TOKEN_CLAIM, SLIDING_TOKEN_REFRESH_EXP_CLAIM };
  for (const [name, claim] of Object.entries(own)) {
    if (claim === sessionClaim) errors.push(`${name} must not be "${sessionClaim}": that claim names the session.`);
  }
}
