// An exchange as app.ts opens one: nothing known yet but the request.
import type { Exchange } from "../../src/http/exchange.ts";
import { openExchange } from "../../src/http/open-exchange.ts";
import { openUploads } from "../../src/http/uploads.ts";

export function exchangeFor(change: Partial<Exchange> = {}): Exchange {
  const request = new Request("https://gateway.example/");
  return { ...openExchange(request, "5f0c8d7e6b5a49382716051423324150", 1_700_000_000_000, openUploads()), ...change };
}
