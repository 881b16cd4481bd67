// Lists of the admin page among 100,000 users and 100,000 tokens: pages that join, and a bound on the rows they read.
import { beforeAll, describe, expect, it } from "vitest";
import type { From, Page, UserQuery } from "../../../src/stores/admin-contract.ts";
import { d1AdminTokens } from "../../../src/stores/d1/admin-tokens.ts";
import { d1AdminUsers } from "../../../src/stores/d1/admin-users.ts";
import { DB } from "../../support/bindings.ts";

const now = 1_700_000_000;

/** D1, and how many rows the last round trip read. */
const counted = { rowsRead: 0 };
const counting = {
  prepare: (sql: string) => DB.prepare(sql),
  batch: async (statements: D1PreparedStatement[]) => {
    const results = await DB.batch(statements);
    counted.rowsRead = results.reduce((sum, { meta }) => sum + meta.rows_read, 0);
    return results;
  },
} as unknown as D1Database;

const users = d1AdminUsers(counting, () => {});
const tokens = d1AdminTokens(counting, () => {});

beforeAll(async () => {
  const count = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)";
  await DB.batch([
    // Every thousandth is staff, every tenth inactive; the last one alone is called Zuse.
    DB.prepare(`INSERT INTO users (id, password, username, email, first_name, last_name, is_staff, is_active, date_joined)
      ${count} SELECT i, '!', printf('user-%06d', i), printf('U%06d@example.com', i), 'Konrad',
        iif(i = 100000, 'Zuse', 'Smith'), i % 1000 = 0, i % 10 <> 0, '2026-01-01T00:00:00Z' FROM n`),
    // Two with names that overlap in several ways.
    DB.prepare(
      "UPDATE users SET email = 'annie@example.com', first_name = 'Mary Ann', last_name = 'van Horn' WHERE id = 77",
    ),
    DB.prepare("UPDATE users SET email = 'ann@example.com', first_name = 'Ann', last_name = 'Annex' WHERE id = 78"),
    // Half have expired; every fourth is blacklisted; user 7 has a thousand.
    DB.prepare(`INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at, blacklisted_at)
      ${count} SELECT printf('%024d', i), i % 3, 'refresh', iif(i % 100 = 0, 7, i), ${now} - 70000 + i, ${now} - 60000 + i,
        ${now} - 50000 + i, iif(i % 4 = 0, ${now}, NULL) FROM n`),
  ]);
});

