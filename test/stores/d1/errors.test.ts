// A D1 that fails: one refusal for the client, one line for the log, no values in either.

import { describe, expect, test, vi } from "vitest";
import { Refusal } from "../../../src/errors.ts";
import { onD1 } from "../../../src/stores/d1/errors.ts";
import { d1Tokens } from "../../../src/stores/d1/tokens.ts";
import { d1Users } from "../../../src/stores/d1/users.ts";
import { DB } from "../../support/bindings.ts";
import { refusalOf } from "../../support/context.ts";
import { outstandingToken, rotationOf } from "../../support/rows.ts";

describe("onD1()", () => {
  test("gives what the work gives, and logs nothing", async () => {
    const log = vi.fn();
    expect(await onD1(log, async () => 7)).toBe(7);
    expect(log).not.toHaveBeenCalled();
  });

  test.each([
    ["an error", new Error("D1_ERROR: Network connection lost."), "D1_ERROR: Network connection lost."],
    ["anything else", "lost", "lost"],
  ])("makes store_unavailable of %s that is thrown", async (_, thrown, error) => {
    const log = vi.fn();
    const refusal = await refusalOf(() => onD1(log, () => Promise.reject(thrown)));
    expect(refusal.reason).toBe("store_unavailable");
    expect(refusal.wire).toEqual({
      status: 503,
      detail: "Service temporarily unavailable, try again later.",
      retryAfterSeconds: 5,
    });
    expect(log.mock.calls).toEqual([["store_failed", { store: "d1", error }]]);
  });

  test("makes it of what is thrown at once, too", async () => {
    const refusal = await refusalOf(() =>
      onD1(vi.fn(), () => {
        throw new TypeError("no such binding");
      }),
    );
    expect(refusal.reason).toBe("store_unavailable");
  });

  test("lets a refusal through as it is", async () => {
    const log = vi.fn();
    const refusal = new Refusal("token_blacklisted");
    expect(await refusalOf(() => onD1(log, () => Promise.reject(refusal)))).toBe(refusal);
    expect(log).not.toHaveBeenCalled();
  });
});

describe("a D1 without the schema", () => {
  const secret = "hunter2";
  const token = outstandingToken({ jti: secret });
  const log = vi.fn();
  const tokens = d1Tokens(DB, log);
  const users = d1Users(DB, log);
  const lookup = { column: "username", value: secret } as const;

  test.each<[string, () => Promise<unknown>]>([
    ["byUsername", () => users.byUsername(secret, "exact")],
    ["byLookup", () => users.byLookup(lookup)],
    ["isBlacklisted", () => tokens.isBlacklisted("no user", secret, 0)],
    ["tokenStatus", () => tokens.tokenStatus(undefined, lookup, false)],
    ["tokenAndUser", () => tokens.tokenAndUser(lookup, secret)],
    [
      "recordLogin",
      () =>
        tokens.recordLogin("no user", {
          userId: "1",
          token,
          newHash: { checked: secret, better: secret },
          lastLogin: secret,
        }),
    ],
    ["insert", () => tokens.insert("no user", token)],
    ["blacklist", () => tokens.blacklist("no user", token, 1)],
    ["rotate", () => tokens.rotate("no user", rotationOf(token, 1))],
    ["deleteExpired", () => tokens.deleteExpired(1, 1)],
  ])("makes %s() refuse, and log without a value", async (_, work) => {
    await DB.batch([DB.prepare("DROP TABLE IF EXISTS sessions"), DB.prepare("DROP TABLE IF EXISTS users")]);
    log.mockClear();
    const refusal = await refusalOf(work);
    expect(refusal.reason).toBe("store_unavailable");
    expect(log).toHaveBeenCalledTimes(1);
    expect(log.mock.calls[0]?.[1]).toMatchObject({ store: "d1", error: expect.stringContaining("no such table") });
    expect(JSON.stringify([log.mock.calls, refusal.message, refusal.more])).not.toContain(secret);
  });
});
