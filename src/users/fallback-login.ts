// LOGIN = "fallback": the gateway judges a log-in by what the API has confirmed lately, and asks the API about all else.
// Must never let the answer or its time show whether an account exists, nor believe a hash longer than LOGIN_MAX_AGE.
import type { RequestContext } from "../context.ts";
import { type Reason, refuse } from "../errors.ts";
import type { LoginAttempt } from "../hooks.ts";
import type { KnownAccount, LoginAnswer } from "../stores/login-contract.ts";
import type { ApiTokens, PassedAnswer } from "./api-answer.ts";
import {
  type ApiLoginDependencies,
  accountBefore,
  accountNamed,
  apiUserOf,
  askApi,
  isNamedBy,
  isPassed,
  judgeOrAlarm,
  takeUsers,
} from "./api-login.ts";
import { hashPassword } from "./hash-password.ts";
import {
  accountRefusal,
  attemptOf,
  betterHash,
  type Credentials,
  failLogin,
  type LoggedIn,
  limitLogins,
  passwordReasons,
} from "./login.ts";
import { type PasswordVerdict, verifyPassword } from "./password.ts";
import { spendHashTime } from "./spend-hash-time.ts";
import { ownerOf } from "./token-user.ts";
import type { User } from "./user.ts";
import { isTooLong } from "./user-rules.ts";
import type { Brought } from "./users-header.ts";

/** One log-in. */
interface Fallback {
  readonly deps: ApiLoginDependencies;
  readonly context: RequestContext;
  readonly credentials: Credentials;
  readonly attempt: LoginAttempt;
}

/** What was found here; without a user, there was nothing to compare the password with. */
interface Local {
  readonly account: KnownAccount | undefined;
  readonly verdict: PasswordVerdict | undefined;
}

/**
 * 1. Neither the account nor the client's address was tried too often; the password is not too long. 2. The user of that
 * name, and whether the password fits the hash: the same time for all. 3. Right, and confirmed by the API less than
 * LOGIN_MAX_AGE ago: in. Whoever is refused all the same waits for the API's answer, which is thrown away. 4. Everybody
 * else: the API is asked once. Its 429 and an answer without tokens go to the client, any other refusal is the gateway's
 * own. 5. The user is the one that its tokens name. The hash is kept, and sessions end that began with another password.
 * 6. The user rule agrees.
 *
 * @param refusal what else is required of the user, refused like all the rest
 */
export async function logInWithFallback(
  deps: ApiLoginDependencies,
  context: RequestContext,
  credentials: Credentials,
  refusal: (user: User) => Reason | undefined = () => undefined,
): Promise<LoggedIn | PassedAnswer> {
  const attempt = attemptOf(context, credentials);
  const one: Fallback = { deps, context, credentials, attempt };
  await limitLogins(deps, attempt);
  if (isTooLong(credentials.password)) return failLogin(deps, attempt, "login_password_too_long", undefined);
  const local = await compare(one);
  const { account, verdict } = local;
  const isInactive = account?.user.is_active === false;
  if (account && verdict?.ok && !isInactive && isConfirmed(one, account)) {
    const newHash = await betterHash(deps, account.user, credentials.password, verdict.upgrade);
    const user = newHash ? { ...account.user, password: newHash.better } : account.user;
    const refused = (await accountRefusal(deps, user)) ?? refusal(user);
    return refused === undefined ? { user, newHash } : refuseAfterAsking(one, refused, account);
  }
  // A right password must not show by a quick answer: the time that a cheap hash saved is spent here.
  if (verdict?.ok && verdict.upgrade) await spendHashTime(credentials.password);
  if (isInactive) return refuseAfterAsking(one, "login_user_inactive", account);
  const { answer, brought } = await answerOf(one, account);
  if (answer.status === 429) return { passed: answer };
  if (answer.status >= 300) return failLogin(deps, attempt, reasonOf(local), account?.user);
  const judged = await judgeOrAlarm(deps, context, answer);
  if (isPassed(judged)) return judged;
  const before = await accountBefore(deps, brought, judged, account);
  const user = await keep(one, before === account ? local : { account: before, verdict: undefined }, judged);
  const refused = (await accountRefusal(deps, user)) ?? refusal(user);
  return refused === undefined ? { user, newHash: undefined } : failLogin(deps, attempt, refused, user);
}

/** Costs one hash, whatever is found. */
async function compare({ deps, credentials }: Fallback): Promise<Local> {
  const account = await accountNamed(deps, credentials.username);
  if (account) return { account, verdict: await verifyPassword(credentials.password, account.user.password) };
  await spendHashTime(credentials.password);
  return { account: undefined, verdict: undefined };
}

/** A confirmation that is ahead of this clock counts for no longer than one that is behind it. */
function isConfirmed({ deps, context }: Fallback, { confirmedAtSeconds }: KnownAccount): boolean {
  if (confirmedAtSeconds === null) return false;
  return Math.abs(context.nowSeconds - confirmedAtSeconds) < deps.settings.LOGIN_MAX_AGE;
}

/** The API's answer; where it failed, it is down for this log-in (503), whatever was found here. */
async function answerOf(
  { deps, context, credentials }: Fallback,
  known: KnownAccount | undefined,
): Promise<{ readonly answer: LoginAnswer; readonly brought: Brought }> {
  const answer = await askApi(deps, context, credentials);
  const brought = await takeUsers(deps, context, answer, { username: credentials.username, known });
  return answer.status >= 500 ? refuse("api_login_unavailable") : { answer, brought };
}

/** Takes the same way, and the same time, as a wrong password. */
async function refuseAfterAsking(
  one: Fallback,
  reason: Reason,
  account: KnownAccount | undefined,
): Promise<LoggedIn | PassedAnswer> {
  const { answer } = await answerOf(one, account);
  if (answer.status === 429) return { passed: answer };
  return failLogin(one.deps, one.attempt, reason, account?.user);
}

