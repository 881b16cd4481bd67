// Each operation while a round trip to D1 fails: one after the other, before and after the commit.
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { breaking, endingAfter, failing, type When, waiting } from "./broken.ts";
import { addExpired, brokenQueue, type Client, gatewayWith, newClient, operations } from "./operations.ts";
import { isMachine, type Operation, operationsOf, type Part } from "./table.ts";

let whole: App;
/** Events that it writes wait, so that there are some to send. */
let first: App;
beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  whole = await gatewayWith();
  first = await gatewayWith({ EVENTS: brokenQueue });
});
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));

const clientOf = async (needs: Operation): Promise<Client> => {
  if (needs === "flush") await addExpired();
  // A flush sends forty events at most: only those who send some get any that wait.
  return newClient(isMachine(needs) ? whole : first, needs);
};

/** Does it again where nothing fails, and looks at what it came to. */
async function again(asked: (typeof operations)[keyof typeof operations], client: Client): Promise<void> {
  expect([asked.status, ...(asked.again ?? [])]).toContain(await asked.run(whole, client));
  await asked.holds(whole, client);
}

const lost = "D1_ERROR: Network connection lost.";
const reset = "D1_ERROR: D1 DB reset because its code was updated.";

const problems: ReadonlyArray<readonly [part: Part, when: When, message: string]> = [
  ["D1's reply lost before the commit", "before the commit", lost],
  ["D1's reply lost after the commit", "after the commit", lost],
  ["D1 reset before the commit", "before the commit", reset],
  ["D1 reset after the commit", "after the commit", reset],
];

/**
 * What comes of it where each of its round trips fails once, one after the other. D1 itself tries reads again. What follows
 * the answer is the sending of events.
 */
const triedAgain = new Map<Operation, readonly number[]>([
  ["log-in", [503, 200, 200]],
  ["refresh", [200]],
  ["log-out", [200, 200]],
  ["log-out everywhere", [503, 200, 200]],
  ["end of a session", [503, 503, 204, 204]],
  ["provisioning", [200]],
]);
/**
 * Of callers that are no users: what has to be read is asked for once, and what is written follows the response (the last use
 * of a key, its better hash), or is the row of a new user, which is tried again.
 */
const oneByOne = new Map<Operation, readonly number[]>([
  ["API key", [503, 200]],
  ["API key, strict", [503, 200]],
  ["API key, imported", [503, 200, 200]],
  ["introspection", [503, 200, 503]],
  ["issuer's token, strict", [503]],
  ["issuer's token, mapped", [503, 200, 200]],
]);
const reads =
  "%s is 503 where what it has to read fails, as ever where something else does, and whole when asked for again";
const writes = "%s is tried again: answered as ever, once for each of its round trips that writes";
const allTrips =
  "%s is 503 while each round trip fails, asks no more often than ever, and is done when it is asked for again";
const anyTrip = "%s at each of its round trips is answered as ever or 503, and done when it is asked for again";

describe.each(problems)("%s:", (part, when, message) => {
  it.each(operationsOf(part, writes))(
    "%s is tried again: answered as ever, once for each of its round trips that writes",
    async (name) => {
      const asked = operations[name];
      const outcomes: number[] = [];
      for (let trip = 0; ; trip++) {
        const client = await clientOf(name);
        const { wasReached, ...bindings } = breaking(trip, message, when);
        const outcome = await asked.run(await gatewayWith(bindings), client);
        if (!wasReached()) break;
        outcomes.push(outcome);
        if (outcome === asked.status) await asked.holds(whole, client);
        else await again(asked, client);
      }
      expect(outcomes).toEqual(triedAgain.get(name));
    },
  );

  it.each(operationsOf(part, reads))(
    "%s is 503 where what it has to read fails, as ever where something else does, and whole when asked for again",
    async (name) => {
      const outcomes: number[] = [];
      for (let trip = 0; ; trip++) {
        const client = await clientOf(name);
        const { wasReached, ...bindings } = breaking(trip, message, when);
        // Events are read after the response, and none is deleted.
        const outcome = await operations[name].run(await gatewayWith({ ...bindings, EVENTS: brokenQueue }), client);
        if (!wasReached()) break;
        outcomes.push(outcome);
        await again(operations[name], client);
      }
      expect(outcomes).toEqual(oneByOne.get(name));
      await whole.flush();
    },
  );

  it.each(operationsOf(part, anyTrip))(
    "%s at each of its round trips is answered as ever or 503, and done when it is asked for again",
    async (name) => {
      const asked = operations[name];
      for (let trip = 0; ; trip++) {
        const client = await clientOf(name);
        const { wasReached, ...bindings } = breaking(trip, message, when);
        const outcome = await asked.run(await gatewayWith(bindings), client);
        if (!wasReached()) {
          expect(outcome).toBe(asked.status);
          expect(trip).toBeGreaterThan(0);
          return;
        }
        expect([asked.status, 503]).toContain(outcome);
        if (outcome === asked.status && asked.again !== undefined) await asked.holds(whole, client);
        else await again(asked, client);
      }
    },
  );
});

