// What the settings about sessions need of others.
import { describe, expect, test } from "vitest";
import { readSettings } from "../../../src/settings/read.ts";
import { testSecret } from "../../support/settings.ts";

const read = (vars: object) => readSettings({ SIGNING_KEY: testSecret, ...vars });
const usesUp = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };

describe("checkSessions()", () => {
  test("takes all of them together", () => {
    const all = { REFRESH_REUSE_GRACE: 10, REVOKE_FAMILY_ON_REUSE: true, BLACKLIST_ENDS_SESSION: true };
    const { errors, warnings } = read({
      ...{ ...usesUp, ...all, SESSION_ABSOLUTE_LIFETIME: "30d", SESSION_IDLE_LIFETIME: "7d" },
    });
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
  });

  test.each([
    [{ REFRESH_REUSE_GRACE: 10 }, "REFRESH_REUSE_GRACE needs ROTATE_REFRESH_TOKENS and BLACKLIST_AFTER_ROTATION"],
    [
      { REFRESH_REUSE_GRACE: 10, ROTATE_REFRESH_TOKENS: true },
      "REFRESH_REUSE_GRACE needs ROTATE_REFRESH_TOKENS and BLACKLIST_AFTER_ROTATION",
    ],
    [
      { REVOKE_FAMILY_ON_REUSE: true },
      "REVOKE_FAMILY_ON_REUSE needs ROTATE_REFRESH_TOKENS and BLACKLIST_AFTER_ROTATION",
    ],
    [
      { SESSION_ABSOLUTE_LIFETIME: 60, TOKEN_BLACKLIST_ENABLED: false },
      "SESSION_ABSOLUTE_LIFETIME needs TOKEN_BLACKLIST_ENABLED",
    ],
    [{ SESSION_IDLE_LIFETIME: 60 }, "SESSION_IDLE_LIFETIME needs ROTATE_REFRESH_TOKENS"],
    [
      { BLACKLIST_ENDS_SESSION: true, TOKEN_BLACKLIST_ENABLED: false },
      "BLACKLIST_ENDS_SESSION needs TOKEN_BLACKLIST_ENABLED",
    ],
    [{ SESSION_METADATA: true, TOKEN_BLACKLIST_ENABLED: false }, "SESSION_METADATA needs TOKEN_BLACKLIST_ENABLED"],
    [{ BLACKLIST_ENDS_SESSION: true, USER_ID_CLAIM: "sid" }, 'USER_ID_CLAIM must not be "sid"'],
  ])("refuses %o", (vars, error) => {
    expect(read(vars).errors.map((text) => text.split(":")[0])).toEqual([error]);
  });

  test("warns where a repeated refresh ends a session", () => {
    const { errors, warnings } = read({ ...usesUp, REVOKE_FAMILY_ON_REUSE: true });
    expect(errors).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/^REVOKE_FAMILY_ON_REUSE without REFRESH_REUSE_GRACE: /)]);
  });
});
