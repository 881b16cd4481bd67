// The exchange of a request that has just come: what the request says of itself, and nothing of what becomes of it.
// Must never read the clock: the door does, once.
import type { RequestContext } from "./context.ts";
import type { Uploads } from "./http/uploads.ts";
import { chooseLanguage } from "./i18n/language.ts";

export function openContext(
  { method, url, headers }: Request,
  requestId: string,
  openedAtMilliseconds: number,
  uploads: Uploads,
): RequestContext {
  return {
    requestId,
    nowSeconds: Math.floor(openedAtMilliseconds / 1000),
    openedAtMilliseconds,
    method,
    url,
    uploads,
    client: () => ({ address: headers.get("cf-connecting-ip"), userAgent: headers.get("user-agent") }),
    language: () => chooseLanguage(headers.get("accept-language")),
    allow: undefined,
    indent: 0,
    rule: undefined,
    forgetCookies: false,
    reason: undefined,
    shadowed: undefined,
    operation: "gateway",
    userId: undefined,
    tokenType: undefined,
    jti: undefined,
    originMilliseconds: undefined,
  };
}