const everybody: UserQuery = { search: undefined, isActive: undefined, isStaff: undefined, from: undefined };
const usersOf = async (change: Partial<UserQuery>) => {
  const page = await users.page({ ...everybody, ...change });
  return { ...page, ids: page.rows.map(({ id }) => id), rowsRead: counted.rowsRead };
};
const onFrom = (page: Page<unknown>): From => page.next && { way: "after", place: page.next };
const backFrom = (page: Page<unknown>): From => page.previous && { way: "before", place: page.previous };
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe("a page of users", () => {
  it("is the first fifty, with a way on and none back", async () => {
    const page = await usersOf({});
    expect([page.ids, page.previous, page.lookedAtOnly]).toEqual([range(1, 50), undefined, undefined]);
    expect(page.next).toEqual({ first: "user-000050", second: "50" });
  });
  it("costs as much in the middle and at the end as at the beginning", async () => {
    const first = await usersOf({});
    const middle = await usersOf({ from: { way: "after", place: { first: "user-050000", second: "50000" } } });
    const last = await usersOf({ from: { way: "after", place: { first: "user-099950", second: "99950" } } });
    expect([middle.ids, last.ids]).toEqual([range(50_001, 50_050), range(99_951, 100_000)]);
    expect(last.next).toBeUndefined();
    for (const { rowsRead } of [first, middle, last]) expect(rowsRead).toBeLessThan(120);
  });
  it("joins the pages before and after without a gap or a row twice", async () => {
    const second = await usersOf({ from: onFrom(await usersOf({})) });
    const third = await usersOf({ from: onFrom(second) });
    const secondAgain = await usersOf({ from: backFrom(third) });
    const firstAgain = await usersOf({ from: backFrom(secondAgain) });
    expect([second.ids, third.ids]).toEqual([range(51, 100), range(101, 150)]);
    expect([secondAgain.ids, firstAgain.ids]).toEqual([range(51, 100), range(1, 50)]);
    expect(firstAgain.previous).toBeUndefined();
    expect(secondAgain.rowsRead).toBeLessThan(120);
  });
  it("goes on from the place of a user who is gone", async () => {
    const page = await usersOf({ from: { way: "after", place: { first: "user-000050x", second: "999999" } } });
    expect(page.ids[0]).toBe("51");
  });
  it.each([
    ["a username", "USER-09999", range(99_990, 99_999)],
    ["an e-mail address", "u099999@", ["99999"]],
    ["a last name", "zus", ["100000"]],
    ["a first name", "KONRAD Z", ["100000"]],
    ["first and last name", "konrad zuse", ["100000"]],
    ["a first name of two words", "mary ann", ["77"]],
    ["a first name of two words and a last name", "Mary Ann van", ["77"]],
    ["a last name of two words", "van Horn", ["77"]],
    ["a first name and a last name of two words", "mary ann van horn", ["77"]],
    ["nothing", "user-1000000", []],
  ] as const)(
    "finds by the beginning of %s in either case, reading little more than it shows",
    async (_, text, ids) => {
      const page = await usersOf({ search: { by: "beginning", text } });
      expect([page.ids, page.matchesOnly]).toEqual([ids, undefined]);
      expect(page.rowsRead).toBeLessThan(120);
    },
  );
  it("finds an id, and never by its beginning", async () => {
    const of = async (text: string) => (await usersOf({ search: { by: "beginning", text } })).ids;
    expect([await of("4711"), await of("100001"), await of("99999999"), await of("9223372036854775808")]).toEqual([
      ...[["4711"], [], [], []],
    ]);
  });
  it("shows a user who matches in several ways once, and users of different matches in one order", async () => {
    const page = await usersOf({ search: { by: "beginning", text: "ann" } });
    expect(page.rows.map(({ username }) => username)).toEqual(["user-000077", "user-000078"]);
  });
  it("stays within what is searched when it goes on, and back", async () => {
    const search = { by: "beginning", text: "user-00009" } as const;
    const first = await usersOf({ search });
    expect([first.ids, first.next]).toEqual([range(90, 99), undefined]);
    const wide = { by: "beginning", text: "user-0000" } as const;
    const second = await usersOf({ search: wide, from: onFrom(await usersOf({ search: wide })) });
    expect([second.ids, second.next]).toEqual([range(51, 99).slice(-49), undefined]);
    const back = await usersOf({ search: wide, from: backFrom(second) });
    expect(back.ids).toEqual(range(1, 50));
  });
  it("does not take a place outside what is searched", async () => {
    const search = { by: "beginning", text: "user-00009" } as const;
    const page = await usersOf({ search, from: { way: "after", place: { first: "aaa", second: "1" } } });
    expect(page.ids).toEqual(range(90, 99));
  });
  it("is filtered and searched at once", async () => {
    const search = { by: "beginning", text: "user-00009" } as const;
    expect((await usersOf({ search, isActive: false })).ids).toEqual(["90"]);
    expect((await usersOf({ search, isStaff: true })).ids).toEqual([]);
    expect((await usersOf({ search: { by: "beginning", text: "user-001" }, isStaff: true })).ids).toEqual(["1000"]);
  });
  it("takes 1,000 matches of each field into account, and says so where there are more", async () => {
    const all = await usersOf({ search: { by: "beginning", text: "user-" } });
    expect([all.ids, all.matchesOnly]).toEqual([range(1, 50), 1000]);
    expect(all.rowsRead).toBeLessThan(10_000);
    const last = { way: "after", place: { first: "user-000990", second: "990" } } as const;
    const end = await usersOf({ search: { by: "beginning", text: "user-" }, from: last });
    expect([end.ids, end.next, end.matchesOnly]).toEqual([range(991, 1000), undefined, 1000]);
    const exactly = await usersOf({ search: { by: "beginning", text: "user-001" } });
    expect(exactly.matchesOnly).toBeUndefined();
  });
  it("takes %, _ and quotes for what they are", async () => {
    for (const text of ["%", "user_", "'", "user-00000%", '"; DROP TABLE users; --']) {
      for (const by of ["beginning", "part"] as const) {
        expect((await usersOf({ search: { by, text } })).ids, `${by} ${text}`).toEqual([]);
      }
    }
  });
  it("is as long as it is asked to be", async () => {
    const page = await usersOf({ rows: 1000 });
    expect([page.ids, page.next]).toEqual([range(1, 1000), { first: "user-001000", second: "1000" }]);
  });
  it("finds all staff among 100,000 by reading those alone", async () => {
    const page = await usersOf({ isStaff: true });
    expect(page.ids).toEqual(range(1, 50).map((thousands) => `${thousands}000`));
    expect(page.rowsRead).toBeLessThan(120);
  });
  it("looks at 10,000 rows at most for a part of a text, says so, and goes on from there", async () => {
    const search = { by: "part", text: "zUsE" } as const;
    const page = await usersOf({ search });
    expect([page.ids, page.lookedAtOnly, page.next]).toEqual([[], 10_000, { first: "user-010000", second: "10000" }]);
    expect(page.rowsRead).toBeLessThan(31_000);
    let last = page;
    for (let more = 0; more < 9; more++) last = await usersOf({ search, from: onFrom(last) });
    expect([last.ids, last.next]).toEqual([["100000"], undefined]);
  });
  it("looks no further than it has to for what is common", async () => {
    const page = await usersOf({ isActive: true, isStaff: false });
    expect([page.ids.length, page.ids.slice(0, 11)]).toEqual([50, [...range(1, 9), "11", "12"]]);
    expect(page.rowsRead).toBeLessThan(31_000);
  });
});

