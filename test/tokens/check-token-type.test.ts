// checkTokenType() and checkTimeIsAhead(): what Simple JWT's Token.verify() asks of a token type.
import { describe, expect, test } from "vitest";
import { checkTimeIsAhead, checkTokenType } from "../../src/tokens/check.ts";
import { acceptedTokenTypes, type TokenType, tokenTypes } from "../../src/tokens/token-types.ts";
import { reasonOf, refusalOf } from "../support/context.ts";
import { settingsOf } from "../support/settings.ts";

const now = 1_700_000_000;
const good = { exp: now + 300, iat: now, jti: "0123456789abcdef0123456789abcdef", token_type: "access", user_id: "7" };

const check = (change: Readonly<Record<string, unknown>>, tokenType: TokenType = tokenTypes.access, vars = {}) =>
  checkTokenType(settingsOf(vars), tokenType, { ...good, ...change }, now);
const accepted = (...AUTH_TOKEN_CLASSES: readonly string[]) =>
  acceptedTokenTypes({ ...settingsOf(), AUTH_TOKEN_CLASSES });
const without = (...names: readonly string[]) =>
  Object.fromEntries(Object.entries(good).filter(([name]) => !names.includes(name)));

describe("checkTokenType()", () => {
  test.each([
    ["access", tokenTypes.access],
    ["refresh", tokenTypes.refresh],
    ["sliding", tokenTypes.sliding],
  ])("accepts %s for its own type and refuses it for the others", async (type, own) => {
    expect(check({ token_type: type }, own)).toBeUndefined();
    for (const other of [tokenTypes.access, tokenTypes.refresh, tokenTypes.sliding].filter((one) => one !== own)) {
      expect(await reasonOf(() => check({ token_type: type }, other))).toBe("token_type_wrong");
    }
  });

  test.each([["access"], ["whatever"], [7], [null]])("does not look at the type of an untyped token: %j", (type) => {
    expect(check({ token_type: type }, tokenTypes.untyped)).toBeUndefined();
    expect(checkTokenType(settingsOf(), tokenTypes.untyped, without("token_type"), now)).toBeUndefined();
  });

  test.each([["Access"], [" access"], [["access"]], [null], [1]])("compares types exactly: %j", async (type) => {
    expect(await reasonOf(() => check({ token_type: type }))).toBe("token_type_wrong");
  });

  test.each([
    ["exp", "token_claim_missing"],
    ["jti", "token_id_missing"],
    ["token_type", "token_type_missing"],
  ])("refuses a token without %s", async (name, reason) => {
    expect(await reasonOf(() => checkTokenType(settingsOf(), tokenTypes.access, without(name), now))).toBe(reason);
  });

  test("checks exp, then the id, then the type", async () => {
    const refused = (claims: Readonly<Record<string, unknown>>) =>
      reasonOf(() => checkTokenType(settingsOf(), tokenTypes.refresh, claims, now));
    expect(await refused(without("exp", "jti", "token_type"))).toBe("token_claim_missing");
    expect(await refused({ ...without("jti", "token_type"), exp: now })).toBe("token_claim_expired");
    expect(await refused(without("jti", "token_type"))).toBe("token_id_missing");
    expect(await refused(without("token_type"))).toBe("token_type_missing");
    expect(await refused(good)).toBe("token_type_wrong");
  });

  test("goes by the claims that the settings name", async () => {
    const vars = { JTI_CLAIM: "token_id", TOKEN_TYPE_CLAIM: "kind" };
    expect(check({ token_id: "x", kind: "access" }, tokenTypes.access, vars)).toBeUndefined();
    expect(await reasonOf(() => check({ kind: "access" }, tokenTypes.access, vars))).toBe("token_id_missing");
    expect(await reasonOf(() => check({ token_id: "x" }, tokenTypes.access, vars))).toBe("token_type_missing");
  });

  test("asks for no id and no type where their claims are None", () => {
    const vars = { JTI_CLAIM: "", TOKEN_TYPE_CLAIM: "", TOKEN_BLACKLIST_ENABLED: false };
    expect(checkTokenType(settingsOf(vars), tokenTypes.access, { exp: now + 1 }, now)).toBeUndefined();
  });

  test("does not take an inherited property for a claim", async () => {
    const vars = { JTI_CLAIM: "toString" };
    expect(await reasonOf(() => check({}, tokenTypes.access, vars))).toBe("token_id_missing");
  });
});

describe("checkTimeIsAhead()", () => {
  const ahead = (value: unknown, vars = {}) =>
    checkTimeIsAhead(settingsOf(vars), { refresh_exp: value }, "refresh_exp", now);

  test.each([[now + 1], [now + 0.5], [253_402_300_799]])("accepts %j", (value) => {
    expect(ahead(value)).toBeUndefined();
  });

  test.each([[now], [now - 1], [0], [-1], [true], [false]])("calls %j expired, and names the claim", async (value) => {
    const refusal = await refusalOf(() => ahead(value));
    expect(refusal.reason).toBe("token_claim_expired");
    expect(refusal.more).toEqual({ names: "refresh_exp" });
  });

  test.each([[String(now + 1)], [null], [[]], [{}], [253_402_300_800], [1e300], [-1e300]])(
    "cannot read %j as a date",
    async (value) => {
      expect(await reasonOf(() => ahead(value))).toBe("token_time_unreadable");
    },
  );

  test("names the claim that is missing", async () => {
    const refusal = await refusalOf(() => checkTimeIsAhead(settingsOf(), good, "refresh_exp", now));
    expect(refusal.reason).toBe("token_claim_missing");
    expect(refusal.more).toEqual({ names: "refresh_exp" });
  });

  test("gives the leeway", async () => {
    expect(ahead(now - 9, { LEEWAY: 10 })).toBeUndefined();
    expect(await reasonOf(() => ahead(now - 10, { LEEWAY: 10 }))).toBe("token_claim_expired");
  });
});

describe("tokenTypes", () => {
  const lifetimes = settingsOf({ ACCESS_TOKEN_LIFETIME: 1, REFRESH_TOKEN_LIFETIME: 2, SLIDING_TOKEN_LIFETIME: 3 });

  test.each([
    ["AccessToken", "access", 1, false, true],
    ["RefreshToken", "refresh", 2, true, true],
    ["SlidingToken", "sliding", 3, true, true],
    ["UntypedToken", "untyped", 0, false, false],
  ])("%s", (className, type, seconds, isOutstanding, typed) => {
    const [tokenType, ...more] = accepted(className);
    expect(tokenType).toMatchObject({ className, type, isOutstanding, typed });
    expect(tokenType?.lifetimeSeconds(lifetimes)).toBe(seconds);
    expect(more).toEqual([]);
  });

  test.each([["accesstoken"], ["Token"], [""], ["toString"]])("has no class %j", (className) => {
    expect(accepted(className)).toEqual([]);
  });
});
