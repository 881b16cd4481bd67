// decodeText(): charsets, and where bytes do not fit. The texts of UTF-8 errors are those of Python 3.11's codec.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeText, textDecoderFor } from "../../src/python/decode-text.ts";
import { refusalOf } from "../support/context.ts";

const bytes = (...all: readonly number[]) => Uint8Array.from(all);

describe("decodeText()", () => {
  test.each([[undefined], [""], ["utf-8"], ["UTF-8"], [" utf8 "], ["no-such-charset"]])(
    "reads %j as UTF-8",
    (charset) => {
      expect(decodeText(bytes(0xc3, 0xa9), charset)).toBe("é");
    },
  );

  test.each([
    ["iso-8859-1", [0xe9], "é"],
    ["latin-1", [0xe9], "é"],
    ["windows-1252", [0x80], "€"],
    ["utf-16", [0xff, 0xfe, 0xe9, 0x00], "é"],
    ["utf-16", [0xfe, 0xff, 0x00, 0xe9], "é"],
    ["utf-16", [0xe9, 0x00], "é"],
    ["UTF16", [0xff, 0xfe, 0xe9, 0x00], "é"],
    ["utf-16le", [0xe9, 0x00], "é"],
    ["utf-16be", [0x00, 0xe9], "é"],
    ["utf-16le", [0xff, 0xfe, 0xe9, 0x00], "\ufeffé"],
    ["shift_jis", [0x82, 0xa0], "あ"],
  ])("reads %s", (charset, all, text) => {
    expect(decodeText(Uint8Array.from(all), charset)).toBe(text);
  });

  test("keeps a byte order mark in UTF-8, as Python's utf-8 does", () => {
    expect(decodeText(bytes(0xef, 0xbb, 0xbf, 0x61), "utf-8")).toBe("\ufeffa");
  });

  test("puts U+FFFD in the place of bytes that do not fit, where that is asked for", () => {
    expect(textDecoderFor(undefined)(bytes(0x61, 0xff, 0x62))).toBe("a\ufffdb");
  });

  test("decodes what was encoded", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) => decodeText(new TextEncoder().encode(text), undefined) === text,
      ),
    );
  });
});

test("textDecoderFor() decodes texts one after the other, in UTF-16 each in its own order", () => {
  const decode = textDecoderFor("utf-16");
  const texts = [bytes(0xff, 0xfe, 0xe9, 0x00), bytes(0xfe, 0xff, 0x00, 0xe9), bytes(0xe9, 0x00), bytes(0xe9)];
  expect(texts.map(decode)).toEqual(["é", "é", "é", "\ufffd"]);
});

describe("decodeText() refuses and says where:", () => {
  const where = async (all: readonly number[]) => {
    const refusal = await refusalOf(() => decodeText(Uint8Array.from(all), undefined));
    expect(refusal.reason).toBe("json_unreadable");
    return refusal.more.names;
  };

  test.each([
    [[0x80], "'utf-8' codec can't decode byte 0x80 in position 0: invalid start byte"],
    [[0x61, 0xff], "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"],
    [[0xc0, 0x80], "'utf-8' codec can't decode byte 0xc0 in position 0: invalid start byte"],
    [[0xf5, 0x80], "'utf-8' codec can't decode byte 0xf5 in position 0: invalid start byte"],
    [[0x61, 0x62, 0xe9, 0x63], "'utf-8' codec can't decode byte 0xe9 in position 2: invalid continuation byte"],
    [[0xc3, 0x28], "'utf-8' codec can't decode byte 0xc3 in position 0: invalid continuation byte"],
    [[0xed, 0xa0, 0x80], "'utf-8' codec can't decode byte 0xed in position 0: invalid continuation byte"],
    [[0xe0, 0x9f, 0xbf], "'utf-8' codec can't decode byte 0xe0 in position 0: invalid continuation byte"],
    [[0xf4, 0x90, 0x80, 0x80], "'utf-8' codec can't decode byte 0xf4 in position 0: invalid continuation byte"],
    [[0xe2, 0x82, 0x28], "'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte"],
    [[0x61, 0xf0, 0x9f, 0x98, 0x28], "'utf-8' codec can't decode bytes in position 1-3: invalid continuation byte"],
    [[0xc3], "'utf-8' codec can't decode byte 0xc3 in position 0: unexpected end of data"],
    [[0xe2, 0x82], "'utf-8' codec can't decode bytes in position 0-1: unexpected end of data"],
    [[0x61, 0xf0, 0x9f, 0x98], "'utf-8' codec can't decode bytes in position 1-3: unexpected end of data"],
  ])("%j", async (all, error) => {
    expect(await where(all)).toBe(error);
  });

  test("no place in other charsets", async () => {
    const refusal = await refusalOf(() => decodeText(bytes(0xff, 0xfe, 0x00), "utf-16"));
    expect(refusal.reason).toBe("json_unreadable");
    expect(refusal.more.names).toBe("the body does not fit its charset");
  });

  test("a place for all bytes that are not UTF-8", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0x80, max: 0xc1 }),
        async (some, bad) => {
          fc.pre(some.every((byte) => byte < 0x80));
          const names = await where([...some, bad]);
          expect(names).toBe(
            `'utf-8' codec can't decode byte 0x${bad.toString(16)} in position ${some.length}: invalid start byte`,
          );
        },
      ),
    );
  });
});
