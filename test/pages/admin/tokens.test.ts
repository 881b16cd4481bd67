// Tokens on the admin page: what is listed, what ends, who may end it.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { User } from "../../../src/users/user.ts";
import { addStaff, adminApp, adminLog, loggedIn, type Visitor } from "../../support/admin.ts";
import { postJson } from "../../support/app.ts";
import { BLACKLIST, DB } from "../../support/bindings.ts";
import { rowOf } from "../../support/rows.ts";

const app = await adminApp({ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true });
let boss: User;
let staff: User;
let asBoss: Visitor;
let asStaff: Visitor;

beforeAll(async () => {
  [boss, staff] = [await addStaff({ is_superuser: true }), await addStaff()];
  [asBoss, asStaff] = [await loggedIn(app, boss), await loggedIn(app, staff)];
});
beforeEach(() => void adminLog());
afterEach(() => vi.restoreAllMocks());

const jtiOf = (token: string) => (JSON.parse(atob(token.split(".")[1] ?? "")) as { jti: string }).jti;
const answerOf = async (path: string, body: object) => {
  const response = await app.fetch(postJson(`/api/token${path}`, body));
  return { status: response.status, ...((await response.json()) as { refresh: string }) };
};
/** A log-in at the token endpoint. */
const obtain = async (user: User) => {
  const { refresh } = await answerOf("/", { username: user.username, password: "pw" });
  return { refresh, jti: jtiOf(refresh) };
};
const refreshed = (refresh: string) => answerOf("/refresh/", { refresh });

describe("the list", () => {
  it("has the last token of each of a user's sessions with its state, by id and never as a token", async () => {
    const user = await addStaff();
    const [first, other] = [await obtain(user), await obtain(user)];
    const { refresh } = await refreshed(first.refresh);
    await answerOf("/blacklist/", { refresh: other.refresh });
    const text = await asStaff.page(`/tokens/?user=${user.id}`);
    expect(text).toContain(`<h1>Tokens of ${user.username}</h1>`);
    expect(text.match(/<span class="badge (good|bad)">\w+/g)?.sort()).toEqual([
      '<span class="badge bad">blacklisted',
      '<span class="badge good">live',
    ]);
    for (const jti of [other.jti, jtiOf(refresh)]) expect(text).toContain(`<code>${jti}</code>`);
    expect(text).not.toContain(`<code>${first.jti}</code>`);
    for (const token of [first.refresh, refresh]) expect(text).not.toContain(token.split(".")[2]);
  });
  it("says that sessions of an earlier version are not listed yet, while there are some", async () => {
    const notice = "Sessions that an earlier version began are listed after their next refresh";
    expect(await asStaff.page("/tokens/")).not.toContain(notice);
    const insert =
      "INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at) VALUES ('earlier', 'refresh', 1, 4000000000)";
    await DB.prepare(insert).run();
    const text = await asStaff.page("/tokens/");
    expect(text).toContain(notice);
    expect(text).not.toContain("<code>earlier</code>");
    await DB.prepare("DELETE FROM outstanding_tokens WHERE jti = 'earlier'").run();
  });
  it.each([
    ["live", 1],
    ["blacklisted", 1],
    ["expired", 0],
    ["", 2],
    ["anything", 2],
  ])("can be of those that are %j alone", async (state, count) => {
    const user = await addStaff();
    await refreshed((await obtain(user)).refresh);
    await answerOf("/blacklist/", { refresh: (await obtain(user)).refresh });
    const text = await asStaff.page(`/tokens/?user=${user.id}&state=${state}`);
    expect(text.match(/<tr>\s*<th scope="row">/g)?.length ?? 0).toBe(count);
  });
  it("offers an end for what is live alone, and for superusers' tokens to superusers alone", async () => {
    const spent = await obtain(boss);
    await refreshed(spent.refresh);
    expect((await asBoss.page(`/tokens/?user=${boss.id}`)).match(/name="jti"/g)).toHaveLength(2);
    expect(await asStaff.page(`/tokens/?user=${boss.id}`)).not.toContain('name="jti"');
  });
  it("shows with SESSION_METADATA what a token was handed to, as text", async () => {
    const user = await addStaff();
    const { jti } = await obtain(user);
    const noted = "UPDATE sessions SET client = ?, address = ? WHERE id = ?";
    await DB.prepare(noted).bind("<b>okhttp</b>", "203.0.113.0/24", jti.slice(0, 24)).run();
    const text = await asStaff.page(`/tokens/?user=${user.id}`);
    expect(text).toContain('<span class="aside">&lt;b&gt;okhttp&lt;/b&gt;, 203.0.113.0/24</span>');
  });
  it.each(["user=x", "user=-1", "user=999999999999999", "user=1&after=5~%27", "after=9~"])(
    "takes %s",
    async (query) => {
      expect((await asStaff.get(`/tokens/?${query}`)).status).toBe(200);
    },
  );
});

