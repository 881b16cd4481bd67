// The end of a soak: every session of the model against the rows in D1, and against what the gateway says of it.
// Must never take a session for right because it was not looked at.
import { setTimeout as sleep } from "node:timers/promises";
import { endEveryone } from "../../src/sessions/end-sessions.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { kvRevocationCache } from "../../src/stores/kv/revocations.ts";
import { checkList, freshAccess, liveSessions, logIn, refresh } from "./actions/tokens.ts";
import type { Ground } from "./ground.ts";
import { isLive, type SimulatedSession, type SimulatedUser } from "./model.ts";
import { pathOfRefused } from "./origin.ts";
import { get, must, only, post, type Turn, Unexplained } from "./turn.ts";

/** What was compared. */
export interface Comparison {
  readonly sessions: number;
  /** How many of them were live, and how the others ended. */
  readonly ends: Readonly<Record<string, number>>;
  /** Sessions in D1 that nobody has tokens of: their client had left. */
  readonly abandoned: number;
  /** Rows that the cron trigger had deleted. */
  readonly flushed: number;
}

/** A row of `sessions`, with what it depends on of its user. */
export interface SessionRow {
  readonly id: string;
  readonly counter: number;
  readonly user_id: string;
  readonly started_at: number;
  readonly created_at: number;
  readonly expires_at: number;
  readonly blacklisted_at: number | null;
  readonly ended_at: number | null;
  readonly session_version: number;
  readonly session: string | null;
  readonly other_jti: string | null;
  readonly user_version: number | null;
  readonly is_active: number | null;
  readonly issued_before: number | null;
}

const sessionsSql = `SELECT s.*, u.session_version AS user_version, u.is_active, c.issued_before
  FROM sessions AS s LEFT JOIN users AS u ON u.id = s.user_id LEFT JOIN user_cutoffs AS c ON c.user_id = s.user_id`;
const nowSeconds = () => Math.floor(Date.now() / 1000);
const during = () => ({ from: nowSeconds(), to: nowSeconds() });
const atOnce = 20;

/**
 * 1. What clients left behind has come to its end. 2. Each session of the model has the one row that it must have, and
 * each row is of the model. 3. Each user's list is that of the model; each live session is refreshed once more, and each
 * ended one is refused. 4. After `logout --all` nothing is left of them, and everybody can log in again.
 *
 * @param users whom the model could explain throughout
 */
export async function compareAtEnd(
  ground: Ground,
  users: readonly SimulatedUser[],
  turnFor: (user: SimulatedUser) => Turn,
  { rememberSeconds, drainSeconds }: { readonly rememberSeconds: number; readonly drainSeconds: number },
): Promise<Comparison> {
  await untilNothingIsOpen(ground, drainSeconds);
  const { results } = await ground.db.prepare(sessionsSql).all<SessionRow>();
  const comparison = compareRows(results, users, nowSeconds());
  await inTurns(users, async (user) => {
    const one = turnFor(user);
    const fresh = user.isActive ? await freshAccess(one) : undefined;
    if (fresh) {
      const list = await one.ask("list of sessions", get("/api/token/sessions/", fresh.token.text), only(200));
      checkList(user, fresh.session, list);
    }
    for (const session of user.sessions) await refresh(one, session, session.current);
  });
  await logOutEverybody(ground, users, turnFor, rememberSeconds);
  await untilNothingIsOpen(ground, drainSeconds);
  return comparison;
}

