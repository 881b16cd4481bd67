import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/json/parse.ts";
import { recordOf, tokenId } from "../../src/sessions/token-record.ts";
import { reasonOf } from "../support/context.ts";
import { settingsOf } from "../support/settings.ts";

const settings = settingsOf();
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

describe("recordOf()", () => {
  const token = { jti: "a1", type: "refresh", userId: "7" } as const;
  const sliding = { ...token, type: "sliding" } as const;

  test("takes issue and end from the claims", () => {
    expect(recordOf(settings, { iat: 5, exp: 9, refresh_exp: 99 }, token, now)).toEqual({
      ...{ jti: "a1", type: "refresh", userId: "7", createdAtSeconds: 5, expiresAtSeconds: 9 },
    });
  });

  test("cuts fractions off, and takes now for what is not there", () => {
    expect(recordOf(settings, { iat: 5.9, exp: 9.9 }, token, now)).toMatchObject({
      createdAtSeconds: 5,
      expiresAtSeconds: 9,
    });
    expect(recordOf(settings, { iat: parseJson("5.90"), exp: parseJson("9.0") }, token, now)).toMatchObject({
      createdAtSeconds: 5,
      expiresAtSeconds: 9,
    });
    expect(recordOf(settings, {}, token, now)).toMatchObject({ createdAtSeconds: now, expiresAtSeconds: now });
  });

  test.each([
    // A slide in the window's last second gives it another SLIDING_TOKEN_LIFETIME, 300 seconds.
    [{ exp: 9, refresh_exp: 99 }, 399],
    [{ exp: 999, refresh_exp: 9 }, 999],
    [{ exp: 9 }, 9],
    [{ exp: 9, refresh_exp: "x" }, 9],
  ])("keeps a sliding token with %j until %d", (claims, end) => {
    expect(recordOf(settings, claims, sliding, now).expiresAtSeconds).toBe(end);
  });
});
