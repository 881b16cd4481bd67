// Sending events: after the answer and by cron, in their order, and never forgotten before every target took them.
import { expect, it } from "vitest";
import type { Delivery, EventTarget, StoredEvent } from "../../src/stores/events-contract.ts";
import { eventSigner } from "../../src/tokens/event-token.ts";
import { createUserEvents, noUserEvents } from "../../src/users/user-events.ts";
import { claimsIn, headerIn } from "../support/craft.ts";

const key = "provisioning-key-for-tests-0123456789";
const now = 1_700_000_000;
const event = (sequence: number, userId = "7"): StoredEvent => ({
  sequence,
  userId,
  type: "logout",
  createdAtSeconds: now - 60,
  data: { all: false },
});

/** An outbox in memory, a target for each answer, and what they got. */
function sending(outbox: StoredEvent[], ...deliveries: Delivery[]) {
  const sent: string[][] = [];
  const logged: unknown[] = [];
  const later: Array<Promise<void>> = [];
  const targets = deliveries.map(
    (delivery, index): EventTarget => ({
      audience: `target-${index}`,
      send: async (tokens) => {
        sent.push([...tokens]);
        return delivery;
      },
    }),
  );
  const events = createUserEvents({
    events: {
      pending: async (user, limit) =>
        outbox.filter(({ userId }) => user === undefined || userId === user.value).slice(0, limit),
      remove: async (sequences) => {
        for (const sequence of sequences)
          outbox.splice(
            outbox.findIndex((one) => one.sequence === sequence),
            1,
          );
      },
    },
    targets,
    sign: eventSigner(key),
    later: (work) => void later.push(work),
    log: (name, fields) => void logged.push([name, fields]),
  });
  return {
    events,
    sent,
    logged,
    left: () => outbox.map(({ sequence }) => sequence),
    settled: () => Promise.all(later),
  };
}

it("signs each event for its target, and forgets what was taken", async () => {
  const { events, sent, left } = sending([event(3), event(4)], { taken: 2 });
  expect(await events.sendPending(now)).toBe(2);
  expect(sent[0]?.map(headerIn)).toEqual([
    { alg: "HS256", typ: "event+jwt" },
    { alg: "HS256", typ: "event+jwt" },
  ]);
  expect(sent[0]?.map(claimsIn)[0]).toEqual({
    iat: 1_700_000_000,
    jti: "3",
    aud: "target-0",
    sub: "7",
    sequence: 3,
    event: "logout",
    at: 1_699_999_940,
    data: { all: false },
  });
  expect(left()).toEqual([]);
});

it("keeps what was not taken, from the first of them on, and says why in the log", async () => {
  const { events, left, logged } = sending([event(3), event(4), event(5)], {
    taken: 1,
    error: "EVENTS_URL answered 503",
  });
  expect(await events.sendPending(now)).toBe(1);
  expect(left()).toEqual([4, 5]);
  expect(logged).toEqual([["events_failed", { error: "EVENTS_URL answered 503" }]]);
});

it("forgets an event once all of two targets took it", async () => {
  const { events, left, sent } = sending([event(3), event(4)], { taken: 2 }, { taken: 1, error: "the queue is full" });
  expect(await events.sendPending(now)).toBe(1);
  expect(sent.map((tokens) => tokens.map((token) => claimsIn(token).aud))).toEqual([
    ["target-0", "target-0"],
    ["target-1", "target-1"],
  ]);
  expect(left()).toEqual([4]);
});

it("after an answer sends the events of that user alone", async () => {
  const { events, left, settled } = sending([event(3, "7"), event(4, "8")], { taken: 1 });
  events.sendSoon({ column: "id", value: "8" }, now);
  events.sendSoon("no user", now);
  await settled();
  expect(left()).toEqual([3]);
});

it("while events are off, writes none and sends none", async () => {
  expect(noUserEvents.newEvent("login", now)).toBeUndefined();
  expect(await noUserEvents.sendPending(now)).toBe(0);
});
