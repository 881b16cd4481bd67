// The names of the user's groups, from a table in D1 that you fill (docs/groups-and-permissions.md).
import type { Hooks } from "../../src/hooks.ts";

export const groupsFromTable: Hooks = {
  async claimsFor(user) {
    // Imported here and not above, so that the commands, which run in Node, can read this file.
    const { env } = await import("cloudflare:workers");
    const { DB } = env as unknown as { readonly DB: D1Database };
    const rows = DB.prepare("SELECT name FROM user_groups WHERE user_id = ? ORDER BY name").bind(user.id);
    const { results } = await rows.all<{ name: string }>();
    return { groups: results.map(({ name }) => name) };
  },
};
