// WEBSOCKET_EXPIRES: a WebSocket that ends when the token ends that opened it. Its frames go through JavaScript: the runtime
// lets go of a handshake that is returned as it came, and no timer fires for it afterwards.
// Must never pass a frame once the token has ended, nor keep a timer for sockets that are gone.

import type { RequestContext } from "../context.ts";
import type { Log } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { Caller } from "./caller.ts";

/** Sent to both sides; 4000 to 4999 are for applications (RFC 6455 section 7.4.2). */
const expiredCode = 4401;
const expiredReason = "Token is expired";

/** What setTimeout() takes; longer ones would be over at once. */
const longestTimerMilliseconds = 2 ** 31 - 1;

export interface Expiry {
  /** When the token ends, LEEWAY included. */
  readonly atMilliseconds: number;
  readonly nowMilliseconds: () => number;
  /** Called when the socket was closed for it. */
  readonly expired: () => void;
}

export interface EndingDependencies {
  readonly settings: Settings;
  readonly nowMilliseconds: () => number;
  readonly log: Log;
}

/** The response of the origin. The WebSocket of an anonymous client, or of an API key that does not expire, never ends. */
export function endingWithCaller(
  { settings, nowMilliseconds, log }: EndingDependencies,
  { requestId }: RequestContext,
  caller: Caller,
  response: Response,
): Response {
  if (!settings.WEBSOCKET_EXPIRES || response.status !== 101) return response;
  const atMilliseconds = endOf(settings, caller);
  if (atMilliseconds === undefined) return response;
  const expired = () => log("websocket_expired", { request_id: requestId });
  return endingWith({ atMilliseconds, nowMilliseconds, expired }, response);
}

/** When the token or key ends; undefined for none, and for a key that does not expire. */
function endOf({ LEEWAY }: Settings, { identity, apiKey }: Caller): number | undefined {
  if (identity === undefined) return apiKey?.expiresAtSeconds && apiKey.expiresAtSeconds * 1000;
  // As the token caches have it: Python cuts fractions off when it checks `exp`, and issuers have a leeway of their own.
  return (Math.trunc(identity.expiresAtSeconds) + (identity.foreign ? 0 : LEEWAY)) * 1000;
}

/**
 * The origin's handshake with another socket in the place of its own. Frames, close codes and reasons go through in both
 * directions, and each side closes by itself: what one still sends after the other's close frame arrives. Pings are answered
 * by the runtime. Anything but a handshake comes back as it is.
 */
export function endingWith(expiry: Expiry, response: Response): Response {
  const origin = response.webSocket;
  if (!origin) return response;
  const { 0: outer, 1: client } = new WebSocketPair();
  const sockets = [origin, client] as const;
  const cancel = runAt(expiry, () => {
    isOver = true;
    for (const socket of sockets) close(socket, expiredCode, expiredReason);
    expiry.expired();
  });
  let isOver = false;
  let open = sockets.length;
  for (const [from, to] of [sockets, [client, origin]] as const) {
    // Not a Blob, whose bytes could only be had later, and out of order.
    from.binaryType = "arraybuffer";
    from.addEventListener("message", ({ data }) => {
      if (!isOver) send(to, data);
    });
    from.addEventListener("close", ({ code, reason }) => {
      if (--open === 0) cancel();
      close(to, code, reason);
    });
    // Often no close event follows, and nothing can pass any more.
    from.addEventListener("error", () => {
      isOver = true;
      cancel();
      for (const socket of sockets) close(socket, abnormal, "");
    });
    from.accept({ allowHalfOpen: true });
  }
  return new Response(null, { status: 101, headers: response.headers, webSocket: outer });
}

/** A frame that comes when its receiver is gone has nowhere to go. */
function send(socket: WebSocket, data: string | ArrayBuffer): void {
  try {
    socket.send(data);
  } catch {}
}

/** "No status" and "abnormal" (RFC 6455 section 7.4.1), which no frame may have. */
const noStatus = 1005;
const abnormal = 1006;
/** "Going away": the nearest to a side that is gone without a word. */
const goneAway = 1001;
/** "Protocol error". */
const protocolError = 1002;

/** A code or reason that no frame may have comes through the runtime all the same, which then refuses to send it on. */
function close(socket: WebSocket, code: number, reason: string): void {
  try {
    if (code === noStatus) socket.close();
    // What the runtime says of it is not the other side's reason.
    else if (code === abnormal) socket.close(goneAway);
    else socket.close(code, reason);
  } catch {
    if (code !== protocolError) close(socket, protocolError, "");
  }
}

/** Runs something at a time that may be further away than a timer reaches. Gives what cancels it. */
function runAt({ atMilliseconds, nowMilliseconds }: Expiry, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = () => {
    const left = atMilliseconds - nowMilliseconds();
    timer = setTimeout(
      left > longestTimerMilliseconds ? arm : run,
      Math.min(Math.max(left, 0), longestTimerMilliseconds),
    );
  };
  arm();
  return () => clearTimeout(timer);
}
