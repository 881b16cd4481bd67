// The audit log on the admin page: what is listed, how it is filtered, and that nothing in it is taken for HTML.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { User } from "../../../src/users/user.ts";
import { addStaff, adminApp, adminLog, loggedIn, type Visitor, visitorOf } from "../../support/admin.ts";
import { DB } from "../../support/bindings.ts";
import { addUser } from "../../support/users.ts";

const app = await adminApp();
let boss: User;
let asBoss: Visitor;

beforeAll(async () => {
  boss = await addStaff({ is_superuser: true });
  asBoss = await loggedIn(app, boss);
});
beforeEach(() => void adminLog());
afterEach(() => vi.restoreAllMocks());

interface Entry {
  readonly at: number;
  readonly source: string;
  readonly action: string;
  readonly user_id: string | null;
  readonly actor: string | null;
  readonly place: string | null;
  readonly request_id: string | null;
  readonly detail: string;
}
const entry: Entry = {
  ...{ at: 1_700_000_000, source: "api", action: "user_changed", user_id: "7", actor: null, place: null },
  ...{ request_id: null, detail: "{}" },
};
async function add(...entries: ReadonlyArray<Partial<Entry>>): Promise<void> {
  const columns = Object.keys(entry);
  const sql = `INSERT INTO audit (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
  await DB.batch(entries.map((one) => DB.prepare(sql).bind(...Object.values({ ...entry, ...one }))));
}

/** The cells of each row, as a person reads them. */
const rowsIn = (page: string): readonly string[][] =>
  [...page.matchAll(/<tr>\s*<td>([\s\S]*?)<\/tr>/g)].map(([, row = ""]) =>
    row.split(/<\/t[dh]>/).map((cell) => cell.replace(/<[^>]+>/g, "").trim()),
  );

describe("the audit log", () => {
  it("lists what was done, the newest first, with whom, by whom, from where and how", async () => {
    const user = await addUser();
    await add(
      { user_id: user.id, action: "user_created" },
      { ...{ at: 1_700_000_060, user_id: user.id, source: "command", actor: "root", place: "host.example" } },
      {
        ...{ at: 1_700_000_120, user_id: user.id, source: "admin", actor: boss.id, place: "192.0.2.0/24" },
        ...{ action: "password_set", request_id: "0123abcd", detail: '{"tokens_ended":true}' },
      },
    );
    const page = await asBoss.page(`/audit/?user=${user.id}`);
    expect(rowsIn(page).map((cells) => cells.slice(0, 6))).toEqual([
      [
        ...["2023-11-14 22:15", "Password set", user.id, `admin ${boss.id}`, "192.0.2.0/24"],
        "{&quot;tokens_ended&quot;:true}request 0123abcd",
      ],
      ["2023-11-14 22:14", "User changed", user.id, "command of root", "host.example", "–"],
      ["2023-11-14 22:13", "User created", user.id, "the API", "–", "–"],
    ]);
    expect(page).toContain(`<a href="/_gateway/admin/users/${user.id}/">${user.id}</a>`);
  });

  it("has what was done on this page, in the same second", async () => {
    const user = await addUser();
    await asBoss.post(`/users/${user.id}/end`);
    const [first] = rowsIn(await asBoss.page(`/audit/?user=${user.id}`));
    expect(first?.slice(1, 4)).toEqual(["User logged out", user.id, `admin ${boss.id}`]);
  });

  it("can be of one kind, and of one user", async () => {
    const [one, other] = [await addUser(), await addUser()];
    await add(
      { user_id: one.id, action: "user_created" },
      { user_id: one.id, action: "user_deleted" },
      { user_id: other.id, action: "user_deleted" },
    );
    const of = async (query: string) =>
      rowsIn(await asBoss.page(`/audit/?${query}`)).map(([, action, id]) => [action, id]);
    expect(await of(`user=${one.id}&action=user_deleted`)).toEqual([["User deleted", one.id]]);
    expect(await of("action=user_deleted")).toEqual([
      ["User deleted", other.id],
      ["User deleted", one.id],
    ]);
    expect(await of(`user=${one.id}&action=nonsense`)).toEqual([
      ["User deleted", one.id],
      ["User created", one.id],
    ]);
    expect(await asBoss.page("/audit/?user=nobody")).toContain("No entries.");
  });

  it("goes on from page to page, and back", async () => {
    const user = await addUser();
    await add(...Array.from({ length: 120 }, (_, index) => ({ user_id: user.id, at: 1_700_000_000 + index * 60 })));
    const linkIn = (page: string, rel: string) =>
      new RegExp(`rel="${rel}" href="/_gateway/admin([^"]+)"`).exec(page)?.[1]?.replaceAll("&amp;", "&");
    const first = await asBoss.page(`/audit/?user=${user.id}`);
    const second = await asBoss.page(linkIn(first, "next") ?? "");
    const third = await asBoss.page(linkIn(second, "next") ?? "");
    expect([first, second, third].map((page) => rowsIn(page).length)).toEqual([50, 50, 20]);
    expect(rowsIn(second)[0]?.[0]).toBe("2023-11-14 23:22");
    expect([linkIn(first, "prev"), linkIn(third, "next")]).toEqual([undefined, undefined]);
    expect(rowsIn(await asBoss.page(linkIn(third, "prev") ?? ""))).toEqual(rowsIn(second));
  });

  it("shows every text as a text, and names of a later version as they are", async () => {
    const user_id = '<b>&"';
    await add({ user_id, source: "<i>", action: "<u>_x", place: "<p>", detail: '{"a":"<script>"}' });
    const page = await asBoss.page(`/audit/?user=${encodeURIComponent(user_id)}`);
    expect(rowsIn(page)).toHaveLength(1);
    expect(page).not.toMatch(/<b>|<i>|<u>_|<p><|<script>/);
    expect(page).toContain("&lt;u&gt; x");
  });

  it("says of a person who was erased that they were", async () => {
    await add({ user_id: "erased", action: "user_erased" });
    const [first] = rowsIn(await asBoss.page("/audit/?action=user_erased"));
    expect(first?.slice(1, 3)).toEqual(["User erased", "erased"]);
  });

  it("is for staff, and nothing can be done there", async () => {
    const staff = await loggedIn(app, await addStaff());
    expect((await staff.get("/audit/")).status).toBe(200);
    expect((await visitorOf(app).get("/audit/")).status).toBe(303);
    expect((await asBoss.post("/audit/")).status).toBe(405);
  });

  it("is in the menu and on a user's page", async () => {
    const user = await addUser({ id: "a&b=c" });
    expect(await asBoss.page("/audit/")).toContain(
      '<a href="/_gateway/admin/audit/" aria-current="page">Audit log</a>',
    );
    expect(await asBoss.page("/users/")).toContain('<a href="/_gateway/admin/audit/">Audit log</a>');
    expect(await asBoss.page(`/users/~${Buffer.from(user.id).toString("base64url")}/`)).toContain(
      'href="/_gateway/admin/audit/?user=a%26b%3Dc"',
    );
  });
});
