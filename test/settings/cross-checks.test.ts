// The checks of readSettings() that need several settings, or look into a value.
import { describe, expect, test } from "vitest";
import { readSettings } from "../../src/settings/read.ts";
import { testSecret } from "../support/settings.ts";

const read = (vars: Readonly<Record<string, unknown>>) => {
  const { errors, warnings } = readSettings({ SIGNING_KEY: testSecret, ...vars });
  return { errors, warnings };
};
const good = { errors: [], warnings: [] };
const error = (text: string) => ({ errors: [text], warnings: [] });

describe("the blacklist:", () => {
  const off = { TOKEN_BLACKLIST_ENABLED: false };

  test("BLACKLIST_AFTER_ROTATION needs it", () => {
    expect(read({ ...off, BLACKLIST_AFTER_ROTATION: true })).toEqual(
      error("BLACKLIST_AFTER_ROTATION needs TOKEN_BLACKLIST_ENABLED: without it nothing would be blacklisted."),
    );
  });

  test("the blacklist endpoint needs it", () => {
    expect(read({ ...off, TOKEN_ENDPOINTS: ["sessions"] })).toEqual(
      error('TOKEN_ENDPOINTS has "sessions", which needs TOKEN_BLACKLIST_ENABLED.'),
    );
    expect(read({ ...off, TOKEN_ENDPOINTS: ["obtain", "blacklist"] })).toEqual(
      error('TOKEN_ENDPOINTS has "blacklist", which needs TOKEN_BLACKLIST_ENABLED.'),
    );
  });

  test("it needs a JTI_CLAIM", () => {
    expect(read({ JTI_CLAIM: "" })).toEqual(
      error("JTI_CLAIM must be a name while TOKEN_BLACKLIST_ENABLED is true: the blacklist needs it."),
    );
    expect(read({ ...off, JTI_CLAIM: "" }).errors).toEqual([]);
  });

  test("rotation without it is warned of: old tokens stay good", () => {
    const text =
      "ROTATE_REFRESH_TOKENS without BLACKLIST_AFTER_ROTATION: old refresh tokens stay valid until they expire.";
    expect(read({ ROTATE_REFRESH_TOKENS: true })).toEqual({ errors: [], warnings: [text] });
    expect(read({ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true })).toEqual(good);
  });
});

describe("TOKEN_ENDPOINTS", () => {
  test.each([[["obtain", "refresh", "verify", "blacklist", "sliding"]], [["sliding"]], ["verify"], [[]]])(
    "may be %j",
    (value) => {
      expect(read({ TOKEN_ENDPOINTS: value })).toEqual(good);
    },
  );

  test("reports each name that is no endpoint", () => {
    expect(read({ TOKEN_ENDPOINTS: ["Obtain", "verify", "login"] }).errors).toEqual([
      'TOKEN_ENDPOINTS must be a list of obtain, refresh, verify, blacklist, sliding, sessions, introspect; it has "Obtain".',
      'TOKEN_ENDPOINTS must be a list of obtain, refresh, verify, blacklist, sliding, sessions, introspect; it has "login".',
    ]);
  });
});

describe("TOKEN_PREFIX", () => {
  test.each([["/api/token"], ["/t"], ["/auth/jwt-2/v_1"], ["/_gateways"]])("may be %j", (value) => {
    expect(read({ TOKEN_PREFIX: value })).toEqual(good);
  });

  test.each([["/"], ["/api/token/"], ["api/token"], ["/api//token"], ["/api/:token"], ["/api/*"], ["/a.b"], ["/a b"]])(
    "may not be %j",
    (value) => {
      expect(read({ TOKEN_PREFIX: value })).toEqual(
        error(`TOKEN_PREFIX must be a path such as /api/token, without a trailing slash; it is "${value}".`),
      );
    },
  );

  test.each([["/_gateway"], ["/_gateway/token"]])("may not be %j, where the gateway's own pages are", (value) => {
    expect(read({ TOKEN_PREFIX: value })).toEqual(error("TOKEN_PREFIX must not be under /_gateway."));
  });
});

