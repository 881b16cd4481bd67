// A count on a rate limit binding: all keys at once, and nobody is kept out because it fails.
import { expect, it, vi } from "vitest";
import { rateLimiter } from "../../src/stores/ratelimit-binding.ts";

/** A binding that answers by key: true, false, or an error. */
function limiterOf(answers: Readonly<Record<string, boolean | Error>>) {
  const asked: string[] = [];
  const logged: unknown[] = [];
  const limiter = rateLimiter(
    {
      limit: async ({ key }) => {
        asked.push(key);
        const answer = answers[key];
        if (typeof answer === "boolean") return { success: answer };
        throw answer;
      },
    },
    (event, fields) => logged.push([event, fields]),
  );
  return { limiter, asked, logged };
}

it.each([
  [true, true, true],
  [true, false, false],
  [false, true, false],
  [false, false, false],
])("account %s and address %s give %s, and both were counted", async (account, address, allowed) => {
  const { limiter, asked, logged } = limiterOf({ account, address });
  expect(await limiter.allows(["account", "address"])).toBe(allowed);
  expect(asked).toEqual(["account", "address"]);
  expect(logged).toEqual([]);
});

it("asks for all keys before the first is answered", async () => {
  let answerFirst = (_outcome: { success: boolean }) => {};
  const asked: string[] = [];
  const limit = ({ key }: { key: string }) => {
    asked.push(key);
    return key === "one"
      ? new Promise<{ success: boolean }>((resolve) => {
          answerFirst = resolve;
        })
      : Promise.resolve({ success: true });
  };
  const allowed = rateLimiter({ limit }, () => {}).allows(["one", "two"]);
  expect(asked).toEqual(["one", "two"]);
  answerFirst({ success: true });
  expect(await allowed).toBe(true);
});

it("lets the login go on when the binding fails, and says so without the key", async () => {
  const { limiter, logged } = limiterOf({ account: new Error("no answer"), address: true });
  expect(await limiter.allows(["account", "address"])).toBe(true);
  expect(logged).toEqual([["store_failed", { store: "ratelimit", error: "no answer" }]]);
});

it("still refuses by the key that was answered when the other failed", async () => {
  const { limiter, logged } = limiterOf({ account: new Error("no answer"), address: false });
  expect(await limiter.allows(["account", "address"])).toBe(false);
  expect(logged).toHaveLength(1);
});

it("does not wait for the binding to throw asynchronously", async () => {
  const logged: unknown[] = [];
  const limit = () => {
    throw new Error("at once");
  };
  expect(await rateLimiter({ limit }, (_event, fields) => logged.push(fields)).allows(["one"])).toBe(true);
  expect(logged).toEqual([{ store: "ratelimit", error: "at once" }]);
});

it("does not wait longer than two seconds for the binding", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const logged: unknown[] = [];
    const limiter = rateLimiter({ limit: () => new Promise(() => {}) }, (_event, fields) => logged.push(fields));
    const allowed = limiter.allows(["one"]);
    await vi.advanceTimersByTimeAsync(1999);
    expect(logged).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await allowed).toBe(true);
    expect(logged).toEqual([{ store: "ratelimit", error: "no answer within 2000 ms" }]);
  } finally {
    vi.useRealTimers();
  }
});

it("works or does not, told by a key that is no account's and no address's", async () => {
  const { limiter, asked, logged } = limiterOf({ health: false });
  expect(await limiter.ping()).toBe(true);
  expect([asked, logged]).toEqual([["health"], []]);
  expect(await limiterOf({ health: new Error("no answer") }).limiter.ping()).toBe(false);
});
