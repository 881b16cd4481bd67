// Credentials → a pair of tokens, or one sliding token (TokenObtainPairView, TokenObtainSlidingView).
// Must never hand out a token that could not be written down first.
import type { LoginAttempt } from "../hooks.ts";
import { shortId } from "../log-events.ts";
import type { Services } from "../services.ts";
import type { OutstandingToken } from "../stores/contract.ts";
import { inheritedClaims, mint } from "../tokens/mint.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { type Credentials, type LoggedIn, login, refuseIfChanged } from "../users/login.ts";
import { clientOf } from "./client-of.ts";
import { userClaims } from "./issue.ts";
import { cutAccess, cutRefresh, withFamily } from "./session-limits.ts";
import { slidingRowEnd } from "./token-fields.ts";

type ObtainDeps = Pick<
  Services,
  "settings" | "codec" | "users" | "tokens" | "loginLimiter" | "hooks" | "newId" | "newSalt" | "log"
>;

/** The answer of the obtain endpoint, in Simple JWT's order. */
export interface TokenPair {
  readonly refresh: string;
  readonly access: string;
}

/**
 * 1. Log in. 2. ON_LOGIN_SUCCESS. 3. Mint a refresh token and its access token. 4. Write down the refresh token, the
 * better hash and last_login, and look at the user again, in one round trip. 5. Refuse, and end what was written, if the
 * user was changed meanwhile. 6. Answer.
 */
export async function obtainPair(
  deps: ObtainDeps,
  credentials: Credentials,
  attempt: LoginAttempt,
): Promise<TokenPair> {
  const { settings } = deps;
  const { nowSeconds } = attempt;
  const loggedIn = await login(deps, credentials, attempt);
  await deps.hooks.onLoginSuccess?.(loggedIn.user, attempt);
  const jti = deps.newId();
  const about = withFamily(settings, await userClaims(deps, loggedIn.user, "refresh"), jti);
  const minted = mint(tokenTypes.refresh, { settings, nowSeconds, id: jti }, about);
  const refresh = cutRefresh(settings, minted, nowSeconds);
  const shared = mint(tokenTypes.access, { settings, nowSeconds, id: deps.newId() }, inheritedClaims(settings, about));
  const access = cutAccess(settings, shared, nowSeconds);
  const [refreshToken, accessToken] = await Promise.all([deps.codec.sign(refresh), deps.codec.sign(access)]);
  const written = {
    jti,
    type: "refresh",
    expiresAtSeconds: Number(refresh.exp),
    password: credentials.password,
  } as const;
  await record(deps, loggedIn, written, attempt);
  return { refresh: refreshToken, access: accessToken };
}

/** The same for one sliding token. */
export async function obtainSliding(
  deps: ObtainDeps,
  credentials: Credentials,
  attempt: LoginAttempt,
): Promise<{ readonly token: string }> {
  const { settings } = deps;
  const { nowSeconds } = attempt;
  const loggedIn = await login(deps, credentials, attempt);
  await deps.hooks.onLoginSuccess?.(loggedIn.user, attempt);
  const jti = deps.newId();
  const about = await userClaims(deps, loggedIn.user, "sliding");
  const claims = mint(tokenTypes.sliding, { settings, nowSeconds, id: jti }, about);
  const token = await deps.codec.sign(claims);
  const expiresAtSeconds = slidingRowEnd(settings, claims, nowSeconds);
  await record(deps, loggedIn, { jti, type: "sliding", expiresAtSeconds, password: credentials.password }, attempt);
  return { token };
}

async function record(
  deps: ObtainDeps,
  loggedIn: LoggedIn,
  written: Pick<OutstandingToken, "jti" | "type" | "expiresAtSeconds"> & { readonly password: string },
  attempt: LoginAttempt,
): Promise<void> {
  const { nowSeconds } = attempt;
  const { user, newHash } = loggedIn;
  const { password, ...token } = written;
  const { jti, type } = token;
  const session = { userId: user.id, createdAtSeconds: nowSeconds, sessionVersion: user.session_version };
  const row = { ...token, ...session, client: clientOf(deps.settings, attempt) };
  const isOutstanding = deps.settings.TOKEN_BLACKLIST_ENABLED ? row : undefined;
  const lastLogin = deps.settings.UPDATE_LAST_LOGIN ? isoTime(nowSeconds) : undefined;
  const account = await deps.tokens.recordLogin({ userId: user.id, token: isOutstanding, newHash, lastLogin });
  await refuseIfChanged(deps, { loggedIn, password, now: account.user }, attempt, async () => {
    if (isOutstanding) await deps.tokens.blacklist(isOutstanding, nowSeconds);
  });
  const hash_upgraded = newHash !== undefined;
  deps.log("login", { user_id: user.id, token_type: type, jti: shortId(jti), hash_upgraded });
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
