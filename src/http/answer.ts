// The gateway's own JSON answers, with the headers that Django and DRF put on theirs.
// Must never be cached: every answer here is about somebody.
import type { RequestContext } from "../context.ts";

/** A JSON answer: compact as DRF's, or indented when the client asked for it. */
export function answerJson(
  context: RequestContext,
  status: number,
  body: unknown,
  more: Readonly<Record<string, string>> = {},
): Response {
  return new Response(jsonText(body, context.indent), {
    status,
    headers: { "content-type": "application/json", ...ownHeaders(context), ...more },
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
export function ownHeaders(context: RequestContext): Readonly<Record<string, string>> {
  return {
    ...(context.allow === undefined ? {} : { allow: context.allow }),
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
