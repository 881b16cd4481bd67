// The whole app in workerd against a model of sessions that knows nothing of it: any order of log-ins, refreshes,
// replays, storms of refreshes, log-outs, changes and endings of a user and time that passes, answer by answer.
import * as fc from "fast-check";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { d1AdminUsers } from "../../src/stores/d1/admin-users.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { oldHash, password } from "../support/passwords.ts";
import { addUser } from "../support/users.ts";

const lifetimes = { access: 100, refresh: 400, idle: 300, session: 450, grace: 10 } as const;
const vars = {
  ...{ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, REVOKE_FAMILY_ON_REUSE: true },
  ...{ BLACKLIST_ENDS_SESSION: true, UPGRADE_PASSWORD_HASHES: false, REFRESH_REUSE_GRACE: lifetimes.grace },
  ...{ ACCESS_TOKEN_LIFETIME: lifetimes.access, REFRESH_TOKEN_LIFETIME: lifetimes.refresh },
  ...{ SESSION_IDLE_LIFETIME: lifetimes.idle, SESSION_ABSOLUTE_LIFETIME: lifetimes.session },
};
const route = [{ path: "/*", auth: "token", revocation: "strict" }];

/** What the model knows of a session and of its tokens; `text` is what the app gave for them. */
interface Session {
  readonly startedAt: number;
  /** The user's version that it began under, or that a change which keeps sessions has given it. */
  version: number;
  ended: boolean;
}
interface RefreshToken {
  readonly text: string;
  readonly session: Session;
  readonly issuedAt: number;
  readonly expiresAt: number;
  spentAt?: number;
  successor?: RefreshToken | undefined;
  dead: boolean;
}
interface AccessToken {
  readonly text: string;
  readonly session: Session;
  readonly issuedAt: number;
  readonly expiresAt: number;
}
interface World {
  now: number;
  cutoff: number;
  active: boolean;
  version: number;
  readonly refresh: RefreshToken[];
  readonly access: AccessToken[];
}

const unusable = (token: RefreshToken) => token.dead || token.session.ended;
const newestOf = (token: RefreshToken): RefreshToken => (token.successor ? newestOf(token.successor) : token);
/** Whether a used token would be taken for one in two hands. */
const isReuse = (world: World, token: RefreshToken) =>
  token.spentAt !== undefined && world.now - token.spentAt > lifetimes.grace;

/** What a refresh must answer; changes the world but for the new tokens. */
function expectedRefresh(world: World, token: RefreshToken): keyof typeof refusals | "new" | RefreshToken {
  if (world.now >= token.expiresAt) return "expired";
  if (token.issuedAt < world.cutoff - 1 || unusable(token)) return "blacklisted";
  const outdated = token.session.version !== world.version;
  if (token.spentAt === undefined) return !world.active ? "inactive" : outdated ? "blacklisted" : "new";
  if (outdated) return "blacklisted";
  if (isReuse(world, token)) {
    token.session.ended = true;
    return "blacklisted";
  }
  const newest = newestOf(token);
  if (unusable(newest) || world.now >= newest.expiresAt) return "blacklisted";
  return world.active ? newest : "inactive";
}

function noteTokens(world: World, session: Session, given: { refresh: string; access: string }): RefreshToken {
  const { now } = world;
  const end = session.startedAt + lifetimes.session;
  const issued = { session, issuedAt: now };
  const expiresAt = Math.min(now + lifetimes.refresh, now + lifetimes.idle, end);
  const token = { ...issued, text: given.refresh, expiresAt, dead: false };
  const known = world.refresh.find((one) => one.text === given.refresh);
  if (!known) world.refresh.push(token);
  world.access.push({ ...issued, text: given.access, expiresAt: Math.min(now + lifetimes.access, end) });
  expect(claimsOf(given.refresh).exp).toBe((known ?? token).expiresAt);
  expect(claimsOf(given.access).exp).toBe(world.access.at(-1)?.expiresAt);
  return known ?? token;
}

