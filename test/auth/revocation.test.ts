import { describe, expect, test, vi } from "vitest";
import type { Identity } from "../../src/auth/authenticate.ts";
import { checkRevocation, type RevocationMode } from "../../src/auth/revocation.ts";
import type { RevocationKeys } from "../../src/stores/contract.ts";
import { tokenTypes } from "../../src/tokens/token-types.ts";
import { reasonOf, refusalOf } from "../support/context.ts";
import { settingsOf } from "../support/settings.ts";
import { baseUser } from "../support/users.ts";

const now = 1_700_000_000;
/** By what that token can have been ended. */
const revocationKeys: RevocationKeys = {
  jti: "a1",
  session: undefined,
  user: { column: "id", value: "7" },
  issuedAtSeconds: now - 200,
};
const identity: Identity = {
  revocationKeys,
  ...{
    claims: { user_id: "7", iat: now - 200, sid: "f1" },
    tokenType: tokenTypes.access,
    userId: "7",
    jti: "a1",
    expiresAtSeconds: now + 100,
    user: undefined,
  },
};

interface Given {
  readonly mode: RevocationMode;
  /** What the news says, and what the store says. */
  readonly revocationCache?: boolean | undefined;
  readonly store?: boolean | Error;
  readonly change?: Partial<Identity>;
  readonly vars?: Readonly<Record<string, unknown>>;
}

function check({ mode, revocationCache, store = false, change = {}, vars = {} }: Given) {
  const isRevoked = vi.fn(async (_marks: RevocationKeys, _now: number) => revocationCache);
  const isEnded = vi.fn(async () => {
    if (store instanceof Error) throw store;
    return store;
  });
  const remembersGood = vi.fn((_marks: RevocationKeys, _now: number) => false);
  const unused = () => Promise.reject(new Error("not to be asked"));
  const told = {
    announce: unused,
    announceSession: unused,
    announceUser: unused,
    announceEveryone: unused,
    announceApiKey: unused,
    ping: unused,
  };
  const deps = { settings: settingsOf(vars), revocationCache: { remembersGood, isEnded: isRevoked, ...told } };
  const authenticated = { identity: { ...identity, ...change }, isEnded };
  return { isRevoked, isEnded, remembersGood, done: () => checkRevocation(deps, mode, authenticated, now) };
}

describe("checkRevocation() off", () => {
  test("asks nobody", async () => {
    const { isRevoked, isEnded, done } = check({ mode: "off", revocationCache: true, store: true });
    expect(await done()).toBeUndefined();
    expect(isRevoked).not.toHaveBeenCalled();
    expect(isEnded).not.toHaveBeenCalled();
  });
});

describe("checkRevocation() cached", () => {
  test("goes by the news where there is some", async () => {
    const good = check({ mode: "cached", revocationCache: false, store: true });
    expect(await good.done()).toBeUndefined();
    expect(good.isRevoked.mock.calls).toEqual([[revocationKeys, now]]);
    expect(good.isEnded).not.toHaveBeenCalled();
    expect(await reasonOf(check({ mode: "cached", revocationCache: true, store: false }).done)).toBe(
      "no_token_class_fits",
    );
  });

  test("asks the store where there is no news", async () => {
    const good = check({ mode: "cached", revocationCache: undefined, store: false });
    expect(await good.done()).toBeUndefined();
    expect(good.isEnded).toHaveBeenCalledTimes(1);
    expect(await reasonOf(check({ mode: "cached", revocationCache: undefined, store: true }).done)).toBe(
      "no_token_class_fits",
    );
  });

  test("lets nothing pass when neither answers", async () => {
    const { done } = check({ mode: "cached", revocationCache: undefined, store: new Error("D1 is down") });
    await expect(done()).rejects.toThrow("D1 is down");
  });
});

describe("checkRevocation() strict", () => {
  test("goes by the store and does not listen to the news", async () => {
    const good = check({ mode: "strict", revocationCache: true, store: false });
    expect(await good.done()).toBeUndefined();
    expect(good.isRevoked).not.toHaveBeenCalled();
    expect(await reasonOf(check({ mode: "strict", revocationCache: false, store: true }).done)).toBe(
      "no_token_class_fits",
    );
  });

  test("lets nothing pass when the store does not answer", async () => {
    const { done } = check({ mode: "strict", revocationCache: false, store: new Error("D1 is down") });
    await expect(done()).rejects.toThrow("D1 is down");
  });
});

describe.each(["cached", "strict"] as const)("checkRevocation() %s", (mode) => {
  test.each([
    ["of a kind that was looked up already", { change: { tokenType: tokenTypes.sliding } }],
    ["of a kind that is listed", { change: { tokenType: tokenTypes.refresh } }],
    ["without an id", { change: { jti: undefined, revocationKeys: undefined } }],
    ["where there is no blacklist", { vars: { TOKEN_BLACKLIST_ENABLED: false } }],
  ])("asks nobody about a token %s", async (_, given) => {
    const { isRevoked, isEnded, done } = check({ mode, revocationCache: true, store: true, ...given });
    expect(await done()).toBeUndefined();
    expect(isRevoked).not.toHaveBeenCalled();
    expect(isEnded).not.toHaveBeenCalled();
  });

  test("looks up untyped tokens too", async () => {
    const { done } = check({ mode, revocationCache: true, store: true, change: { tokenType: tokenTypes.untyped } });
    expect(await reasonOf(done)).toBe("no_token_class_fits");
  });

  test("says what Simple JWT would, had it looked", async () => {
    const refusal = await refusalOf(check({ mode, revocationCache: true, store: true }).done);
    expect(refusal.more).toEqual({
      because: "token_blacklisted",
      messages: [{ token_class: "AccessToken", token_type: "access", message: "Token is blacklisted" }],
    });
  });
});

test("checkRevocation() asks nobody while good news are remembered, but where a route is strict", async () => {
  const cached = check({ mode: "cached", revocationCache: true, store: true });
  cached.remembersGood.mockReturnValue(true);
  expect(await cached.done()).toBeUndefined();
  expect(cached.remembersGood.mock.calls).toEqual([[revocationKeys, now]]);
  expect([cached.isRevoked.mock.calls, cached.isEnded.mock.calls]).toEqual([[], []]);
  const strict = check({ mode: "strict", store: true });
  strict.remembersGood.mockReturnValue(true);
  expect(await reasonOf(strict.done)).toBe("no_token_class_fits");
});

test("checkRevocation() cached takes the store's word where the user was read from it, and asks no news", async () => {
  const change = { user: baseUser };
  const good = check({ mode: "cached", revocationCache: true, store: false, change });
  expect(await good.done()).toBeUndefined();
  expect([good.isRevoked.mock.calls, good.remembersGood.mock.calls]).toEqual([[], []]);
  expect(await reasonOf(check({ mode: "cached", revocationCache: false, store: true, change }).done)).toBe(
    "no_token_class_fits",
  );
});
