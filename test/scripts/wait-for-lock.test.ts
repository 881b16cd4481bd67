// Commands on the local database while `npm start` writes to it.
import { describe, expect, it } from "vitest";
import { waitingForLock } from "../../scripts/database/wait-for-lock.ts";

const locked = "D1_ERROR: database is locked: SQLITE_BUSY";
const notCommitted = "D1_ERROR: Failed to get session commit token: internal error; reference = 7b07mp1q\nstack: …";

/** A D1 that fails with these errors, one after another, and then answers. */
function failing(errors: readonly string[]) {
  const asked: string[] = [];
  const left = [...errors];
  const answer = async (what: string) => {
    asked.push(what);
    const message = left.shift();
    if (message !== undefined) throw new Error(message);
    return { results: [{ n: 1 }] };
  };
  const statement = (sql: string, values: readonly unknown[]) => ({
    text: `${sql} ${JSON.stringify(values)}`,
    bind: (...given: unknown[]) => statement(sql, given),
    all: () => answer(`${sql} ${JSON.stringify(values)}`),
  });
  const d1 = {
    prepare: (sql: string) => statement(sql, []),
    batch: (statements: ReadonlyArray<{ readonly text: string }>) =>
      answer(statements.map(({ text }) => text).join("; ")),
  };
  const waits: number[] = [];
  const wait = async (milliseconds: number) => void waits.push(milliseconds);
  return { d1: waitingForLock(d1 as unknown as D1Database, wait), asked, waits };
}

describe("a local database that another process writes to", () => {
  it("is asked again, after a wait", async () => {
    const { d1, asked, waits } = failing([locked, notCommitted]);
    const { results } = await d1.prepare("SELECT ?1 AS n").bind(1).all();
    expect(results).toEqual([{ n: 1 }]);
    expect(asked).toEqual(["SELECT ?1 AS n [1]", "SELECT ?1 AS n [1]", "SELECT ?1 AS n [1]"]);
    expect(waits).toEqual([20, 50]);
  });

  it("gets a whole batch again", async () => {
    const { d1, asked } = failing([locked]);
    await d1.batch([d1.prepare("DELETE FROM a"), d1.prepare("DELETE FROM b WHERE c = ?1").bind("d")]);
    const batch = 'DELETE FROM a []; DELETE FROM b WHERE c = ?1 ["d"]';
    expect(asked).toEqual([batch, batch]);
  });

  it("says what to do when it stays locked", async () => {
    const { d1, asked } = failing(Array.from({ length: 20 }, () => locked));
    await expect(d1.prepare("SELECT 1").all()).rejects.toThrow(
      "The local database is busy, because npm start is writing to it. Run the command again.",
    );
    expect(asked).toHaveLength(11);
  });

  it("passes other errors on at once", async () => {
    const { d1, asked } = failing(["D1_ERROR: no such table: users: SQLITE_ERROR"]);
    await expect(d1.prepare("SELECT 1").all()).rejects.toThrow("D1_ERROR: no such table: users: SQLITE_ERROR");
    expect(asked).toEqual(["SELECT 1 []"]);
  });
});
