// A document of the gateway's own that is the same for everybody and may be kept for a while.
// Must never be about somebody.
import { createHash } from "node:crypto";
import type { RequestContext } from "../context.ts";
import { answerJson, ownHeaders } from "../http/answer.ts";

/** Seconds for which it may be kept: short enough to follow a change of keys or settings. */
const keepSeconds = 300;

/** Answers one document: 304 for who has it already (RFC 9110 section 13.1.2). */
export function published(document: object): (request: Request, context: RequestContext) => Response {
  const etag = `"${createHash("sha256").update(JSON.stringify(document)).digest("base64url")}"`;
  const headers = { "cache-control": `public, max-age=${keepSeconds}`, etag };
  return (request, context) =>
    hasIt(request.headers.get("if-none-match"), etag)
      ? new Response(null, { status: 304, headers: { ...ownHeaders(context), ...headers } })
      : answerJson(context, 200, document, { headers });
}

/** Weak comparison, as If-None-Match asks for: a `W/` before the tag makes no difference. */
function hasIt(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim());
  return tags.some((tag) => tag === "*" || tag === etag || tag === `W/${etag}`);
}
