// The JWK Set (RFC 7517) with the gateway's public key, for whoever checks its tokens.
// Must never hold a private or a symmetric key.
import { answerJson } from "../http/answer.ts";
import type { Exchange } from "../http/exchange.ts";
import type { PublicJwk } from "../tokens/keys.ts";

/** Seconds for which the set may be kept: short enough to follow a change of keys. */
const keepSeconds = 300;

export function answerJwks(publicJwk: PublicJwk, exchange: Exchange): Response {
  return answerJson(exchange, 200, { keys: [publicJwk] }, { "cache-control": `public, max-age=${keepSeconds}` });
}
