// The store of users whom a token of another issuer brings, as an interface.
import type { NewUserIds } from "../users/new-user-ids.ts";
import type { User } from "../users/user.ts";
import type { UserLookup } from "./contract.ts";
import type { Notes } from "./events-contract.ts";

/** A user for whom there is no row yet. */
export interface NewForeignUser {
  /** By what the row will be found; by `id` or `alternate_id`. */
  readonly lookup: UserLookup;
  /** Of which the id is made where the lookup does not have it. */
  readonly ids: NewUserIds;
  /** When the token was issued: the rows of users that were deleted since do not come back for it. */
  readonly issuedAtSeconds: number;
  readonly nowSeconds: number;
  /** Written with the row. */
  readonly notes: Notes;
}

export interface ForeignUserStore {
  /**
   * The user of the lookup, whose row is written if there is none: with no password, no flag, and no name that anybody
   * could log in with. However many calls race, there is one row, and one of them has created it. Undefined where there may
   * be no row: the API deleted the user, or all tokens of the user were ended since this one was issued.
   */
  ensure(user: NewForeignUser): Promise<{ readonly user: User; readonly created: boolean } | undefined>;
}
