// The JWK Set (RFC 7517) with the public keys that verify here, for whoever checks the gateway's tokens.
// Must never hold a private or a symmetric key.
import { createHash } from "node:crypto";
import { answerJson, ownHeaders } from "../http/answer.ts";
import type { Exchange } from "../http/exchange.ts";
import type { PublicJwk } from "../tokens/keys.ts";

/** Seconds for which the set may be kept: short enough to follow a change of keys. */
const keepSeconds = 300;

/** The answer of one configuration: 304 for who has the set already (RFC 9110 section 13.1.2). */
export function jwksAnswer(keys: readonly PublicJwk[]): (request: Request, exchange: Exchange) => Response {
  const etag = `"${createHash("sha256").update(JSON.stringify(keys)).digest("base64url")}"`;
  const headers = { "cache-control": `public, max-age=${keepSeconds}`, etag };
  return (request, exchange) =>
    hasIt(request.headers.get("if-none-match"), etag)
      ? new Response(null, { status: 304, headers: { ...ownHeaders(exchange), ...headers } })
      : answerJson(exchange, 200, { keys }, headers);
}

/** Weak comparison, as If-None-Match asks for: a `W/` before the tag makes no difference. */
function hasIt(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim());
  return tags.some((tag) => tag === "*" || tag === etag || tag === `W/${etag}`);
}