const commands = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant("login" as const) }) },
    // Mostly of the newest tokens: so that chains grow, and replays are of tokens just spent.
    { weight: 10, arbitrary: fc.record({ does: fc.constant("refresh" as const), back: fc.nat({ max: 4 }) }) },
    { weight: 5, arbitrary: fc.record({ does: fc.constant("use" as const), back: fc.nat({ max: 8 }) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("blacklist" as const), back: fc.nat({ max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("logout all" as const), back: fc.nat({ max: 8 }) }) },
    { weight: 3, arbitrary: fc.record({ does: fc.constant("end session" as const), back: fc.nat({ max: 6 }) }) },
    { weight: 3, arbitrary: fc.record({ does: fc.constant("storm" as const), back: fc.nat({ max: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("change password" as const), keep: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("deactivate" as const) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant("activate" as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({ does: fc.constant("wait" as const), seconds: fc.constantFrom(0, 1, 9, 11, 99, 250) }),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

let app: App;
beforeAll(async () => {
  app = await appWith({ ...vars, ORIGIN: echoOrigin, ROUTES: route });
});
afterEach(() => void vi.restoreAllMocks());

const post = async (path: string, body: object) => {
  const answer = await app.fetch(postJson(`/api/token/${path}`, body));
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
};
const refusals = {
  expired: "Token is expired",
  blacklisted: "Token is blacklisted",
  inactive: "No active account found for the given token.",
} as const;
const call = (method: string, path: string, token: AccessToken) =>
  app.fetch(
    new Request(`https://gateway.example${path}`, { method, headers: { authorization: `Bearer ${token.text}` } }),
  );
const users = d1AdminUsers(DB, () => {});
const actor = { isSuperuser: true, namesAreIds: false };

/** Two callers at once with each token of a session that can be refreshed or repeated. */
async function storm(world: World, { session }: RefreshToken): Promise<void> {
  const tokens = world.refresh
    .filter((one) => one.session === session && !isReuse(world, one))
    .filter((one) => typeof expectedRefresh(world, one) === "object" || expectedRefresh(world, one) === "new");
  const [first] = tokens;
  if (!first) return;
  const newest = newestOf(first);
  const known = new Set(world.refresh.map(({ text }) => text));
  const answers = await Promise.all([...tokens, ...tokens].map(({ text }) => post("refresh/", { refresh: text })));
  meet(`storm of ${tokens.length > 2 ? "many" : tokens.length}`);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const given = new Set(answers.map(({ body }) => body.refresh ?? ""));
  const fresh = [...given].filter((text) => !known.has(text));
  // The newest was among them, so there is one token more, and nobody got anything but these two.
  expect(fresh).toHaveLength(1);
  expect([...given].filter((text) => text !== newest.text)).toEqual(fresh);
  for (const { body } of answers) noteTokens(world, session, body as { refresh: string; access: string });
  newest.spentAt = world.now;
  newest.successor = world.refresh.find(({ text }) => text === fresh[0]);
}

const met = new Map<string, number>();
const meet = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);

test("any order of events is answered as the model says", { timeout: 900_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const user = await addUser({ password: oldHash });
      const world: World = { now: 2_000_000_000, cutoff: 0, active: true, version: 0, refresh: [], access: [] };
      const isGood = ({ session, issuedAt, expiresAt }: AccessToken) =>
        !session.ended && issuedAt >= world.cutoff && world.now < expiresAt;
      // The alarms of the reuse that the sequences are full of.
      vi.spyOn(console, "log").mockImplementation(() => {});
      vi.spyOn(Date, "now").mockImplementation(() => world.now * 1000 + 999);
      for (const command of [{ does: "login" } as const, ...sequence]) {
        const token = "back" in command ? world.refresh.at(-1 - (command.back % world.refresh.length)) : undefined;
        const access = "back" in command ? world.access.at(-1 - (command.back % world.access.length)) : undefined;
        if (command.does === "wait") world.now += command.seconds;
        else if (command.does === "login") {
          const { status, body } = await post("", { username: user.username, password });
          expect(status).toBe(world.active ? 200 : 401);
          if (!world.active) continue;
          // In the second in which all tokens were ended, the log-in waits until it is over.
          world.now = Math.max(world.now, world.cutoff);
          noteTokens(
            world,
            { startedAt: world.now, version: world.version, ended: false },
            body as { refresh: string; access: string },
          );
        } else if (command.does === "deactivate" || command.does === "activate") {
          // As Django's admin does it: the row alone.
          world.active = command.does === "activate";
          await DB.prepare("UPDATE users SET is_active = ?1 WHERE id = ?2").bind(Number(world.active), user.id).run();
        } else if (command.does === "change password") {
          // To the same one, so that the user can go on logging in: what counts is the version.
          meet(`change password ${command.keep ? "and keep sessions" : ""}`);
          if (command.keep) await users.setPassword(user.id, oldHash, actor, undefined);
          else
            await DB.prepare("UPDATE users SET session_version = session_version + 1 WHERE id = ?").bind(user.id).run();
          const kept = new Set(
            world.refresh.map(({ session }) => session).filter(({ version }) => version === world.version),
          );
          world.version++;
          if (command.keep) for (const session of kept) session.version = world.version;
        } else if (token && command.does === "storm") {
          await storm(world, token);
        } else if (access && command.does === "logout all") {
          const good = isGood(access) && world.active;
          meet(`logout all ${good ? 200 : 401}`);
          expect((await call("POST", "/api/token/logout-all/", access)).status).toBe(good ? 200 : 401);
          if (!good) continue;
          for (const one of world.refresh) one.dead = true;
          world.cutoff = world.now + 1;
        } else if (access && token && command.does === "end session") {
          const live = world.refresh.some(
            (one) =>
              one.session === token.session &&
              one.session.version === world.version &&
              one.spentAt === undefined &&
              !unusable(one) &&
              world.now < one.expiresAt,
          );
          const status = !isGood(access) || !world.active ? 401 : live ? 204 : 404;
          meet(`end session ${status}`);
          const answer = await call("DELETE", `/api/token/sessions/${claimsOf(token.text).sid}/`, access);
          expect(answer.status).toBe(status);
          if (status === 204) token.session.ended = true;
        } else if (access && command.does === "use") {
          const good = isGood(access);
          meet(`use ${good ? 200 : 401}`);
          expect((await call("GET", "/x", access)).status).toBe(good ? 200 : 401);
        } else if (token && command.does === "blacklist") {
          const answer = await post("blacklist/", { refresh: token.text });
          const expired = world.now >= token.expiresAt;
          const gone = unusable(token) || token.spentAt !== undefined;
          expect(answer.body.detail).toBe(expired ? refusals.expired : gone ? refusals.blacklisted : undefined);
          if (!expired && !gone) token.session.ended = true;
        } else if (token) {
          const expected = expectedRefresh(world, token);
          const answer = await post("refresh/", { refresh: token.text });
          meet(`refresh ${typeof expected === "string" ? expected : "repeated"}`);
          if (typeof expected === "string" && expected !== "new") {
            expect(answer).toMatchObject({ status: 401, body: { detail: refusals[expected] } });
            continue;
          }
          expect(answer.status).toBe(200);
          const given = noteTokens(world, token.session, answer.body as { refresh: string; access: string });
          if (expected !== "new") expect(given).toBe(expected);
          else {
            expect(given).not.toBe(token);
            token.spentAt = world.now;
            token.successor = given;
          }
        }
      }
    }),
    { numRuns: 100, seed: 20261127 },
  );
  // What the sequences came across: each kind of answer, so that none went untried.
  expect([...met.keys()].sort()).toEqual([
    ...["change password ", "change password and keep sessions"],
    ...["end session 204", "end session 401", "end session 404", "logout all 200", "logout all 401"],
    ...["refresh blacklisted", "refresh expired", "refresh inactive", "refresh new", "refresh repeated"],
    ...["storm of 1", "storm of 2", "storm of many"],
    ...["use 200", "use 401"],
  ]);
});
