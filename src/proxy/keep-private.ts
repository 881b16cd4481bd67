// Requests that are about somebody, kept out of caches that several people share; for their answers see response-headers.ts.
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
