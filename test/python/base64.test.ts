// canonicalSignature() against Python 3.11: base64.urlsafe_b64decode() after PyJWT's padding.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalSignature } from "../../src/python/base64.ts";

const hex = (spelling: string | undefined) =>
  spelling === undefined ? undefined : Buffer.from(spelling, "base64url").toString("hex");

describe("canonicalSignature()", () => {
  test.each([
    ["", ""],
    ["AQID", "010203"],
    ["AQI", "0102"],
    ["AQI=", "0102"],
    ["AQ", "01"],
    ["AQ==", "01"],
    ["AR", "01"], // other bits that mean nothing
    ["AQJ", "0102"],
    ["-_-_", "fbffbf"],
    ["+/+/", "fbffbf"], // the other alphabet
    ["A!QID", "010203"], // a character of no alphabet is skipped, and counts when padding is added
    ["AQ ID", "010203"],
    ["AQ==AQID", "01"], // Python stops at the padding
    ["=AQID", "010203"],
    ["AéQID", "010203"], // two bytes of UTF-8
  ])("reads %j as Python does", (segment, bytes) => {
    expect(hex(canonicalSignature(segment))).toBe(bytes);
  });

  test.each([["A"], ["AQIDB"], ["A==="], ["AQIDB!!"]])("has no reading of %j, where Python raises", (segment) => {
    expect(canonicalSignature(segment)).toBeUndefined();
  });

  test("gives one spelling for each text of bytes, and leaves that as it is", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const spelling = Buffer.from(bytes).toString("base64url");
        expect(canonicalSignature(spelling)).toBe(spelling);
        expect(canonicalSignature(Buffer.from(bytes).toString("base64"))).toBe(spelling);
      }),
    );
  });

  test("gives nothing but letters of the alphabet", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => /^[\w-]*$/.test(canonicalSignature(text) ?? "")));
  });
});
