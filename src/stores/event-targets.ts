// Where events are sent: the URL of EVENTS_URL, and the queue that EVENTS binds.
// Must never follow a redirect, nor read an answer's body.
import type { Delivery, EventTarget } from "./events-contract.ts";

/** An API that takes longer has not taken the event. */
const timeoutMilliseconds = 10_000;

/** What a queue takes in one call. */
const mostMessages = 100;

/** Statuses by which a receiver says that it will never take an event: sending it again would hold up all others. */
const refusedForGood = new Set([400, 410, 422]);

/** One POST for each event, as RFC 8935 pushes security events. */
export function urlTarget(url: string): EventTarget {
  const post = async (body: string): Promise<number> => {
    const headers = { "content-type": "application/jwt" };
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
    await response.body?.cancel();
    return response.status;
  };
  return {
    audience: url,
    async send(tokens) {
      let refused: Partial<Delivery> = {};
      let taken = 0;
      for (const token of tokens) {
        const status = await post(token).catch(() => undefined);
        if (status === undefined) return { taken, error: "EVENTS_URL did not respond" };
        const isRefused = refusedForGood.has(status);
        if (isRefused) refused = { error: `EVENTS_URL refused an event for good with ${status}` };
        else if (status < 200 || status > 299) return { taken, error: `EVENTS_URL answered ${status}` };
        taken++;
      }
      return { taken, ...refused };
    },
  };
}

/** One message for each event. */
export function queueTarget(queue: Queue<string>): EventTarget {
  return {
    audience: "queue",
    async send(tokens) {
      let taken = 0;
      try {
        for (; taken < tokens.length; taken += mostMessages) {
          const messages = tokens.slice(taken, taken + mostMessages);
          await queue.sendBatch(messages.map((body) => ({ body, contentType: "text" as const })));
        }
        return { taken: tokens.length };
      } catch (error) {
        return { taken, error: error instanceof Error ? error.message : "the queue took no message" };
      }
    },
  };
}
