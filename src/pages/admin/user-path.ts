// The address of a user's pages: an id as a segment of the path.
import { adminPath } from "../../internal-routes/admin-path.ts";
import type { UserId } from "../../users/user.ts";

/** Names of pages in the place of a user's. */
const pageNames = ["new", "selected"];

/** What such a segment looks like, for the router. */
export const idSegment = "[-A-Za-z0-9_~]+";

/** An id as it is where that is a segment of its own, else `~` and its base64url: a text can have every character. */
function segmentOf(id: UserId): string {
  const isPlain = /^[-A-Za-z0-9_]+$/.test(id) && !pageNames.includes(id);
  return isPlain ? id : `~${Buffer.from(id, "utf8").toString("base64url")}`;
}

/** The id in a segment; undefined for one that segmentOf() does not write. */
export function idOfSegment(segment: string): UserId | undefined {
  const id = segment.startsWith("~") ? Buffer.from(segment.slice(1), "base64url").toString("utf8") : segment;
  return segmentOf(id) === segment ? id : undefined;
}

/** The path of a user's page; the others are below it. */
export const userPath = (id: UserId): string => `${adminPath}/users/${segmentOf(id)}/`;
