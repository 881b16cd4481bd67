// Username and password → the user, or a refusal that is the same for every cause.
// Must never let the answer or its time show whether an account exists.

import { createHash } from "node:crypto";
import type { RequestContext } from "../context.ts";
import { type Reason, refuse } from "../errors.ts";
import type { Hooks, LoginAttempt } from "../hooks.ts";
import type { Log } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { LoginLimiter, LoginRecord, TokenStore, UserStore } from "../stores/contract.ts";
import type { ApiTokens } from "./api-answer.ts";
import { hashPassword } from "./hash-password.ts";
import { clientAddress } from "./ip-address.ts";
import { type PasswordVerdict, verifyPassword } from "./password.ts";
import { spendHashTime } from "./spend-hash-time.ts";
import { ownerOf, passesUserRule } from "./token-user.ts";
import type { User } from "./user.ts";
import { namesAreIds } from "./user-id.ts";
import { countedName, foldedUsername, isTooLong } from "./user-rules.ts";

/** A log-in as it was sent. A name and a password are always there, unless the API judges it. */
export interface LoginInput {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** What the client sent of OTHER_LOGIN_FIELDS. */
  readonly others?: Readonly<Record<string, unknown>>;
  /** The obtain path that was asked; the first where it is left out. */
  readonly path?: string;
}

export interface Credentials extends LoginInput {
  readonly username: string;
  readonly password: string;
}

/** A user whose password was right, and the better hash to keep for it. */
export interface LoggedIn {
  readonly user: User;
  readonly newHash: LoginRecord["newHash"];
  /** Whose password the API has found right: the hash that is stored here says nothing about it. */
  readonly api?: ApiTokens | undefined;
}

/** The services that a log-in needs. */
export interface LoginDependencies {
  readonly settings: Settings;
  readonly users: UserStore;
  readonly tokens: Pick<TokenStore, "recordLogin">;
  readonly loginLimiter: LoginLimiter | undefined;
  readonly hooks: Hooks;
  readonly newSalt: () => string;
  readonly log: Log;
}

/** Checks credentials; see createLogin(). */
export interface Login {
  /** @param refusal 7. what else is required of the user, refused like all the rest */
  logIn(
    context: RequestContext,
    credentials: Credentials,
    refusal?: (user: User) => Reason | undefined,
  ): Promise<LoggedIn>;
  /**
   * Refuses a log-in whose user was changed while it was under way. Called with the user as they are after the session
   * was written: whatever changes them later finds that session.
   *
   * @param endWritten ends what was written for this log-in
   */
  refuseIfChanged(
    context: RequestContext,
    checked: { readonly loggedIn: LoggedIn; readonly input: LoginInput },
    now: User | undefined,
    endWritten: () => Promise<unknown>,
  ): Promise<void>;
}

/**
 * logIn(): 1. Neither the account nor the client's address was tried too often (ON_LOGIN_FAILED is not called: DRF
 * throttles before it looks). 2. The password is not too long. 3. The user exists. 4. The password is right. 5. The user
 * is active (Django's ModelBackend, whatever CHECK_USER_IS_ACTIVE says). 6. The user rule agrees. A hash that is not in
 * the preferred format is made anew once the password was right, for an inactive user too, as Django's check_password does.
 */
export function createLogin(deps: LoginDependencies): Login {
  return {
    async logIn(context, credentials, refusal = () => undefined) {
      const attempt = attemptOf(context, credentials);
      const fail = (reason: Reason, user?: User) => failLogin(deps, attempt, reason, user);
      await limitLogins(deps, attempt);
      if (isTooLong(credentials.password)) return fail("login_password_too_long");
      const user = await deps.users.byUsername(credentials.username, deps.settings.USERNAME_CASE);
      if (!user) {
        await spendHashTime(credentials.password);
        return fail("login_user_unknown");
      }
      const verdict = await verifyPassword(credentials.password, user.password);
      if (!verdict.ok) return fail(passwordReasons[verdict.reason], user);
      const newHash = await betterHash(deps, user, credentials.password, verdict.upgrade);
      const rehashed = newHash ? { ...user, password: newHash.better } : user;
      const refused = (await accountRefusal(deps, rehashed)) ?? refusal(rehashed);
      if (refused === undefined) return { user: rehashed, newHash };
      // A right password must not show by a quick answer: the time that a cheap hash saved is spent here.
      if (newHash) {
        const record = { userId: user.id, token: undefined, newHash, lastLogin: undefined };
        await deps.tokens.recordLogin(ownerOf(deps.settings, user), record);
      } else if (verdict.upgrade) await spendHashTime(credentials.password);
      return fail(refused, user);
    },
    async refuseIfChanged(context, { loggedIn, input }, now, endWritten) {
      if (await isUnchanged(deps.settings, loggedIn, input.password ?? "", now)) return;
      await endWritten();
      await failLogin(deps, attemptOf(context, input), "login_user_changed", loggedIn.user);
    },
  };
}

