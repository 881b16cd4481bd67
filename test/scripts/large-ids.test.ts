// Ids of users beyond 2^53, as snowflakes are: the import and the commands keep all their digits.
import { beforeEach, describe, expect, it } from "vitest";
import { deactivateAndEndTokens, deleteAndEndTokens } from "../../scripts/database/end-user.ts";
import { findToken, listTokens, openSessions } from "../../scripts/database/token-rows.ts";
import { insertUser, listUsers, setPasswordHash } from "../../scripts/database/users.ts";
import { logout } from "../../scripts/manage/logout.ts";
import { exactNumber } from "../../src/json/exact-number.ts";
import { useLocalDatabase } from "../support/django-import.ts";
import { blacklistedRow, dumpOf, tokenRow, userRow } from "../support/dump-rows.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";
import { djangoUsers, requireUser } from "../support/user-model.ts";

const ada = "281674916028284931";
const bob = "281674916028284930";

describe("import-django", () => {
  const { bindings, importOf } = useLocalDatabase();
  const read = (sql: string) => bindings().database.read(sql);
  const dump = dumpOf(
    userRow(exactNumber(ada), "ada"),
    userRow(exactNumber(bob), "bob"),
    tokenRow(1, "a", exactNumber(ada)),
    tokenRow(exactNumber(ada), "b", exactNumber(bob)),
    tokenRow(exactNumber(bob), "c", exactNumber("281674916028284929")),
    blacklistedRow(exactNumber(ada)),
  );

  it("keeps the digits of users, of tokens and of who they are of", async () => {
    expect((await importOf(dump)).counts.slice(0, 2)).toEqual([
      "users   2 new, 0 updated, 0 unchanged, 0 left out",
      "tokens  3 new, 0 updated, 0 unchanged, 0 left out, 0 skipped (expired)",
    ]);
    expect(await read("SELECT CAST(id AS TEXT) AS id, username FROM users ORDER BY username")).toEqual([
      { id: ada, username: "ada" },
      { id: bob, username: "bob" },
    ]);
    const rows = "SELECT other_jti AS jti, user_id AS id, blacklisted_at > 0 AS ended FROM sessions ORDER BY other_jti";
    expect(await read(rows)).toEqual([
      { jti: "a", id: ada, ended: null },
      { jti: "b", id: bob, ended: 1 },
      { jti: "c", id: null, ended: null },
    ]);
  });

  it("finds nothing to do the second time, and knows one neighbour from the other", async () => {
    await importOf(dump);
    expect((await importOf(dump)).counts.slice(0, 2)).toEqual([
      "users   0 new, 0 updated, 2 unchanged, 0 left out",
      "tokens  0 new, 0 updated, 3 unchanged, 0 left out, 0 skipped (expired)",
    ]);
    const moved = dumpOf(userRow(exactNumber(bob), "ada"), userRow(exactNumber("281674916028284932"), "carol"));
    expect((await importOf(moved)).counts[0]).toBe("users   1 new, 0 updated, 0 unchanged, 1 left out");
  });

  it.each(["1.0", "1e3"])("takes the user whose id is %s, as loaddata does", async (id) => {
    const counts = (await importOf(dumpOf(userRow(exactNumber(id), "ada")))).counts;
    expect(counts[0]).toBe("users   1 new, 0 updated, 0 unchanged, 0 left out");
  });

  it("takes a negative id of 64 bits", async () => {
    const counts = (await importOf(dumpOf(userRow(exactNumber(`-${ada}`), "ada")))).counts;
    expect(counts[0]).toBe("users   1 new, 0 updated, 0 unchanged, 0 left out");
  });

  it.each(["9223372036854775808", "1.5", "281674916028284931.0"])(
    "refuses a dump with a user whose id is %s, which no key of Django's is",
    async (id) => {
      await expect(importOf(dumpOf(userRow(exactNumber(id), "ada")))).rejects.toThrow("The ids of auth.user are");
      expect(await read("SELECT count(*) AS rows FROM users")).toEqual([{ rows: 0 }]);
    },
  );
});

