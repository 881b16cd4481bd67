import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/json/parse.ts";
import {
  outstandingFrom,
  refreshedUser,
  refuseUnlistableUser,
  tokenId,
  userLookup,
} from "../../src/sessions/token-fields.ts";
import { reasonOf } from "../support/refusals.ts";
import { settingsOf } from "../support/settings.ts";

const settings = settingsOf();
const byName = settingsOf({ USER_ID_FIELD: "username" });
const now = 1_700_000_000;

describe("tokenId()", () => {
  test("gives an id that is text, an empty one too", () => {
    expect(tokenId(settings, { jti: "a1" })).toBe("a1");
    expect(tokenId(settings, { jti: "" })).toBe("");
    expect(tokenId(settingsOf({ JTI_CLAIM: "token_id" }), { jti: "a1", token_id: "b2" })).toBe("b2");
  });

  test("refuses what is none", async () => {
    expect(await reasonOf(() => tokenId(settings, {}))).toBe("token_id_missing");
    for (const jti of [7, null, ["a1"], {}, true]) {
      expect(await reasonOf(() => tokenId(settings, { jti }))).toBe("token_id_not_text");
    }
  });

  test("does not look where there is no blacklist", () => {
    expect(tokenId(settingsOf({ TOKEN_BLACKLIST_ENABLED: false }), { jti: "a1" })).toBeUndefined();
    expect(tokenId(settingsOf({ TOKEN_BLACKLIST_ENABLED: false }), {})).toBeUndefined();
  });
});

describe("userLookup()", () => {
  test.each([
    ["7", 7],
    [7, 7],
    [1.9, 1],
    [true, 1],
    ["1_0", 10],
    [" 7 ", 7],
    ["٧", 7],
    [0, 0],
    ["-7", -7],
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740992", "9007199254740992"],
    ["9007199254740993", "9007199254740993"],
    ["+0281674916028284931", "281674916028284931"],
    ["281_674_916_028_284_931", "281674916028284931"],
    ["٢٨١٦٧٤٩١٦٠٢٨٢٨٤٩٣١", "281674916028284931"],
    ["9223372036854775807", "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
    [parseJson("281674916028284931"), "281674916028284931"],
    [parseJson("-281674916028284931"), "-281674916028284931"],
    [parseJson("1.0"), 1],
    [parseJson("1e0"), 1],
    [parseJson("1.90"), 1],
    [parseJson("9007199254740992.0"), "9007199254740992"],
    [parseJson("1e17"), "100000000000000000"],
  ])("reads the id %j as Python's int() does", (value, id) => {
    expect(userLookup(settings, value)).toEqual({ column: "id", value: id });
  });

  test.each([
    ["abc"],
    [""],
    [null],
    [undefined],
    [[7]],
    [{}],
    ["7.0"],
    [1e300],
    ["9".repeat(99)],
    ["9".repeat(5000)],
    ["9223372036854775808"],
    ["-9223372036854775809"],
    [parseJson("9223372036854775808")],
    [parseJson("1e400")],
    [parseJson("1e30")],
    // What Python's float would make another id of.
    [parseJson("281674916028284931.0")],
    [parseJson("9007199254740993.0")],
  ])("finds no id in %j", (value) => {
    expect(userLookup(settings, value)).toBeUndefined();
  });

  test.each([
    ["wanda", "wanda"],
    ["", ""],
    [" wanda ", " wanda "],
    [7, "7"],
    [1.5, "1.5"],
    [parseJson("281674916028284931"), "281674916028284931"],
    // str() of what Python reads.
    [parseJson("1.0"), "1.0"],
    [parseJson("1e5"), "100000.0"],
  ])("takes the name %j as it is", (value, name) => {
    expect(userLookup(byName, value)).toEqual({ column: "username", value: name });
  });

  test.each([[null], [undefined], [true], [["wanda"]], [{}]])("finds no name in %j", (value) => {
    expect(userLookup(byName, value)).toBeUndefined();
  });
});

describe("refreshedUser()", () => {
  test.each([
    ...[[undefined], [null], [""], [0], [false], [[]], [{}]],
    ...[[parseJson("0.0")], [parseJson("-0.0")], [parseJson("0e5")]],
  ])("wants nobody for %j", (user_id) => {
    expect(refreshedUser(settings, { user_id })).toEqual({ wanted: false, lookup: undefined });
  });

  test("wants the user that is named, and one that cannot be", () => {
    expect(refreshedUser(settings, { user_id: "7" })).toEqual({ wanted: true, lookup: { column: "id", value: 7 } });
    expect(refreshedUser(settings, { user_id: parseJson("281674916028284931") })).toEqual({
      wanted: true,
      lookup: { column: "id", value: "281674916028284931" },
    });
    expect(refreshedUser(settings, { user_id: "abc" })).toEqual({ wanted: true, lookup: undefined });
    expect(refreshedUser(byName, { user_id: [7] })).toEqual({ wanted: true, lookup: undefined });
  });
});

describe("refuseUnlistableUser()", () => {
  test.each([[undefined], [null], [0], ["7"], [false]])("is content with %j", (user_id) => {
    expect(refuseUnlistableUser(settings, { user_id })).toBeUndefined();
  });

  test.each([[""], [[]], [{}], ["abc"]])("refuses %j", async (user_id) => {
    expect(await reasonOf(() => refuseUnlistableUser(settings, { user_id }))).toBe("refresh_user_refused");
  });
});

describe("listedFrom()", () => {
  const token = { jti: "a1", type: "refresh", userId: 7 } as const;
  const sliding = { ...token, type: "sliding" } as const;

  test("takes issue and end from the claims", () => {
    expect(outstandingFrom(settings, { iat: 5, exp: 9, refresh_exp: 99 }, token, now)).toEqual({
      ...{ jti: "a1", type: "refresh", userId: 7, createdAtSeconds: 5, expiresAtSeconds: 9 },
    });
  });

  test("cuts fractions off, and takes now for what is not there", () => {
    expect(outstandingFrom(settings, { iat: 5.9, exp: 9.9 }, token, now)).toMatchObject({
      createdAtSeconds: 5,
      expiresAtSeconds: 9,
    });
    expect(outstandingFrom(settings, { iat: parseJson("5.90"), exp: parseJson("9.0") }, token, now)).toMatchObject({
      createdAtSeconds: 5,
      expiresAtSeconds: 9,
    });
    expect(outstandingFrom(settings, {}, token, now)).toMatchObject({ createdAtSeconds: now, expiresAtSeconds: now });
  });

  test.each([
    // A slide in the window's last second gives it another SLIDING_TOKEN_LIFETIME, 300 seconds.
    [{ exp: 9, refresh_exp: 99 }, 399],
    [{ exp: 999, refresh_exp: 9 }, 999],
    [{ exp: 9 }, 9],
    [{ exp: 9, refresh_exp: "x" }, 9],
  ])("keeps a sliding token with %j until %d", (claims, end) => {
    expect(outstandingFrom(settings, claims, sliding, now).expiresAtSeconds).toBe(end);
  });
});
