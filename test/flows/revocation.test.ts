import { describe, expect, test, vi } from "vitest";
import type { Identity } from "../../src/flows/authenticate.ts";
import { checkRevocation, type RevocationMode } from "../../src/flows/revocation.ts";
import { kinds } from "../../src/tokens/kinds.ts";
import { reasonOf, refusalOf } from "../support/refusals.ts";
import { settingsOf } from "../support/settings.ts";

const now = 1_700_000_000;
const identity: Identity = {
  ...{
    claims: { user_id: "7" },
    kind: kinds.access,
    userId: "7",
    jti: "a1",
    expiresAtSeconds: now + 100,
    user: undefined,
  },
};

interface Given {
  readonly mode: RevocationMode;
  /** What the news says, and what the store says. */
  readonly news?: boolean | undefined;
  readonly store?: boolean | Error;
  readonly change?: Partial<Identity>;
  readonly vars?: Readonly<Record<string, unknown>>;
}

function check({ mode, news, store = false, change = {}, vars = {} }: Given) {
  const isRevoked = vi.fn(async () => news);
  const isBlacklisted = vi.fn(async () => {
    if (store instanceof Error) throw store;
    return store;
  });
  const unused = () => Promise.reject(new Error("not to be asked"));
  const tokens = { isBlacklisted, tokenAndUser: unused, recordLogin: unused, list: unused, blacklist: unused };
  const deps = {
    settings: settingsOf(vars),
    tokens: { ...tokens, rotate: unused, deleteExpired: unused, ping: unused },
    news: { isRevoked, announce: unused, ping: unused },
  };
  return { isRevoked, isBlacklisted, done: () => checkRevocation(deps, mode, { ...identity, ...change }, now) };
}

describe("checkRevocation() off", () => {
  test("asks nobody", async () => {
    const { isRevoked, isBlacklisted, done } = check({ mode: "off", news: true, store: true });
    expect(await done()).toBeUndefined();
    expect(isRevoked).not.toHaveBeenCalled();
    expect(isBlacklisted).not.toHaveBeenCalled();
  });
});

describe("checkRevocation() cached", () => {
  test("goes by the news where there is some", async () => {
    const good = check({ mode: "cached", news: false, store: true });
    expect(await good.done()).toBeUndefined();
    expect(good.isRevoked.mock.calls).toEqual([["a1", now]]);
    expect(good.isBlacklisted).not.toHaveBeenCalled();
    expect(await reasonOf(check({ mode: "cached", news: true, store: false }).done)).toBe("no_token_class_fits");
  });

  test("asks the store where there is no news", async () => {
    const good = check({ mode: "cached", news: undefined, store: false });
    expect(await good.done()).toBeUndefined();
    expect(good.isBlacklisted.mock.calls).toEqual([["a1"]]);
    expect(await reasonOf(check({ mode: "cached", news: undefined, store: true }).done)).toBe("no_token_class_fits");
  });

  test("lets nothing pass when neither answers", async () => {
    const { done } = check({ mode: "cached", news: undefined, store: new Error("D1 is down") });
    await expect(done()).rejects.toThrow("D1 is down");
  });
});

describe("checkRevocation() strict", () => {
  test("goes by the store and does not listen to the news", async () => {
    const good = check({ mode: "strict", news: true, store: false });
    expect(await good.done()).toBeUndefined();
    expect(good.isRevoked).not.toHaveBeenCalled();
    expect(await reasonOf(check({ mode: "strict", news: false, store: true }).done)).toBe("no_token_class_fits");
  });

  test("lets nothing pass when the store does not answer", async () => {
    const { done } = check({ mode: "strict", news: false, store: new Error("D1 is down") });
    await expect(done()).rejects.toThrow("D1 is down");
  });
});

describe.each(["cached", "strict"] as const)("checkRevocation() %s", (mode) => {
  test.each([
    ["of a kind that was looked up already", { change: { kind: kinds.sliding } }],
    ["of a kind that is listed", { change: { kind: kinds.refresh } }],
    ["without an id", { change: { jti: undefined } }],
    ["where there is no blacklist", { vars: { TOKEN_BLACKLIST_ENABLED: false } }],
  ])("asks nobody about a token %s", async (_, given) => {
    const { isRevoked, isBlacklisted, done } = check({ mode, news: true, store: true, ...given });
    expect(await done()).toBeUndefined();
    expect(isRevoked).not.toHaveBeenCalled();
    expect(isBlacklisted).not.toHaveBeenCalled();
  });

  test("looks up untyped tokens too", async () => {
    const { done } = check({ mode, news: true, store: true, change: { kind: kinds.untyped } });
    expect(await reasonOf(done)).toBe("no_token_class_fits");
  });

  test("says what Simple JWT would, had it looked", async () => {
    const refusal = await refusalOf(check({ mode, news: true, store: true }).done);
    expect(refusal.more).toEqual({
      because: "token_blacklisted",
      messages: [{ token_class: "AccessToken", token_type: "access", message: "Token is blacklisted" }],
    });
  });
});
