// The first layer against password guessing: how often one account, and one place, may try.
// Must never ask whether the account exists, nor hash a password.
import { createHash } from "node:crypto";
import { refuse } from "../errors.ts";
import type { LoginAttempt } from "../hooks.ts";
import type { Services } from "../services.ts";
import { clientAddress } from "./client-address.ts";

/** The longest period that a rate limit binding can have. It does not say its own, nor how much of it is left. */
const periodSeconds = 60;

/**
 * Counts an attempt for the account and for the client's network, both at once; if either had too many, the login is
 * refused (`login_throttled`, 429). Accounts that do not exist are counted like those that do. Without LOGIN_LIMITER
 * nothing is counted, and while it fails neither: no account is safer for a login that nobody can use, and the cost of
 * hashing still slows guessing down.
 */
export async function limitLogins(deps: Pick<Services, "loginLimiter">, attempt: LoginAttempt): Promise<void> {
  const { loginLimiter } = deps;
  if (!loginLimiter) return;
  const address = clientAddress(attempt.clientAddress);
  const keys = [accountKey(attempt.username), ...(address === undefined ? [] : [`address:${address}`])];
  if (!(await loginLimiter.allows(keys))) refuse("login_throttled", { names: String(periodSeconds) });
}

/**
 * By the name exactly as it is looked up, so another spelling is another account for both. Hashed, so that keys have
 * one length and no names in them.
 */
function accountKey(username: string): string {
  return `account:${createHash("sha256").update(username, "utf8").digest("hex")}`;
}
