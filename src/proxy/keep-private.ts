// Requests that are about somebody, kept out of caches that several people share, and which of their answers need the same.
// Must never overrule a Cache-Control that the API chose for its answer, nor touch what goes through a public route.

/**
 * Whether the API may answer for one person: on every route that wants a token; on an optional one as soon as the
 * request brings something that could say who it is from, even if the gateway does not read it.
 *
 * @param headers the client's
 */
export function isPersonal(
  auth: "public" | "optional" | "token" | "user",
  headers: Headers,
  authHeader: string,
): boolean {
  if (auth !== "optional") return auth !== "public";
  return headers.has(authHeader) || headers.has("authorization") || headers.has("cookie");
}

/**
 * Whom an answer is for: `anyone`; one person whose token came in `Authorization`, which caches look at; or one person
 * whom caches cannot know of, because the token came in a cookie or in a header of another name.
 */
export type Privacy = "anyone" | "authorized" | "unseen";

/**
 * Statuses that browsers keep without being told for how long. RFC 9110 section 15.1 has more, but those need a
 * `Last-Modified`.
 */
const keptStatuses = new Set([300, 301, 308, 410]);

/**
 * Whether an answer without a Cache-Control of the API's has to be given one. A shared cache may not use an answer to a
 * request with `Authorization` for another one unless `public`, `s-maxage` or `must-revalidate` allow it (RFC 9111
 * section 3.5). A browser's own cache may, for whoever logs in next, if something lets it take the answer for fresh
 * (section 4.2).
 *
 * A 304 gets none: it would rewrite what the client has stored by the API's leave.
 */
export function needsPrivacy(privacy: Privacy, status: number, headers: Headers): boolean {
  if (privacy === "anyone" || status === 304) return false;
  return privacy === "unseen" || keptStatuses.has(status) || headers.has("last-modified") || headers.has("expires");
}

/**
 * What `fetch` has to be told so that Cloudflare's cache is neither read nor written, whatever the path ends in. The
 * header says it to caches behind us (RFC 9111 section 5.2.1.5), in the place of the client's own wishes: with
 * FORWARD_AUTHORIZATION off nothing else would tell them. Left to itself, workerd would write `no-cache`, upon which
 * Express never answers 304.
 *
 * @param headers of the request to the origin; changed
 */
export function privateRequest(headers: Headers): { readonly cache: "no-store" } {
  headers.set("cache-control", "no-store");
  return { cache: "no-store" };
}
