// Our Argon2 against the vectors of libargon2 and against another implementation on parameters of all kinds.
import { Buffer } from "node:buffer";
import { argon2d, argon2i, argon2id } from "@noble/hashes/argon2.js";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { argon2Tag } from "../../src/users/hashers/argon2-tag.ts";

const text = new TextEncoder();
const PASSWORD = text.encode("password");
const SALT = text.encode("somesalt");

afterEach(() => {
  vi.restoreAllMocks();
});

describe("argon2Tag() computes the vectors of libargon2's test.c (argon2d: CyberChef's)", () => {
  test.each([
    [2, 0x13, 256, 2, 1, "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"],
    [2, 0x13, 256, 2, 2, "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"],
    [1, 0x13, 256, 2, 1, "89e9029f4637b295beb027056a7336c414fadd43f6b208645281cb214a56452f"],
    [1, 0x10, 256, 2, 1, "fd4dd83d762c49bdeaf57c47bdcd0c2f1babf863fdeb490df63ede9975fccf06"],
    [1, 0x10, 256, 2, 2, "b6c11560a6a9d61eac706b79a2f97d68b4463aa3ad87e00c07e2b01e90c564fb"],
    [0, 0x13, 256, 2, 1, "25c4ee8ba448054b49efc804e478b9d823be1f9bd2e99f51d6ec4007a3a1501f"],
    [0, 0x13, 512, 2, 2, "fd152795f02375f12cacabef2071743144928e86a7e08ea5fef20e3841c46235"],
  ] as const)("type %d, version %d, %d KiB, %d passes, %d lanes", (type, version, memory, passes, lanes, hex) => {
    const tag = argon2Tag(PASSWORD, SALT, { type, version, memory, passes, lanes, tagBytes: 32 });
    expect(Buffer.from(tag).toString("hex")).toBe(hex);
  });
});

test("argon2Tag() agrees with @noble/hashes on passwords, salts and parameters of all kinds", () => {
  const others = [argon2d, argon2i, argon2id] as const;
  const parameters = fc.record({
    type: fc.constantFrom(0, 1, 2),
    version: fc.constantFrom(0x10, 0x13),
    lanes: fc.integer({ min: 1, max: 5 }),
    extra: fc.nat({ max: 300 }),
    passes: fc.integer({ min: 1, max: 3 }),
    tagBytes: fc.integer({ min: 4, max: 200 }),
  });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ minLength: 8, maxLength: 40 }),
      parameters,
      (password, salt, { type, version, lanes, extra, passes, tagBytes }) => {
        const memory = 8 * lanes + extra;
        const ours = argon2Tag(password, salt, { type, version, memory, passes, lanes, tagBytes });
        const theirs = others[type](password, salt, { version, m: memory, t: passes, p: lanes, dkLen: tagBytes });
        expect(Buffer.from(ours).toString("hex")).toBe(Buffer.from(theirs).toString("hex"));
      },
    ),
    { numRuns: 80 },
  );
});

test("argon2Tag() gives its memory back at once instead of leaving it to the garbage collector", () => {
  const transfer = vi.spyOn(ArrayBuffer.prototype, "transfer");
  argon2Tag(PASSWORD, SALT, { type: 2, version: 0x13, memory: 256, passes: 1, lanes: 1, tagBytes: 32 });
  expect(transfer.mock.calls).toEqual([[0]]);
  expect(transfer.mock.contexts).toMatchObject([{ detached: true, byteLength: 0 }]);
});
