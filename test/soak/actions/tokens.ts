// What users do with their tokens at the token endpoints: log in, refresh in every way, log out, and all of it at once.
// Must never leave a session of the model in doubt: what a race leaves open is asked for at once.
import { claimsIn } from "../../support/craft.ts";
import type { Answer } from "../client.ts";
import {
  begun,
  type During,
  ended,
  endedAll,
  gotAccess,
  type HeldToken,
  heldToken,
  isLive,
  isReuse,
  refreshVerdict,
  rotated,
  type SimulatedSession,
  statusesFor,
  type UsedToken,
} from "../model.ts";
import type { Kind } from "../report/figures.ts";
import { get, must, only, post, type Turn } from "../turn.ts";

const paths = {
  obtain: "/api/token/",
  refresh: "/api/token/refresh/",
  verify: "/api/token/verify/",
  blacklist: "/api/token/blacklist/",
  sessions: "/api/token/sessions/",
  logoutAll: "/api/token/logout-all/",
} as const;

const nowSeconds = () => Math.floor(Date.now() / 1000);
const now = (): During => ({ from: nowSeconds(), to: nowSeconds() + marginSeconds });
/** A token that is chosen lasts so much longer, so that it is clear what comes of it. */
const marginSeconds = 8;

interface Pair {
  readonly refresh: string;
  readonly access: string;
}

const pairIn = (answer: Answer): Pair => JSON.parse(answer.body) as Pair;

/** The id that a rotation gives the next token of a session. */
function successorId(jti: string): string {
  const counter = Number.parseInt(jti.slice(24), 16) + 1;
  return jti.slice(0, 24) + counter.toString(16).padStart(8, "0");
}

export const liveSessions = ({ user }: Pick<Turn, "user">): readonly SimulatedSession[] =>
  user.sessions.filter((session) => isLive(user, session, now()) === true);

/** An access token that lasts, of a session that does. */
export async function freshAccess(turn: Turn): Promise<{ session: SimulatedSession; token: HeldToken } | undefined> {
  const session = turn.random.pick(liveSessions(turn));
  if (!session) return undefined;
  const last = () => session.access.at(-1);
  if ((last()?.expiresAt ?? 0) <= now().to) await refresh(turn, session, session.current);
  const token = last();
  return token && { session, token };
}

export async function logIn(turn: Turn): Promise<void> {
  const { user } = turn;
  const body = { username: user.username, password: user.password };
  const answer = await turn.ask("log-in", post(paths.obtain, body), only(user.isActive ? 200 : 401));
  if (answer.status === 200) tookLogIn(turn, answer);
}

function tookLogIn({ user }: Turn, answer: Answer): SimulatedSession {
  const { refresh: token, access } = pairIn(answer);
  const session = begun(user, token, access);
  checkAccess(user.id, session, access, answer);
  must(session.id.endsWith("00000000"), "the first token of a session has the counter 0", answer);
  return session;
}

function checkAccess(userId: string, session: SimulatedSession, access: string, answer: Answer): void {
  const { user_id, sid, token_type } = claimsIn(access);
  must(
    user_id === userId && sid === session.id && token_type === "access",
    "the access token is of this session",
    answer,
  );
}

export async function logInWrongly(turn: Turn): Promise<void> {
  const body = { username: turn.user.username, password: `not ${turn.user.password}` };
  await turn.ask("log-in", post(paths.obtain, body), only(401));
}

/** A refresh that was answered. @param token the one that was sent */
function tookRefresh({ user }: Turn, session: SimulatedSession, token: HeldToken, answer: Answer): void {
  const pair = pairIn(answer);
  if (token.jti === session.current.jti) {
    const successor = heldToken(pair.refresh);
    must(successor.jti === successorId(token.jti), "the successor is the next token of the session", answer);
    rotated(session, successor, answer.at);
  } else must(pair.refresh === session.current.text, "a repeat gets the newest token of the session", answer);
  checkAccess(user.id, session, pair.access, answer);
  gotAccess(session, pair.access);
}