describe("revoking a token", () => {
  it("ends it in the database and in the news, and leads back to the list that was shown", async () => {
    const lines = adminLog();
    const user = await addStaff();
    const { refresh, jti } = await obtain(user);
    const response = await asStaff.post(`/tokens/revoke?user=${user.id}&state=live`, { jti });
    expect(response.headers.get("location")).toBe(`/_gateway/admin/tokens/?user=${user.id}&state=live&done=revoked`);
    expect(await refreshed(refresh)).toMatchObject({ status: 401, detail: "Token is blacklisted" });
    expect(await BLACKLIST.get(`jti:${jti}`)).toBe("1");
    const line = { event: "admin_token_revoked", admin_id: staff.id, user_id: user.id, jti: jti.slice(0, 8) };
    expect(lines).toEqual([line]);
    expect(await asStaff.page("/tokens/?done=revoked")).toContain("The token was revoked.");
  });
  it("leaves the user's other log-ins", async () => {
    const user = await addStaff();
    const [one, other] = [await obtain(user), await obtain(user)];
    await asStaff.post("/tokens/revoke", { jti: one.jti });
    expect((await refreshed(other.refresh)).status).toBe(200);
  });
  it("twice keeps the time of the first", async () => {
    const { jti } = await obtain(await addStaff());
    await asStaff.post("/tokens/revoke", { jti });
    const first = await rowOf(jti);
    expect((await asStaff.post("/tokens/revoke", { jti })).status).toBe(303);
    expect(await rowOf(jti)).toEqual(first);
  });
});

describe("ending a session", () => {
  it("ends every token of the log-in, the spent and the live, and no other", async () => {
    const lines = adminLog();
    const user = await addStaff();
    const [first, other] = [await obtain(user), await obtain(user)];
    const second = await refreshed(first.refresh);
    const response = await asStaff.post("/tokens/end-session", { jti: jtiOf(second.refresh) });
    expect(response.headers.get("location")).toBe("/_gateway/admin/tokens/?done=session");
    expect((await refreshed(second.refresh)).status).toBe(401);
    expect((await refreshed(other.refresh)).status).toBe(200);
    expect(await BLACKLIST.get(`fam:${first.jti}`)).toBe("1");
    const line = { event: "admin_session_ended", admin_id: staff.id, user_id: user.id, family: first.jti.slice(0, 8) };
    expect(lines).toEqual([line]);
  });
});

describe.each(["/tokens/revoke", "/tokens/end-session"])("POST %s", (path) => {
  it("is 404 for an id that is not there", async () => {
    for (const jti of ["", "no-such-id", "' OR 1=1 --"]) {
      expect((await asBoss.post(path, { jti })).status).toBe(404);
    }
  });
  it("is 403 for a superuser's token to who is none, and changes nothing", async () => {
    const { refresh, jti } = await obtain(boss);
    expect((await asStaff.post(path, { jti })).status).toBe(403);
    expect((await refreshed(refresh)).status).toBe(200);
    expect((await asBoss.post(path, { jti: (await obtain(boss)).jti })).status).toBe(303);
  });
});
