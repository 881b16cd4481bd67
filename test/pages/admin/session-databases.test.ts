// The admin page where sessions are in three databases: which database's row an administrator changes, and what KV has.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { User } from "../../../src/users/user.ts";
import { adminApp, adminLog, hashOfPw, loggedIn, type Visitor } from "../../support/admin.ts";
import { postJson } from "../../support/app.ts";
import { BLACKLIST } from "../../support/bindings.ts";
import { boundDatabases, placeSessions, sessionNames, userIn } from "../../support/session-databases.ts";

const { DB: _, ...bound } = Object.fromEntries(boundDatabases);
const app = await adminApp({ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, ...bound });
let visitor: Visitor;
let user: User;

beforeEach(async () => {
  adminLog();
  await placeSessions(sessionNames);
  const boss = await userIn("SESSIONS_1", { password: hashOfPw, is_staff: true, is_superuser: true });
  user = await userIn("SESSIONS_2", { password: hashOfPw });
  visitor = await loggedIn(app, boss);
});
afterEach(() => vi.restoreAllMocks());

const answerOf = async (path: string, body: object) => {
  const response = await app.fetch(postJson(`/api/token${path}`, body));
  return { status: response.status, ...((await response.json()) as { refresh: string }) };
};
const jtiOf = (token: string) => (JSON.parse(atob(token.split(".")[1] ?? "")) as { jti: string }).jti;
const logIn = async () => {
  const { refresh } = await answerOf("/", { username: user.username, password: "pw" });
  return { refresh, jti: jtiOf(refresh) };
};
const refreshed = (refresh: string) => answerOf("/refresh/", { refresh });

/** The sessions of each database by their keys: `good`, `blacklisted` or `ended`. */
async function rows(): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
  const found: Record<string, Record<string, string>> = {};
  for (const [name, db] of boundDatabases) {
    const sql = `SELECT id, CASE WHEN ended_at IS NOT NULL THEN 'ended' WHEN blacklisted_at IS NOT NULL THEN 'blacklisted' ELSE 'good' END AS state
      FROM sessions`;
    const { results } = await db.prepare(sql).all<{ id: string; state: string }>();
    if (results.length > 0) found[name] = Object.fromEntries(results.map(({ id, state }) => [id, state]));
  }
  return found;
}
const keyOf = (jti: string) => jti.slice(0, 24);

describe("an administrator who", () => {
  it("looks at a user's sessions, and at those of all, sees those of each database with their names", async () => {
    const [one, other] = [await logIn(), await logIn()];
    const list = await visitor.page(`/users/${user.id}/sessions`);
    const all = await visitor.page("/tokens/");
    for (const { jti } of [one, other]) {
      expect(list).toContain(jti);
      expect(all).toContain(jti);
    }
    expect(all).toContain(user.username);
  });

  it("revokes a token blacklists it in its user's database and in KV, and leaves the other log-in", async () => {
    const [one, other] = [await logIn(), await logIn()];
    expect((await visitor.post("/tokens/revoke", { jti: one.jti })).status).toBe(303);
    expect(await rows()).toEqual({ SESSIONS_2: { [keyOf(one.jti)]: "blacklisted", [keyOf(other.jti)]: "good" } });
    expect([await BLACKLIST.get(`jti:${one.jti}`), await BLACKLIST.get(`jti:${other.jti}`)]).toEqual(["1", null]);
    expect([(await refreshed(one.refresh)).status, (await refreshed(other.refresh)).status]).toEqual([401, 200]);
  });

  it.each<[string, (jti: string) => readonly [string, Record<string, string>]]>([
    ["by its last token", (jti) => ["/tokens/end-session", { jti: `${keyOf(jti)}00000001` }]],
    ["by its first token", (jti) => ["/tokens/end-session", { jti }]],
    ["of the user's list", (jti) => [`/users/${user.id}/sessions`, { session: jti }]],
  ])("ends a session %s ends it in its user's database and in KV", async (_how, form) => {
    const [one, other] = [await logIn(), await logIn()];
    const next = await refreshed(one.refresh);
    expect((await visitor.post(...form(one.jti))).status).toBe(303);
    expect(await rows()).toEqual({ SESSIONS_2: { [keyOf(one.jti)]: "ended", [keyOf(other.jti)]: "good" } });
    expect([await BLACKLIST.get(`fam:${one.jti}`), await BLACKLIST.get(`fam:${other.jti}`)]).toEqual(["1", null]);
    expect([(await refreshed(next.refresh)).status, (await refreshed(other.refresh)).status]).toEqual([401, 200]);
  });

  it("ends all of a user's sessions ends them in the user's database, and in KV by the user", async () => {
    const [one, other] = [await logIn(), await logIn()];
    expect((await visitor.post(`/users/${user.id}/end`)).status).toBe(303);
    const owner = await boundDatabases
      .get("SESSIONS_2")
      ?.prepare("SELECT issued_before, changing_until FROM owners WHERE owner = ?")
      .bind(user.id)
      .first<{ issued_before: number; changing_until: number | null }>();
    expect(Number(await BLACKLIST.get(`user:${user.id}`))).toBe(owner?.issued_before);
    expect(owner?.changing_until).toBeNull();
    for (const { refresh } of [one, other]) expect((await refreshed(refresh)).status).toBe(401);
  });
});
