import { describe, expect, test, vi } from "vitest";
import type { LoginAttempt } from "../../src/hooks.ts";
import { createObtain } from "../../src/sessions/obtain.ts";
import { limitLogins } from "../../src/users/login.ts";
import { reasonOf, refusalOf } from "../support/context.ts";
import { password, preferredHash } from "../support/passwords.ts";
import { requestAt, testServices } from "../support/services.ts";
import { settingsOf } from "../support/settings.ts";
import { addUser } from "../support/users.ts";

const settings = settingsOf();
const attempt: LoginAttempt = {
  ...{ username: "wanda", requestId: "r-1", nowSeconds: 1 },
  ...{ clientAddress: "203.0.113.7", userAgent: null, otherFields: {} },
};
const limiter = (allowed: boolean) => ({
  allows: vi.fn(async (_keys: readonly string[]) => allowed),
  ping: async () => true,
});
/** SHA-256 of "wanda", by Python's hashlib. */
const wanda = "account:60386cf403ca121ea3cba22c04b1258b971da61e9de5f24790005a4324c25be4";

describe("limitLogins()", () => {
  test("asks once for the account, hashed, and for the address", async () => {
    const loginLimiter = limiter(true);
    expect(await limitLogins({ settings, loginLimiter }, attempt)).toBeUndefined();
    expect(loginLimiter.allows.mock.calls).toEqual([[[wanda, "address:203.0.113.7"]]]);
  });

  test("asks for the account alone where no address is known", async () => {
    const loginLimiter = limiter(true);
    await limitLogins({ settings, loginLimiter }, { ...attempt, clientAddress: null });
    expect(loginLimiter.allows.mock.calls).toEqual([[[wanda]]]);
  });

  test("counts one household of IPv6 as one", async () => {
    const loginLimiter = limiter(true);
    await limitLogins({ settings, loginLimiter }, { ...attempt, clientAddress: "2001:db8:1:2:3:4:5:6" });
    await limitLogins({ settings, loginLimiter }, { ...attempt, clientAddress: "2001:DB8:1:2::1" });
    const keys = loginLimiter.allows.mock.calls.map(([[, address]]) => address);
    expect(keys).toEqual(["address:2001:db8:1:2::/64", "address:2001:db8:1:2::/64"]);
  });

  test.each(["Wanda", " wanda", "wanda "])(
    "takes %j for another account, as the users table does",
    async (username) => {
      const loginLimiter = limiter(true);
      await limitLogins({ settings, loginLimiter }, { ...attempt, username });
      expect(loginLimiter.allows.mock.calls[0]?.[0][0]).not.toBe(wanda);
    },
  );

  test("refuses what the limiter does not allow, and says when to come back", async () => {
    const refusal = await refusalOf(() => limitLogins({ settings, loginLimiter: limiter(false) }, attempt));
    expect(refusal.reason).toBe("login_throttled");
    expect(refusal.wire.status).toBe(429);
    expect(refusal.more).toEqual({ names: "60", retryAfterSeconds: 60 });
  });

  test("counts nothing where LOGIN_LIMITER is not bound", async () => {
    expect(await limitLogins({ settings, loginLimiter: undefined }, attempt)).toBeUndefined();
  });
});

describe("a login that is throttled", () => {
  test("is refused before anybody is looked up, hashed or told", async () => {
    const onLoginFailed = vi.fn();
    const deps = await testServices({}, { loginLimiter: limiter(false), hooks: { onLoginFailed } });
    const user = await addUser({ password: preferredHash });
    const byUsername = vi.spyOn(deps.users, "byUsername");
    const credentials = { username: user.username, password };
    expect(await reasonOf(() => createObtain(deps).obtainPair(requestAt(1), credentials))).toBe("login_throttled");
    expect(byUsername).not.toHaveBeenCalled();
    expect(onLoginFailed).not.toHaveBeenCalled();
  });
});
