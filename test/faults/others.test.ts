// Each operation while KV takes no writes, a queue takes no events, or the isolates' clocks differ.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { DB } from "../support/bindings.ts";
import { withoutPuts } from "./broken.ts";
import { addExpired, brokenQueue, gatewayWith, newClient, operations } from "./operations.ts";
import { operationsOf } from "./table.ts";

let whole: App;
beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  whole = await gatewayWith();
});
let lines: Array<Readonly<Record<string, unknown>>> = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => void vi.useRealTimers());

describe("KV's put lost", () => {
  it.each(operationsOf("KV's put lost", "%s is answered as ever, and D1 refuses what has ended"))(
    "%s is answered as ever, and D1 refuses what has ended",
    async (name) => {
      const asked = operations[name];
      const client = await newClient(whole, name);
      expect(await asked.run(await gatewayWith(withoutPuts()), client)).toBe(asked.status);
      expect(lines).toContainEqual({
        event: "store_failed",
        store: "kv",
        error: "KV PUT failed: 429 Too Many Requests",
      });
      await asked.holds(whole, client);
    },
  );

  it("an access token that KV was not told of passes where a route asks KV alone, and not where it asks D1", async () => {
    const client = await newClient(whole, "log-out");
    expect(await operations["log-out everywhere"].run(await gatewayWith(withoutPuts()), client)).toBe(200);
    expect(await operations["bearer token, cached"].run(whole, client)).toBe(200);
    expect(await operations["bearer token, strict"].run(whole, client)).toBe(401);
    expect(await operations["bearer token, user"].run(whole, client)).toBe(401);
  });
});

describe("queue failing", () => {
  it.each(operationsOf("queue failing", "%s is answered as ever, and its event waits for the next flush"))(
    "%s is answered as ever, and its event waits for the next flush",
    async (name) => {
      const asked = operations[name];
      const app = await gatewayWith({ EVENTS: brokenQueue });
      const client = await newClient(app, name);
      expect(await asked.run(app, client)).toBe(asked.status);
      const waits = DB.prepare("SELECT COUNT(*) AS n FROM events WHERE user_id = ?").bind(client.user.id);
      expect(await waits.first("n")).toBeGreaterThan(0);
      await whole.flush();
      await operations.events.holds(whole, client);
    },
  );
});

describe("clock skew", () => {
  it.each(
    operationsOf(
      "clock skew",
      "%s in an isolate whose clock is %i s from the first one's is as ever, with a LEEWAY of 120",
    ).flatMap((name) => [[name, -90] as const, [name, 90] as const]),
  )(
    "%s in an isolate whose clock is %i s from the first one's is as ever, with a LEEWAY of 120",
    async (name, skew) => {
      const asked = operations[name];
      const app = await gatewayWith({ LEEWAY: 120 });
      if (name === "flush") await addExpired();
      const client = await newClient(app, name);
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + skew * 1000 });
      expect(await asked.run(app, client)).toBe(asked.status);
    },
  );
});
