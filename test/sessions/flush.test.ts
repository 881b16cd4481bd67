import { describe, expect, test, vi } from "vitest";
import { Refusal } from "../../src/errors.ts";
import { createFlush } from "../../src/sessions/flush.ts";
import { DB } from "../support/bindings.ts";
import { outstandingToken, rowOf } from "../support/rows.ts";
import { testServices } from "../support/services.ts";

const now = 1_700_000_000;

/** A store that says it deleted as many rows as the list has, call by call, and then none. */
async function deleting(rows: readonly number[], vars: Readonly<Record<string, unknown>> = {}) {
  const deps = await testServices(vars);
  const left = [...rows];
  const deleteExpired = vi.spyOn(deps.tokens, "deleteExpired").mockImplementation(async () => left.shift() ?? 0);
  return { deps, deleteExpired };
}

describe("flush()", () => {
  test("deletes what has expired, blacklisted or not, and says how many", async () => {
    await DB.prepare("DELETE FROM sessions").run();
    const deps = await testServices();
    const [old, revoked, ending, good] = [now - 1, now - 1, now, now + 1].map((expiresAtSeconds) =>
      outstandingToken({ expiresAtSeconds }),
    );
    if (!old || !revoked || !ending || !good) throw new Error("four tokens");
    for (const token of [old, ending, good]) await deps.tokens.insert("no user", token);
    await deps.tokens.blacklist("no user", revoked, now - 2);
    expect(await createFlush(deps)(now)).toBe(2);
    expect(await Promise.all([old, revoked].map(({ jti }) => rowOf(jti)))).toEqual([null, null]);
    expect((await rowOf(ending.jti))?.other_jti).toBe(ending.jti);
    expect((await rowOf(good.jti))?.other_jti).toBe(good.jti);
    expect(deps.logged).toEqual([["flush", { deleted: 2 }]]);
  });

  test("keeps a row for the leeway, within which its token can still be presented", async () => {
    const { deps, deleteExpired } = await deleting([0], { LEEWAY: 60 });
    await createFlush(deps)(now);
    expect(deleteExpired.mock.calls).toEqual([[now - 60, 1000]]);
  });

  test.each([
    [[1000, 1000, 3], 2003, 3],
    [[1000, 0], 1000, 2],
    [[999], 999, 1],
    [[], 0, 1],
  ])("goes on in batches while they are full: %j", async (batches, deleted, calls) => {
    const { deps, deleteExpired } = await deleting(batches);
    expect(await createFlush(deps)(now)).toBe(deleted);
    expect(deleteExpired).toHaveBeenCalledTimes(calls);
  });

  test("leaves what is beyond 40 batches to the next run, and has four for the audit log all the same", async () => {
    const { deps, deleteExpired } = await deleting(Array(100).fill(1000));
    const prune = vi.spyOn(deps.auditLog, "prune").mockResolvedValue(1000);
    expect(await createFlush(deps)(now)).toBe(40_000);
    expect([deleteExpired.mock.calls.length, prune.mock.calls.length]).toEqual([40, 4]);
  });

  test("deletes entries of the audit log after AUDIT_RETENTION, in as many batches as are left", async () => {
    const { deps } = await deleting([], { AUDIT_RETENTION: "90d" });
    const prune = vi.spyOn(deps.auditLog, "prune").mockResolvedValue(1000);
    await createFlush(deps)(now);
    expect(prune).toHaveBeenCalledTimes(43);
    expect(prune.mock.calls[0]).toEqual([now - 90 * 86_400, 1000]);
  });

  test("notes that it has run", async () => {
    const { deps } = await deleting([7]);
    await createFlush(deps)(now);
    expect(await DB.prepare("SELECT * FROM last_flush").all()).toMatchObject({
      results: [{ id: 1, at: now, deleted: 7 }],
    });
  });
});

describe("flush() over several databases", () => {
  /** Databases with so many expired rows each; undefined for one that is down. */
  async function over(...rows: ReadonlyArray<number | undefined>) {
    const deps = await testServices();
    const left = [...rows];
    const turns: number[] = [];
    const parts = rows.map((_, index) => ({
      async deleteExpired(_beforeSeconds: number, limit: number) {
        turns.push(index);
        const here = left[index];
        if (here === undefined) throw new Refusal("store_unavailable");
        left[index] = Math.max(0, here - limit);
        return Math.min(here, limit);
      },
    }));
    vi.spyOn(deps.tokens, "parts").mockResolvedValue(parts);
    return { deps, left, turns, flush: createFlush(deps) };
  }

  test("takes a batch of each in turn, and no more of those that have none left", async () => {
    const { deps, turns, flush } = await over(500, 2500, 1500);
    expect(await flush(0)).toBe(4500);
    expect(turns).toEqual([0, 1, 2, 1, 2, 1]);
    expect(deps.logged).toEqual([["flush", { deleted: 4500 }]]);
  });

  test("does 400 batches at most, as many in each as in any other", async () => {
    const { deps, turns, left, flush } = await over(...Array(20).fill(100_000));
    expect(await flush(0)).toBe(400_000);
    expect(turns).toHaveLength(400);
    expect(left).toEqual(Array(20).fill(80_000));
    expect(deps.logged).toEqual([["flush", { deleted: 400_000 }]]);
  });

  test("does 40 batches in one at most", async () => {
    const { left, flush } = await over(100_000, 2000, 50_000);
    expect(await flush(0)).toBe(82_000);
    expect(left).toEqual([60_000, 0, 10_000]);
  });

  test("leaves none out for ever, however many there are", async () => {
    const { left, flush } = await over(...Array(600).fill(1000));
    // The cron trigger of every hour.
    for (let hour = 0; hour < 6; hour++) await flush(1_700_000_000 + hour * 3600);
    expect(left.filter((rows) => rows !== 0)).toEqual([]);
  });

  test("does the others, endings and events where one is down, says what it did, and fails", async () => {
    const { deps, left, flush } = await over(2500, undefined, 1500);
    const forgetEndings = vi.spyOn(deps.sessions, "forgetEndings");
    const sendPending = vi.spyOn(deps.userEvents, "sendPending").mockResolvedValue(3);
    await expect(flush(0)).rejects.toThrow("store_unavailable");
    expect(left).toEqual([0, undefined, 0]);
    expect([forgetEndings.mock.calls.length, sendPending.mock.calls.length]).toEqual([1, 1]);
    expect(deps.logged).toEqual([["flush", { deleted: 4000, events_sent: 3 }]]);
  });
});
