// LOGIN = "origin": the API's own view judges a log-in; what it answers is verified, and the user kept as it says.
// Must never send a password before the attempt was counted, nor more than once.
import type { RequestContext } from "../context.ts";
import { type Reason, Refusal, refuse } from "../errors.ts";
import { hostOf, originOf } from "../http/request-url.ts";
import { trimAsPython } from "../python/white-space.ts";
import { tokenPath } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";
import type { RevocationCache, UserLookup } from "../stores/contract.ts";
import type { ApiAccount, ApiUserStore, KnownAccount, LoginAnswer, LoginApi } from "../stores/login-contract.ts";
import type { Codec } from "../tokens/codec.ts";
import { type ApiTokens, judgeAnswer, type PassedAnswer } from "./api-answer.ts";
import {
  accountRefusal,
  attemptOf,
  failLogin,
  type LoggedIn,
  type LoginDependencies,
  type LoginInput,
  limitLogins,
} from "./login.ts";
import { newUserIds } from "./new-user-ids.ts";
import { ownerOf } from "./token-user.ts";
import type { User } from "./user.ts";
import { foldedUsername } from "./user-rules.ts";
import { type Brought, type TakeUsers, usersHeader } from "./users-header.ts";

/** The services that a log-in at the API needs. */
export interface ApiLoginDependencies extends LoginDependencies {
  readonly codec: Codec;
  /** Undefined while LOGIN is `gateway`. */
  readonly loginApi: LoginApi | undefined;
  readonly apiUsers: ApiUserStore;
  readonly newUuid: () => string;
  readonly revocationCache: Pick<RevocationCache, "announceUser">;
  /** Until when something of a session that ends now could still be used. */
  readonly endedUntilSeconds: (nowSeconds: number) => number;
  /** Applies X-Gateway-Users of the API's answer; undefined while PROVISIONING_KEY is not set. */
  readonly takeUsers?: TakeUsers | undefined;
}

/** A user whom the API let in, with the tokens that it gave. */
export interface ApiLoggedIn extends LoggedIn {
  readonly api: ApiTokens;
}

/** Whether the client gets the API's answer as it is. */
export const isPassed = (result: object): result is PassedAnswer => "passed" in result;

/**
 * 1. Neither the account nor the client's address was tried too often. 2. The user of that name as they are now. 3. The
 * API is asked. 4. Its answer goes to the client as it is, unless it has tokens. 5. The tokens are good, and name one
 * user. 6. That user's row is made, or brought up to date. 7. The user was not changed while the API was asked. 8. The
 * user is active here, too, and the user rule agrees.
 *
 * @param refusal what else is required of the user, refused like all the rest
 */
export async function logInAtApi(
  deps: ApiLoginDependencies,
  context: RequestContext,
  input: LoginInput,
  refusal: (user: User) => Reason | undefined = () => undefined,
): Promise<ApiLoggedIn | PassedAnswer> {
  const { settings, apiUsers, revocationCache, endedUntilSeconds } = deps;
  const { nowSeconds } = context;
  const attempt = attemptOf(context, input);
  await limitLogins(deps, { ...attempt, username: input.username });
  const known = await accountNamed(deps, input.username);
  const answer = await askApi(deps, context, input);
  const brought = await takeUsers(deps, context, answer, { username: input.username, known });
  const judged = await judgeOrAlarm(deps, context, answer);
  if (isPassed(judged)) {
    if (isWrongLogin(answer)) await failLogin(deps, attempt, "login_refused_by_api", known?.user).catch(ignoreRefusal);
    return judged;
  }
  const before = await accountBefore(deps, brought, judged, known);
  const isKnown = before !== undefined && isNamedBy(settings, before.user, judged.lookup);
  const knownId = isKnown ? before.user.id : undefined;
  const account = await apiUsers.keep({ ...apiUserOf(deps, judged), knownId }, settings.USERNAME_CASE);
  const { user, formerName } = account;
  if (formerName !== undefined) {
    const former = { column: "username", value: formerName } as const;
    await revocationCache.announceUser(former, nowSeconds + 1, endedUntilSeconds(nowSeconds), nowSeconds);
  }
  if (!user || isChangedSince(context, before, account)) return failLogin(deps, attempt, "login_user_changed", user);
  const refused = (await accountRefusal(deps, user)) ?? refusal(user);
  if (refused !== undefined) return failLogin(deps, attempt, refused, user);
  return { user, newHash: undefined, api: judged };
}

/** Whether a token names this user, without regard to case where USERNAME_CASE has none and tokens name users by name. */
export function isNamedBy(settings: Settings, user: User, { column, value }: UserLookup): boolean {
  const named = ownerOf(settings, user).value;
  if (named === value) return true;
  const isFolded = column === "username" && settings.USERNAME_CASE === "insensitive";
  return isFolded && foldedUsername(named) === foldedUsername(value);
}

/** The account as it is before the API is asked; undefined where the name says none. */
export async function accountNamed(
  { settings, apiUsers }: ApiLoginDependencies,
  username: string | undefined,
): Promise<KnownAccount | undefined> {
  const name = trimAsPython(username ?? "");
  return name === "" ? undefined : apiUsers.accountByName(name, settings.USERNAME_CASE);
}

/**
 * Applies what the answer says of users, before its tokens are looked at. "nothing" also where the user of that name was
 * changed before the answer came: what is found afterwards is then not the answer's doing alone.
 */