/** The attempt as the login hooks are given it. */
export function attemptOf(
  { requestId, nowSeconds, client }: RequestContext,
  { username = "", others = {} }: LoginInput,
): LoginAttempt {
  const { address, userAgent } = client();
  return { username, requestId, nowSeconds, clientAddress: address, userAgent, otherFields: others };
}

/** Says the whole period: a rate limit binding does not tell how much of it is left. */
export const refuseThrottledLogin = ({ LOGIN_LIMIT_PERIOD: seconds }: Pick<Settings, "LOGIN_LIMIT_PERIOD">): never =>
  refuse("login_throttled", { names: String(seconds), retryAfterSeconds: seconds });

/**
 * Counts an attempt for the account and for the client's network, both at once; if either had too many, the log-in is
 * refused (`login_throttled`, 429). Accounts that do not exist are counted like those that do. Without LOGIN_LIMITER
 * nothing is counted, and neither while it fails: a log-in that cannot be used makes no account safer, and the cost of
 * hashing still slows guessing down. Never asks whether the account exists, nor hashes the password.
 */
export async function limitLogins(
  { settings, loginLimiter: limiter }: Pick<LoginDependencies, "settings" | "loginLimiter">,
  attempt: { readonly username: string | undefined; readonly clientAddress: string | null },
): Promise<void> {
  if (!limiter) return;
  const { username } = attempt;
  const address = clientAddress(attempt.clientAddress);
  const keys = [
    ...(username === undefined ? [] : [accountKey(settings, username)]),
    ...(address === undefined ? [] : [`address:${address}`]),
  ];
  if (!(await limiter.allows(keys))) refuseThrottledLogin(settings);
}

/**
 * By the name as it is looked up, so that what is one account to the look-up is one to the count. Hashed, so that keys
 * have one length and no names in them.
 */
function accountKey({ USERNAME_CASE, LOGIN }: Settings, username: string): string {
  const looked = USERNAME_CASE === "exact" ? username : foldedUsername(username);
  const name = LOGIN === "gateway" ? looked : countedName(username);
  return `account:${createHash("sha256").update(name, "utf8").digest("hex")}`;
}

async function isUnchanged(
  settings: Settings,
  { user, newHash, api }: LoggedIn,
  password: string,
  now: User | undefined,
): Promise<boolean> {
  if (!now?.is_active || now.session_version !== user.session_version) return false;
  if (namesAreIds(settings) && now.username !== user.username) return false;
  if (api || now.password === user.password || now.password === newHash?.checked) return true;
  // Another log-in has stored a better hash of the same password; or something else than the gateway changed the row.
  return (await verifyPassword(password, now.password)).ok;
}

export async function failLogin(
  { hooks, log }: LoginDependencies,
  attempt: LoginAttempt,
  reason: Reason,
  user: User | undefined,
): Promise<never> {
  log("login_failed", { user_id: user?.id, reason }, attempt.requestId);
  await hooks.onLoginFailed?.(attempt, reason);
  return refuse(reason);
}

/** The hash in the preferred format to keep in the place of one that is in another. */
export async function betterHash(
  { settings, newSalt }: Pick<LoginDependencies, "settings" | "newSalt">,
  user: User,
  password: string,
  upgrade: boolean,
): Promise<LoginRecord["newHash"]> {
  if (!upgrade || !settings.UPGRADE_PASSWORD_HASHES) return undefined;
  return { checked: user.password, better: await hashPassword(password, newSalt()) };
}

/** Why an account may not log in whose password was right. */
export async function accountRefusal(deps: LoginDependencies, user: User): Promise<Reason | undefined> {
  if (!user.is_active) return "login_user_inactive";
  return (await passesUserRule(deps, user)) ? undefined : "login_user_rule";
}

export const passwordReasons: Readonly<Record<Extract<PasswordVerdict, { ok: false }>["reason"], Reason>> = {
  wrong_password: "login_password_wrong",
  unusable_password: "login_password_unusable",
  unknown_hash_format: "login_hash_unknown",
  malformed_hash: "login_hash_malformed",
  hash_too_costly: "login_hash_too_costly",
};