/** Sends any token of the session to be refreshed. */
export async function refresh(turn: Turn, session: SimulatedSession, token: HeldToken | UsedToken): Promise<void> {
  const { settings, user } = turn;
  const verdict = (at: During) => refreshVerdict(settings, user, session, token, at);
  const kind: Kind = "used" in token ? "repeated refresh" : "refresh";
  const answer = await turn.ask(kind, post(paths.refresh, { refresh: token.text }), (at) =>
    statusesFor(verdict(at), 200, 401),
  );
  if (answer.status === 200) tookRefresh(turn, session, token, answer);
  else if ("used" in token && !session.ended && user.isActive) {
    if (isReuse(settings, user, session, token, answer.at)) ended(session, "reuse", answer.at);
    // Whether it was reuse, or the token had expired, is not known to the second.
    else if (answer.at.from < token.expiresAt) await settle(turn, session);
  }
}

/** Asks whether a session goes on, where both could be. */
async function settle(turn: Turn, session: SimulatedSession): Promise<void> {
  const answer = await turn.ask("refresh", post(paths.refresh, { refresh: session.current.text }), only(200, 401));
  if (answer.status === 200) tookRefresh(turn, session, session.current, answer);
  else ended(session, "settled", answer.at);
}

export async function refreshOnce(turn: Turn): Promise<void> {
  const session = turn.random.pick(liveSessions(turn));
  if (session) await refresh(turn, session, session.current);
}

/** The response was lost, or two tabs have the same token. */
export async function refreshTwice(turn: Turn): Promise<void> {
  const session = turn.random.pick(liveSessions(turn));
  if (!session) return;
  await refresh(turn, session, session.current);
  const used = session.used.at(-1);
  if (used) await refresh(turn, session, used);
}

/** Many tabs at once, some of which are one token behind. */
export async function refreshInTabs(turn: Turn): Promise<void> {
  const { random, settings } = turn;
  const session = random.pick(liveSessions(turn));
  if (!session) return;
  const before = session.current;
  const last = session.used.at(-1);
  // Long ago it would be reuse, which ends the session.
  const behind = last && nowSeconds() - last.used.from < settings.graceSeconds / 2 ? last : undefined;
  const tabs = 2 + random.below(7);
  const tokens = Array.from({ length: tabs }, (_, tab) => (tab > 0 && behind && random.happens(0.2) ? behind : before));
  const answers = await Promise.all(
    tokens.map((token) => turn.ask("refresh", post(paths.refresh, { refresh: token.text }), only(200, 401))),
  );
  const at = together(answers);
  const within = (used: During) => at.to - used.from <= settings.graceSeconds && before.expiresAt > at.to;
  let successor: string | undefined;
  for (const [tab, answer] of answers.entries()) {
    const isBehind = tokens[tab] !== before;
    const isSure = within(isBehind && behind ? behind.used : at);
    must(answer.status === 200 || !isSure, "a tab within the grace is not refused", answer);
    if (answer.status !== 200) continue;
    const { refresh: given } = pairIn(answer);
    if (isBehind && given === before.text) continue;
    successor ??= given;
    must(given === successor, "all tabs get one successor", answer);
    must(heldToken(given).jti === successorId(before.jti), "the successor is the next token of the session", answer);
  }
  if (successor !== undefined) rotated(session, heldToken(successor), at);
  const [first] = answers.filter(({ status }) => status === 200);
  if (first) {
    checkAccess(turn.user.id, session, pairIn(first).access, first);
    gotAccess(session, pairIn(first).access);
  }
  if (answers.some(({ status }) => status !== 200)) await settle(turn, session);
}

const together = (answers: readonly Answer[]): During => ({
  from: Math.min(...answers.map(({ at }) => at.from)),
  to: Math.max(...answers.map(({ at }) => at.to)),
});

