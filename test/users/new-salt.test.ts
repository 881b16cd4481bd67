// The salts of new hashes; expected values were computed with Python's whole numbers.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newSalt, SALT_RANDOM_BYTES } from "../../src/users/new-salt.ts";

test("newSalt() needs 32 bytes", () => {
  expect(SALT_RANDOM_BYTES).toBe(32);
});

describe("newSalt() writes the bytes in base 62, last digit first, when they are", () => {
  test.each([
    ["all 0", new Uint8Array(32), "aaaaaaaaaaaaaaaaaaaaaa"],
    ["all 255", new Uint8Array(32).fill(255), "bZHi6y1fTckm4XTrhqvviW"],
    ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), "PVnslUq6MBuBvjqHmQKpwd"],
  ])("%s", (_name, bytes, salt) => {
    expect(newSalt(bytes)).toBe(salt);
  });
});

test("newSalt() gives 22 letters and digits for any bytes, and looks at the first 32 only", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 40 }), (bytes) => {
      expect(newSalt(bytes)).toMatch(/^[a-zA-Z0-9]{22}$/);
      expect(newSalt(bytes)).toBe(newSalt(bytes.slice(0, 32)));
    }),
  );
});

test("newSalt() throws when it gets fewer bytes than it needs", () => {
  expect(() => newSalt(new Uint8Array(31))).toThrow(RangeError);
});

test("newSalt() picks each of the 62 characters equally often", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 3000; i++) {
    const salt = newSalt(crypto.getRandomValues(new Uint8Array(32)));
    for (const letter of salt) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  // 66,000 characters: 1,065 of each are expected, with a standard deviation of 32; eight of those are chance enough.
  expect(counts.size).toBe(62);
  for (const count of counts.values()) expect(Math.abs(count - 66_000 / 62)).toBeLessThan(8 * 32);
});
