// The ids of a session's tokens: key and counter.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTokenId, sessionKeyOf, writeTokenId } from "../../src/tokens/token-id.ts";

const key = "0123456789abcdef01234567";

describe("writeTokenId()", () => {
  test.each([
    [0, "0123456789abcdef0123456700000000"],
    [1, "0123456789abcdef0123456700000001"],
    [31, "0123456789abcdef012345670000001f"],
    [4_294_967_295, "0123456789abcdef01234567ffffffff"],
  ])("writes the counter %d as eight hexadecimal digits behind the key", (counter, id) => {
    expect(writeTokenId(key, counter)).toBe(id);
  });

  test("gives ids that are as long as Simple JWT's", () => {
    expect(writeTokenId(key, 7)).toHaveLength("3f1d5bb5c1c64a0f9a9e0c2d3b4a5968".length);
  });
});

describe("readTokenId()", () => {
  test("takes an id apart, whoever made it: only a session with that key tells", () => {
    expect(readTokenId("0123456789abcdef012345670000001f")).toEqual({ key, counter: 31 });
    expect(readTokenId("3f1d5bb5c1c64a0f9a9e0c2d3b4a5968")).toEqual({
      key: "3f1d5bb5c1c64a0f9a9e0c2d",
      counter: 994_728_296,
    });
  });

  test.each([
    ["nothing", ""],
    ["31 digits", "0123456789abcdef0123456700000"],
    ["33 digits", "0123456789abcdef01234567000000001"],
    ["capitals", "0123456789ABCDEF0123456700000000"],
    ["a UUID with dashes", "3f1d5bb5-c1c6-4a0f-9a9e-0c2d3b4a5968"],
    ["another letter", "0123456789abcdef012345670000000g"],
    ["a line's end", "0123456789abcdef0123456700000000\n"],
    ["digits of another script", "０123456789abcdef0123456700000000"],
  ])("finds no parts in %s", (_, jti) => {
    expect(readTokenId(jti)).toBeUndefined();
  });

  test("reads what writeTokenId() writes", () => {
    const digits = fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(digits, fc.nat(0xffffffff), (parts, counter) => {
        expect(readTokenId(writeTokenId(parts.join(""), counter))).toEqual({ key: parts.join(""), counter });
      }),
    );
  });
});

test("sessionKeyOf() is the first 24 digits", () => {
  expect(sessionKeyOf("0123456789abcdef0123456789abcdef")).toBe(key);
});