/** A token that was used long ago comes back: a thief has it, or the owner comes after one. */
export async function reuse(turn: Turn): Promise<void> {
  const { random, settings } = turn;
  const old = liveSessions(turn).flatMap((session) =>
    session.used
      .filter(({ used, expiresAt }) => nowSeconds() - 1 - used.to > settings.graceSeconds && expiresAt > now().to)
      .map((token) => ({ session, token })),
  );
  const found = random.pick(old);
  if (found) await refresh(turn, found.session, found.token);
}

/** A token of a session that has ended, in whatever way. */
export async function refreshEnded(turn: Turn): Promise<void> {
  const { random, user } = turn;
  const session = random.pick(user.sessions.filter(({ ended: end }) => end));
  if (!session) return;
  const used = session.used.at(-1);
  await refresh(turn, session, used && random.happens(0.3) ? used : session.current);
}

export async function logOut(turn: Turn): Promise<void> {
  const session = turn.random.pick(liveSessions(turn));
  if (!session) return;
  const sent = post(paths.blacklist, { refresh: session.current.text });
  const { at } = await turn.ask("log-out", sent, only(200));
  ended(session, "log-out", at);
  if (turn.random.happens(0.3)) await turn.ask("log-out", sent, only(401));
}

export async function endSession(turn: Turn): Promise<void> {
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  const session = turn.random.pick(liveSessions(turn)) ?? fresh.session;
  const sent = { ...get(`${paths.sessions}${session.id}/`, fresh.token.text), method: "DELETE" };
  const { at } = await turn.ask("log-out", sent, only(204));
  ended(session, "ended from the list", at);
}

/** Nobody can end a session of somebody else. */
export async function endAnothers(turn: Turn): Promise<void> {
  const { random, user, users } = turn;
  const fresh = await freshAccess(turn);
  const another = random.pick(users.filter((one) => one !== user));
  const session = another && random.pick(another.sessions);
  if (!fresh || !session) return;
  const sent = { ...get(`${paths.sessions}${session.id}/`, fresh.token.text), method: "DELETE" };
  await turn.ask("log-out", sent, only(404));
}

export async function logOutEverywhere(turn: Turn): Promise<void> {
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  const headers = { authorization: `Bearer ${fresh.token.text}` };
  const { at } = await turn.ask("log-out", post(paths.logoutAll, {}, headers), only(200));
  endedAll(turn.user, "log-out everywhere", at);
}

export async function listSessions(turn: Turn): Promise<void> {
  const { user } = turn;
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  const answer = await turn.ask("list of sessions", get(paths.sessions, fresh.token.text), only(200));
  checkList(user, fresh.session, answer);
}

/** The list has each session that goes on, and beyond them only what nobody has tokens of. */
export function checkList(user: Turn["user"], own: SimulatedSession, answer: Answer): void {
  const list = JSON.parse(answer.body) as ReadonlyArray<{ readonly id: string; readonly current: boolean }>;
  const listed = new Set(list.map(({ id }) => id));
  must(listed.size === list.length, "no session is listed twice", answer);
  for (const session of user.sessions) {
    const live = isLive(user, session, answer.at);
    must(
      live === undefined || live === listed.has(session.id),
      `session ${session.id} is listed if it is live`,
      answer,
    );
  }
  const known = new Set(user.sessions.map(({ id }) => id));
  const unknown = list.filter(({ id }) => !known.has(id));
  must(unknown.length <= user.abandoned.length, "no session is listed that nobody has begun", answer);
  const current = list.filter((one) => one.current).map(({ id }) => id);
  must(current.length === 1 && current[0] === own.id, "one session is the request's own", answer);
}

/** Of a refresh token, whether it is good; of an access token, whether it has expired. */
export async function verify(turn: Turn): Promise<void> {
  const { random, user } = turn;
  const session = random.pick(user.sessions);
  if (!session) return;
  const token = random.pick([session.current, ...session.used, ...session.access]);
  if (!token) return;
  const isAccess = session.access.some(({ jti }) => jti === token.jti);
  const isUsed = "used" in token;
  await turn.ask("verify", post(paths.verify, { token: token.text }), (at) => {
    if (at.from >= token.expiresAt) return [401];
    const meant = isAccess || !(isUsed || session.ended || !user.isActive) ? 200 : 400;
    return at.to >= token.expiresAt ? [401, meant] : [meant];
  });
}

