// Claims of your own: a name for the page header, roles for the routes' `require`.
import type { Hooks } from "../../src/hooks.ts";

export const namesAndRoles: Hooks = {
  async claimsFor(user, kind) {
    const roles = user.is_superuser ? ["admin", "member"] : ["member"];
    return {
      name: `${user.first_name} ${user.last_name}`.trim(),
      roles,
      session: kind === "sliding" ? "short" : "long",
    };
  },
};