async function inTurns<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...list];
  const worker = async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await work(one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Every request to the API has ended, with its client or by itself, and none came there that was refused. */
async function untilNothingIsOpen(ground: Ground, seconds: number): Promise<void> {
  for (let waited = 0; ; waited++) {
    const { open, forbidden, cut } = await ground.originCounts();
    must(forbidden === 0, `${forbidden} requests reached the API that had to be refused`);
    must(cut === 0, `${cut} uploads looked whole at the API and were not`);
    if (open.length === 0) return;
    must(
      waited < seconds,
      `still open at the API, ${seconds} s after the last client left: ${open.slice(0, 10).join(", ")}`,
    );
    await sleep(1000);
  }
}

const isLiveRow = (row: SessionRow): boolean =>
  row.blacklisted_at === null &&
  row.ended_at === null &&
  row.is_active === 1 &&
  row.session_version === row.user_version &&
  row.created_at >= (row.issued_before ?? 0) - 1;

/** @param all rows of D1 @param users whom the model could explain */
export function compareRows(all: readonly SessionRow[], users: readonly SimulatedUser[], now: number): Comparison {
  const rows = new Map(all.map((row) => [row.id, row]));
  const known = new Set<string>();
  const ends: Record<string, number> = {};
  let [sessions, flushed] = [0, 0];
  for (const user of users) {
    for (const session of user.sessions) {
      const key = session.id.slice(0, 24);
      must(!known.has(key), `session ${session.id} is there once`);
      known.add(key);
      sessions++;
      const live = isLive(user, session, { from: now, to: now });
      const end = session.ended?.how ?? (live ? "live" : "expired");
      ends[end] = (ends[end] ?? 0) + 1;
      const row = rows.get(key);
      if (row) compareRow(user, session, { live, now }, row);
      else {
        must(session.current.expiresAt <= now, `session ${session.id} of user ${user.id} is in D1`);
        flushed++;
      }
    }
  }
  const abandoned = abandonedRows(
    users,
    all.filter(({ id }) => !known.has(id)),
  );
  return { sessions, ends, abandoned, flushed };
}

function compareRow(
  user: SimulatedUser,
  session: SimulatedSession,
  { live, now }: { readonly live: boolean | undefined; readonly now: number },
  row: SessionRow,
): void {
  const { current, id } = session;
  const said = JSON.stringify({ model: session, row });
  must(
    row.user_id === user.id && row.session === null && row.other_jti === null,
    `session ${id} is its user's: ${said}`,
  );
  must(row.counter === Number.parseInt(current.jti.slice(24), 16), `session ${id} has its last token: ${said}`);
  must(row.started_at === session.startedAt, `session ${id} began at its log-in: ${said}`);
  must(row.expires_at === current.expiresAt, `session ${id} ends with its last token: ${said}`);
  if (live !== undefined && current.expiresAt > now) {
    must(isLiveRow(row) === live, `session ${id} is ${live ? "live" : "ended"}: ${said}`);
  }
}

/** Each is of a log-in whose client left, at that time. */
function abandonedRows(users: readonly SimulatedUser[], rows: readonly SessionRow[]): number {
  const byId = new Map(users.map((user) => [user.id, user]));
  let count = 0;
  for (const [userId, ofUser] of Map.groupBy(rows, (row) => row.user_id)) {
    const left = [...(byId.get(userId)?.abandoned ?? [])];
    // Of a user whom the model could not explain, nothing is known.
    if (!byId.has(userId)) continue;
    for (const row of ofUser) {
      if (isSuperseded(row)) continue;
      const index = left.findIndex(({ from, to }) => from <= row.started_at && row.started_at <= to);
      must(index >= 0, `session ${row.id} of user ${userId} is one that nobody has begun: ${JSON.stringify(row)}`);
      must(row.counter === 0, `session ${row.id}, whose client left, was never refreshed: ${JSON.stringify(row)}`);
      left.splice(index, 1);
      count++;
    }
  }
  return count;
}

/**
 * Of a log-in in the second in which all tokens of its user were ended: it ends what it has written, and begins again when
 * that second is over (src/sessions/obtain.ts).
 */
const isSuperseded = (row: SessionRow): boolean =>
  row.counter === 0 && row.blacklisted_at === row.started_at && (row.issued_before ?? 0) > row.started_at;

/** As `manage logout --all` does it. */
async function logOutEverybody(
  ground: Ground,
  users: readonly SimulatedUser[],
  turnFor: (user: SimulatedUser) => Turn,
  rememberSeconds: number,
): Promise<void> {
  const active = users.filter(({ isActive }) => isActive);
  const held = active.flatMap((user) => liveSessions({ user }).map((session) => ({ user, session })));
  const [one] = active;
  if (one && held.every(({ user }) => user !== one)) {
    await logIn(turnFor(one));
    held.push(...liveSessions({ user: one }).map((session) => ({ user: one, session })));
  }
  const failed = (_: string, { error }: { readonly error: string }) => {
    throw new Unexplained(`logout --all: ${error}`);
  };
  const sessions = d1Sessions(ground.db, failed);
  await endEveryone({ sessions, revocationCache: kvRevocationCache(ground.kv, 0, failed) }, nowSeconds());
  await inTurns(held, async ({ user, session }) => {
    const each = turnFor(user);
    await each.ask("refresh", post("/api/token/refresh/", { refresh: session.current.text }), only(401));
    const access = session.access.at(-1)?.text;
    await each.ask("token looked up in D1", get(each.path("strict", pathOfRefused), access), only(401));
  });
  await sleep((rememberSeconds + 1) * 1000);
  await inTurns(held, async ({ user, session }) => {
    const each = turnFor(user);
    const access = session.access.at(-1)?.text;
    await each.ask("known token", get(each.path("cached", pathOfRefused), access), only(401));
  });
  if (!one) return;
  for (const session of one.sessions) session.ended ??= { how: "logout --all", at: during() };
  await logIn(turnFor(one));
  const session = one.sessions.at(-1);
  if (session) await refresh(turnFor(one), session, session.current);
}
