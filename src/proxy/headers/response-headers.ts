// The origin's response on its way to the client: what is for one connection ends here, and personal answers stay private.
// Must never copy a response that can go on as it came, nor touch a WebSocket's handshake.
import { usersHeader } from "../../users/users-header.ts";
import { needsPrivacy, type Privacy } from "../keep-private.ts";
import { namesInConnection } from "./header-names.ts";

/**
 * What a proxy says to its own client (RFC 9110 section 11.7), and a forerunner. Connection, Keep-Alive, TE, Trailer,
 * Transfer-Encoding and Upgrade are not here: the runtime writes its own, and passes on none of the origin's.
 */
const proxysOwn = ["proxy-authenticate", "proxy-authentication-info", "proxy-authorization", "proxy-connection"];

/**
 * The response without hop-by-hop fields (RFC 9110 section 7.6.1) and without X-Gateway-Users, and with `Cache-Control: private, no-store` where it
 * may be about one person, a cache could give it to another, and the API said nothing. Copied only when something
 * changes, since a copy costs more than all the checks.
 *
 * @param privacy whom the response may be about (keep-private.ts)
 * @param hasUsers whether it has X-Gateway-Users; asked for once
 */
export function clientResponse(response: Response, privacy: Privacy, hasUsers = false): Response {
  const { status, headers } = response;
  const users = hasUsers ? [usersHeader] : [];
  if (status === 101) return hasUsers ? withoutHeaders(response, users) : response;
  const dropped = [...users, ...proxysOwn.filter((name) => headers.has(name)), ...namedInConnection(headers)];
  const saysNothing = !headers.has("cache-control") || dropped.includes("cache-control");
  const becomesPrivate = saysNothing && needsPrivacy(privacy, status, headers);
  if (dropped.length === 0 && !becomesPrivate) return response;
  const answer = withoutHeaders(response, dropped);
  if (becomesPrivate) answer.headers.set("cache-control", "private, no-store");
  return answer;
}

/** A copy; of a handshake it keeps the WebSocket. */
function withoutHeaders(response: Response, names: readonly string[]): Response {
  const copy = new Response(response.body, response);
  for (const name of names) copy.headers.delete(name);
  return copy;
}

/** The fields that `Connection` names and that are there. */
function namedInConnection(headers: Headers): string[] {
  return namesInConnection(headers.get("connection")).filter((name) => !runtimes.has(name) && headers.has(name));
}

/** Nothing has to be copied for what the runtime drops. */
const runtimes = new Set(["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"]);
