// checkRegisteredClaims(): a valid baseline and one change per case.
import { describe, expect, test } from "vitest";
import { checkRegisteredClaims } from "../../src/tokens/check.ts";
import { gatewayIssuer } from "../../src/tokens/trusted-issuer.ts";
import { reasonOf } from "../support/context.ts";
import { settingsOf } from "../support/settings.ts";

const now = 1_700_000_000;
const good = { exp: now + 300, iat: now, jti: "0123456789abcdef0123456789abcdef", token_type: "access", user_id: "7" };
const withAll = { ...good, iss: "https://issuer.example", aud: "api" };
const strict = { ISSUER: "https://issuer.example", AUDIENCE: "api" };

const noKeys = { signing: new Uint8Array(), verifying: new Uint8Array(), publicJwk: undefined };
const issuerOf = (vars: Readonly<Record<string, unknown>> = {}) => gatewayIssuer(settingsOf(vars), noKeys);

const check = (change: Readonly<Record<string, unknown>>, vars: Readonly<Record<string, unknown>> = {}) =>
  checkRegisteredClaims(issuerOf(vars), { ...(vars.ISSUER ? withAll : good), ...change }, now);
const refused = (change: Readonly<Record<string, unknown>>, vars?: Readonly<Record<string, unknown>>) =>
  reasonOf(() => check(change, vars));
const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([one]) => one !== name));

describe("checkRegisteredClaims() accepts", () => {
  test.each([
    ["the baseline", {}],
    ["exp one second ahead", { exp: now + 1 }],
    ["exp in digits", { exp: String(now + 1) }],
    ["exp as a fraction of more than a second", { exp: now + 1.5 }],
    ["iat that is now", { iat: now }],
    ["iat long ago", { iat: 0 }],
    ["iat true", { iat: true }],
    ["iat in digits", { iat: "123" }],
    ["nbf that is now", { nbf: now }],
    ["nbf as a fraction of this second", { nbf: now + 0.9 }],
    ["sub that is text", { sub: "7" }],
    ["an audience and an issuer that nobody asked for", { aud: ["x"], iss: 7 }],
  ])("%s", (_, change) => {
    expect(check(change)).toBeUndefined();
  });

  test.each(["exp", "iat", "jti"])("no %s at all: other checks may want it", (name) => {
    expect(checkRegisteredClaims(issuerOf(), without(name), now)).toBeUndefined();
  });

  test("an issuer and an audience that are ours", () => {
    expect(check({}, strict)).toBeUndefined();
    expect(check({ aud: ["other", "api"] }, strict)).toBeUndefined();
    expect(check({ aud: "app" }, { ...strict, AUDIENCE: ["api", "app"] })).toBeUndefined();
    expect(check({ aud: ["x", "app"] }, { ...strict, AUDIENCE: ["api", "app"] })).toBeUndefined();
  });
});

describe("checkRegisteredClaims() refuses", () => {
  test.each([
    ["exp that is now", { exp: now }, "token_expired"],
    ["exp as a fraction of this second", { exp: now + 0.9 }, "token_expired"],
    ["exp in the past", { exp: now - 1 }, "token_expired"],
    ["exp false, which is 0", { exp: false }, "token_expired"],
    ["iat in the future", { iat: now + 1 }, "token_issued_in_future"],
    ["nbf in the future", { nbf: now + 1 }, "token_not_yet_valid"],
    ["exp null", { exp: null }, "token_time_unreadable"],
    ["exp a list", { exp: [now + 1] }, "token_time_unreadable"],
    ["exp no digits", { exp: "tomorrow" }, "token_time_unreadable"],
    ["iat null", { iat: null }, "token_time_unreadable"],
    ["nbf empty", { nbf: "" }, "token_time_unreadable"],
    ["sub a number", { sub: 7 }, "token_subject_not_text"],
    ["sub null", { sub: null }, "token_subject_not_text"],
    ["jti a number", { jti: 7 }, "token_id_not_text"],
    ["jti null", { jti: null }, "token_id_not_text"],
  ])("%s", async (_, change, reason) => {
    expect(await refused(change)).toBe(reason);
  });

  test.each([
    ["another issuer", { iss: "https://other.example" }, "token_issuer_wrong"],
    ["an issuer with a slash more", { iss: "https://issuer.example/" }, "token_issuer_wrong"],
    ["a list of the issuer", { iss: ["https://issuer.example"] }, "token_issuer_wrong"],
    ["no issuer", { iss: undefined }, "token_issuer_wrong"],
    ["another audience", { aud: "app" }, "token_audience_wrong"],
    ["an audience in other letters", { aud: "API" }, "token_audience_wrong"],
    ["no audience", { aud: undefined }, "token_audience_wrong"],
    ["an empty audience", { aud: "" }, "token_audience_wrong"],
    ["an empty list", { aud: [] }, "token_audience_wrong"],
    ["a list with something that is no text", { aud: ["api", 7] }, "token_audience_wrong"],
    ["an object", { aud: { api: true } }, "token_audience_wrong"],
  ])("%s", async (_, change, reason) => {
    expect(await refused(change, strict)).toBe(reason);
  });
});

describe("checkRegisteredClaims() with a leeway of 10 seconds", () => {
  const leeway = { LEEWAY: 10 };

  test.each([{ exp: now - 9 }, { iat: now + 10 }, { nbf: now + 10 }])("accepts %j", (change) => {
    expect(check(change, leeway)).toBeUndefined();
  });

  test.each([
    [{ exp: now - 10 }, "token_expired"],
    [{ iat: now + 11 }, "token_issued_in_future"],
    [{ nbf: now + 11 }, "token_not_yet_valid"],
  ])("refuses %j", async (change, reason) => {
    expect(await refused(change, leeway)).toBe(reason);
  });
});

describe("checkRegisteredClaims() checks in PyJWT's order:", () => {
  /** Each claim is bad; each case mends what comes before it. */
  const bad = { iat: now + 1, nbf: now + 1, exp: now, iss: "x", aud: "x", sub: 7, jti: 7 };

  test.each([
    [{}, "token_issued_in_future"],
    [{ iat: now }, "token_not_yet_valid"],
    [{ iat: now, nbf: now }, "token_expired"],
    [{ iat: now, nbf: now, exp: now + 1 }, "token_issuer_wrong"],
    [{ iat: now, nbf: now, exp: now + 1, iss: withAll.iss }, "token_audience_wrong"],
    [{ iat: now, nbf: now, exp: now + 1, iss: withAll.iss, aud: "api" }, "token_subject_not_text"],
    [{ iat: now, nbf: now, exp: now + 1, iss: withAll.iss, aud: "api", sub: "7" }, "token_id_not_text"],
  ])("with %j mended", async (mended, reason) => {
    expect(await refused({ ...bad, ...mended }, strict)).toBe(reason);
  });
});
