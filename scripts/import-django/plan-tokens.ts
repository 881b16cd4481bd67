// Decides which tokens of a dump are imported, and for which user.
// Must never undo a blacklisting, nor assign a token to a user who is not known to own it.

import { readTime } from "../../src/python/django-time.ts";
import type { UserIdType } from "../../src/users/new-user-ids.ts";
import { readKey } from "../../src/users/primary-key.ts";
import type { UserId } from "../../src/users/user.ts";
import type { Dump, DumpRow } from "./dump.ts";
import type { StoredToken, StoredTokens } from "./existing.ts";
import { keyNumber } from "./keys.ts";
import type { UserPlan, UserRef } from "./plan-users.ts";
import { openTallies, type Tallies } from "./tally.ts";

/** A token's row to write; the user by id, or by the name of a user who gets an id when written. */
export interface TokenInsert {
  readonly jti: string;
  readonly type: "refresh" | "sliding";
  readonly userId: UserId | null;
  readonly username: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly blacklistedAt: number | null;
}

/** The result for the tokens. */
export interface TokenPlan {
  readonly rows: readonly TokenInsert[];
  readonly fresh: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Expired for longer than LEEWAY, so no longer accepted and not needed. */
  readonly expired: number;
  /** How many of those in the database afterwards are blacklisted. */
  readonly blacklisted: number;
  readonly leftOut: Tallies;
  /** Remarks on tokens that are imported or already here. */
  readonly notes: Tallies;
}

/** What the decision about a token depends on. */
export interface TokenContext {
  readonly users: UserPlan;
  readonly idType: UserIdType;
  /** The ids of existing users, by name. */
  readonly idsHere: ReadonlyMap<string, UserId>;
  readonly stored: StoredTokens;
  readonly nowSeconds: number;
}

export function planTokens(dump: Dump, context: TokenContext): TokenPlan {
  const { stored, nowSeconds } = context;
  const [leftOut, notes] = [openTallies(), openTallies()];
  const blacklistings = readBlacklistings(dump.blacklisted, nowSeconds, { leftOut, notes });
  const seen = new Set<string>();
  const idsHere = new Set(context.idsHere.values());
  const rows: TokenInsert[] = [];
  let [fresh, changed, unchanged, blacklisted] = [0, 0, 0, 0];

  for (const { row, pk, user, token } of dump.outstanding) {
    const blacklistedAt = pk === undefined ? undefined : blacklistings.get(pk);
    if (pk !== undefined) blacklistings.delete(pk);
    if (typeof token === "string") {
      leftOut.add(token, `row ${row}`);
      continue;
    }
    if (seen.has(token.jti)) {
      leftOut.add("duplicate id (jti) in the dump", `row ${row}, jti '${token.jti}'`);
      continue;
    }
    seen.add(token.jti);
    if (!token.zoned) notes.add("times without a time zone (USE_TZ = False), read as UTC");
    const owner = ownerOf(user, context, idsHere);
    if (owner === undefined)
      notes.add("imported without a user: their user is not at the gateway", `jti '${token.jti}'`);
    const userId = owner && "id" in owner ? owner.id : null;
    const username = owner && "username" in owner ? owner.username : null;
    const { jti, type, createdAt, expiresAt } = token;
    const next = { jti, type, userId, username, createdAt, expiresAt, blacklistedAt: blacklistedAt ?? null };
    const here = stored.get(jti);
    if ((here?.blacklistedAt ?? next.blacklistedAt) !== null) blacklisted++;
    if (here && addsNothing(here, next)) unchanged++;
    else {
      if (here) changed++;
      else fresh++;
      rows.push(next);
    }
  }
  for (const key of blacklistings.keys())
    if (!dump.expired.has(key)) leftOut.add("blacklisting of a token that is not in the dump", `token ${key}`);
  return { rows, fresh, changed, unchanged, expired: dump.expiredCount, blacklisted, leftOut, notes };
}

/** When each token was blacklisted, by the token's key. A token with an unreadable time stays blacklisted. */
function readBlacklistings(
  rows: readonly DumpRow[],
  nowSeconds: number,
  { leftOut, notes }: { readonly leftOut: Tallies; readonly notes: Tallies },
): Map<string, number> {
  const times = new Map<string, number>();
  for (const { row, fields } of rows) {
    const key = keyNumber(fields.token);
    if (key === undefined) {
      leftOut.add("blacklisting without a token", `row ${row}`);
      continue;
    }
    const time = readTime(fields.blacklisted_at);
    if (!time) notes.add("blacklisted at an unreadable time, which was set to now", `token ${key}`);
    times.set(key, time?.seconds ?? nowSeconds);
  }
  return times;
}

/** The token's user; null if it has none, undefined if the user is unknown or was left out. */
function ownerOf(user: unknown, { users, idsHere, idType }: TokenContext, ids: ReadonlySet<UserId>): UserRef | null {
  if (user === null || user === undefined) return null;
  const name: unknown = Array.isArray(user) && user.length === 1 ? user[0] : undefined;
  if (typeof name === "string") {
    const id = idsHere.get(name);
    return users.byName.has(name) ? users.byName.get(name) : id === undefined ? undefined : { id };
  }
  const key = readKey(user, idType);
  if (key === undefined) return undefined;
  if (users.byKey.has(key)) return users.byKey.get(key);
  return !users.keyless && ids.has(key) ? { id: key } : undefined;
}

function addsNothing(here: StoredToken, next: TokenInsert): boolean {
  const blacklists = here.blacklistedAt === null && next.blacklistedAt !== null;
  const names = here.userId === null && (next.userId !== null || next.username !== null);
  return !blacklists && !names && here.expiresAt >= next.expiresAt;
}
