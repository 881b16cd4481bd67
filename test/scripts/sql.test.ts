// scripts/database/sql.ts: no value may end the literal it stands in.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sqlBoolean, sqlInteger, sqlText } from "../../scripts/database/sql.ts";

describe("sqlText()", () => {
  it.each([
    ["ada", "'ada'"],
    ["", "''"],
    ["O'Brien", "'O''Brien'"],
    ["'; DROP TABLE users; --", "'''; DROP TABLE users; --'"],
    ["back\\slash", "'back\\slash'"],
    ["scrypt$16384$salt$8$5$aGFzaA==", "'scrypt$16384$salt$8$5$aGFzaA=='"],
    ["two\nlines", "CAST(X'74776f0a6c696e6573' AS TEXT)"],
    ["nul\0", "CAST(X'6e756c00' AS TEXT)"],
    ["grå", "CAST(X'6772c3a5' AS TEXT)"],
    ["\u2019", "CAST(X'e28099' AS TEXT)"],
  ])("writes %j as %s", (value, literal) => {
    expect(sqlText(value)).toBe(literal);
  });

  it("never leaves a quote open, whatever the value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        // A quoted literal in which every quote is doubled, or nothing but hexadecimal digits.
        expect(sqlText(value)).toMatch(/^('([^']|'')*'|CAST\(X'([0-9a-f]{2})*' AS TEXT\))$/);
      }),
    );
  });
});

describe("sqlInteger()", () => {
  it("writes a whole number", () => {
    expect(sqlInteger(42)).toBe("42");
    expect(sqlInteger(-1)).toBe("-1");
  });
  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("refuses %d", (value) => {
    expect(() => sqlInteger(value)).toThrow("Cannot write the number: it is not a whole number");
  });
});

describe("sqlBoolean()", () => {
  it("writes what Django's columns hold", () => {
    expect([sqlBoolean(true), sqlBoolean(false)]).toEqual(["1", "0"]);
  });
});
