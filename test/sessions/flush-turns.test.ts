// Which of several databases begins, and whose turn it is then.
import { describe, expect, it, test } from "vitest";
import { firstOf, inTurns } from "../../src/sessions/flush-turns.ts";

/** How often each of so many databases begins, in so many runs. */
function beginnings(count: number, minutesBetween: number, runs: number): readonly number[] {
  const times: number[] = Array(count).fill(0);
  for (let run = 0; run < runs; run++) {
    const first = firstOf(count, 1_700_000_000 + run * minutesBetween * 60);
    times[first] = (times[first] ?? 0) + 1;
  }
  return times;
}

describe("the database that begins", () => {
  it("is the only one, where there is one", () => {
    expect(beginnings(1, 60, 10)).toEqual([10]);
  });

  it.each([
    [2, 1],
    [3, 60],
    [12, 60],
    [12, 24 * 60],
    [24, 24 * 60],
    [60, 60],
  ])("is each of %i about as often, with %i minutes between runs", (count, minutesBetween) => {
    const times = beginnings(count, minutesBetween, count * 100);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(85);
    expect(Math.max(...times)).toBeLessThanOrEqual(115);
  });
});

describe("turns", () => {
  const turnsOf = async (work: Readonly<Record<string, number>>, first: number, share = { ofEach: 3, ofAll: 100 }) => {
    const left = { ...work };
    const turns: string[] = [];
    const failure = await inTurns(Object.keys(work), first, share, async (name) => {
      turns.push(name);
      left[name] = (left[name] ?? 0) - 1;
      return (left[name] ?? 0) > 0;
    });
    return { turns: turns.join(" "), failure };
  };

  it("begin with the one that is said and come to all", async () => {
    expect(await turnsOf({ a: 2, b: 1, c: 2 }, 1)).toEqual({ turns: "b c a c a", failure: undefined });
  });

  it("end when each has done its share", async () => {
    expect((await turnsOf({ a: 9, b: 9 }, 0)).turns).toBe("a b a b a b");
  });

  it("end when all have done theirs together", async () => {
    expect((await turnsOf({ a: 9, b: 9, c: 1 }, 0, { ofEach: 3, ofAll: 4 })).turns).toBe("a b c a");
  });

  test("are none without a database", async () => {
    expect((await turnsOf({}, 0)).turns).toBe("");
  });

  test("end at once with an error that is no refusal", async () => {
    const bug = inTurns(["a", "b"], 0, { ofEach: 1, ofAll: 2 }, async () => {
      throw new TypeError("a bug");
    });
    await expect(bug).rejects.toThrow("a bug");
  });
});
