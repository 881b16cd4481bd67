// Custom claims: a name to show in the page header, and roles for `require` in routes.
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
