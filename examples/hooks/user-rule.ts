// Only members of staff with a confirmed e-mail address get tokens.
import type { Hooks } from "../../src/hooks.ts";

export const staffOnly: Hooks = {
  userMayAuthenticate(user, settings) {
    const active = user.is_active || !settings.CHECK_USER_IS_ACTIVE;
    return active && user.is_staff && !user.email.endsWith("@unconfirmed.invalid");
  },
};
