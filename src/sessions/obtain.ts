// Credentials → a pair of tokens, or one sliding token (TokenObtainPairView, TokenObtainSlidingView).
// Must never hand out a token that could not be written down first.
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { OutstandingToken, TokenStore } from "../stores/contract.ts";
import type { Claims } from "../tokens/claims.ts";
import type { Codec } from "../tokens/codec.ts";
import { mint } from "../tokens/mint.ts";
import { sessionKeyOf, writeTokenId } from "../tokens/token-id.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import type { ApiTokens, PassedAnswer } from "../users/api-answer.ts";
import type { ApiLoginDependencies } from "../users/api-login.ts";
import { isPassed } from "../users/api-login.ts";
import { createAnyLogin, letIn } from "../users/log-in.ts";
import { attemptOf, type LoggedIn, type LoginInput } from "../users/login.ts";
import { recordedClient } from "../users/session-client.ts";
import { ownerOf } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import type { UserEvents } from "../users/user-events.ts";
import { userIdText } from "../users/user-id.ts";
import { withMembers } from "./response-members.ts";
import { accessClaims, apiClaims, firstRefreshClaims, userClaims, withSession } from "./session-claims.ts";
import { recordOf, slidingRecordEnd, tokenId } from "./token-record.ts";

/** The services that a log-in at the token endpoints needs. */
export interface ObtainDependencies extends ApiLoginDependencies {
  readonly codec: Codec;
  readonly tokens: TokenStore;
  readonly userEvents: UserEvents;
  readonly newId: () => string;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** The answer of the obtain endpoint, in Simple JWT's order. */
export interface TokenPair {
  readonly refresh: string;
  readonly access: string;
}

/** A pair, and what else the API's answer had: its whole body, in which the pair belongs in the place of the API's. */
export interface ObtainedPair {
  readonly tokens: TokenPair;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
}

export interface Obtain {
  /** Gives the API's own answer where the client has to read it. */
  obtainPair(context: RequestContext, input: LoginInput): Promise<ObtainedPair | PassedAnswer>;
  obtainSliding(context: RequestContext, input: LoginInput): Promise<{ readonly token: string }>;
}

/** A token that begins a session, before it is written down, and the answer that it is for. */
interface Begun<T> {
  readonly first: Pick<OutstandingToken, "jti" | "type" | "expiresAtSeconds"> & Partial<OutstandingToken>;
  readonly answer: T;
}

/** Gives the tokens of a session that begins now. */
type Begin<T> = (nowSeconds: number) => Promise<Begun<T>>;

/** How far ahead a second may lie that is waited for. Ends of tokens lie one second ahead of their own time. */
const longestWaitSeconds = 2;
const mostWaits = 3;

/**
 * 1. Log in. 2. ON_LOGIN_SUCCESS. 3. Mint: a refresh token and its access token, or a sliding token; or take the API's, unless its
 * clock is ahead. 4. The hook's members of the response. 5. Write down that token, the better hash and last_login, and look
 * at the user again, in one round trip. 6. Refuse, and end what was written, if the user was changed meanwhile. 7. Where all tokens of
 * the user were ended in this very second, an access token would count as ended, too: end them, and repeat 3 to 6 when it
 * is over. 8. Answer.
 */
export function createObtain(deps: ObtainDependencies): Obtain {
  const { settings, codec, newId } = deps;
  const { logIn, refuseIfChanged } = createAnyLogin(deps);
  const firstTokenId = () => writeTokenId(sessionKeyOf(newId()), 0);

  /** No token could say whose it is. */
  const refuseNameless = (user: User) =>
    userIdText(settings, user) === undefined ? "login_user_without_id" : undefined;

  async function succeedToLogIn(context: RequestContext, input: LoginInput): Promise<LoggedIn | PassedAnswer> {
    const result = await logIn(context, input, refuseNameless);
    if (!isPassed(result)) await deps.hooks.onLoginSuccess?.(result.user, attemptOf(context, input));
    return result;
  }

  /** Steps 3 to 7. @param again how to begin after a wait, where that is different */
  async function beginSession<T>(
    context: RequestContext,
    { input, loggedIn }: { readonly input: LoginInput; readonly loggedIn: LoggedIn },
    begin: Begin<T>,
    again: Begin<T> = begin,
  ): Promise<T> {
    const { user, newHash } = loggedIn;
    const owner = ownerOf(settings, user);
    const rest = { userId: user.id, sessionVersion: user.session_version, client: recordedClient(settings, context) };
    let { nowSeconds } = context;
    for (let waits = 0; ; waits++) {
      const { first, answer } = await (waits === 0 ? begin : again)(nowSeconds);
      const row = { createdAtSeconds: nowSeconds, ...first, ...rest };
      const token = settings.TOKEN_BLACKLIST_ENABLED ? row : undefined;
      const lastLogin = settings.UPDATE_LAST_LOGIN ? isoTime(nowSeconds) : undefined;
      const endWritten = async () => {
        if (token) await deps.tokens.blacklist(owner, token, nowSeconds);
      };
      // One event, however often the log-in is written.
      const event = waits === 0 ? deps.userEvents.newEvent("login", nowSeconds) : undefined;
      const record = { userId: user.id, user, token, newHash, lastLogin };
      const account = await deps.tokens.withNotes({ event }).recordLogin(owner, record);
      await refuseIfChanged(context, { loggedIn, input }, account.user, endWritten);
      const endedSeconds = account.issuedBeforeSeconds;
      const isEnded = endedSeconds > row.createdAtSeconds && endedSeconds <= nowSeconds + longestWaitSeconds;
      // Of a sliding token, its row says that it was issued afterwards.
      if (!isEnded || first.type === "sliding") {
        const { type, jti } = first;
        const fields = { user_id: user.id, token_type: type, jti: shortId(jti), hash_upgraded: newHash !== undefined };
        deps.log("login", fields, context.requestId);
        deps.userEvents.sendSoon(owner, nowSeconds);
        return answer;
      }
      await endWritten();
      if (waits === mostWaits) refuse("login_user_changed");
      await deps.pause(endedSeconds * 1000 - context.receivedAtMilliseconds);
      nowSeconds = Math.max(nowSeconds, endedSeconds);
    }
  }

  /** @param claims what all tokens of the session have in common */
  const mintPair =
    (user: User, claims: Claims): Begin<ObtainedPair> =>
    async (nowSeconds) => {
      const jti = firstTokenId();
      const shared = withSession(settings, claims, jti);
      const refresh = firstRefreshClaims({ settings, nowSeconds, id: jti }, shared);
      const access = accessClaims({ settings, nowSeconds, id: newId() }, shared, nowSeconds);
      const [refreshToken, accessToken] = await Promise.all([codec.sign(refresh), codec.sign(access)]);
      const pair = { refresh: refreshToken, access: accessToken };
      const first = { jti, type: "refresh", expiresAtSeconds: Number(refresh.exp) } as const;
      return { first, answer: { tokens: await withMembers(deps.hooks, user, pair, access) } };
    };

  /** The API's tokens as they are. */
  const takePair =
    (user: User, { refresh, access, atSeconds }: ApiTokens): Begin<ObtainedPair> =>
    async (nowSeconds) => {
      const token = { jti: tokenId(settings, refresh.claims) ?? "", type: "refresh", userId: undefined } as const;
      // By a clock that is ahead it would be issued after all that ends it until then.
      const createdAtSeconds = Math.min(atSeconds, nowSeconds);
      const first = { ...recordOf(settings, refresh.claims, token, nowSeconds), createdAtSeconds };
      const pair = { refresh: refresh.text, access: access.text };
      return { first, answer: { tokens: await withMembers(deps.hooks, user, pair, access.claims) } };
    };

  return {
    async obtainPair(context, input) {
      const loggedIn = await succeedToLogIn(context, input);
      if (isPassed(loggedIn)) return loggedIn;
      const { user, api } = loggedIn;
      const ownClaims = () => userClaims(deps, user, "refresh");
      if (!api) return beginSession(context, { input, loggedIn }, mintPair(user, await ownClaims()));
      const resign: Begin<ObtainedPair> = async (nowSeconds) =>
        mintPair(user, { ...apiClaims(settings, api), ...(await ownClaims()) })(nowSeconds);
      const pair = await beginSession(
        context,
        { input, loggedIn },
        settings.RESIGN || api.isAhead ? resign : takePair(user, api),
        resign,
      );
      return { ...pair, body: api.body };
    },
    async obtainSliding(context, input) {
      const loggedIn = letIn(await succeedToLogIn(context, input));
      const about = await userClaims(deps, loggedIn.user, "sliding");
      return beginSession(context, { input, loggedIn }, async (nowSeconds) => {
        const jti = firstTokenId();
        const claims = mint(tokenTypes.sliding, { settings, nowSeconds, id: jti }, about);
        const expiresAtSeconds = slidingRecordEnd(settings, claims, nowSeconds);
        const answer = await withMembers(deps.hooks, loggedIn.user, { token: await codec.sign(claims) }, claims);
        return { first: { jti, type: "sliding", expiresAtSeconds }, answer };
      });
    },
  };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
