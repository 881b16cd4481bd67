// Everybody logged out on the admin page: who may, what is asked, whom it ends, and how one comes back.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { User } from "../../../src/users/user.ts";
import { addStaff, adminApp, adminLog, loggedIn, type Visitor } from "../../support/admin.ts";
import { BLACKLIST, DB } from "../../support/bindings.ts";
import { forgetEveryonesCutoff } from "../../support/everyone.ts";

afterAll(forgetEveryonesCutoff);

const app = await adminApp();
let boss: User;
let asBoss: Visitor;
let asStaff: Visitor;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  boss = await addStaff({ is_superuser: true });
  [asBoss, asStaff] = [await loggedIn(app, boss), await loggedIn(app, await addStaff())];
});
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const cutoff = () => DB.prepare("SELECT issued_before FROM everyone_cutoff").first("issued_before");
const link = '<a class="button danger small" href="/_gateway/admin/everyone">Log everybody out…</a>';

it("is offered to superusers alone, and done by nobody else", async () => {
  expect(await asBoss.page("/users/")).toContain(link);
  expect(await asStaff.page("/users/")).not.toContain(link);
  expect((await asStaff.get("/everyone")).status).toBe(403);
  expect((await asStaff.post("/everyone")).status).toBe(403);
  expect(await cutoff()).toBeNull();
});

it("asks before, and for the password where it was typed a while ago", async () => {
  expect(await asBoss.page("/everyone")).toContain('<button class="danger">Log everybody out</button>');
  vi.setSystemTime(Date.now() + 301_000);
  const asked = await asBoss.post("/everyone");
  expect([asked.status, (await asked.text()).includes('name="own_password"')]).toEqual([403, true]);
  expect(await cutoff()).toBeNull();
});

it("ends every log-in to the page, one's own too, and leads to the log-in, which works at once", async () => {
  const lines = adminLog();
  const done = await asBoss.post("/everyone");
  expect([done.status, done.headers.get("location")]).toEqual([303, "/_gateway/admin/login?done=everyone"]);
  expect(lines).toEqual([{ event: "admin_everyone_logged_out", admin_id: boss.id }]);
  expect(await cutoff()).toBe(1_800_000_002);
  expect(await BLACKLIST.get("everyone")).toBe("1800000002");
  expect(asBoss.cookie).toBeUndefined();
  expect((await asStaff.get("/users/")).headers.get("location")).toMatch(/\/login\?/);
  expect(await asBoss.page("/login?done=everyone")).toContain("Everybody is logged out, and so are you.");
  const again = await loggedIn(app, boss);
  expect((await again.get("/users/")).status).toBe(200);
});
