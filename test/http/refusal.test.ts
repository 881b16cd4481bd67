// answerRefusal(): the bodies and headers of refusals, byte for byte.
import { describe, expect, test } from "vitest";
import { type Reason, Refusal, type RefusalMore } from "../../src/errors.ts";
import { answerRefusal } from "../../src/http/refusal.ts";
import { contextFor } from "../support/context.ts";
import { settingsOf } from "../support/settings.ts";

const answer = (reason: Reason, more?: RefusalMore, vars = {}) =>
  answerRefusal(settingsOf(vars), contextFor(), { error: new Refusal(reason, more) });

describe("answerRefusal() answers", () => {
  const cases: ReadonlyArray<readonly [Reason, RefusalMore, number, string]> = [
    ["path_ambiguous", {}, 400, '{"detail":"Malformed request."}'],
    ["no_route", {}, 404, '{"detail":"Not found."}'],
    ["method_not_allowed", { names: "GET" }, 405, '{"detail":"Method \\"GET\\" not allowed."}'],
    ["not_acceptable", {}, 406, '{"detail":"Could not satisfy the request Accept header."}'],
    ["body_too_large", {}, 413, '{"detail":"Request body is too large."}'],
    [
      "media_type_unsupported",
      { names: "text/x" },
      415,
      '{"detail":"Unsupported media type \\"text/x\\" in request."}',
    ],
    ["json_unreadable", { names: "Extra data" }, 400, '{"detail":"JSON parse error - Extra data"}'],
    ["credentials_missing", {}, 401, '{"detail":"Authentication credentials were not provided."}'],
    [
      "authorization_header_malformed",
      {},
      401,
      '{"detail":"Authorization header must contain two space-delimited values","code":"bad_authorization_header"}',
    ],
    ["token_signature_wrong", {}, 401, '{"detail":"Token is invalid","code":"token_not_valid"}'],
    ["token_expired", {}, 401, '{"detail":"Token is expired","code":"token_not_valid"}'],
    ["token_type_wrong", {}, 401, '{"detail":"Token has wrong type","code":"token_not_valid"}'],
    [
      "token_claim_expired",
      { names: "refresh_exp" },
      401,
      `{"detail":"Token 'refresh_exp' claim has expired","code":"token_not_valid"}`,
    ],
    ["token_claim_missing", { names: "$&{}" }, 401, `{"detail":"Token has no '$&{}' claim","code":"token_not_valid"}`],
    ["token_blacklisted_at_verify", {}, 400, '{"non_field_errors":["Token is blacklisted"]}'],
    ["user_not_found", {}, 401, '{"detail":"User not found","code":"user_not_found"}'],
    ["user_inactive", {}, 401, '{"detail":"User is inactive","code":"user_inactive"}'],
    ["user_password_changed", {}, 401, `{"detail":"The user's password has been changed.","code":"password_changed"}`],
    ["refresh_user_refused", {}, 401, '{"detail":"No active account found for the given token."}'],
    ["refresh_password_changed", {}, 401, `{"detail":"The user's password has been changed."}`],
    ["login_password_wrong", {}, 401, '{"detail":"No active account found with the given credentials"}'],
    ["permission_denied", {}, 403, '{"detail":"You do not have permission to perform this action."}'],
    ["origin_unreachable", {}, 502, '{"detail":"Bad gateway."}'],
    ["origin_too_slow", {}, 504, '{"detail":"Gateway timeout."}'],
    ["store_unavailable", {}, 503, '{"detail":"Service temporarily unavailable, try again later."}'],
    ["internal_error", {}, 500, '{"detail":"Internal server error."}'],
  ];

  test.each(cases)("%s %j with %d", async (reason, more, status, body) => {
    const response = answer(reason, more);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
  });

  test("what each token class said, with the claim it names filled in", async () => {
    const messages = [
      { token_class: "AccessToken", token_type: "access", message: "Token has no '{}' claim", claim: "exp" },
      { token_class: "SlidingToken", token_type: "sliding", message: "Token is blacklisted" },
    ];
    expect(await answer("no_token_class_fits", { messages }).json()).toEqual({
      detail: "Given token not valid for any token type",
      code: "token_not_valid",
      messages: [
        { token_class: "AccessToken", token_type: "access", message: "Token has no 'exp' claim" },
        { token_class: "SlidingToken", token_type: "sliding", message: "Token is blacklisted" },
      ],
    });
  });

  test("field errors in the place of a detail", async () => {
    const fields = {
      username: [{ text: "This field is required." }],
      password: [{ text: "Surrogate characters are not allowed: U+{}.", names: "D83D" }],
    };
    const response = answer("fields_invalid", { fields });
    expect(response.status).toBe(400);
    expect(await response.text()).toBe(
      '{"username":["This field is required."],"password":["Surrogate characters are not allowed: U+D83D."]}',
    );
  });

  test("every login that failed in the same words", async () => {
    const reasons: readonly Reason[] = [
      ...([
        "login_user_unknown",
        "login_password_wrong",
        "login_password_unusable",
        "login_password_too_long",
      ] as const),
      ...(["login_hash_unknown", "login_hash_malformed", "login_hash_too_costly"] as const),
      ...(["login_user_inactive", "login_user_rule"] as const),
    ];
    const bodies = await Promise.all(reasons.map((reason) => answer(reason).text()));
    expect([...new Set(bodies)]).toEqual(['{"detail":"No active account found with the given credentials"}']);
  });
});

