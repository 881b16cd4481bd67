import { describe, expect, test } from "vitest";
import { inheritedClaims, mint, slidClaims, successorClaims } from "../../src/tokens/mint.ts";
import { tokenTypes } from "../../src/tokens/token-types.ts";
import { settingsOf } from "../support/settings.ts";

const nowSeconds = 1_700_000_000;
const id = "0123456789abcdef0123456789abcdef";
const input = (vars: Readonly<Record<string, unknown>> = {}) => ({ settings: settingsOf(vars), nowSeconds, id });
/** The JSON text, so that the order of the claims counts too. */
const text = (claims: unknown) => JSON.stringify(claims);

describe("mint() writes the claims in Simple JWT's order:", () => {
  test("an access token", () => {
    expect(text(mint(tokenTypes.access, input(), { user_id: "7" }))).toBe(
      `{"token_type":"access","exp":1700000300,"iat":1700000000,"jti":"${id}","user_id":"7"}`,
    );
  });

  test("a refresh token with a lifetime of its own", () => {
    expect(text(mint(tokenTypes.refresh, input({ REFRESH_TOKEN_LIFETIME: "7d" }), { user_id: "7" }))).toBe(
      `{"token_type":"refresh","exp":1700604800,"iat":1700000000,"jti":"${id}","user_id":"7"}`,
    );
  });

  test("a sliding token, with the end of its refresh window", () => {
    expect(text(mint(tokenTypes.sliding, input(), { user_id: "7" }))).toBe(
      `{"token_type":"sliding","exp":1700000300,"iat":1700000000,"jti":"${id}","refresh_exp":1700086400,"user_id":"7"}`,
    );
  });

  test("aud and iss last", () => {
    expect(text(mint(tokenTypes.access, input({ AUDIENCE: ["api", "app"], ISSUER: "me" }), { user_id: "7" }))).toBe(
      `{"token_type":"access","exp":1700000300,"iat":1700000000,"jti":"${id}","user_id":"7","aud":["api","app"],"iss":"me"}`,
    );
  });

  test("claims under the names that the settings give", () => {
    const vars = {
      ...{ TOKEN_TYPE_CLAIM: "kind", JTI_CLAIM: "id", SLIDING_TOKEN_REFRESH_EXP_CLAIM: "until" },
      ...{ SLIDING_TOKEN_LIFETIME: 10, SLIDING_TOKEN_REFRESH_LIFETIME: 20, AUDIENCE: "api" },
    };
    expect(text(mint(tokenTypes.sliding, input(vars), {}))).toBe(
      `{"kind":"sliding","exp":1700000010,"iat":1700000000,"id":"${id}","until":1700000020,"aud":"api"}`,
    );
  });

  test("names that are None as null", () => {
    const noType = mint(tokenTypes.access, input({ TOKEN_TYPE_CLAIM: "" }), { user_id: "7" });
    expect(text(noType)).toBe(`{"null":"access","exp":1700000300,"iat":1700000000,"jti":"${id}","user_id":"7"}`);
    const noId = mint(tokenTypes.access, input({ JTI_CLAIM: "", TOKEN_BLACKLIST_ENABLED: false }), {});
    expect(text(noId)).toBe(`{"token_type":"access","exp":1700000300,"iat":1700000000,"null":"${id}"}`);
  });

  test("a claim called __proto__ as a claim", () => {
    const more = JSON.parse('{"user_id":"7","__proto__":{"is_staff":true}}');
    const claims = mint(tokenTypes.access, input({ ISSUER: "me" }), more);
    expect(text(claims)).toBe(
      `{"token_type":"access","exp":1700000300,"iat":1700000000,"jti":"${id}","user_id":"7","__proto__":{"is_staff":true},"iss":"me"}`,
    );
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
  });

  test("our audience and issuer over those of a hook", () => {
    const claims = mint(tokenTypes.access, input({ AUDIENCE: "api", ISSUER: "me" }), { aud: "other", iss: "other" });
    expect(claims).toMatchObject({ aud: "api", iss: "me" });
  });
});

const refreshClaims = {
  token_type: "refresh",
  exp: 1_700_086_400,
  iat: 1_699_999_000,
  jti: "old",
  user_id: "7",
  is_staff: true,
  nbf: 5,
};

describe("inheritedClaims()", () => {
  test("leaves out the type, the times and the id", () => {
    expect(text(inheritedClaims(settingsOf(), refreshClaims))).toBe('{"user_id":"7","is_staff":true,"nbf":5}');
  });

  test("leaves out jti even where the id has another name", () => {
    const claims = { ...refreshClaims, token_id: "old" };
    const rest = inheritedClaims(settingsOf({ JTI_CLAIM: "token_id" }), claims);
    expect(text(rest)).toBe('{"user_id":"7","is_staff":true,"nbf":5}');
  });

  test("takes a claim called null along where the type is None, as Simple JWT does", () => {
    const claims = { null: "refresh", user_id: "7" };
    expect(text(inheritedClaims(settingsOf({ TOKEN_TYPE_CLAIM: "" }), claims))).toBe(
      '{"null":"refresh","user_id":"7"}',
    );
  });

  test("takes a claim called __proto__ along as a claim", () => {
    expect(text(inheritedClaims(settingsOf(), JSON.parse('{"__proto__":{"a":1},"jti":"x"}')))).toBe(
      '{"__proto__":{"a":1}}',
    );
  });
});

describe("successorClaims()", () => {
  test("keeps place and value of all claims but exp, iat and the id", () => {
    expect(text(successorClaims(tokenTypes.refresh, input(), refreshClaims))).toBe(
      `{"token_type":"refresh","exp":1700086400,"iat":1700000000,"jti":"${id}","user_id":"7","is_staff":true,"nbf":5}`,
    );
  });

  test("brings audience and issuer up to date", () => {
    const used = { ...refreshClaims, aud: "old", iss: "old" };
    expect(successorClaims(tokenTypes.refresh, input({ AUDIENCE: "api", ISSUER: "me" }), used)).toMatchObject({
      aud: "api",
      iss: "me",
    });
  });

  test("writes the id where the settings say, None included", () => {
    const vars = { JTI_CLAIM: "", TOKEN_BLACKLIST_ENABLED: false };
    expect(text(successorClaims(tokenTypes.refresh, input(vars), { null: "old", user_id: "7" }))).toBe(
      `{"null":"${id}","user_id":"7","exp":1700086400,"iat":1700000000}`,
    );
  });

  test("leaves the used claims as they are", () => {
    const used = { ...refreshClaims };
    successorClaims(tokenTypes.refresh, input(), used);
    expect(used).toEqual(refreshClaims);
  });
});

describe("slidClaims()", () => {
  const old = {
    token_type: "sliding",
    exp: 1_700_000_001,
    iat: 1,
    jti: "same",
    refresh_exp: 1_700_000_009,
    user_id: "7",
  };

  test("moves exp and iat; id and refresh window stay", () => {
    expect(text(slidClaims(tokenTypes.sliding, { settings: settingsOf(), nowSeconds }, old))).toBe(
      '{"token_type":"sliding","exp":1700000300,"iat":1700000000,"jti":"same","refresh_exp":1700000009,"user_id":"7"}',
    );
  });
});
