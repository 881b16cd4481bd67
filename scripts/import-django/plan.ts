// A dump and the contents of the database → the plan of an import. Pure.
// Must account for every row: imported, unchanged, expired, or left out with a reason.
import type { Dump } from "./dump.ts";
import type { Existing } from "./existing.ts";
import { planTokens, type TokenContext, type TokenPlan } from "./plan-tokens.ts";
import { planUsers, type UserPlan } from "./plan-users.ts";

/** What an import would do, with all remarks. */
export interface ImportPlan {
  readonly users: UserPlan;
  readonly tokens: TokenPlan;
  /** Models that are not imported, with the number of their rows. */
  readonly others: ReadonlyMap<string, number>;
}

/** What an import depends on in addition to the dump. */
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

/** The number of users and tokens that would be left out. */
export const leftOutRows = ({ users, tokens }: ImportPlan): number => users.leftOut.total() + tokens.leftOut.total();
