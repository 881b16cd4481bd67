// `require` of a route: which values it may have, and which claims meet them.
import { describe, expect, test } from "vitest";
import { parseJson } from "../../../src/json/parse.ts";
import { readPolicy } from "../../../src/proxy/routes/policy.ts";
import { meetsClaim } from "../../../src/proxy/routes/rule.ts";
import type { Claims } from "../../../src/tokens/claims.ts";
import { settingsOf } from "../../support/settings.ts";

const rounded = (claim: string) =>
  `ROUTES[0].require.${claim} is a number that JavaScript has rounded (beyond 2^53): give ROUTES as JSON text ` +
  '(ROUTES = "[…]"), or the number as a bigint in code.';
const errorsOf = (require: unknown) =>
  readPolicy(settingsOf({ ROUTES: [{ path: "/*", auth: "token", require }] })).errors;

/** Whether claims, as JSON text, meet what a route asks for, as JSON text. */
function meets(wanted: string, claim: string): boolean {
  const ROUTES = `[{"path":"/*","auth":"token","require":{"level":${wanted}}}]`;
  const { rules, errors } = readPolicy(settingsOf({ ROUTES }));
  expect(errors).toEqual([]);
  const claims = parseJson(`{"level":${claim}}`) as Claims;
  return meetsClaim(claims, "level", rules[0]?.require.get("level"));
}

describe("require", () => {
  test.each([[281_474_976_710_657_000], [9_007_199_254_740_992], [1e21], [Number.POSITIVE_INFINITY], [Number.NaN]])(
    "refuses the typed number %d: it may have been another one",
    (level) => {
      expect(errorsOf({ level })).toEqual([rounded("level")]);
    },
  );

  test.each([[0], [-7], [1.5], [9_007_199_254_740_991], [281474976710657001n], [7n], ["x"], [true]])(
    "takes %s",
    (level) => {
      expect(errorsOf({ level })).toEqual([]);
    },
  );

  test("takes a number of any size from JSON text", () => {
    for (const number of ["9007199254740992", "281474976710657001", "1e400"]) expect(meets(number, number)).toBe(true);
  });

  test("takes a bigint from code for the number of its digits", () => {
    const ROUTES = [{ path: "/*", auth: "token", require: { account: 281474976710657001n, level: 7n } }];
    const wanted = readPolicy(settingsOf({ ROUTES })).rules[0]?.require;
    const claims = parseJson('{"account":281474976710657001,"level":7,"near":281474976710657000}') as Claims;
    expect(meetsClaim(claims, "account", wanted?.get("account"))).toBe(true);
    expect(meetsClaim(claims, "level", wanted?.get("level"))).toBe(true);
    expect(meetsClaim(claims, "near", wanted?.get("account"))).toBe(false);
  });
});

describe("meetsClaim() compares numbers by value:", () => {
  test.each([
    ["1", "1.0"],
    ["1.0", "1"],
    ["100", "1e2"],
    ["0.5", "0.50"],
    ["9007199254740993", "9007199254740993"],
    ["9007199254740993", "[1,9007199254740993]"],
    ["9007199254740993", "9007199254740993.0"],
  ])("%s is met by %s", (wanted, claim) => {
    expect(meets(wanted, claim)).toBe(true);
  });

  test.each([
    ["9007199254740993", "9007199254740992"],
    ["9007199254740992", "9007199254740993"],
    ["9007199254740993", "[9007199254740992,9007199254740994]"],
    ["9007199254740993", '"9007199254740993"'],
    ['"9007199254740993"', "9007199254740993"],
    ["0.1", "0.1000000000000000055511151231257827"],
    ["1", "true"],
    ["true", "1.0"],
    ["1e400", "1e401"],
    ["9007199254740993", '{"rawJSON":"9007199254740993"}'],
  ])("%s is not met by %s", (wanted, claim) => {
    expect(meets(wanted, claim)).toBe(false);
  });
});
