// Collects the users whose tokens an import ends.
// Must never leave out one whose tokens would be taken for those of another user.
import type { UserId } from "../../src/users/user.ts";
import type { UserIdColumn } from "../../src/users/user-id.ts";
import { isDigest, type UserRow } from "./existing.ts";
import type { DumpUser } from "./read-user.ts";

/** Users whose tokens end. */
export interface Endings {
  readonly ids: ReadonlySet<UserId>;
  /** What their tokens name them by. */
  readonly names: ReadonlyMap<string, UserId>;
}

/** @param named the column by which tokens name users */
export function openEndings(named: UserIdColumn) {
  const ids = new Set<UserId>();
  const names = new Map<string, UserId>();
  const end = (user: Pick<UserRow, "id" | UserIdColumn>): void => {
    ids.add(user.id);
    const name = user[named];
    if (name !== null) names.set(name, user.id);
  };
  return {
    all: { ids, names } as Endings,
    end,
    /** A changed user: another password, activated or deactivated, or named differently by tokens. */
    changed(here: UserRow, next: DumpUser & { readonly imported_hash: string }, keepPasswords: boolean): void {
      const password =
        !keepPasswords && here.password !== next.password && !isDigest(here.imported_hash, next.imported_hash);
      const meaning = named !== "id" && here[named] !== null && here[named] !== next[named];
      if (password || meaning || here.is_active !== next.is_active) end(here);
    },
    /** Users who get the name of somebody else: tokens of that name are not theirs. */
    takeOvers(written: readonly DumpUser[], existing: readonly UserRow[]): void {
      if (named === "id") return;
      const holders = new Map(existing.map((user) => [user[named], user.id]));
      for (const { id, [named]: name } of written) {
        const holder = name === null ? undefined : holders.get(name);
        if (id !== undefined && name !== null && holder !== undefined && holder !== id) {
          ids.add(id);
          names.set(name, id);
        }
      }
    },
  };
}
