// Sessions with their last tokens as the admin page lists them, over several session databases.
import { ownerOf } from "../../users/token-user.ts";
import type { UserIdSettings } from "../../users/user-id.ts";
import { type AdminToken, type AdminTokenStore, type Page, type Place, rowsOfPage } from "../admin-contract.ts";
import { type ListedSession, pageOfSessions, sessionByJti } from "../d1/admin-tokens.ts";
import { onD1 } from "../d1/errors.ts";
import { userColumns, userFrom } from "../d1/users.ts";
import type { SpreadStores } from "./databases.ts";

export function spreadAdminTokens({ users, databases, log }: SpreadStores, settings: UserIdSettings): AdminTokenStore {
  const usersOf = async (sessions: readonly ListedSession[]) => {
    const ids = sessions.flatMap(({ userId }) => userId ?? []);
    const sql = `SELECT ${userColumns} FROM users WHERE id IN (SELECT value FROM json_each(?1))`;
    const { results } = await users.prepare(sql).bind(JSON.stringify(ids)).all<Record<string, unknown>>();
    return new Map(results.flatMap((row) => userFrom(row) ?? []).map((user) => [user.id, user]));
  };
  /** With the names that the session databases do not have. */
  const named = async (sessions: readonly ListedSession[]): Promise<readonly AdminToken[]> => {
    const known = await usersOf(sessions);
    return sessions.map(({ token, userId }) => ({
      ...token,
      user: userId === undefined ? undefined : known.get(userId),
    }));
  };
  return {
    page: (query) =>
      onD1(log, async () => {
        // A user's sessions are in one database.
        const user = query.userId === undefined ? undefined : await userById(users, query.userId);
        const pages = user
          ? [await databases.at(ownerOf(settings, user), (place) => pageOfSessions(place, query))]
          : await databases.inAll((place) => pageOfSessions(place, query));
        const page = mergePages(pages, query.from?.way === "before", query.rows ?? rowsOfPage);
        return { ...page, rows: await named(page.rows) };
      }),
    byId: (jti) =>
      onD1(log, async () => {
        const { done, failure } = await databases.inReach((place) => sessionByJti(place, jti));
        const found = done.filter((session) => session !== undefined);
        // It may be where nobody can look now.
        if (found.length === 0 && failure !== undefined) throw failure;
        return (await named(found))[0];
      }),
    hasEarlier: async () => false,
  };
}

async function userById(users: D1Database, id: string) {
  return userFrom(await users.prepare(`SELECT ${userColumns} FROM users WHERE id = ?1`).bind(id).first());
}

/** The last to expire first. */
const isBefore = (one: Place, other: Place): boolean =>
  one.first === other.first ? one.second > other.second : one.first > other.first;

/**
 * One page out of one of each database. A database that has more than its page knows nothing beyond it: the page ends
 * where the first of them does.
 *
 * @param backward whether the pages end at the place from which they were asked for
 */
export function mergePages(
  pages: readonly Page<ListedSession>[],
  backward: boolean,
  size: number,
): Page<ListedSession> {
  const onward = (page: Page<ListedSession>) => (backward ? page.previous : page.next);
  const ahead = (one: Place, other: Place) => (backward ? isBefore(other, one) : isBefore(one, other));
  const ends = pages.flatMap((page) => onward(page) ?? []);
  const nearest = ends.reduce<Place | undefined>((end, one) => (end && ahead(end, one) ? end : one), undefined);
  const all = pages.flatMap(({ rows }) => rows).sort((one, other) => (isBefore(one.place, other.place) ? -1 : 1));
  const known = all.filter(({ place }) => nearest === undefined || !ahead(nearest, place));
  const rows = backward ? known.slice(-size) : known.slice(0, size);
  const last = (backward ? rows[0] : rows.at(-1))?.place;
  const more = known.length > size ? last : nearest;
  const first = pages.flatMap((page) => (backward ? page.next : page.previous) ?? [])[0];
  const back = first && (backward ? first : (rows[0]?.place ?? first));
  const lookedAt = pages.flatMap(({ lookedAtOnly }) => lookedAtOnly ?? []);
  return {
    rows,
    previous: backward ? more : back,
    next: backward ? back : more,
    lookedAtOnly: lookedAt.length === 0 ? undefined : lookedAt.reduce((sum, one) => sum + one, 0),
    matchesOnly: undefined,
  };
}
