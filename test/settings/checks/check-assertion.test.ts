// ASSERTION, ASSERTION_CLAIMS, ASSERTION_KEY: what would sign nothing, or hand the origin a key to make tokens with.
import { describe, expect, test } from "vitest";
import { readSettings } from "../../../src/settings/read.ts";
import { testSecret } from "../../support/settings.ts";

const key = "shared-with-the-origin-0123456789";
const read = (vars: Readonly<Record<string, unknown>>) => {
  const { errors, warnings } = readSettings({ SIGNING_KEY: testSecret, ...vars });
  return { errors, warnings };
};
const good = { errors: [], warnings: [] };
const error = (...errors: string[]) => ({ errors, warnings: [] });
const make = "Make one with: openssl rand -base64 32";

describe("ASSERTION with a secret", () => {
  test.each(["HS256", "HS384", "HS512"])("needs ASSERTION_KEY where the algorithm is %s", (ALGORITHM) => {
    expect(read({ ASSERTION: true, ALGORITHM })).toEqual(
      error(
        `ASSERTION_KEY is required while ASSERTION is true with ${ALGORITHM}: a secret shared with the origin. ${make}`,
      ),
    );
    expect(read({ ASSERTION: true, ALGORITHM, ASSERTION_KEY: key })).toEqual(good);
  });

  test("refuses SIGNING_KEY in its place", () => {
    expect(read({ ASSERTION: true, ASSERTION_KEY: testSecret })).toEqual(
      error("ASSERTION_KEY must not be SIGNING_KEY: an origin that has it could make access tokens."),
    );
  });

  test("takes 32 bytes and not one less, whatever ALLOW_SHORT_SIGNING_KEY says", () => {
    const short = { ASSERTION: true, ASSERTION_KEY: "k".repeat(31), ALLOW_SHORT_SIGNING_KEY: true };
    expect(read(short)).toEqual(error(`ASSERTION_KEY has 31 bytes; it needs at least 32. ${make}`));
    expect(read({ ASSERTION: true, ASSERTION_KEY: "k".repeat(32) })).toEqual(good);
    expect(read({ ASSERTION: true, ASSERTION_KEY: "é".repeat(16) })).toEqual(good);
  });

  test.each([["-----BEGIN PUBLIC KEY-----\nMIIB"], [`ssh-rsa ${"A".repeat(40)}`]])(
    "refuses a public key, %j",
    (pem) => {
      expect(read({ ASSERTION: true, ASSERTION_KEY: pem })).toEqual(
        error("ASSERTION_KEY must be a shared secret, not an asymmetric key."),
      );
    },
  );

  test("never shows the key", () => {
    for (const ASSERTION_KEY of ["hunter2", ["hunter2"], { k: "hunter2" }]) {
      const reading = read({ ASSERTION: true, ASSERTION_KEY });
      expect(reading.errors.join()).toContain("ASSERTION_KEY");
      expect(JSON.stringify(reading)).not.toContain("hunter2");
    }
  });
});

describe("ASSERTION with an asymmetric key", () => {
  test.each(["RS256", "ES256", "PS512", "EdDSA"])("needs nothing else with %s, and no ASSERTION_KEY", (ALGORITHM) => {
    expect(read({ ASSERTION: true, ALGORITHM })).toEqual(good);
    expect(read({ ASSERTION: true, ALGORITHM, ASSERTION_KEY: key })).toEqual(
      error(`ASSERTION_KEY is for the HS algorithms: with ${ALGORITHM}, assertions are signed with SIGNING_KEY.`),
    );
  });
});

describe("without ASSERTION", () => {
  test("ASSERTION_CLAIMS is an error", () => {
    expect(read({ ASSERTION_CLAIMS: ["email"] })).toEqual(
      error("ASSERTION_CLAIMS needs ASSERTION: without it nothing is signed."),
    );
  });

  test("ASSERTION_KEY is warned of: a secret may be there first", () => {
    const text = "ASSERTION_KEY is set, but ASSERTION is not true: nothing is signed.";
    expect(read({ ASSERTION_KEY: key })).toEqual({ errors: [], warnings: [text] });
  });
});

describe("ASSERTION_CLAIMS", () => {
  const on = { ASSERTION: true, ASSERTION_KEY: key };

  test.each([["email"], [["email", "groups"]], ['["is_staff"]'], ["user_id"]])("may be %j", (value) => {
    expect(read({ ...on, ASSERTION_CLAIMS: value })).toEqual(good);
  });

  test.each(["iss", "aud", "sub", "request_id", "iat", "exp", "nbf", "jti", "token_type"])(
    "must not have %s, which is the assertion's own or another token's",
    (name) => {
      expect(read({ ...on, ASSERTION_CLAIMS: ["email", name] })).toEqual(
        error(`ASSERTION_CLAIMS must not have "${name}": an assertion has its own, or would be taken for a token.`),
      );
    },
  );

  test("must not have the type and id claims under the names that the settings give them", () => {
    const named = { ...on, TOKEN_TYPE_CLAIM: "kind", JTI_CLAIM: "id" };
    expect(read({ ...named, ASSERTION_CLAIMS: ["kind", "id"] }).errors).toHaveLength(2);
  });
});
