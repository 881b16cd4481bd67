import { describe, expect, test } from "vitest";
import {
  isNone,
  isRecord,
  readBoolean,
  readBytes,
  readChoice,
  readDuration,
  readText,
  readTextOrNone,
} from "../../src/settings/readers.ts";

describe("readBoolean()", () => {
  test.each([
    [true, true],
    [false, false],
    ["true", true],
    ["false", false],
    [" TRUE ", true],
    ["False", false],
  ])("reads %j", (raw, value) => {
    expect(readBoolean(raw)).toEqual({ value });
  });

  test.each([[1], [0], ["yes"], ["1"], [""], [null], [undefined], [[]], [{}]])(
    "does not guess what %j means",
    (raw) => {
      expect(readBoolean(raw)).toEqual({ expected: "true or false" });
    },
  );
});

describe("readDuration()", () => {
  test.each([
    [300, 300],
    [1, 1],
    ["300", 300],
    ["45s", 45],
    ["5m", 300],
    ["12h", 43_200],
    ["7d", 604_800],
    ["2w", 1_209_600],
    [" 5 m ", 300],
    ["36500d", 3_153_600_000],
  ])("reads %j as seconds", (raw, value) => {
    expect(readDuration(1)(raw)).toEqual({ value });
  });

  const unreadable: readonly unknown[] = [
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53],
    ...["", "0", "0s", "-5m", "1.5h", "5 minutes", "5M", "m", "1e3", "0x10", "5m5s", "1234567890123456"],
    ...[true, null, [300], {}],
  ];

  test.each(unreadable.map((raw) => ({ raw })))("refuses $raw", ({ raw }) => {
    expect(readDuration(1)(raw)).toEqual({
      expected: 'a duration of at least 1 s: whole seconds (300) or a number with a unit ("5m", "12h", "7d")',
    });
  });

  test("takes nothing for a duration that may be nothing", () => {
    expect(readDuration(0)(0)).toEqual({ value: 0 });
    expect(readDuration(0)("0")).toEqual({ value: 0 });
    expect(readDuration(0)(-1)).toHaveProperty("expected");
  });

  test.each([[3_153_600_001], ["36501d"], ["101w"], ["5215w"]])("ends at a hundred years: %j", (raw) => {
    const read = readDuration(1)(raw);
    expect(read).toEqual(raw === "101w" ? { value: 61_084_800 } : { expected: "a duration of at most 100 years" });
  });
});

describe("readBytes()", () => {
  test.each([
    [1_048_576, 1_048_576],
    ["1048576", 1_048_576],
    ["10b", 10],
    ["10KB", 10_000],
    ["10MB", 10_000_000],
    ["1GB", 1_000_000_000],
    ["1KiB", 1024],
    ["512kib", 524_288],
    ["2 MiB", 2_097_152],
    ["1GiB", 1_073_741_824],
    ["", null],
    [null, null],
    [undefined, null],
  ])("reads %j", (raw, value) => {
    expect(readBytes(raw)).toEqual({ value });
  });

  test.each([[0], [-1], [1.5], ["0"], ["ten"], ["10TB"], ["1.5MB"], ["-1KB"], [true], [[]], ["10ib"]])(
    "refuses %j",
    (raw) => {
      expect(readBytes(raw)).toEqual({ expected: 'a number of bytes (1048576) or one with a unit ("10MB")' });
    },
  );
});

describe("readText() and readTextOrNone()", () => {
  test("give a text as it is", () => {
    expect(readText("a name")(" x ")).toEqual({ value: " x " });
    expect(readTextOrNone("a name")(" x ")).toEqual({ value: " x " });
  });

  test.each([[""], [null], [undefined], [1], [true], [["x"]], [{}]])("readText() refuses %j", (raw) => {
    expect(readText("a name")(raw)).toEqual({ expected: "a name" });
  });

  test.each([[""], [null], [undefined]])("readTextOrNone() reads %j as None", (raw) => {
    expect(readTextOrNone("a name")(raw)).toEqual({ value: null });
  });

  test.each([[1], [false], [["x"]], [{}]])("readTextOrNone() refuses %j", (raw) => {
    expect(readTextOrNone("a name")(raw)).toEqual({ expected: 'a name, or "" for None' });
  });
});

describe("readChoice()", () => {
  test("takes one of the words, spelled exactly so", () => {
    expect(readChoice(["off", "strict"])("strict")).toEqual({ value: "strict" });
  });

  test.each([["Strict"], [" strict"], [""], [null], [undefined], [0], [["off"]]])("refuses %j", (raw) => {
    expect(readChoice(["off", "strict"])(raw)).toEqual({ expected: "one of off, strict" });
  });
});

test.each([
  ["", true],
  [null, true],
  [undefined, true],
  [" ", false],
  [0, false],
  [false, false],
  [[], false],
])("isNone(%j) is %j", (raw, none) => {
  expect(isNone(raw)).toBe(none);
});

test.each([
  [{}, true],
  [{ a: 1 }, true],
  [[], false],
  [null, false],
  ["{}", false],
  [1, false],
])("isRecord(%j) is %j", (value, record) => {
  expect(isRecord(value)).toBe(record);
});