describe("answerRefusal() sets", () => {
  test.each([
    [{}, 'Bearer realm="api"'],
    [{ AUTH_HEADER_TYPES: ["JWT", "Bearer"] }, 'JWT realm="api"'],
  ])("the challenge on every 401, with the first scheme: %j", (vars, challenge) => {
    expect(answer("credentials_missing", {}, vars).headers.get("www-authenticate")).toBe(challenge);
    expect(answer("login_password_wrong", {}, vars).headers.get("www-authenticate")).toBe(challenge);
  });

  test.each(["permission_denied", "path_ambiguous", "store_unavailable", "token_blacklisted_at_verify"] as const)(
    "no challenge on %s",
    (reason) => {
      expect(answer(reason).headers.get("www-authenticate")).toBeNull();
    },
  );

  test.each([
    ["store_unavailable", "5"],
    ["keys_unavailable", "5"],
    ["misconfigured", "60"],
    ["origin_unreachable", null],
    ["credentials_missing", null],
  ] as const)("Retry-After of %s to %s", (reason, seconds) => {
    expect(answer(reason).headers.get("retry-after")).toBe(seconds);
  });

  test("Allow as the handler says, and none before it is known", () => {
    const error = new Refusal("method_not_allowed");
    const allowed = answerRefusal(settingsOf(), contextFor(), { error, allow: "POST, OPTIONS" });
    expect(allowed.headers.get("allow")).toBe("POST, OPTIONS");
    expect(answer("method_not_allowed").headers.get("allow")).toBeNull();
  });

  test("what all answers of the gateway have", () => {
    expect(Object.fromEntries(answer("no_route").headers)).toEqual({
      "cache-control": "no-store",
      "content-language": "en",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "content-type": "application/json",
      "referrer-policy": "no-referrer",
      vary: "Accept-Language",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-request-id": "5f0c8d7e6b5a49382716051423324150",
    });
  });
});

describe("answerRefusal() never shows", () => {
  test.each([
    ["an error", new TypeError("secret at /srv/app.ts")],
    [
      "an error that looks like a refusal",
      Object.assign(new Error("secret"), { reason: "no_route", wire: { status: 200, detail: "secret" } }),
    ],
    ["a text", "secret"],
    ["nothing", undefined],
  ])("what was thrown by a bug: %s", async (_, thrown) => {
    const response = answerRefusal(settingsOf(), contextFor(), { error: thrown });
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('{"detail":"Internal server error."}');
    expect(JSON.stringify([...response.headers])).not.toContain("secret");
  });

  test("its private reason", async () => {
    for (const reason of ["token_signature_wrong", "login_user_unknown", "path_ambiguous"] as const) {
      const response = answer(reason);
      expect(`${JSON.stringify([...response.headers])}${await response.text()}`).not.toContain(reason);
    }
  });
});
