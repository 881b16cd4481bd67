// The gateway's own JSON answers, with the headers that Django and DRF put on theirs.
// Must never be cached: every answer here is about somebody.
import { createHash } from "node:crypto";
import type { RequestContext } from "../context.ts";

/** How the client wants a JSON answer written, and what else its head says. */
export interface JsonOptions {
  /** The methods for `Allow`; left out where none are named. */
  readonly allow?: string | undefined;
  /** Spaces by which each level is indented (`Accept: application/json; indent=4`); 0 for compact, as DRF's. */
  readonly indent?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export function answerJson(
  context: RequestContext,
  status: number,
  body: unknown,
  { allow, indent = 0, headers }: JsonOptions = {},
): Response {
  return new Response(jsonText(body, indent), {
    status,
    headers: { "content-type": "application/json", ...ownHeaders(context, allow), ...headers },
  });
}

/**
 * For browsers that show an answer as if it were a page: nothing in it runs, frames it, or tells where it was. No HSTS:
 * that binds a whole host for months, and TLS is the zone's, which has its own switch for it.
 */
export const safetyHeaders = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;

/** Headers of every answer that is the gateway's own. */
export function ownHeaders(context: RequestContext, allow?: string): Readonly<Record<string, string>> {
  return {
    ...(allow === undefined ? {} : { allow }),
    "cache-control": "no-store",
    // As Django's LocaleMiddleware sets them.
    "content-language": context.language().code,
    vary: "Accept-Language",
    ...safetyHeaders,
    "x-request-id": context.requestId,
  };
}

/** JSON as DRF's renderer writes it; U+2028 and U+2029 escaped, so that the text is JavaScript too. */
function jsonText(body: unknown, indent: number): string {
  return JSON.stringify(body, null, indent).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** Seconds for which a published document may be kept: short enough to follow a change of keys or settings. */
const keepSeconds = 300;

/** Answers one document that is the same for everybody: 304 for who has it already (RFC 9110 section 13.1.2). */
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
