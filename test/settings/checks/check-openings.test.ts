// Settings that are allowed, but let more pass than their name suggests: each of them is a warning.
import { describe, expect, test } from "vitest";
import { readSettings } from "../../../src/settings/read.ts";
import { testSecret } from "../../support/settings.ts";

const warningsOf = (vars: Readonly<Record<string, unknown>>) => {
  const { errors, warnings } = readSettings({ SIGNING_KEY: testSecret, ...vars });
  expect(errors).toEqual([]);
  return warnings;
};
const noBlacklist = { TOKEN_BLACKLIST_ENABLED: false };

describe("a warning says what is open with", () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    [
      "no type claim",
      { TOKEN_TYPE_CLAIM: "" },
      'TOKEN_TYPE_CLAIM is None: token types are not told apart, so a refresh token opens every route, on routes with revocation = "off" even after its log-out.',
    ],
    [
      "UntypedToken",
      { AUTH_TOKEN_CLASSES: ["AccessToken", "UntypedToken"] },
      "AUTH_TOKEN_CLASSES has UntypedToken: tokens of every type open routes, refresh tokens too.",
    ],
    [
      "UntypedToken, by its dotted path",
      { AUTH_TOKEN_CLASSES: "rest_framework_simplejwt.tokens.UntypedToken" },
      "AUTH_TOKEN_CLASSES has UntypedToken: tokens of every type open routes, refresh tokens too.",
    ],
    [
      "RefreshToken",
      { AUTH_TOKEN_CLASSES: ["RefreshToken"] },
      "AUTH_TOKEN_CLASSES has RefreshToken: refresh tokens open routes, for REFRESH_TOKEN_LIFETIME.",
    ],
    [
      "no X-User-Id",
      { IDENTITY_HEADERS: {} },
      "IDENTITY_HEADERS does not set X-User-Id: an API that reads it finds no user there. A client's own is dropped all the same.",
    ],
    [
      "another header in its place",
      { IDENTITY_HEADERS: { "X-User": "user_id", "X-User-Ids": "user_id" } },
      "IDENTITY_HEADERS does not set X-User-Id: an API that reads it finds no user there. A client's own is dropped all the same.",
    ],
    [
      "tokens without an id",
      { ...noBlacklist, JTI_CLAIM: "" },
      "JTI_CLAIM is None: tokens have no id, so none of them can be revoked.",
    ],
    [
      "a leeway that outlasts access tokens",
      { LEEWAY: 60, ACCESS_TOKEN_LIFETIME: 60 },
      "LEEWAY is 60 s: expired tokens are accepted for that long.",
    ],
    ["a leeway of hours", { LEEWAY: "2h" }, "LEEWAY is 7200 s: expired tokens are accepted for that long."],
    [
      "closed accounts",
      { CHECK_USER_IS_ACTIVE: false },
      'CHECK_USER_IS_ACTIVE is false: deactivated users keep refreshing their tokens and pass routes with auth = "user".',
    ],
    [
      "strict revocation without a blacklist",
      { ...noBlacklist, REVOCATION: "strict" },
      "REVOCATION is strict, but TOKEN_BLACKLIST_ENABLED is false: no token is ever found revoked.",
    ],
    [
      "a strict route without a blacklist",
      {
        ...noBlacklist,
        ROUTES: [
          { path: "/a", auth: "token" },
          { path: "/*", auth: "token", revocation: "strict" },
        ],
      },
      "ROUTES[1] has revocation = strict, but TOKEN_BLACKLIST_ENABLED is false: no token is ever found revoked.",
    ],
    [
      "a long memory of what was not revoked",
      { REVOCATION_CACHE_SECONDS: "1h" },
      "REVOCATION_CACHE_SECONDS is 3600 s: a revoked token may open cached routes for that long.",
    ],
    [
      "a long grace for used refresh tokens",
      {
        ...{ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, REFRESH_REUSE_GRACE: "1h" },
      },
      "REFRESH_REUSE_GRACE is 3600 s: whoever has a used refresh token can refresh with it for that long.",
    ],
    [
      "keys of an identity provider for everyone's tokens",
      { ALGORITHM: "RS256", JWK_URL: "https://id.example/keys", ISSUER: "https://id.example/" },
      "JWK_URL without AUDIENCE: a token that was issued for another service opens routes here.",
    ],
    [
      "a JWK_URL that HMAC does not look at",
      { JWK_URL: "https://id.example/keys", AUDIENCE: "api" },
      "JWK_URL is not used with HS256: tokens are verified with SIGNING_KEY.",
    ],
    [
      "a key of few characters",
      { SIGNING_KEY: "abcdabcdabcdabcdabcdabcdabcdabcd" },
      "SIGNING_KEY has fewer than 5 different characters: it can be guessed.",
    ],
    [
      "the key that startproject wrote",
      { SIGNING_KEY: "django-insecure-0p9o8i7u6y5t4r3e2w1q0p9o8i7u6y5t4r3e2w1q" },
      'SIGNING_KEY begins with "django-insecure-": startproject wrote it, and it may be in a repository.',
    ],
  ])("%s", (_, vars, warning) => {
    expect(warningsOf(vars)).toEqual([warning]);
  });
});

describe("there is no warning for", () => {
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["access and sliding tokens", { AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken"] }],
    ["X-User-Id in another spelling", { IDENTITY_HEADERS: { "x-user-id": "email" } }],
    ["a leeway of a minute", { LEEWAY: 60 }],
    ["cached routes without a blacklist", noBlacklist],
    ["strict routes with it", { REVOCATION: "strict" }],
    ["five minutes of memory", { REVOCATION_CACHE_SECONDS: 300 }],
  ])("%s", (_, vars) => {
    expect(warningsOf(vars)).toEqual([]);
  });
});

describe("refused is", () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["a key of blanks", { SIGNING_KEY: " ".repeat(40) }, "SIGNING_KEY must not be blank."],
    [
      "a key of other blanks",
      { SIGNING_KEY: "\t\u00a0\u0085\u001c\n\u3000".repeat(8) },
      "SIGNING_KEY must not be blank.",
    ],
    [
      "an assertion key of blanks",
      { ASSERTION: true, ASSERTION_KEY: " ".repeat(40) },
      "ASSERTION_KEY must not be blank.",
    ],
    [
      "the default identity header as the one of the token",
      { AUTH_HEADER_NAME: "HTTP_X_USER_ID", IDENTITY_HEADERS: { "X-Caller": "user_id" } },
      "AUTH_HEADER_NAME must not be X-User-Id: a client's own is always dropped.",
    ],
  ])("%s", (_, vars, error) => {
    expect(readSettings({ SIGNING_KEY: testSecret, ...vars }).errors).toEqual([error]);
  });
});