describe("a page of tokens", () => {
  const tokensOf = async (change: object) => {
    const page = await tokens.page({
      userId: undefined,
      state: undefined,
      nowSeconds: now,
      from: undefined,
      ...change,
    });
    return { ...page, ids: page.rows.map(({ jti }) => Number(jti.slice(0, 24))), rowsRead: counted.rowsRead };
  };
  it("begins with the last to expire, and names whose it is", async () => {
    const page = await tokensOf({});
    expect([page.ids[0], page.ids[49]]).toEqual([100_000, 99_951]);
    expect(page.rows[1]).toEqual({
      jti: "00000000000000000009999900000000",
      type: "refresh",
      user: { id: "99999", username: "user-099999", alternate_id: null, is_superuser: false },
      createdAtSeconds: 1_700_039_999,
      expiresAtSeconds: 1_700_049_999,
      blacklistedAtSeconds: undefined,
      outdated: false,
      session: "00000000000000000009999900000000",
      client: undefined,
      address: undefined,
    });
    expect(page.rowsRead).toBeLessThan(250);
  });
  it("joins the pages before and after, at the same cost", async () => {
    const second = await tokensOf({ from: onFrom(await tokensOf({})) });
    const first = await tokensOf({ from: backFrom(second) });
    expect([second.ids[0], second.ids[49], first.ids[0], first.ids[49]]).toEqual([99_950, 99_901, 100_000, 99_951]);
    expect(second.rowsRead).toBeLessThan(250);
  });
  it("is one user's, by reading that user's sessions alone", async () => {
    const page = await tokensOf({ userId: "7" });
    expect([page.ids[0], page.ids[1], page.ids[49]]).toEqual([100_000, 99_900, 95_100]);
    expect(page.rowsRead).toBeLessThan(3500);
    expect((await tokensOf({ userId: "8" })).rowsRead).toBeLessThan(10);
  });
  it("names each session's last token, by which it is found", async () => {
    const [, , third] = (await tokensOf({})).rows;
    expect(third).toMatchObject({
      jti: "00000000000000000009999800000002",
      session: "00000000000000000009999800000000",
    });
    const found = await tokens.byId("00000000000000000009999800000002");
    expect([found, counted.rowsRead < 10]).toEqual([third, true]);
  });
  it.each([
    ["live", [99_999, 99_998, 99_997, 99_995]],
    ["blacklisted", [100_000, 99_996, 99_992, 99_988]],
    ["expired", [50_000, 49_999, 49_998, 49_997]],
  ] as const)("is of those that are %s", async (state, ids) => {
    const page = await tokensOf({ state });
    expect(page.ids.slice(0, 4)).toEqual(ids);
    expect(page.rowsRead).toBeLessThan(41_000);
    const second = await tokensOf({ state, from: onFrom(page) });
    expect(second.ids[0]).toBeLessThan(page.ids[49] ?? 0);
    expect((await tokensOf({ state, from: backFrom(second) })).ids).toEqual(page.ids);
  });
});
