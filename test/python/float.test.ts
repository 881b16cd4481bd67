// pythonFloatText() against Python 3.11: the expected texts are what repr(float(text)) gave.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pythonFloatText } from "../../src/python/float.ts";

describe("pythonFloatText() writes", () => {
  test.each([
    ["0.0", "0.0"],
    ["-0.0", "-0.0"],
    ["1.0", "1.0"],
    ["1.5", "1.5"],
    ["-2.5", "-2.5"],
    ["12345.678", "12345.678"],
    ["3.141592653589793", "3.141592653589793"],
    ["0.30000000000000004", "0.30000000000000004"],
    ["1e5", "100000.0"],
    ["1e15", "1000000000000000.0"],
    ["9007199254740993.0", "9007199254740992.0"],
    ["1e16", "1e+16"],
    ["123456789012345680.0", "1.2345678901234568e+17"],
    ["1e22", "1e+22"],
    ["1.7976931348623157e308", "1.7976931348623157e+308"],
    ["0.1", "0.1"],
    ["0.0001", "0.0001"],
    ["0.00012345678901234567", "0.00012345678901234567"],
    ["0.0281543731689453125", "0.028154373168945312"], // halfway: to the even digit
    ["-0.0152530670166015625", "-0.015253067016601562"],
    ["0.00001", "1e-05"],
    ["1.5e-5", "1.5e-05"],
    ["1e-7", "1e-07"],
    ["2.2250738585072014e-308", "2.2250738585072014e-308"],
    ["5e-324", "5e-324"],
    ["1e400", "inf"],
    ["-1e400", "-inf"],
    ["1e-400", "0.0"],
    ["-1e-400", "-0.0"],
    ["NaN", "nan"],
  ])("%s as %s", (source, text) => {
    expect(pythonFloatText(Number(source))).toBe(text);
  });

  test("every double so that it reads back as itself, in a form that Python uses", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = pythonFloatText(value);
        expect(Number(text)).toBe(value);
        expect(text).toMatch(/^-?(\d{1,16}\.\d+|\d(\.\d+)?e[+-]\d{2,3})$/);
        expect(text).not.toMatch(/\.\d+0$/);
      }),
      { numRuns: 2000 },
    );
  });
});
