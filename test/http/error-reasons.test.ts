// ERROR_REASONS: the challenge of every refusal, with it and without it.
import { describe, expect, it, test } from "vitest";
import { type Reason, Refusal, type RefusalMore, refusals } from "../../src/errors.ts";
import { challenge, errorReasons } from "../../src/http/error-reasons.ts";
import { settingsOf } from "../support/settings.ts";

const told = (reason: Reason, more: RefusalMore = {}, vars = {}) =>
  challenge(settingsOf({ ERROR_REASONS: true, ...vars }), new Refusal(reason, more));

const unverified = 'Bearer realm="api", error="invalid_token", error_description="The token could not be verified"';

describe("challenge() says", () => {
  test.each([
    ["authorization_header_malformed", "invalid_request", "The header must hold a scheme and one token"],
    ["token_payload_unreadable", "invalid_token", "The claims of the token cannot be read"],
    ["token_time_unreadable", "invalid_token", "A claim of the token has a wrong type"],
    ["token_issued_in_future", "invalid_token", "The token is not valid yet"],
    ["token_not_yet_valid", "invalid_token", "The token is not valid yet"],
    ["token_issuer_wrong", "invalid_token", "The token is from another issuer"],
    ["token_audience_wrong", "invalid_token", "The token is for another audience"],
    ["token_expired", "invalid_token", "The token is expired"],
    ["token_claim_expired", "invalid_token", "The token is expired"],
    ["token_too_old", "invalid_token", "The token is expired"],
    ["token_claim_missing", "invalid_token", "The token lacks a required claim"],
    ["token_id_missing", "invalid_token", "The token lacks a required claim"],
    ["token_type_wrong", "invalid_token", "The token is of another type"],
    ["token_typ_other", "invalid_token", "The token is of another type"],
    ["token_is_reissued", "invalid_token", "The token is of another type"],
    ["token_blacklisted", "invalid_token", "The token was revoked"],
    ["refresh_session_outdated", "invalid_token", "The token was revoked"],
    ["user_claim_missing", "invalid_token", "The token names no user"],
    ["user_not_found", "invalid_token", "The account of the token may not be used"],
    ["user_inactive", "invalid_token", "The account of the token may not be used"],
    ["user_not_mapped", "invalid_token", "The account of the token may not be used"],
    ["token_user_of_other_issuer", "invalid_token", "The account of the token may not be used"],
    ["refresh_user_refused", "invalid_token", "The account of the token may not be used"],
    ["user_password_changed", "invalid_token", "The password was changed after the token was made"],
    ["permission_denied", "insufficient_scope", "The token does not grant this"],
    ["tenant_denied", "insufficient_scope", "The token does not grant this"],
  ] as const)("of %s: %s, %s", (reason, error, description) => {
    expect(told(reason)).toBe(`Bearer realm="api", error="${error}", error_description="${description}"`);
  });

  test.each([
    "token_unreadable",
    "token_header_unusable",
    "token_algorithm_other",
    "token_key_unknown",
    "token_signature_wrong",
    "token_issuer_not_accepted",
    "provisioning_signature",
    "provisioning_token_type",
    "provisioning_late",
    "provisioning_other_request",
    "provisioning_other_body",
  ] as const)("the same of a forgery, however far it got: %s", (reason) => {
    expect(told(reason)).toBe(unverified);
    expect(told("no_token_class_fits", { because: reason })).toBe(unverified);
  });

  it("what the first token class had against the token, and never the claim that a body names", () => {
    const more = { because: "token_claim_missing", names: "exp" } as const;
    expect(told("no_token_class_fits", more)).toBe(
      'Bearer realm="api", error="invalid_token", error_description="The token lacks a required claim"',
    );
  });

  it("it after the first scheme", () => {
    expect(told("token_expired", {}, { AUTH_HEADER_TYPES: ["JWT", "Bearer"] })).toBe(
      'JWT realm="api", error="invalid_token", error_description="The token is expired"',
    );
  });

  test.each(["credentials_missing", "login_user_unknown", "login_password_wrong", "login_user_inactive"] as const)(
    "no error where no token was presented: %s",
    (reason) => {
      expect(told(reason)).toBe('Bearer realm="api"');
    },
  );

  test.each(["no_route", "token_blacklisted_at_verify", "login_throttled", "store_unavailable"] as const)(
    "nothing at all of %s",
    (reason) => {
      expect(told(reason)).toBeUndefined();
    },
  );
});

describe("without ERROR_REASONS", () => {
  const allReasons = Object.keys(refusals) as Reason[];
  test.each(allReasons)("challenge() is Simple JWT's: %s", (reason) => {
    const wanted = refusals[reason].status === 401 ? 'Bearer realm="api"' : undefined;
    expect(challenge(settingsOf(), new Refusal(reason))).toBe(wanted);
  });
});

describe("the table", () => {
  it("has a row for every refusal that calls the token invalid", () => {
    const without = Object.entries(refusals)
      .filter(([, wire]) => wire.status === 401 && "code" in wire && wire.code === "token_not_valid")
      .filter(([reason]) => !Object.hasOwn(errorReasons, reason));
    expect(without).toEqual([]);
  });
  it("has none for a login", () => {
    expect(Object.keys(errorReasons).filter((reason) => reason.startsWith("login_"))).toEqual([]);
  });
  it("has rows only for statuses that have a challenge", () => {
    const statuses = Object.keys(errorReasons).map((reason) => refusals[reason as Reason].status);
    expect([...new Set(statuses)].sort()).toEqual([401, 403]);
  });
  // RFC 6750 section 3: %x20-21 / %x23-5B / %x5D-7E.
  it.each(Object.entries(errorReasons))("describes %s in characters that the header may have", (_reason, [, text]) => {
    expect(text).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{10,60}$/);
  });
});