describe("the commands", () => {
  const now = 1_800_000_000;
  let store: TextDatabase;
  const named = (name: string) => requireUser(store.bindings.database, name);
  const activeNames = () =>
    store.db
      .prepare("SELECT username FROM users WHERE is_active = 1 ORDER BY username")
      .all()
      .map(({ username }) => username);
  const openTokens = () =>
    store.db
      .prepare("SELECT other_jti AS jti FROM sessions WHERE blacklisted_at IS NULL ORDER BY other_jti")
      .all()
      .map(({ jti }) => jti);

  beforeEach(() => {
    store = textDatabase({ REFRESH_TOKEN_LIFETIME: "7d" });
    for (const [id, name] of [
      [ada, "ada"],
      [bob, "bob"],
    ] as const) {
      store.db.exec(
        `INSERT INTO users (id, username, password, date_joined) VALUES (${id}, '${name}', 'x', '2026-01-01T00:00:00Z')`,
      );
      store.db.exec(
        `INSERT INTO sessions (id, counter, other_jti, token_type, user_id, started_at, created_at, expires_at) VALUES ('${name}', 0, '${name}-1', 'refresh', '${id}', 1, ${now - 9}, ${now + 9})`,
      );
    }
  });

  it("show what an import brought into extra, with all digits", async () => {
    store.db.exec(
      `UPDATE users SET extra = '{"groups":["editors"],"account":281674916028284931}' WHERE username = 'ada'`,
    );
    const users = await listUsers(store.bindings.database, undefined);
    expect(JSON.stringify(users.map(({ username, extra }) => [username, extra]))).toBe(
      '[["bob",{}],["ada",{"groups":["editors"],"account":281674916028284931}]]',
    );
  });

  it("show users and tokens with all digits of the ids", async () => {
    const { database } = store.bindings;
    expect((await listUsers(database, undefined)).map(({ id }) => id)).toEqual([bob, ada]);
    expect((await openSessions(store.bindings, await named("ada"), now)).map(({ session }) => session)).toEqual([
      "ada-1",
    ]);
    const { tokens } = await listTokens(store.bindings, { userId: bob, blacklisted: false, limit: 9 });
    expect(tokens.map(({ jti, user_id }) => [jti, user_id])).toEqual([["bob-1", bob]]);
    expect((await findToken(store.bindings, "ada-1"))?.user_id).toBe(ada);
  });

  it("end the tokens of one and not of the neighbour, and tell KV of that one", async () => {
    await logout(store.bindings, await named("ada"), undefined, now);
    expect(openTokens()).toEqual(["bob-1"]);
    expect([...store.kv.keys()]).toEqual([`user:${ada}`]);
    expect(store.db.prepare("SELECT CAST(user_id AS TEXT) AS id FROM user_cutoffs").all()).toEqual([{ id: ada }]);
  });

  it("deactivate, change and delete one and not the neighbour", async () => {
    await deactivateAndEndTokens(store.bindings, await named("bob"), now);
    expect([activeNames(), openTokens()]).toEqual([["ada"], ["ada-1"]]);
    await setPasswordHash(store.bindings, await named("ada"), "new");
    expect(store.db.prepare("SELECT username, password FROM users ORDER BY username").all()).toEqual([
      { username: "ada", password: "new" },
      { username: "bob", password: "x" },
    ]);
    await deleteAndEndTokens(store.bindings, await named("bob"), now);
    expect(store.db.prepare("SELECT username FROM users").all()).toEqual([{ username: "ada" }]);
  });

  it("give a new user the next id", async () => {
    const next = { username: "carol", email: "", passwordHash: "x", isStaff: false, isSuperuser: false };
    await insertUser(store.bindings.database, next, "2026-01-01T00:00:00Z", djangoUsers);
    expect((await named("carol")).id).toBe("281674916028284932");
  });
});
