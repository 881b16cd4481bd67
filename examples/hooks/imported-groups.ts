// The names of the user's groups, as `import-django --extra groups` brought them.
import type { Hooks } from "../../src/hooks.ts";

export const importedGroups: Hooks = {
  claimsFor: (user) => ({ groups: user.extra.groups ?? [] }),
};