describe("names of claims:", () => {
  test.each([["exp"], ["iat"], ["nbf"], ["iss"], ["aud"]])("USER_ID_CLAIM may not be %j", (claim) => {
    expect(read({ USER_ID_CLAIM: claim })).toEqual(
      error(`USER_ID_CLAIM must not be "${claim}": that is a registered claim.`),
    );
  });

  test("two settings may not name the same claim", () => {
    expect(read({ USER_ID_CLAIM: "jti" })).toEqual(
      error('USER_ID_CLAIM must not be "jti": that is the claim of JTI_CLAIM.'),
    );
    expect(read({ REVOKE_TOKEN_CLAIM: "x", SLIDING_TOKEN_REFRESH_EXP_CLAIM: "x" })).toEqual(
      error('REVOKE_TOKEN_CLAIM must not be "x": that is the claim of SLIDING_TOKEN_REFRESH_EXP_CLAIM.'),
    );
    expect(read({ TOKEN_TYPE_CLAIM: "jti" })).toEqual(
      error('JTI_CLAIM must not be "jti": that is the claim of TOKEN_TYPE_CLAIM.'),
    );
  });

  test.each([[{ USER_ID_CLAIM: "sub" }], [{ TOKEN_TYPE_CLAIM: "kind" }], [{ JTI_CLAIM: "token_id" }]])(
    "%j is fine",
    (vars) => {
      expect(read(vars)).toEqual(good);
    },
  );
});

describe("USER_ID_FIELD, AUTH_TOKEN_CLASSES, AUTH_HEADER_TYPES, AUTH_HEADER_NAME:", () => {
  test.each([
    [
      { USER_ID_FIELD: "is_staff" },
      'USER_ID_FIELD must name a field that is unique in the user model; it is "is_staff".',
    ],
    [{ USER_ID_FIELD: "my id" }, 'USER_ID_FIELD must name a field that is unique in the user model; it is "my id".'],
    [
      { USERNAME_FIELD: "password" },
      'USERNAME_FIELD must name a field that is unique in the user model; it is "password".',
    ],
    [
      { USERNAME_FIELD: "__proto__" },
      'USERNAME_FIELD must name a field that is unique in the user model; it is "__proto__".',
    ],
    [{ USERNAME_FIELD: "pk" }, 'USERNAME_FIELD must name a field that users log in with; it is "pk".'],
    [{ USERNAME_CASE: "lower" }, 'USERNAME_CASE must be one of exact, insensitive; it is "lower".'],
    [{ USER_ID_TYPE: "int" }, 'USER_ID_TYPE must be one of integer, uuid, text; it is "int".'],
    [{ USERS_OWNER: "django" }, 'USERS_OWNER must be one of gateway, origin; it is "django".'],
    [{ AUTH_TOKEN_CLASSES: ["AccessToken", "MyToken"] }, 'AUTH_TOKEN_CLASSES has the unknown class "MyToken".'],
    [
      { AUTH_HEADER_TYPES: ["Bearer", "My JWT"] },
      'AUTH_HEADER_TYPES has "My JWT", which is not a scheme: a single word, see RFC 9110 section 11.1.',
    ],
    [{ AUTH_HEADER_NAME: "X Token" }, 'AUTH_HEADER_NAME must be a header name; it is "X Token".'],
  ])("%j is an error", (vars, text) => {
    expect(read(vars)).toEqual(error(text));
  });

  test.each([
    [{ USER_ID_FIELD: "username" }],
    [{ USER_ID_FIELD: "uuid" }],
    [{ USERNAME_FIELD: "email", USER_ID_FIELD: "email" }],
    [{ AUTH_TOKEN_CLASSES: ["rest_framework_simplejwt.tokens.SlidingToken", "AccessToken"] }],
    [{ AUTH_HEADER_TYPES: "JWT" }],
    [{ AUTH_HEADER_NAME: "X-Access-Token" }],
    [{ AUTH_HEADER_NAME: "HTTP_X_ACCESS_TOKEN" }],
  ])("%j is fine", (vars) => {
    expect(read(vars)).toEqual(good);
  });

  test.each([["AUTH_HEADER_TYPES"], ["AUTH_TOKEN_CLASSES"]])("%s may not be an empty list", (name) => {
    expect(read({ [name]: [] }).errors).toHaveLength(1);
    expect(read({ [name]: "[]" }).errors[0]).toMatch(new RegExp(`^${name} must `));
  });
});

describe("IDENTITY_HEADERS", () => {
  test.each([[{}], [{ "X-Name": "profile.name", "X_Staff.Flag": "is_staff" }]])("may be %j", (value) => {
    expect(read({ IDENTITY_HEADERS: { "X-User-Id": "user_id", ...value } })).toEqual(good);
  });

  test.each([["X User"], [""], ["X-Näme"], ["X-User:"], ["X-User\r\nX-Admin"]])(
    "may not have the header %j",
    (name) => {
      expect(read({ IDENTITY_HEADERS: { "X-User-Id": "a", [name]: "user_id" } })).toEqual(
        error(`IDENTITY_HEADERS has ${JSON.stringify(name)}, which is not a header name.`),
      );
    },
  );
});