export async function takeUsers(
  deps: ApiLoginDependencies,
  context: RequestContext,
  { headers }: LoginAnswer,
  { username, known }: { readonly username: string | undefined; readonly known: KnownAccount | undefined },
): Promise<Brought> {
  const sealed = headers.get(usersHeader);
  if (sealed === null || deps.takeUsers === undefined) return "nothing";
  const now = await accountNamed(deps, username);
  const brought = await deps.takeUsers(sealed, context);
  return now?.user.id === known?.user.id && isSameSession(now, known) ? brought : "nothing";
}

/**
 * The account that a log-in is compared with. What the answer itself has changed is a part of the log-in, and not
 * something that came between; of a user whom the name did not say, only endings tell the one from the other.
 */
export async function accountBefore(
  { apiUsers, settings }: Pick<ApiLoginDependencies, "apiUsers" | "settings">,
  brought: Brought,
  { lookup }: ApiTokens,
  known: KnownAccount | undefined,
): Promise<KnownAccount | undefined> {
  if (brought === "nothing") return known;
  const now = await apiUsers.accountByLookup(lookup, settings.USERNAME_CASE);
  return brought === "endings" || now?.user.id === known?.user.id ? now : known;
}

const isSameSession = (one: KnownAccount | undefined, other: KnownAccount | undefined): boolean =>
  one?.user.session_version === other?.user.session_version && one?.issuedBeforeSeconds === other?.issuedBeforeSeconds;

/** The user whom the tokens name, as the store is asked to keep them. */
export function apiUserOf(
  { settings, newUuid }: Pick<ApiLoginDependencies, "settings" | "newUuid">,
  { lookup, username, atSeconds }: ApiTokens,
) {
  return { lookup, username, atSeconds, ids: newUserIds(settings, newUuid) };
}

/** One call; see LoginApi. */
export async function askApi(
  deps: Pick<ApiLoginDependencies, "settings" | "loginApi" | "log">,
  context: RequestContext,
  input: LoginInput,
): Promise<LoginAnswer> {
  const { settings, loginApi } = deps;
  // The checks of the settings leave no such gateway.
  if (!loginApi) return refuse("api_login_unavailable");
  const path = input.path ?? tokenPath(settings, "obtain");
  const body = loginBody(settings, input);
  try {
    return await loginApi.ask({ clientOrigin: originOf(context.url), path, headers: callHeaders(context), body });
  } catch (error) {
    // Without an answer, `origin_failed` is in the log already.
    if (error instanceof Refusal && error.reason !== "api_login_unavailable") alarm(deps, context, error);
    throw error;
  }
}

/** The body is written anew, so that what was counted here is what the API reads. */
function loginBody({ USERNAME_FIELD }: Settings, { username, password, others }: LoginInput): string {
  const own = [[USERNAME_FIELD, username] as const, ["password", password] as const];
  const sent = Object.fromEntries(own.filter(([, value]) => value !== undefined));
  try {
    return JSON.stringify({ ...others, ...sent });
  } catch (error) {
    // Nested deeper than JSON.stringify() goes.
    if (error instanceof RangeError) return refuse("request_malformed");
    throw error;
  }
}

/** What the API learns of the client: what the proxy says, and the client's own words. No cookie, no authorization. */
function callHeaders({ client, url, requestId }: RequestContext): Readonly<Record<string, string>> {
  const { address, userAgent, acceptLanguage } = client();
  return {
    ...(address === null ? {} : { "x-forwarded-for": address, "x-real-ip": address }),
    "x-forwarded-proto": url.scheme,
    "x-forwarded-host": hostOf(url),
    "x-request-id": requestId,
    ...(userAgent === null ? {} : { "user-agent": userAgent }),
    ...(acceptLanguage === null ? {} : { "accept-language": acceptLanguage }),
  };
}

export async function judgeOrAlarm(
  deps: ApiLoginDependencies,
  context: RequestContext,
  answer: LoginAnswer,
): Promise<ApiTokens | PassedAnswer> {
  try {
    return await judgeAnswer(deps, answer);
  } catch (error) {
    if (error instanceof Refusal) alarm(deps, context, error);
    throw error;
  }
}

/** An answer that may not go on is somebody's to look into, whatever LOG says. */
function alarm(
  { log }: Pick<ApiLoginDependencies, "log">,
  { requestId }: RequestContext,
  { reason, more }: Refusal,
): void {
  log("login_answer_refused", { reason, because: more.because }, requestId);
}

/** Wrong credentials, by the statuses that log-in views of Django give for them. */
const isWrongLogin = ({ status }: LoginAnswer): boolean => status === 400 || status === 401 || status === 403;

/** The client gets the API's own words. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
}

/**
 * Whether the user was closed, or their sessions ended, after the API may have judged. Of a user who was not found by name
 * before, only the second is known in which their tokens were ended.
 */
export function isChangedSince(
  { nowSeconds }: RequestContext,
  before: KnownAccount | undefined,
  { user, issuedBeforeSeconds, isNew, formerName }: ApiAccount,
): boolean {
  if (isNew) return false;
  if (before === undefined || before.user.id !== user?.id) return issuedBeforeSeconds > nowSeconds;
  // The log-in itself has raised it for another spelling of the name.
  const version = user.session_version - Number(formerName !== undefined);
  return before.user.session_version !== version || issuedBeforeSeconds > before.issuedBeforeSeconds;
}