/** A client that leaves during a refresh asks again, and gets the only successor. */
export async function leaveRefresh(turn: Turn): Promise<void> {
  const { random } = turn;
  const session = random.pick(liveSessions(turn));
  if (!session) return;
  const sent = post(paths.refresh, { refresh: session.current.text });
  const left = await turn.leave(sent, { afterMilliseconds: random.below(15) });
  const isLate = (at: During) => at.to - left.from > turn.settings.graceSeconds;
  const answer = await turn.ask("repeated refresh", sent, (at) => (isLate(at) ? [200, 401] : [200]));
  // Which of the two requests used the token up is not known.
  const at = spanOf(left, answer.at);
  if (answer.status === 200) tookRefresh(turn, session, session.current, { ...answer, at });
  else ended(session, "reuse", answer.at);
}

const spanOf = (one: During, other: During): During => ({
  from: Math.min(one.from, other.from),
  to: Math.max(one.to, other.to),
});

export async function leaveLogIn(turn: Turn): Promise<void> {
  const { user, random } = turn;
  const body = { username: user.username, password: user.password };
  user.abandoned.push(await turn.leave(post(paths.obtain, body), { afterMilliseconds: random.below(250) }));
}

export async function leaveLogOut(turn: Turn): Promise<void> {
  const { random } = turn;
  const session = random.pick(liveSessions(turn));
  if (!session) return;
  const sent = post(paths.blacklist, { refresh: session.current.text });
  const left = await turn.leave(sent, { afterMilliseconds: random.below(15) });
  const { at } = await turn.ask("log-out", sent, only(200, 401));
  ended(session, "log-out", spanOf(left, at));
}

/** Of a refresh and a log-out with one token, one succeeds. */
export async function refreshWhileLoggingOut(turn: Turn): Promise<void> {
  const session = turn.random.pick(liveSessions(turn));
  if (!session) return;
  const body = { refresh: session.current.text };
  const [refreshed, loggedOut] = await Promise.all([
    turn.ask("refresh", post(paths.refresh, body), only(200, 401)),
    turn.ask("log-out", post(paths.blacklist, body), only(200, 401)),
  ]);
  must((refreshed.status === 200) !== (loggedOut.status === 200), "one of refresh and log-out succeeds", loggedOut);
  if (refreshed.status === 200) tookRefresh(turn, session, session.current, refreshed);
  else ended(session, "log-out", loggedOut.at);
}

/** However a refresh comes out, its session ends with the one request that ended it from the list. */
export async function refreshWhileEnding(turn: Turn): Promise<void> {
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  const { session, token } = fresh;
  const [refreshed, end] = await Promise.all([
    turn.ask("refresh", post(paths.refresh, { refresh: session.current.text }), only(200, 401)),
    turn.ask("log-out", { ...get(`${paths.sessions}${session.id}/`, token.text), method: "DELETE" }, only(204)),
  ]);
  if (refreshed.status === 200) tookRefresh(turn, session, session.current, refreshed);
  ended(session, "ended from the list", end.at);
}

/** A refresh of a later second than the log-out is no part of "all that was issued so far". */
export async function refreshWhileLoggingOutEverywhere(turn: Turn): Promise<void> {
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  const { session, token } = fresh;
  const headers = { authorization: `Bearer ${token.text}` };
  const [refreshed, end] = await Promise.all([
    turn.ask("refresh", post(paths.refresh, { refresh: session.current.text }), only(200, 401)),
    turn.ask("log-out", post(paths.logoutAll, {}, headers), only(200)),
  ]);
  if (refreshed.status === 200) tookRefresh(turn, session, session.current, refreshed);
  const isLater = session.current.issuedAt > end.at.from;
  endedAll(turn.user, "log-out everywhere", end.at, isLater ? session : undefined);
  if (isLater) await settle(turn, session);
}
