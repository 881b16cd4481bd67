// The store of users as the API provisions them, as an interface. conformance/provisioning.ts has its promises as cases.
import type { UserChange } from "../users/provisioning-line.ts";
import type { User, UserId } from "../users/user.ts";
import type { UserIdColumn } from "../users/user-id.ts";
import type { Ending } from "./admin-contract.ts";
import type { AuditOrigin } from "./audit-contract.ts";

/** What a change depends on besides itself. */
export interface ProvisioningTerms {
  /** The column by which tokens name users: another value in it ends the user's sessions. */
  readonly named: UserIdColumn;
  /** USERNAME_CASE. */
  readonly names: "exact" | "insensitive";
  /** How sessions end, where they do. */
  readonly ending: Ending;
  /** By whom and from where, for the audit log: an entry for each change that is applied. Left out: by the API. */
  readonly origin?: AuditOrigin | undefined;
}

/** What became of one change. `unchanged`: it is the one that was applied last. `outdated`: a newer one was. */
export interface ProvisioningOutcome {
  readonly result: "applied" | "unchanged" | "outdated" | "taken";
  /** The version that counts now: the change's own where it was applied. */
  readonly version: number | undefined;
  /** What it was, where it was applied. */
  readonly did?: "created" | "changed" | "deleted";
  /** Whether the user's sessions ended with it. */
  readonly ended: boolean;
}

/** A user whose sessions ended, as tokens named them until then and name them from now on. */
export type EndedUser = Pick<User, UserIdColumn> & { readonly issuedBeforeSeconds: number };

/** What became of changes. */
export interface Provisioned {
  /** One for each change, in their order. */
  readonly outcomes: readonly ProvisioningOutcome[];
  /** Also users who lost their name to another. */
  readonly ended: readonly EndedUser[];
  /** Users who had, or were to have, a name that is another's: now they are called `id:<id>`. */
  readonly nameless: readonly UserId[];
}

/** A user as a comparison needs it. */
export interface ComparedUser {
  readonly id: UserId;
  readonly version: number | null;
  readonly isActive: boolean;
}

export interface ProvisioningStore {
  /**
   * Applies changes as if one after another, each wholly or not at all; if it fails, those that were applied stay, and all
   * can be repeated.
   *
   * - A change applies if its version is above that of the row and that of the user's deletion. Versions are compared by
   *   the statements that write.
   * - A name belongs to the row with the newest version that states it. The other row is called `id:<id>`, its sessions end,
   *   and its version is one less than it was, so that a comparison finds it and repeating the change heals it. The same
   *   for alternate ids, of which the other row then has none.
   * - A row keeps its hash where the stated one is the one that was stated last (`imported_hash`), or equal.
   * - Sessions end, in the same transaction, with another hash (unless `rehash`), `is_active` 0, another value in the column
   *   that tokens name, and with a deletion.
   */
  apply(changes: readonly UserChange[], terms: ProvisioningTerms): Promise<Provisioned>;
  /**
   * Ends what was issued to a user before a second. Gives the second before which all has ended now, which is a later one
   * where more had ended before. Undefined: there is no such user.
   */
  logOut(
    id: UserId,
    ending: Ending,
    origin?: AuditOrigin,
  ): Promise<(EndedUser & { readonly version: number | null }) | undefined>;
  /** At most `limit` users, ordered by their ids as text, from the one after `after` on. */
  page(after: string, limit: number): Promise<readonly ComparedUser[]>;
}
