// authenticate(): which class takes a token, what each class says of a bad one, whose request it is.
import { describe, expect, test, vi } from "vitest";
import { createAuthentication } from "../../src/auth/authenticate.ts";
import { createTokenCache } from "../../src/auth/token-cache.ts";
import { type TokenType, tokenTypes } from "../../src/tokens/token-types.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf, refusalOf } from "../support/context.ts";
import { craft } from "../support/craft.ts";
import { oldFingerprint, oldHash } from "../support/passwords.ts";
import { freshId, outstandingToken } from "../support/rows.ts";
import { testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;

interface Given {
  readonly vars?: object;
  readonly row?: Parameters<typeof addUser>[0];
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly accepted?: readonly TokenType[];
  readonly readUser?: boolean;
  readonly secret?: string;
}

async function setUp(given: Given = {}) {
  const deps = await testServices({ ...given.vars });
  const user = await addUser({ password: oldHash, ...given.row });
  const jti = freshId();
  const good = { token_type: "access", exp: now + 100, iat: now, jti, user_id: String(user.id) };
  const claims = { ...good, ...given.claims };
  const token = craft({ claims, ...(given.secret === undefined ? {} : { secret: given.secret }) });
  const input = {
    token,
    readUser: given.readUser ?? false,
    revocation: "off",
  } as const;
  const tokenCache = createTokenCache({ entries: 100, bytes: 1_000_000, leewaySeconds: deps.settings.LEEWAY });
  const issuer = { ...deps.codec.issuer, tokenTypes: given.accepted ?? [tokenTypes.access] };
  const authentication = createAuthentication({ ...deps, tokenCache, issuer });
  const done = async () => (await authentication.authenticate(input, now)).identity;
  return { deps, user, jti, claims, token, tokenCache, authentication, done };
}

describe("authenticate() without a user from the store", () => {
  test("gives what the token says, and asks no store", async () => {
    const { deps, user, jti, claims, done } = await setUp();
    const asked = vi.spyOn(deps.tokens, "tokenStatus");
    expect(await done()).toEqual({
      ...{
        claims,
        tokenType: tokenTypes.access,
        userId: String(user.id),
        jti,
        expiresAtSeconds: now + 100,
        user: undefined,
      },
      revocationKeys: { jti, session: undefined, user: { column: "id", value: user.id }, issuedAtSeconds: now },
    });
    expect(asked).not.toHaveBeenCalled();
  });

  test.each([["abc"], [null], [""], [0], [["7"]], [{}]])("takes any user claim: %j", async (user_id) => {
    const { done } = await setUp({ claims: { user_id } });
    expect((await done()).userId).toEqual(user_id);
  });

  test("finds user and id under the names of the settings", async () => {
    const vars = { USER_ID_CLAIM: "sub", JTI_CLAIM: "token_id" };
    const { done } = await setUp({ vars, claims: { sub: "7", token_id: "t1" } });
    expect(await done()).toMatchObject({ userId: "7", jti: "t1" });
  });

  test("refuses a token without a user claim", async () => {
    expect(await reasonOf((await setUp({ claims: { user_id: undefined } })).done)).toBe("user_claim_missing");
  });

  test("has no id where it is no text", async () => {
    const { done } = await setUp({ vars: { JTI_CLAIM: "token_id" }, claims: { token_id: 7 } });
    expect((await done()).jti).toBeUndefined();
  });
});

describe("authenticate() with two classes", () => {
  const accepted = [tokenTypes.access, tokenTypes.sliding];
  const both = (message: string, more = {}) => [
    { token_class: "AccessToken", token_type: "access", message, ...more },
    { token_class: "SlidingToken", token_type: "sliding", message, ...more },
  ];

  test.each([
    ["access", tokenTypes.access],
    ["sliding", tokenTypes.sliding],
  ])("takes the first that fits: %s", async (token_type, kind) => {
    const { done } = await setUp({ accepted, claims: { token_type } });
    expect((await done()).tokenType).toBe(kind);
  });

  test.each<[string, Given, unknown]>([
    ["an expired token", { claims: { exp: now } }, both("Token is expired")],
    ["a forged token", { secret: "x".repeat(32) }, both("Token is invalid")],
    ["a token without exp", { claims: { exp: undefined } }, both("Token has no '{}' claim", { claim: "exp" })],
    ["a token without an id", { claims: { jti: undefined } }, both("Token has no id")],
    ["a token without a type", { claims: { token_type: undefined } }, both("Token has no type")],
    ["a token of another type", { claims: { token_type: "refresh" } }, both("Token has wrong type")],
  ])("tells of %s what each says", async (_, given, messages) => {
    const refusal = await refusalOf((await setUp({ accepted, ...given })).done);
    expect(refusal.reason).toBe("no_token_class_fits");
    expect(refusal.more.messages).toEqual(messages);
  });

  test("tells of a blacklisted sliding token what each says, in their order", async () => {
    for (const order of [accepted, accepted.toReversed()]) {
      const { deps, jti, done } = await setUp({ accepted: order, claims: { token_type: "sliding" } });
      await deps.tokens.blacklist("no user", outstandingToken({ jti, type: "sliding" }), now);
      const refusal = await refusalOf(done);
      expect(refusal.reason).toBe("no_token_class_fits");
      const messages = [
        { token_class: "AccessToken", token_type: "access", message: "Token has wrong type" },
        { token_class: "SlidingToken", token_type: "sliding", message: "Token is blacklisted" },
      ];
      expect(refusal.more.messages).toEqual(order === accepted ? messages : messages.toReversed());
    }
  });

  test.each(["refresh", "sliding"] as const)(
    "refuses a blacklisted %s token by UntypedToken too, on a route that looks nothing up",
    async (token_type) => {
      const given = { accepted: [tokenTypes.access, tokenTypes.untyped], claims: { token_type } };
      const { deps, jti, done } = await setUp(given);
      expect((await done()).tokenType).toBe(tokenTypes.untyped);
      await deps.tokens.blacklist("no user", outstandingToken({ jti, type: token_type }), now);
      expect((await refusalOf(done)).more.messages).toEqual([
        { token_class: "AccessToken", token_type: "access", message: "Token has wrong type" },
        { token_class: "UntypedToken", token_type: "untyped", message: "Token is blacklisted" },
      ]);
    },
  );

  test.each([["access"], [undefined], ["Refresh"], [7], ["own"]])(
    "asks no blacklist for UntypedToken and a token of the type %j",
    async (token_type) => {
      const { deps, done } = await setUp({ accepted: [tokenTypes.untyped], claims: { token_type } });
      const asked = vi.spyOn(deps.tokens, "tokenStatus");
      expect((await done()).tokenType).toBe(tokenTypes.untyped);
      expect(asked).not.toHaveBeenCalled();
    },
  );

  test("keeps the private reason of the first for the log", async () => {
    expect((await refusalOf((await setUp({ accepted, secret: "x".repeat(32) })).done)).more.because).toBe(
      "token_signature_wrong",
    );
  });

  test("asks once whether the signature is good", async () => {
    const { deps, done } = await setUp({ accepted, claims: { token_type: "refresh" } });
    const open = vi.spyOn(deps.codec, "open");
    await reasonOf(done);
    expect(open).toHaveBeenCalledTimes(1);
  });
});

describe("authenticate() and the blacklist:", () => {
  test.each([
    ["access", tokenTypes.access, false],
    ["whatever", tokenTypes.untyped, false],
    ["sliding", tokenTypes.sliding, true],
    ["refresh", tokenTypes.refresh, true],
  ])("a token of the type %s is looked up if it is listed", async (token_type, kind, listed) => {
    const { deps, jti, done } = await setUp({ accepted: [kind], claims: { token_type } });
    const asked = vi.spyOn(deps.tokens, "tokenStatus");
    await done();
    expect(asked.mock.calls.map(([revocationKeys]) => revocationKeys?.jti)).toEqual(listed ? [jti] : []);
  });

  test("its own claims come first: a wrong type costs no round trip", async () => {
    const { deps, done } = await setUp({ accepted: [tokenTypes.sliding] });
    const asked = vi.spyOn(deps.tokens, "tokenStatus");
    expect(await reasonOf(done)).toBe("no_token_class_fits");
    expect(asked).not.toHaveBeenCalled();
  });

  test("a sliding token is not looked up where there is none", async () => {
    const vars = { TOKEN_BLACKLIST_ENABLED: false };
    const { deps, done } = await setUp({ vars, accepted: [tokenTypes.sliding], claims: { token_type: "sliding" } });
    const asked = vi.spyOn(deps.tokens, "tokenStatus");
    expect((await done()).tokenType).toBe(tokenTypes.sliding);
    expect(asked).not.toHaveBeenCalled();
  });

  test("a store that is down is not the token's fault", async () => {
    const { deps, done } = await setUp({
      accepted: [tokenTypes.sliding, tokenTypes.access],
      claims: { token_type: "sliding" },
    });
    vi.spyOn(deps.tokens, "tokenStatus").mockRejectedValue(new Error("D1 is down"));
    await expect(done()).rejects.toThrow("D1 is down");
  });
});

describe("authenticate() with the user from the store", () => {
  test("gives the user", async () => {
    const { user, done } = await setUp({ readUser: true });
    expect((await done()).user).toEqual(user);
  });

  test.each<[string, Given, string]>([
    ["a user who does not exist", { claims: { user_id: "987654321" } }, "user_not_found"],
    ["a user id that is none", { claims: { user_id: "abc" } }, "user_not_found"],
    ["a user id that is null", { claims: { user_id: null } }, "user_not_found"],
    ["an inactive user", { row: { is_active: false } }, "user_inactive"],
    ["another password", { vars: { CHECK_REVOKE_TOKEN: true } }, "user_password_changed"],
    ["an inactive user first", { row: { is_active: false }, vars: { CHECK_REVOKE_TOKEN: true } }, "user_inactive"],
    ["no user claim", { claims: { user_id: undefined } }, "user_claim_missing"],
    ["a bad token before all of these", { claims: { exp: now, user_id: "abc" } }, "no_token_class_fits"],
  ])("refuses %s", async (_, given, reason) => {
    expect(await reasonOf((await setUp({ readUser: true, ...given })).done)).toBe(reason);
  });

  test("takes an inactive user where CHECK_USER_IS_ACTIVE is off", async () => {
    const given = { readUser: true, row: { is_active: false }, vars: { CHECK_USER_IS_ACTIVE: false } };
    expect((await (await setUp(given)).done()).user?.is_active).toBe(false);
  });

  test("takes the password that the token was made for", async () => {
    const given = { readUser: true, vars: { CHECK_REVOKE_TOKEN: true }, claims: { hash_password: oldFingerprint } };
    const { user, done } = await setUp(given);
    expect((await done()).user).toEqual(user);
  });
});

describe("authenticate() asks the store once,", () => {
  const revocationKeysOf = (jti: string, id: string) => ({
    ...{ jti, session: undefined, issuedAtSeconds: now },
    user: { column: "id", value: id },
  });

  test.each(["off", "cached", "strict"] as const)("for user and marks, where revocation is %s", async (revocation) => {
    const { deps, authentication, user, jti, token } = await setUp();
    const asked = vi.spyOn(deps.tokens, "tokenStatus");
    const input = { token, readUser: true, revocation };
    const { identity, isEnded } = await authentication.authenticate(input, now);
    expect([identity.user?.id, await isEnded(), await isEnded()]).toEqual([user.id, false, false]);
    // What decides about a user may not be stale.
    expect(asked.mock.calls).toEqual([[revocationKeysOf(jti, user.id), { column: "id", value: user.id }, false]]);
  });

  test.each([
    ["cached", true],
    ["strict", false],
  ] as const)("%s: a replica may answer: %s", async (revocation, mayBeStale) => {
    const { deps, authentication, user, jti, token } = await setUp();
    const asked = vi.spyOn(deps.tokens, "tokenStatus");
    const input = { token, readUser: false, revocation };
    expect(await (await authentication.authenticate(input, now)).isEnded()).toBe(false);
    expect(asked.mock.calls).toEqual([[revocationKeysOf(jti, user.id), undefined, mayBeStale]]);
  });

  test("a sliding token's blacklist and its user together", async () => {
    const accepted = [tokenTypes.access, tokenTypes.sliding];
    const { deps, authentication, user, token } = await setUp({ accepted, claims: { token_type: "sliding" } });
    const asked = vi.spyOn(deps.tokens, "tokenStatus");
    const input = { token, readUser: true, revocation: "strict" } as const;
    expect((await authentication.authenticate(input, now)).identity.user).toEqual(user);
    expect(asked).toHaveBeenCalledTimes(1);
  });
});

describe("the marks of a token", () => {
  test("name its session where a setting makes tokens name it, and not otherwise", async () => {
    const claims = { sid: "f1" };
    const named = await setUp({ vars: { BLACKLIST_ENDS_SESSION: true }, claims });
    expect((await named.done()).revocationKeys?.session).toBe("f1");
    expect((await (await setUp({ claims })).done()).revocationKeys?.session).toBeUndefined();
  });

  test("take a token that does not say when it was issued for an old one", async () => {
    const { done } = await setUp({ claims: { iat: undefined } });
    expect((await done()).revocationKeys?.issuedAtSeconds).toBe(0);
  });

  test.each([[7], [null], [true], [["a1"]], [{}]])("have no id where it is %j, but session and user", async (id) => {
    const vars = { JTI_CLAIM: "token_id", BLACKLIST_ENDS_SESSION: true };
    const { done } = await setUp({ vars, claims: { token_id: id, sid: "s1", user_id: "7" } });
    expect((await done()).revocationKeys).toMatchObject({
      jti: undefined,
      session: "s1",
      user: { column: "id", value: "7" },
    });
  });

  test("are none for a token that names no id, session or user that could be ended", async () => {
    const { done } = await setUp({ vars: { JTI_CLAIM: "token_id" }, claims: { token_id: 7, user_id: "abc" } });
    expect((await done()).revocationKeys).toBeUndefined();
  });
});

test.each([["\u00e9"], ["\u00a0"], ["\u0000"], [" "]])(
  "authenticate() does not take a token with %j behind it, which Python would leave out of the signature",
  async (more) => {
    const { authentication, token } = await setUp();
    const input = { token: token + more, readUser: false, revocation: "off" } as const;
    expect(await reasonOf(() => authentication.authenticate(input, now))).toBe("no_token_class_fits");
  },
);

describe("a token that was found good before", () => {
  const input = (token: string, more: object = {}) => ({ token, readUser: false, revocation: "off", ...more }) as const;

  test("is not verified again, and gives the same", async () => {
    const { deps, authentication, token } = await setUp();
    const open = vi.spyOn(deps.codec, "open");
    const first = await authentication.authenticate(input(token), now);
    expect((await authentication.authenticate(input(token), now + 99)).identity).toEqual(first.identity);
    expect(open).toHaveBeenCalledTimes(1);
  });

  test("is refused from the second on in which it expires, leeway and all", async () => {
    const { authentication, token } = await setUp({ vars: { LEEWAY: 5 } });
    await authentication.authenticate(input(token), now);
    expect((await authentication.authenticate(input(token), now + 104)).identity.userId).toBeDefined();
    expect(await reasonOf(() => authentication.authenticate(input(token), now + 105))).toBe("no_token_class_fits");
  });

  test("is not known by another spelling of its signature", async () => {
    const { deps, authentication, token } = await setUp();
    const open = vi.spyOn(deps.codec, "open");
    await authentication.authenticate(input(token), now);
    await authentication.authenticate(input(`${token}=`), now);
    expect(open).toHaveBeenCalledTimes(2);
  });

  test("has its user read each time", async () => {
    const { authentication, user, token } = await setUp();
    await authentication.authenticate(input(token, { readUser: true }), now);
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
    expect(await reasonOf(() => authentication.authenticate(input(token, { readUser: true }), now))).toBe(
      "user_inactive",
    );
  });

  test("has its blacklist asked each time where Simple JWT would", async () => {
    const accepted = [tokenTypes.sliding];
    const { deps, authentication, jti, token } = await setUp({ accepted, claims: { token_type: "sliding" } });
    const sliding = input(token);
    await authentication.authenticate(sliding, now);
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    expect(await reasonOf(() => authentication.authenticate(sliding, now))).toBe("no_token_class_fits");
  });

  test("is known where sliding tokens are taken too, as long as it is none", async () => {
    const { deps, authentication, token } = await setUp({ accepted: [tokenTypes.sliding, tokenTypes.access] });
    const open = vi.spyOn(deps.codec, "open");
    for (const _ of [1, 2]) await authentication.authenticate(input(token), now);
    expect(open).toHaveBeenCalledTimes(1);
  });

  test("that was refused is judged anew", async () => {
    const { deps, authentication, token } = await setUp({ secret: "another secret of thirty-two bytes" });
    const open = vi.spyOn(deps.codec, "open");
    for (const _ of [1, 2]) await reasonOf(() => authentication.authenticate(input(token), now));
    expect(open).toHaveBeenCalledTimes(2);
  });
});
