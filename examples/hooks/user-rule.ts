// Who may have a token: only members of staff, and nobody whose address is not confirmed yet.
import type { Hooks } from "../../src/hooks.ts";

export const staffOnly: Hooks = {
  userMayAuthenticate(user, settings) {
    const active = user.is_active || !settings.CHECK_USER_IS_ACTIVE;
    return active && user.is_staff && !user.email.endsWith("@unconfirmed.invalid");
  },
};
