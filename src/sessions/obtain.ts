// Credentials → a pair of tokens, or one sliding token (TokenObtainPairView, TokenObtainSlidingView).
// Must never hand out a token that could not be written down first.
import type { RequestContext } from "../context.ts";
import { shortId } from "../log-events.ts";
import type { OutstandingToken, TokenStore } from "../stores/contract.ts";
import type { Codec } from "../tokens/codec.ts";
import { mint } from "../tokens/mint.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { attemptOf, type Credentials, createLogin, type LoggedIn, type LoginDependencies } from "../users/login.ts";
import { recordedClient } from "../users/session-client.ts";
import { ownerOf } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import type { UserEvents } from "../users/user-events.ts";
import { userIdText } from "../users/user-id.ts";
import { withMembers } from "./response-members.ts";
import { accessClaims, firstRefreshClaims, userClaims, withSession } from "./session-claims.ts";
import { slidingRecordEnd } from "./token-record.ts";

/** The services that a log-in at the token endpoints needs. */
export interface ObtainDependencies extends LoginDependencies {
  readonly codec: Codec;
  readonly tokens: TokenStore;
  readonly userEvents: UserEvents;
  readonly newId: () => string;
}

/** The answer of the obtain endpoint, in Simple JWT's order. */
export interface TokenPair {
  readonly refresh: string;
  readonly access: string;
}

export interface Obtain {
  obtainPair(context: RequestContext, credentials: Credentials): Promise<TokenPair>;
  obtainSliding(context: RequestContext, credentials: Credentials): Promise<{ readonly token: string }>;
}

/** A token that begins a session, before it is written down. */
type FirstToken = Pick<OutstandingToken, "jti" | "type" | "expiresAtSeconds">;

/**
 * 1. Log in. 2. ON_LOGIN_SUCCESS. 3. Mint: a refresh token and its access token, or a sliding token. 4. The hook's members
 * of the response. 5. Write down that token, the better hash and last_login, and look at the user again, in one round trip.
 * 6. Refuse, and end what was written, if the user was changed meanwhile. 7. Answer.
 */
export function createObtain(deps: ObtainDependencies): Obtain {
  const { settings, codec, newId } = deps;
  const { logIn, refuseIfChanged } = createLogin(deps);

  /** No token could say whose it is. */
  const refuseNameless = (user: User) =>
    userIdText(settings, user) === undefined ? "login_user_without_id" : undefined;

  async function succeedToLogIn(context: RequestContext, credentials: Credentials): Promise<LoggedIn> {
    const loggedIn = await logIn(context, credentials, refuseNameless);
    await deps.hooks.onLoginSuccess?.(loggedIn.user, attemptOf(context, credentials.username));
    return loggedIn;
  }

  /** Steps 5 and 6. */
  async function record(
    context: RequestContext,
    credentials: Credentials,
    loggedIn: LoggedIn,
    first: FirstToken,
  ): Promise<void> {
    const { nowSeconds, requestId } = context;
    const { user, newHash } = loggedIn;
    const session = { userId: user.id, createdAtSeconds: nowSeconds, sessionVersion: user.session_version };
    const row = { ...first, ...session, client: recordedClient(settings, context) };
    const token = settings.TOKEN_BLACKLIST_ENABLED ? row : undefined;
    const lastLogin = settings.UPDATE_LAST_LOGIN ? isoTime(nowSeconds) : undefined;
    const owner = ownerOf(settings, user);
    const tokens = deps.tokens.withEvent(deps.userEvents.newEvent("login", nowSeconds));
    const account = await tokens.recordLogin(owner, { userId: user.id, token, newHash, lastLogin });
    await refuseIfChanged(context, { loggedIn, credentials }, account.user, async () => {
      if (token) await deps.tokens.blacklist(owner, token, nowSeconds);
    });
    const { type, jti } = first;
    const fields = { user_id: user.id, token_type: type, jti: shortId(jti), hash_upgraded: newHash !== undefined };
    deps.log("login", fields, requestId);
    deps.userEvents.sendSoon(owner, nowSeconds);
  }

  return {
    async obtainPair(context, credentials) {
      const { nowSeconds } = context;
      const loggedIn = await succeedToLogIn(context, credentials);
      const jti = newId();
      const shared = withSession(settings, await userClaims(deps, loggedIn.user, "refresh"), jti);
      const refresh = firstRefreshClaims({ settings, nowSeconds, id: jti }, shared);
      const access = accessClaims({ settings, nowSeconds, id: newId() }, shared, nowSeconds);
      const [refreshToken, accessToken] = await Promise.all([codec.sign(refresh), codec.sign(access)]);
      const pair = { refresh: refreshToken, access: accessToken };
      const response = await withMembers(deps.hooks, loggedIn.user, pair, access);
      const first = { jti, type: "refresh", expiresAtSeconds: Number(refresh.exp) } as const;
      await record(context, credentials, loggedIn, first);
      return response;
    },
    async obtainSliding(context, credentials) {
      const { nowSeconds } = context;
      const loggedIn = await succeedToLogIn(context, credentials);
      const jti = newId();
      const about = await userClaims(deps, loggedIn.user, "sliding");
      const claims = mint(tokenTypes.sliding, { settings, nowSeconds, id: jti }, about);
      const token = await codec.sign(claims);
      const response = await withMembers(deps.hooks, loggedIn.user, { token }, claims);
      const expiresAtSeconds = slidingRecordEnd(settings, claims, nowSeconds);
      await record(context, credentials, loggedIn, { jti, type: "sliding", expiresAtSeconds });
      return response;
    },
  };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
