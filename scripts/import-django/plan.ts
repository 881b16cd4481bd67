// A dump and the contents of the database → the plan of an import. Pure.
// Must account for every row: imported, unchanged, expired, or left out with a reason.
import type { UserIdType } from "../../src/users/new-user-ids.ts";
import type { Dump } from "./dump.ts";
import type { Existing } from "./existing.ts";
import { planTokens, type TokenPlan } from "./plan-tokens.ts";
import { planUsers, type UserPlan, type UserTerms } from "./plan-users.ts";
import type { UserModel } from "./user-model.ts";

/** What an import would do, with all remarks. */
export interface ImportPlan {
  readonly users: UserPlan;
  readonly tokens: TokenPlan;
  /** Models that are not imported, with the number of their rows. */
  readonly others: ReadonlyMap<string, number>;
}

/** What an import depends on in addition to the dump. */
export interface ImportTerms extends UserTerms {
  readonly nowSeconds: number;
  /** The type of ids where no row of the dump tells. */
  readonly idType: UserIdType;
}

/** @param model undefined when the dump has no users */
export function planImport(
  dump: Dump,
  model: UserModel | undefined,
  existing: Existing,
  terms: ImportTerms,
): ImportPlan {
  const users = planUsers(model, existing.users, terms);
  const tokens = planTokens(dump, {
    users,
    idsHere: new Map(existing.users.map(({ username, id }) => [username, id])),
    idType: users.idType ?? terms.idType,
    stored: existing.tokens,
    nowSeconds: terms.nowSeconds,
  });
  return { users, tokens, others: othersOf(dump, model) };
}

/** Models that are not imported, those with passwords among them. */
function othersOf({ models, others }: Dump, model: UserModel | undefined): ReadonlyMap<string, number> {
  const rest = [...models.values()].filter(({ name }) => name !== model?.name);
  return new Map([...rest.map(({ name, rows }) => [name, rows.length] as const), ...others]);
}

/** The number of users and tokens that would be left out. */
export const leftOutRows = ({ users, tokens }: ImportPlan): number =>
  users.invalid.length + users.leftOut.total() + tokens.leftOut.total();
