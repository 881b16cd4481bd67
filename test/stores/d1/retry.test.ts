// When work on D1 is tried again, how often, and after which waits.
import { describe, expect, it } from "vitest";
import { type Retries, retried, withRetries } from "../../../src/stores/d1/retry.ts";
import { DB } from "../../support/bindings.ts";

const lost = "D1_ERROR: Network connection lost.";

/** Work that fails so, one message after the other, and then comes to "done". */
function working(messages: readonly string[], { random = 0, takes = 0 } = {}) {
  const [waits, logged, given]: [number[], unknown[], unknown[]] = [[], [], []];
  let now = 1_000_000;
  const retries: Retries = {
    pause: async (milliseconds) => void waits.push(milliseconds),
    random: () => random,
    nowMilliseconds: () => now,
    log: (...line) => void logged.push(line),
  };
  let attempts = 0;
  const attempt = async (before?: unknown) => {
    given.push(before instanceof Error ? before.message : before);
    now += takes;
    const message = messages[attempts++];
    if (message !== undefined) throw new Error(message);
    return "done";
  };
  const outcome = retried(withRetries(DB, retries), attempt).catch((error: Error) => error.message);
  return outcome.then((what) => ({ what, attempts, waits, logged, given }));
}

describe("work on D1", () => {
  it.each([
    "D1_ERROR: Network connection lost.",
    "D1_ERROR: D1 DB reset because its code was updated.",
    "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
    "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
    "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
  ])("is tried again after %s", async (message) => {
    expect(await working([message])).toMatchObject({ what: "done", attempts: 2 });
  });

  it.each([
    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
    "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
    "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.",
    "D1_ERROR: D1 DB exceeded its CPU time limit and was reset.",
    "D1_ERROR: no such table: sessions: SQLITE_ERROR",
    "D1_ERROR: UNIQUE constraint failed: users.username: SQLITE_CONSTRAINT",
  ])("is not tried again after %s", async (message) => {
    expect(await working([message])).toMatchObject({ what: message, attempts: 1, waits: [], logged: [] });
  });

  it("is tried three times at most", async () => {
    expect(await working([lost, lost, lost])).toMatchObject({ what: lost, attempts: 3 });
    expect(await working([lost, lost])).toMatchObject({ what: "done", attempts: 3 });
  });

  it.each([
    [0, [50, 200]],
    [0.5, [75, 300]],
    [1, [100, 400]],
  ])("waits by chance: where that is %d, %j milliseconds", async (random, waits) => {
    expect((await working([lost, lost], { random })).waits).toEqual(waits);
  });

  it("is not tried again once two seconds have passed", async () => {
    expect(await working([lost, lost], { takes: 2001 })).toMatchObject({ what: lost, attempts: 1 });
    expect(await working([lost, lost], { takes: 1001 })).toMatchObject({ what: lost, attempts: 2 });
    expect(await working([lost, lost], { takes: 1000 })).toMatchObject({ what: "done", attempts: 3 });
  });

  it("learns the failure before it, which the log has too", async () => {
    const reset = "D1_ERROR: D1 DB reset because its code was updated.";
    const { given, logged } = await working([lost, reset]);
    expect(given).toEqual([undefined, lost, reset]);
    expect(logged).toEqual([
      ["store_retried", { store: "d1", error: lost }],
      ["store_retried", { store: "d1", error: reset }],
    ]);
  });

  it("is tried once where the database has no retries", async () => {
    const attempt = () => Promise.reject(new Error(lost));
    await expect(retried(DB, attempt)).rejects.toThrow(lost);
    await expect(retried(withRetries(DB, undefined), attempt)).rejects.toThrow(lost);
  });
});
