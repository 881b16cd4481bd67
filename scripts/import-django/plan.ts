// A dump and what the database holds → what an import would do. No clock, no database, no output.
// Must never leave a row unaccounted for: every one is taken, unchanged, expired or left out with a reason.
import type { Dump } from "./dump.ts";
import type { Existing } from "./existing.ts";
import { planTokens, type TokenContext, type TokenPlan } from "./plan-tokens.ts";
import { planUsers, type UserPlan } from "./plan-users.ts";

/** All that an import would do, and all that is to be said about it. */
export interface ImportPlan {
  readonly users: UserPlan;
  readonly tokens: TokenPlan;
  /** Models that are none of the gateway's business, with how many rows of each. */
  readonly others: ReadonlyMap<string, number>;
}

/** What an import goes by besides the dump. */
export interface ImportTerms {
  readonly keepPasswords: boolean;
  readonly settings: TokenContext["settings"];
  readonly nowSeconds: number;
}

export function planImport(dump: Dump, existing: Existing, terms: ImportTerms): ImportPlan {
  const users = planUsers(dump.users, existing.users, terms.keepPasswords);
  const tokens = planTokens(dump.outstanding, dump.blacklisted, {
    users,
    idsHere: new Map(existing.users.map(({ username, id }) => [username, id])),
    stored: existing.tokens,
    settings: terms.settings,
    nowSeconds: terms.nowSeconds,
  });
  return { users, tokens, others: dump.others };
}

/** How many rows of users and tokens would not go in. */
export const leftOutRows = ({ users, tokens }: ImportPlan): number => users.leftOut.total() + tokens.leftOut.total();
