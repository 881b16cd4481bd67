// WEBSOCKET_TOKEN: a token among the subprotocols that a WebSocket's handshake offers (RFC 6455 section 11.3.4). A page cannot
// set Authorization for a WebSocket, but it can offer subprotocols.
// Must never leave the token among those that go to the origin, nor choose between two.
import { refuse } from "../errors.ts";

export const subprotocolHeader = "sec-websocket-protocol";

/** Followed by the token, letter by letter. */
const tokenPrefix = "bearer.";

/** Whether a request asks for a WebSocket (RFC 6455 section 4.1). */
export const isHandshake = (method: string, headers: Headers): boolean =>
  method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket";

/**
 * The token that a handshake offers; undefined if it offers none. Refused (`websocket_token_malformed`, 400): two of them, an
 * empty one, one with the prefix in another case, and one alone, because browsers fail when no subprotocol is picked and the
 * token never is.
 */
export function offeredToken(method: string, headers: Headers): string | undefined {
  const offered = headers.get(subprotocolHeader);
  if (offered === null || !isHandshake(method, headers)) return undefined;
  const [tokens, others] = partsOf(offered);
  const [entry, another] = tokens;
  if (entry === undefined) return undefined;
  const isWhole = entry.startsWith(tokenPrefix) && entry.length > tokenPrefix.length;
  if (!isWhole || another !== undefined || others.length === 0) refuse("websocket_token_malformed");
  return entry.slice(tokenPrefix.length);
}

/**
 * Takes the token out of what the origin is offered. All others keep their order and spelling. A request that is no
 * handshake loses it, too.
 *
 * @param headers of the request to the origin; changed
 */
export function dropOfferedToken(headers: Headers): void {
  const offered = headers.get(subprotocolHeader);
  if (offered === null) return;
  const [tokens, others] = partsOf(offered);
  if (tokens.length === 0) return;
  if (others.length === 0) headers.delete(subprotocolHeader);
  else headers.set(subprotocolHeader, others.join(", "));
}

/** What begins like a token in any case, and the rest. */
function partsOf(offered: string): readonly [tokens: readonly string[], others: readonly string[]] {
  // Not by an expression: of one for blanks at the end, a run of n blanks within a name takes n * n steps.
  const names = offered.split(",").map((name) => name.trim());
  const isToken = (name: string) => name.slice(0, tokenPrefix.length).toLowerCase() === tokenPrefix;
  return [names.filter(isToken), names.filter((name) => name !== "" && !isToken(name))];
}
