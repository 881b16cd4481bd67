// Events about users, from the outbox to the API: after the answer, and whatever is left by cron.
// Must never forget an event that a target has not taken.
import { Refusal } from "../errors.ts";
import type { Log } from "../log-events.ts";
import type { Owner, UserLookup } from "../stores/contract.ts";
import type { EventStore, EventTarget, EventType, NewEvent, StoredEvent } from "../stores/events-contract.ts";
import type { SignEvent } from "../tokens/event-token.ts";

/** Events of this gateway; none are written while neither EVENTS nor EVENTS_URL is set. */
export interface UserEvents {
  /** The event that is to be written with a change; undefined while events are off. */
  newEvent(type: EventType, nowSeconds: number, data?: NewEvent["data"]): NewEvent | undefined;
  /** Sends the events of a user after the answer. Those that are not taken wait for the next time. */
  sendSoon(owner: Owner, nowSeconds: number): void;
  /** Sends what is left of all users; how many events were sent. */
  sendPending(nowSeconds: number): Promise<number>;
}

/** The services that sending needs. */
export interface UserEventsDependencies {
  readonly events: EventStore;
  readonly targets: readonly EventTarget[];
  readonly sign: SignEvent;
  readonly later: (work: Promise<void>) => void;
  readonly log: Log;
}

/** What one answer sends at most; a user with more is left to the cron trigger. */
const mostAfterAnswer = 20;
/** What one run of the cron trigger sends at most: a Worker may make 1,000 requests in one run, and 50 on the Free plan. */
const mostInRun = 40;

/** While events are off. */
export const noUserEvents: UserEvents = {
  newEvent: () => undefined,
  sendSoon: () => undefined,
  sendPending: async () => 0,
};

export function createUserEvents(deps: UserEventsDependencies): UserEvents {
  const { events, targets, later, log } = deps;

  /** Sends events in their order, to all targets; an event is forgotten once each of them took it. */
  async function send(user: UserLookup | undefined, limit: number, nowSeconds: number): Promise<number> {
    try {
      const pending = await events.pending(user, limit);
      if (pending.length === 0) return 0;
      let taken = pending.length;
      for (const target of targets) {
        const delivery = await target.send(await signed(deps.sign, target.audience, pending, nowSeconds));
        taken = Math.min(taken, delivery.taken);
        if (delivery.error !== undefined) log("events_failed", { error: delivery.error });
      }
      if (taken > 0) await events.remove(pending.slice(0, taken).map(({ sequence }) => sequence));
      return taken;
    } catch (error) {
      // The store has logged its own failure.
      if (!(error instanceof Refusal)) throw error;
      return 0;
    }
  }

  return {
    newEvent: (type, nowSeconds, data = {}) => ({ type, createdAtSeconds: nowSeconds, data }),
    sendSoon(owner, nowSeconds) {
      if (owner !== "no user") later(send(owner, mostAfterAnswer, nowSeconds).then(() => undefined));
    },
    sendPending: (nowSeconds) => send(undefined, mostInRun, nowSeconds),
  };
}

function signed(
  sign: SignEvent,
  audience: string,
  events: readonly StoredEvent[],
  nowSeconds: number,
): Promise<readonly string[]> {
  return Promise.all(
    events.map(({ sequence, userId, type, createdAtSeconds, data }) =>
      sign({
        iat: nowSeconds,
        jti: String(sequence),
        aud: audience,
        sub: userId,
        sequence,
        event: type,
        at: createdAtSeconds,
        data,
      }),
    ),
  );
}
