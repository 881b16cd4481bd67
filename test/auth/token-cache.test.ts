// The memory of tokens that were found good: what it gives back, what it forgets, how much it holds.
import { describe, expect, test } from "vitest";
import { createTokenCache, type VerifiedToken } from "../../src/auth/token-cache.ts";
import { tokenTypes } from "../../src/tokens/token-types.ts";

const now = 1_700_000_000;
const verified = (change: Partial<VerifiedToken> = {}): VerifiedToken => ({
  ...{ claims: { user_id: "7" }, tokenType: tokenTypes.access, userId: "7", jti: "a1", revocationKeys: undefined },
  ...{ expiresAtSeconds: now + 100, ...change },
});
const memoryOf = (change: object = {}) =>
  createTokenCache({ entries: 3, bytes: 1_000_000, leewaySeconds: 0, ...change });

describe("tokenMemory()", () => {
  test("gives back what was kept under the whole token, and nothing under a part of it", () => {
    const memory = memoryOf();
    const kept = verified();
    memory.keep("a.b.c", kept, 0);
    expect(memory.recall("a.b.c", 0, now)).toBe(kept);
    for (const other of ["a.b.", "a.b.c ", "A.b.c", "", "a.b.d"]) expect(memory.recall(other, 0, now)).toBeUndefined();
  });

  test.each([
    [now + 100, 0, now + 99, true],
    [now + 100, 0, now + 100, false],
    [now + 100, 5, now + 104, true],
    [now + 100, 5, now + 105, false],
    [now + 100.9, 0, now + 99, true],
    [now + 100.9, 0, now + 100, false],
  ])("a token that ends at %s with %s s leeway is known at %s: %s", (expiresAtSeconds, leewaySeconds, at, known) => {
    const memory = memoryOf({ leewaySeconds });
    memory.keep("a.b.c", verified({ expiresAtSeconds }), 0);
    expect(memory.recall("a.b.c", 0, at) !== undefined).toBe(known);
  });

  test("forgets what was found good with other keys, and for good", () => {
    const memory = memoryOf();
    memory.keep("a.b.c", verified(), 1);
    expect(memory.recall("a.b.c", 2, now)).toBeUndefined();
    expect(memory.recall("a.b.c", 1, now)).toBeUndefined();
  });

  test("neither keeps nor knows a token while it is not sure which keys verify", () => {
    const memory = memoryOf();
    memory.keep("a.b.c", verified(), undefined);
    expect(memory.recall("a.b.c", undefined, now)).toBeUndefined();
  });

  test("holds so many and no more: the oldest goes", () => {
    const memory = memoryOf();
    for (const token of ["one", "two", "three", "four"]) memory.keep(token, verified(), 0);
    expect(["one", "two", "three", "four"].map((token) => memory.recall(token, 0, now) !== undefined)).toEqual([
      ...[false, true, true, true],
    ]);
  });

  test("keeps one token once, however often it comes", () => {
    const memory = memoryOf();
    memory.keep("other", verified(), 0);
    for (let time = 0; time < 10; time++) memory.keep("same", verified(), 0);
    expect(memory.recall("other", 0, now)).toBeDefined();
  });

  test("holds so many bytes and no more", () => {
    // 1,000 and 6 a character: of tokens of 1,000 characters, 142 fit into a million.
    const memory = memoryOf({ entries: 10_000 });
    const tokens = Array.from({ length: 150 }, (_, index) => `${index}`.padStart(1000, "x"));
    for (const token of tokens) memory.keep(token, verified(), 0);
    expect(tokens.filter((token) => memory.recall(token, 0, now) !== undefined)).toHaveLength(142);
  });

  test("does not let one token take the place of a hundred", () => {
    const memory = memoryOf();
    memory.keep("x".repeat(1501), verified(), 0);
    expect(memory.recall("x".repeat(1501), 0, now)).toBeUndefined();
    memory.keep("x".repeat(1500), verified(), 0);
    expect(memory.recall("x".repeat(1500), 0, now)).toBeDefined();
  });
});
