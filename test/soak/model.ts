// What the soak knows of every user, session and token, and what the gateway must therefore answer.
// Must never learn from an answer what it could have known before: that would excuse any.
import { claimsIn } from "../support/craft.ts";

/** Whole seconds between which something happened at the gateway: when the request was sent, and when it was answered. */
export interface During {
  readonly from: number;
  readonly to: number;
}

/** A token of the gateway's, with what it says. */
export interface HeldToken {
  readonly text: string;
  readonly jti: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface UsedToken extends HeldToken {
  readonly used: During;
}

/** A session whose tokens a client got. */
export interface SimulatedSession {
  /** The id of its first refresh token. */
  readonly id: string;
  readonly startedAt: number;
  /** The refresh token that is good while the session is. */
  current: HeldToken;
  /** Refresh tokens before it, the newest last; the oldest are forgotten. */
  used: UsedToken[];
  /** Access tokens, the newest last. */
  access: HeldToken[];
  ended: { readonly how: string; readonly at: During } | undefined;
}

export interface SimulatedUser {
  readonly id: string;
  readonly username: string;
  password: string;
  isActive: boolean;
  readonly sessions: SimulatedSession[];
  /** Tokens issued before a second have ended: the latest such second, which is known within a second or two, and when. */
  cutoff: { readonly before: During; readonly at: During } | undefined;
  /** Log-ins whose client left, or lost a race: each may have left a session that nobody has tokens of. */
  readonly abandoned: During[];
}

/** Whether a route looks for ended tokens, and where. */
export type Route = "public" | "off" | "cached" | "strict" | "user";

export interface ModelSettings {
  readonly graceSeconds: number;
  /** After so many seconds a route with "cached" refuses a token that has ended, for sure. */
  readonly cachedSeconds: number;
}

/** What must come of a request: success, refusal, or either because of a time that is not known to the second. */
export type Verdict = "good" | "refused" | "either";

/** What came of a request, by its status. */
export const statusesFor = (verdict: Verdict, good: number, refused: number): readonly number[] =>
  ({ good: [good], refused: [refused], either: [good, refused] })[verdict];

const keptUsed = 20;
const keptAccess = 3;

export function newUser(id: string, username: string, password: string): SimulatedUser {
  return { id, username, password, isActive: true, sessions: [], cutoff: undefined, abandoned: [] };
}

export function heldToken(text: string): HeldToken {
  const { jti, iat, exp } = claimsIn(text) as { jti: string; iat: number; exp: number };
  return { text, jti, issuedAt: iat, expiresAt: exp };
}

/** Adds the session of a log-in. */
export function begun(user: SimulatedUser, refresh: string, access: string): SimulatedSession {
  const current = heldToken(refresh);
  const session: SimulatedSession = {
    ...{ id: current.jti, startedAt: current.issuedAt, current, used: [] },
    ...{ access: [heldToken(access)], ended: undefined },
  };
  user.sessions.push(session);
  return session;
}

/** A rotation: the current token was used up, and a successor took its place. */
export function rotated(session: SimulatedSession, successor: HeldToken, at: During): void {
  session.used = [...session.used, { ...session.current, used: at }].slice(-keptUsed);
  session.current = successor;
}

export function gotAccess(session: SimulatedSession, access: string): void {
  session.access = [...session.access, heldToken(access)].slice(-keptAccess);
}

export function ended(session: SimulatedSession, how: string, at: During): void {
  session.ended ??= { how, at };
}

/**
 * All sessions end, and all access tokens so far.
 *
 * @param at when the gateway was told
 * @param doubtful a session that may go on
 */
export function endedAll(user: SimulatedUser, how: string, at: During, doubtful?: SimulatedSession): void {
  for (const session of user.sessions) if (session !== doubtful) ended(session, how, at);
  user.cutoff = { before: { from: at.from + 1, to: at.to + 1 }, at };
}

/** Tokens issued before a second end, with the sessions whose refresh token is one of them. */
export function endedBefore(user: SimulatedUser, second: number, at: During): void {
  for (const session of user.sessions) {
    if (session.current.issuedAt < second) ended(session, "logged out by the API", at);
    // Of its used tokens, those from before it are refused without a further consequence.
    else session.used = [];
  }
  user.cutoff = { before: { from: second, to: second }, at };
}

/** Whether a token has expired during a request. */
function expiry({ expiresAt }: HeldToken, at: During): Verdict {
  if (at.from >= expiresAt) return "refused";
  return at.to >= expiresAt ? "either" : "good";
}

/** What a refresh with a token of the session gives. */
export function refreshVerdict(
  { graceSeconds }: ModelSettings,
  user: SimulatedUser,
  session: SimulatedSession,
  token: HeldToken | UsedToken,
  at: During,
): Verdict {
  const lasts = expiry(token, at);
  if (lasts === "refused" || !user.isActive || session.ended) return "refused";
  if (!("used" in token)) return lasts;
  if (at.from - token.used.to > graceSeconds) return "refused";
  const isRepeat = at.to - token.used.from <= graceSeconds && expiry(session.current, at) === "good";
  return isRepeat ? lasts : "either";
}

/** Whether the refresh was reuse for sure: the session ends with it. */
export const isReuse = (
  { graceSeconds }: ModelSettings,
  user: SimulatedUser,
  session: SimulatedSession,
  token: UsedToken,
  at: During,
): boolean => user.isActive && !session.ended && at.to < token.expiresAt && at.from - token.used.to > graceSeconds;

/** What a route gives for an access token. @param session undefined for a token that the gateway did not make */
export function accessVerdict(
  { cachedSeconds }: ModelSettings,
  user: SimulatedUser,
  session: SimulatedSession | undefined,
  token: HeldToken,
  route: Route,
  at: During,
): Verdict {
  if (route === "public") return "good";
  const lasts = expiry(token, at);
  if (lasts === "refused") return "refused";
  if (route === "user" && !user.isActive) return "refused";
  if (route === "off") return lasts;
  const endings: Array<{ readonly verdict: Verdict; readonly at: During }> = [];
  if (session?.ended) endings.push({ verdict: "refused", at: session.ended.at });
  if (user.cutoff && token.issuedAt < user.cutoff.before.to) {
    const isSure = token.issuedAt < user.cutoff.before.from;
    endings.push({ verdict: isSure ? "refused" : "either", at: user.cutoff.at });
  }
  for (const ending of endings) {
    const isKnown = route !== "cached" || at.from > ending.at.to + cachedSeconds;
    if (isKnown && ending.verdict === "refused") return "refused";
  }
  return endings.length > 0 ? "either" : lasts;
}

/** Whether the session can still be refreshed; undefined where its end is not known to the second. */
export function isLive(
  user: SimulatedUser,
  { ended: end, current }: SimulatedSession,
  at: During,
): boolean | undefined {
  if (end || !user.isActive) return false;
  const lasts = expiry(current, at);
  return lasts === "either" ? undefined : lasts === "good";
}
