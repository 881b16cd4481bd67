// Each operation while KV takes no writes, a queue takes no events, or the isolates' clocks differ.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { DB } from "../support/bindings.ts";
import { switchable, withoutPuts } from "./broken.ts";
import { addExpired, brokenQueue, type Client, gatewayWith, newClient, operations } from "./operations.ts";
import { type Operation, operationsOf, type Part } from "./table.ts";

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

const withoutKv = () => {
  const { bindings, isDown } = switchable();
  isDown.KV = true;
  return bindings;
};

describe.each<[Part, () => object, error: string]>([
  ["KV's put lost", withoutPuts, "KV PUT failed: 429 Too Many Requests"],
  ["KV out of reach", withoutKv, "KV is out of reach"],
])("%s:", (part, bindings, error) => {
  it.each(operationsOf(part, "%s is answered as ever, and D1 refuses what has ended"))(
    "%s is answered as ever, and D1 refuses what has ended",
    async (name) => {
      const asked = operations[name];
      const client = await newClient(whole, name);
      expect(await asked.run(await gatewayWith(bindings()), client)).toBe(asked.status);
      expect(lines).toContainEqual({ event: "store_failed", store: "kv", error });
      await asked.holds(whole, client);
    },
  );
});

/** Ends what the client presents in D1 alone, as where the write to KV was lost. */
const endInD1 = (name: Operation, client: Client) =>
  operations[name].endInD1?.(client) ?? Promise.reject(new Error(`${name} has no end`));

describe("KV's put lost", () => {
  it.each(
    operationsOf(
      "KV's put lost",
      "%s that was revoked and of which KV was not told passes for five minutes, and never where D1 is asked",
    ),
  )(
    "%s that was revoked and of which KV was not told passes for five minutes, and never where D1 is asked",
    async (name) => {
      const client = await newClient(whole, name);
      const app = await gatewayWith();
      const run = () => operations[name].run(app, client);
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
      const readAt = Date.now();
      expect(await run()).toBe(200);
      await endInD1(name, client);
      expect(await operations["API key, strict"].run(whole, client)).toBe(401);
      vi.setSystemTime(readAt + 299_000);
      expect(await run()).toBe(200);
      vi.setSystemTime(readAt + 300_000);
      expect(await run()).toBe(401);
    },
  );

  it.each(
    operationsOf("KV's put lost", "%s that was ended and of which KV was not told passes, and never where D1 is asked"),
  )("%s that was ended and of which KV was not told passes, and never where D1 is asked", async (name) => {
    const client = await newClient(whole, name);
    const run = async (vars: object) => operations[name].run(await gatewayWith(vars), client);
    expect(await run({})).toBe(200);
    await endInD1(name, client);
    expect(await run({})).toBe(200);
    if (name === "issuer's token") expect(await operations["issuer's token, strict"].run(whole, client)).toBe(401);
    else expect(await run(withoutKv())).toBe(401);
  });

  it("an access token that KV was not told of passes where a route asks KV alone, and not where it asks D1", async () => {
    const client = await newClient(whole, "log-out");
    expect(await operations["log-out everywhere"].run(await gatewayWith(withoutPuts()), client)).toBe(200);
    expect(await operations["bearer token, cached"].run(whole, client)).toBe(200);
    expect(await operations["bearer token, strict"].run(whole, client)).toBe(401);
    expect(await operations["bearer token, user"].run(whole, client)).toBe(401);
  });
});

describe("KV out of reach", () => {
  it.each(
    operationsOf(
      "KV out of reach",
      "%s asks D1 where KV cannot be read, is 503 where D1 is down too, and refused once it has ended",
    ),
  )("%s asks D1 where KV cannot be read, is 503 where D1 is down too, and refused once it has ended", async (name) => {
    const client = await newClient(whole, name);
    const { bindings, isDown } = switchable();
    const app = await gatewayWith({ ...bindings, REVOCATION_CACHE_SECONDS: 0 });
    const run = () => operations[name].run(app, client);
    expect(await run()).toBe(200);
    isDown.KV = true;
    expect(await run()).toBe(200);
    expect(lines).toContainEqual({ event: "store_failed", store: "kv", error: "KV is out of reach" });
    isDown.D1 = true;
    expect(await run()).toBe(503);
    isDown.D1 = false;
    expect(await run()).toBe(200);
    await endInD1(name, client);
    expect(await run()).toBe(401);
  });
});

describe("limiter failing", () => {
  it.each(
    operationsOf(
      "limiter failing",
      "%s with limiters that fail is answered uncounted, and a key that is not good is refused all the same",
    ),
  )(
    "%s with limiters that fail is answered uncounted, and a key that is not good is refused all the same",
    async (name) => {
      const client = await newClient(whole, name);
      const limiter = { limit: () => Promise.reject(new Error("the limiter is out of reach")) };
      const TOKEN_LIMITS = { introspect: { binding: "KEY_LIMITER", by: "key" } };
      const app = await gatewayWith({ LOGIN_LIMITER: limiter, KEY_LIMITER: limiter, TOKEN_LIMITS });
      const { apiKey } = client;
      const wrong = { ...client, apiKey: { ...apiKey, text: `${apiKey.prefix}.wrong` } };
      const unknown = { ...client, apiKey: { ...apiKey, text: "unknown1.wrong" } };
      const run = (one: Client) => operations[name].run(app, one);
      expect([await run(wrong), await run(unknown), await run(client)]).toEqual([401, 401, 200]);
      expect(lines).toContainEqual({
        ...{ event: "store_failed", store: "ratelimit", error: "the limiter is out of reach" },
      });
    },
  );
});

describe("queue failing", () => {
  it("a user whom an issuer's token brings is there, and the event waits for the next flush", async () => {
    const client = await newClient(whole, "issuer's token, mapped");
    const { run, holds } = operations["issuer's token, mapped"];
    expect(await run(await gatewayWith({ EVENTS: brokenQueue }), client)).toBe(200);
    await holds(whole, client);
    const waiting = async () =>
      (
        await DB.prepare("SELECT type FROM events JOIN users ON users.id = events.user_id WHERE users.alternate_id = ?")
          .bind(client.subject)
          .all()
      ).results;
    expect(await waiting()).toEqual([{ type: "user_changed" }]);
    await whole.flush();
    expect(await waiting()).toEqual([]);
  });

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