describe.each<[Part, string]>([
  ["D1 overloaded", "D1_ERROR: D1 DB is overloaded. Requests queued for too long."],
  ["D1 overloaded", "D1_ERROR: D1 DB is overloaded. Too many requests queued."],
  [
    "D1 out of time, CPU or memory",
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
  ],
  ["D1 out of time, CPU or memory", "D1_ERROR: D1 DB exceeded its CPU time limit and was reset."],
  ["D1 out of time, CPU or memory", "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset."],
])("%s: %s", (part, message) => {
  it.each(operationsOf(part, allTrips))(
    "%s is 503 while each round trip fails, asks no more often than ever, and is done when it is asked for again",
    async (name) => {
      const asked = operations[name];
      const client = await clientOf(name);
      const { made, ...bindings } = failing(message);
      expect(await asked.run(await gatewayWith(bindings), client)).toBe(503);
      expect(made()).toBeLessThanOrEqual(name === "flush" || name === "events" ? 9 : 2);
      await again(asked, client);
    },
  );
});

describe("D1 out of reach", () => {
  it.each(
    operationsOf(
      "D1 out of reach",
      "%s is 503 while D1 cannot be reached, after three attempts at most, and is done when it is asked for again",
    ),
  )(
    "%s is 503 while D1 cannot be reached, after three attempts at most, and is done when it is asked for again",
    async (name) => {
      const asked = operations[name];
      const client = await clientOf(name);
      const { made, ...bindings } = failing(lost);
      expect(await asked.run(await gatewayWith(bindings), client)).toBe(503);
      // A refresh reads the row once more.
      expect(made()).toBeLessThanOrEqual({ refresh: 4, events: 9, flush: 9 }[name as string] ?? 3);
      await again(asked, client);
    },
  );
});

describe("D1 slow", () => {
  it.each(operationsOf("D1 slow", "%s waits for D1, and holds up no request that does not need it"))(
    "%s waits for D1, and holds up no request that does not need it",
    async (name) => {
      const asked = operations[name];
      const client = await clientOf(name);
      const { reached, letGo, wasReached: _, ...bindings } = waiting(0);
      const app = await gatewayWith(bindings);
      const outcome = asked.run(app, client);
      await reached;
      expect(await operations["bearer token"].run(app, client)).toBe(200);
      letGo();
      expect(await outcome).toBe(asked.status);
      await asked.holds(whole, client);
    },
  );
});

describe("isolate gone between two writes", () => {
  it.each(
    operationsOf(
      "isolate gone between two writes",
      "%s that is cut off after each of its round trips is done when it is asked for again",
    ),
  )("%s that is cut off after each of its round trips is done when it is asked for again", async (name) => {
    const asked = operations[name];
    for (let trips = 0; ; trips++) {
      const client = await clientOf(name);
      const { wasReached, ...bindings } = endingAfter(trips);
      // Nobody sees the answer.
      await asked.run(await gatewayWith(bindings), client).catch(() => {});
      await again(asked, client);
      if (!wasReached()) return;
    }
  });
});

describe("deploy in the middle", () => {
  it.each(
    operationsOf(
      "deploy in the middle",
      "%s in an isolate of before the deploy, while one of after it does the same, comes to one result",
    ),
  )("%s in an isolate of before the deploy, while one of after it does the same, comes to one result", async (name) => {
    const asked = operations[name];
    const permitted = [asked.status, ...(asked.again ?? [])];
    for (let trip = 0; ; trip++) {
      const client = await clientOf(name);
      const { reached, letGo, wasReached, ...bindings } = waiting(trip);
      const outcome = asked.run(await gatewayWith(bindings), client);
      await Promise.race([reached, outcome]);
      if (!wasReached()) return;
      expect(permitted).toContain(await asked.run(whole, client));
      letGo();
      expect(permitted).toContain(await outcome);
      await asked.holds(whole, client);
    }
  });
});