/** Why a log-in is refused that the API refused: the log learns what was found here. */
function reasonOf({ account, verdict }: Local): Reason {
  if (!account || !verdict) return "login_user_unknown";
  return verdict.ok ? "login_refused_by_api" : passwordReasons[verdict.reason];
}

/** Step 5. Refuses where the user was changed while the API was asked. */
async function keep(one: Fallback, local: Local, tokens: ApiTokens): Promise<User> {
  const { deps, context, credentials, attempt } = one;
  const { settings, apiUsers } = deps;
  const { nowSeconds } = context;
  const isNamed = local.account !== undefined && isNamedBy(settings, local.account.user, tokens.lookup);
  const account = isNamed ? local.account : await apiUsers.accountByLookup(tokens.lookup, settings.USERNAME_CASE);
  const seen = account?.user;
  // Of a user who was not found by name before, only the second is known in which their tokens were ended.
  const isChanged = !isNamed && account !== undefined && account.issuedBeforeSeconds > nowSeconds;
  if (isChanged || seen?.is_active === false) {
    return failLogin(deps, attempt, isChanged ? "login_user_changed" : "login_user_inactive", seen);
  }
  const fitting = seen ? await fittingHash(one, seen, isNamed ? local.verdict : undefined) : "none";
  // Whether a hash that cannot be read is of the same password, only an API that tells of changes knows.
  const isOther = fitting === "another" || (fitting === "unreadable" && account?.isProvisioned !== true);
  const { username, holder } = await nameFor(one, { account, isNamed }, tokens);
  const ending = { issuedBeforeSeconds: nowSeconds + 1, untilSeconds: deps.endedUntilSeconds(nowSeconds), nowSeconds };
  const formerHolder = holder && { user: holder, ending };
  const { user } = await apiUsers.confirm(
    {
      ...{ user: { ...apiUserOf(deps, tokens), username }, seen, formerHolder, nowSeconds },
      hash: typeof fitting === "object" ? fitting.better : await hashPassword(credentials.password, deps.newSalt()),
      ending: isOther ? ending : undefined,
      // By it, provisioning and imports know a hash of the API's again.
      keepsImportedHash: fitting !== "another",
    },
    settings.USERNAME_CASE,
  );
  if (!user)
    return (await confirmedByAnother(one, tokens, seen)) ?? failLogin(deps, attempt, "login_user_changed", seen);
  // No token leads by a name in another case to what is ended here.
  const isRespelled = seen !== undefined && ownerOf(settings, seen).value !== ownerOf(settings, user).value;
  const ended = [...(seen && (isOther || isRespelled) ? [seen] : []), ...(formerHolder ? [formerHolder.user] : [])];
  for (const one of ended) {
    const { issuedBeforeSeconds, untilSeconds } = ending;
    await deps.revocationCache.announceUser(ownerOf(settings, one), issuedBeforeSeconds, untilSeconds, nowSeconds);
  }
  return user;
}

/** The user, where another log-in with the same password was quicker: it has stored a hash of it meanwhile. */
async function confirmedByAnother(
  { deps, context, credentials }: Fallback,
  { lookup }: ApiTokens,
  seen: User | undefined,
): Promise<User | undefined> {
  const account = await deps.apiUsers.accountByLookup(lookup, deps.settings.USERNAME_CASE);
  if (!account?.user.is_active || account.user.password === seen?.password) return undefined;
  const began = context.nowSeconds - deps.settings.ORIGIN_TIMEOUT;
  if (account.confirmedAtSeconds === null || account.confirmedAtSeconds < began) return undefined;
  return (await verifyPassword(credentials.password, account.user.password)).ok ? account.user : undefined;
}

/** Whether the row has a hash of the same password, and then a better one; or of another one, or none, or who knows. */
async function fittingHash(
  { deps, credentials }: Fallback,
  seen: User,
  known: PasswordVerdict | undefined,
): Promise<{ readonly better: string | undefined } | "another" | "unreadable" | "none"> {
  const verdict = known ?? (await verifyPassword(credentials.password, seen.password));
  if (!verdict.ok && verdict.reason === "unusable_password") return "none";
  if (!verdict.ok) return verdict.reason === "wrong_password" ? "another" : "unreadable";
  return { better: (await betterHash(deps, seen, credentials.password, verdict.upgrade))?.better };
}

/** A name that a row is to have, and another one's row that has it by what is known here. */
interface NewName {
  readonly username?: string;
  readonly holder?: User | undefined;
}

/**
 * The name that the row is to have, if another than it has: what the tokens say, if no other row has it; else what was
 * typed, by which the API has found this user: that is no other one's any more. Not for a row whose name the API tells by
 * provisioning: what was typed may be another name for it, such as an address.
 */
async function nameFor(
  { deps, credentials }: Fallback,
  { account, isNamed }: { readonly account: KnownAccount | undefined; readonly isNamed: boolean },
  { username: claimed }: ApiTokens,
): Promise<NewName> {
  const typed = credentials.username;
  const [present, id] = [account?.user.username, account?.user.id];
  const holderOf = async (name: string) => (await deps.apiUsers.accountByName(name, deps.settings.USERNAME_CASE))?.user;
  if (claimed !== undefined && claimed === present) return {};
  if (claimed !== undefined && claimed !== typed) {
    const holder = await holderOf(claimed);
    if (!holder || holder.id === id) return { username: claimed };
  }
  const isTold = account?.isProvisioned === true && present !== `id:${id}`;
  if (isNamed || isTold || typed.startsWith("id:")) return {};
  const holder = await holderOf(typed);
  return { username: typed, holder: holder?.id === id ? undefined : holder };
}
