// An exchange as app.ts opens one: nothing known yet but the request.
import type { Exchange } from "../../src/http/exchange.ts";
import { chooseLanguage } from "../../src/http/language.ts";

export function exchangeFor(change: Partial<Exchange> = {}): Exchange {
  return {
    requestId: "5f0c8d7e6b5a49382716051423324150",
    nowSeconds: 1_700_000_000,
    openedAtMilliseconds: 1_700_000_000_000,
    method: "GET",
    url: "https://gateway.example/",
    language: () => chooseLanguage(null),
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
    ...change,
  };
}
