// The whole app in workerd against a model of sessions that knows nothing of it: any order of log-ins, refreshes,
// replays, log-outs, endings of a user and time that passes, answer by answer.
import * as fc from "fast-check";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { endUser } from "../../src/flows/end-sessions.ts";
import { d1Families } from "../../src/stores/d1-families.ts";
import { noRevocations } from "../../src/stores/no-revocations.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { oldHash, password } from "../support/passwords.ts";
import { settingsOf } from "../support/settings.ts";
import { addUser } from "../support/users.ts";

const lifetimes = { access: 100, refresh: 400, idle: 300, session: 1000, grace: 10 } as const;
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
  ended: boolean;
}
interface RefreshToken {
  readonly text: string;
  readonly session: Session;
  readonly issuedAt: number;
  readonly expiresAt: number;
  spentAt?: number;
  successor?: RefreshToken;
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
  readonly refresh: RefreshToken[];
  readonly access: AccessToken[];
}

const unusable = (token: RefreshToken) => token.dead || token.session.ended;

/** What a refresh must answer; changes the world but for the new tokens. */
function expectedRefresh(world: World, token: RefreshToken): "expired" | "blacklisted" | "new" | RefreshToken {
  if (world.now >= token.expiresAt) return "expired";
  if (token.issuedAt < world.cutoff - 1 || unusable(token)) return "blacklisted";
  if (token.spentAt === undefined) return "new";
  const { successor } = token;
  const repeatable = successor && !unusable(successor) && successor.spentAt === undefined;
  if (repeatable && world.now - token.spentAt <= lifetimes.grace && world.now < successor.expiresAt) return successor;
  token.session.ended = true;
  return "blacklisted";
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
    { weight: 2, arbitrary: fc.record({ does: fc.constant("login" as const) }) },
    // Mostly of the newest tokens: so that chains grow, and replays are of tokens just spent.
    { weight: 10, arbitrary: fc.record({ does: fc.constant("refresh" as const), back: fc.nat({ max: 4 }) }) },
    { weight: 5, arbitrary: fc.record({ does: fc.constant("use" as const), back: fc.nat({ max: 8 }) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("blacklist" as const), back: fc.nat({ max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("end user" as const) }) },
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
const refusals = { expired: "Token is expired", blacklisted: "Token is blacklisted" } as const;
const met = new Map<string, number>();
const meet = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);

test("any order of events is answered as the model says", { timeout: 60_000 }, async () => {
  const endDeps = { settings: settingsOf(vars), families: d1Families(DB, () => {}), news: noRevocations() };
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const user = await addUser({ password: oldHash });
      const world: World = { now: 2_000_000_000, cutoff: 0, refresh: [], access: [] };
      // The alarms of the reuse that the sequences are full of.
      vi.spyOn(console, "log").mockImplementation(() => {});
      vi.spyOn(Date, "now").mockImplementation(() => world.now * 1000);
      for (const command of [{ does: "login" } as const, ...sequence]) {
        const token = "back" in command ? world.refresh.at(-1 - (command.back % world.refresh.length)) : undefined;
        if (command.does === "wait") world.now += command.seconds;
        else if (command.does === "login") {
          const { body } = await post("", { username: user.username, password });
          noteTokens(world, { startedAt: world.now, ended: false }, body as { refresh: string; access: string });
        } else if (command.does === "end user") {
          await endUser(endDeps, user, world.now + 1, world.now);
          for (const one of world.refresh) one.dead = true;
          world.cutoff = world.now + 1;
        } else if (command.does === "use") {
          const access = world.access.at(-1 - (command.back % world.access.length));
          const headers = { authorization: `Bearer ${access?.text}` };
          const { status } = await app.fetch(new Request("https://gateway.example/x", { headers }));
          const good =
            access && !access.session.ended && access.issuedAt >= world.cutoff && world.now < access.expiresAt;
          meet(`use ${good ? 200 : 401}`);
          expect(status).toBe(good ? 200 : 401);
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
          if (expected === "expired" || expected === "blacklisted") {
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
    { numRuns: 60, seed: 20261122, interruptAfterTimeLimit: 15_000 },
  );
  // What the sequences came across: each kind of answer, so that none went untried.
  const kinds = ["refresh new", "refresh repeated", "refresh blacklisted", "refresh expired", "use 200", "use 401"];
  expect([...met.keys()]).toEqual(expect.arrayContaining(kinds));
});
