// The commands where databases for sessions alone are bound, over databases that take SQL text alone, as the deployed ones do.
import { beforeEach, describe, expect, it } from "vitest";
import { d1OverText } from "../../scripts/database/d1-over-text.ts";
import { deactivateAndEndTokens, deleteAndEndTokens } from "../../scripts/database/end-user.ts";
import { sessionWarnings } from "../../scripts/database/session-warnings.ts";
import { findToken, listTokens, openSessions } from "../../scripts/database/token-rows.ts";
import { setActive, setPasswordHash } from "../../scripts/database/users.ts";
import { importDump } from "../../scripts/import-django/import-dump.ts";
import { editUser } from "../../scripts/manage/edit-user.ts";
import { exportRows } from "../../scripts/manage/export-django.ts";
import { logout } from "../../scripts/manage/logout.ts";
import { openProvisioner } from "../../scripts/manage/provision.ts";
import { readOver, spread } from "../../scripts/manage/spread.ts";
import { flushExpired, revokeToken } from "../../scripts/manage/tokens.ts";
import { openProgress } from "../../scripts/shared/progress.ts";
import { homeOf } from "../../src/stores/spread/placement.ts";
import { importChoices } from "../support/django-import.ts";
import { blacklistedRow, dumpOf, type Row, tokenRow, userRow } from "../support/dump-rows.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";
import { requireUser } from "../support/user-model.ts";

const now = 1_800_000_000;
const three = ["SESSIONS_1", "SESSIONS_2", "SESSIONS_3"];
const quiet = openProgress(true);
let store: TextDatabase;

const named = (name: string) => requireUser(store.bindings.database, name);
const keyOf = (id: number) => String(id).padStart(24, "0");
/** The token of the user's session. */
const jtiOf = (id: number) => `${keyOf(id)}00000003`;
const sessionOf = (id: number) => `${keyOf(id)}00000000`;
/** The database in which the user's sessions are, once they are spread. */
const homeIn = (id: number, names = three) => homeOf({ column: "id", value: String(id) }, names);
const dbOf = (name: string) => (name === "DB" ? store.db : store.sessions.get(name));
const rowOf = (id: number) =>
  dbOf(homeIn(id))
    ?.prepare(
      `SELECT blacklisted_at, ended_at, session_version = (SELECT session_version FROM owners WHERE owner = user_id) AS is_current
       FROM sessions WHERE id = ?`,
    )
    .get(keyOf(id));
const ownerOf = (id: number) =>
  dbOf(homeIn(id))
    ?.prepare("SELECT is_active, session_version, issued_before, changing_until FROM owners WHERE owner = ?")
    .get(String(id));
/** How many sessions each database has. */
const counts = () =>
  ["DB", ...three].map((name) => dbOf(name)?.prepare("SELECT COUNT(*) AS count FROM sessions").get()?.count);

function addUser(id: number): void {
  store.db
    .prepare("INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, 'hash', '2026-01-01')")
    .run(String(id), `user${id}`);
  store.db
    .prepare(
      `INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at, uses, client, session_version)
       VALUES (?, 3, 'refresh', ?, ?, ?, ?, ?, ?, 0)`,
    )
    .run(keyOf(id), String(id), now - 900, now - id, now + 900, JSON.stringify([now - 300]), "O'Hara; phone");
}

beforeEach(() => {
  store = textDatabase({ REFRESH_TOKEN_LIFETIME: "7d" }, 3);
  for (let id = 1; id <= 6; id++) addUser(id);
});

describe("sessions spread", () => {
  it("moves each user's sessions to one of the databases that are bound, and says so", async () => {
    const steps: string[] = [];
    const progress = { ...quiet, step: (text: string) => void steps.push(text) };
    expect(await spread(store.bindings, undefined, now, progress)).toBe(
      "Moved the sessions of 6 users. All remote sessions are now in SESSIONS_1, SESSIONS_2, SESSIONS_3.",
    );
    expect(steps).toEqual([
      "Announcing where sessions are to be",
      "Moving sessions out of DB",
      "Writing down where sessions are",
    ]);
    const homes = [1, 2, 3, 4, 5, 6].map((id) => homeIn(id));
    expect(counts()).toEqual([0, ...three.map((name) => homes.filter((home) => home === name).length)]);
    expect(
      dbOf(homeIn(2))
        ?.prepare("SELECT counter, uses, client, session_version FROM sessions WHERE id = ?")
        .get(keyOf(2)),
    ).toEqual({ counter: 3, uses: `[${now - 300}]`, client: "O'Hara; phone", session_version: 0 });
    expect(await spread(store.bindings, undefined, now, quiet)).toBe(
      "All remote sessions are in SESSIONS_1, SESSIONS_2, SESSIONS_3 already. Nothing was moved.",
    );
  });

  it("says until when the tokens of an earlier version keep sessions in DB", async () => {
    store.db
      .prepare(
        "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
      )
      .run("5e1f0c1a3b9d4d0d8a0f2f0f6c9b7a11", "refresh", "1", 1_893_456_000, 1_893_456_900);
    await expect(spread(store.bindings, undefined, 1_893_456_100, quiet)).rejects.toThrow(
      "Sessions cannot be moved yet: DB has to know used tokens of an earlier version until the last of them expires, at 2030-01-01T00:15:00Z. Run this command again after that. Adopting sessions does not shorten it.",
    );
    expect(await spread(store.bindings, undefined, 1_893_456_901, quiet)).toMatch(/^Moved the sessions of 6 users\./);
  });

  it("says which of the empty ones must stay, because a Worker with a gap in the numbers does not start", async () => {
    expect(await spread(store.bindings, ["SESSIONS_2"], now, quiet)).toBe(
      "Moved the sessions of 6 users. All remote sessions are now in SESSIONS_2. SESSIONS_3 can be taken out of wrangler.toml. SESSIONS_1 must stay there, because the numbers may have no gap.",
    );
  });

  it("says what to do about a database that was taken out before its sessions were moved", async () => {
    await spread(store.bindings, undefined, now, quiet);
    const sessions = new Map([...store.bindings.sessions].filter(([name]) => name !== "SESSIONS_3"));
    await expect(spread({ ...store.bindings, sessions }, undefined, now, quiet)).rejects.toThrow(
      "SESSIONS_3 has sessions and wrangler.toml does not bind it. Bind it again, and move them first: npm run manage -- sessions spread --over SESSIONS_1,SESSIONS_2 --remote",
    );
  });

  it("moves them away from a database that is to be taken out", async () => {
    await spread(store.bindings, undefined, now, quiet);
    expect(await spread(store.bindings, ["SESSIONS_1", "SESSIONS_2"], now, quiet)).toMatch(
      /^Moved the sessions of \d users?\. All remote sessions are now in SESSIONS_1, SESSIONS_2\. SESSIONS_3 can be taken out of wrangler\.toml\.$/,
    );
    expect(counts()[3]).toBe(0);
    expect((counts() as number[]).reduce((sum, count) => sum + count, 0)).toBe(6);
  });

  it("moves users whose ids are integers, as an early version stored them", async () => {
    store.db.exec("PRAGMA foreign_keys = OFF; ALTER TABLE users RENAME TO text_users");
    store.db.exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, password TEXT, alternate_id TEXT, is_active INTEGER, session_version INTEGER);
      INSERT INTO users SELECT CAST(id AS INTEGER), username, password, NULL, is_active, session_version FROM text_users`);
    expect(await spread(store.bindings, undefined, now, quiet)).toMatch(/^Moved the sessions of 6 users\./);
    expect(counts()[0]).toBe(0);
  });

  it("writes statements of at most 100 KB, however long the rows are", async () => {
    const uses = JSON.stringify(Array.from({ length: 100 }, (_, index) => now - 1000 + index));
    const many = store.db.prepare(
      `INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at, uses, client)
       VALUES (?, 1, 'refresh', '1', 1, 1, ?, ?, ?)`,
    );
    for (let number = 0; number < 200; number++) {
      many.run(`f${String(number).padStart(23, "0")}`, now + 900, uses, "é;'".repeat(60));
    }
    const written: string[] = [];
    const sessions = new Map(
      [...store.bindings.sessions].map(([name, one]) => {
        const write = async (sql: string) => {
          written.push(sql);
          await one.database.write(sql);
        };
        return [name, { ...one, database: { ...one.database, write } }] as const;
      }),
    );
    await spread({ ...store.bindings, sessions }, undefined, now, quiet);
    const statements = written.flatMap((sql) => sql.split(";\n"));
    const lengths = statements.map((statement) => Buffer.byteLength(statement));
    expect(Math.max(...lengths)).toBeGreaterThan(50_000);
    expect(Math.max(...lengths)).toBeLessThan(100_000);
    expect(
      dbOf(homeIn(1))?.prepare("SELECT COUNT(*) AS count, MIN(client) AS client FROM sessions WHERE counter = 1").get(),
    ).toEqual({ count: 200, client: "é;'".repeat(60) });
  });

  it("says that no database is bound, or that one is not", async () => {
    const none = { ...store.bindings, sessions: new Map() };
    await expect(spread(none, undefined, now, quiet)).rejects.toThrow("wrangler.toml binds no database for sessions");
    await expect(spread(store.bindings, ["SESSIONS_9"], now, quiet)).rejects.toThrow(
      "wrangler.toml has no D1 database with the binding SESSIONS_9.",
    );
    expect(() => readOver("SESSIONS_1,REPORTS")).toThrow("'REPORTS' cannot be one");
  });

  it("does not move sessions back into DB", async () => {
    await spread(store.bindings, undefined, now, quiet);
    await expect(spread(store.bindings, ["DB"], now, quiet)).rejects.toThrow("Sessions cannot be moved back into DB");
  });
});

describe.each([
  ["in DB, with databases for sessions bound", false],
  ["in databases of their own", true],
])("sessions %s", (_, isSpread) => {
  beforeEach(async () => {
    if (isSpread) await spread(store.bindings, undefined, now, quiet);
  });

  it("are listed, with the names of their users", async () => {
    const { tokens, more } = await listTokens(store.bindings, { blacklisted: false, limit: 5 });
    expect(tokens.map(({ jti, username }) => [jti, username])).toEqual(
      [1, 2, 3, 4, 5].map((id) => [jtiOf(id), `user${id}`]),
    );
    expect(more).toBe(true);
    const open = await openSessions(store.bindings, await named("user4"), now);
    expect(open.map(({ session }) => session)).toEqual([sessionOf(4)]);
  });

  it("end by the revocation of their token, which is found wherever it is", async () => {
    expect((await findToken(store.bindings, sessionOf(2)))?.username).toBe("user2");
    expect(await revokeToken(store.bindings, jtiOf(2), now)).toBe(`Blacklisted '${jtiOf(2)}' in the remote database.`);
    expect(await revokeToken(store.bindings, jtiOf(2), now)).toMatch(/was already blacklisted/);
    const { tokens } = await listTokens(store.bindings, { blacklisted: true, limit: 9 });
    expect(tokens.map(({ jti }) => jti)).toEqual([jtiOf(2)]);
    await expect(revokeToken(store.bindings, "unknown", now)).rejects.toThrow(
      "There is no token with the id 'unknown'",
    );
  });

  it("end one by one, and all of a user", async () => {
    const user = await named("user3");
    expect(await logout(store.bindings, user, sessionOf(3), now)).toMatch(/^The session '0+300000000' .* is ended\./);
    expect(await openSessions(store.bindings, user, now)).toEqual([]);
    expect(await logout(store.bindings, await named("user4"), undefined, now)).toMatch(/there was 1 open session\.$/);
    expect(await openSessions(store.bindings, await named("user4"), now)).toEqual([]);
    expect(await openSessions(store.bindings, await named("user5"), now)).toHaveLength(1);
  });

  it("are deleted once they have expired", async () => {
    expect(await flushExpired(store.bindings, now + 10_000, quiet)).toBe(6);
    expect(counts()).toEqual([0, 0, 0, 0]);
  });

  it("are exported, with their end", async () => {
    await logout(store.bindings, await named("user3"), undefined, now);
    await deactivateAndEndTokens(store.bindings, await named("user5"), now);
    const choices = {
      userModel: undefined,
      usernameField: undefined,
      onto: undefined,
      changedOnly: false,
      hashes: new Set<string>(),
      nowSeconds: now,
    };
    const rows = [...(await exportRows(store.bindings, choices)).rows];
    const jtis = new Map(
      rows
        .filter(({ model }) => model === "token_blacklist.outstandingtoken")
        .map(({ pk, fields }) => [pk, fields.jti]),
    );
    const blacklisted = rows
      .filter(({ model }) => model === "token_blacklist.blacklistedtoken")
      .map(({ fields }) => jtis.get(fields.token));
    expect(jtis.size).toBe(24);
    expect([1, 2, 3, 4, 5, 6].filter((id) => blacklisted.includes(jtiOf(id)))).toEqual([3, 5]);
  });
});

describe("a command that ends something, with sessions in databases of their own,", () => {
  beforeEach(async () => {
    await spread(store.bindings, undefined, now, quiet);
  });
  /** The users of whose session something has ended. */
  const ended = () =>
    [1, 2, 3, 4, 5, 6].filter((id) => {
      const { blacklisted_at: blacklistedAt, ended_at: endedAt } = rowOf(id) ?? {};
      return blacklistedAt !== null || endedAt !== null;
    });

  it("revokes a token in its user's database and in KV", async () => {
    await revokeToken(store.bindings, jtiOf(2), now);
    expect(rowOf(2)).toEqual({ blacklisted_at: now, ended_at: null, is_current: 1 });
    expect([ended(), [...store.kv.keys()]]).toEqual([[2], [`jti:${jtiOf(2)}`]]);
  });

  it("ends a session in its user's database and in KV", async () => {
    await logout(store.bindings, await named("user3"), sessionOf(3), now);
    expect(rowOf(3)).toMatchObject({ ended_at: now, is_current: 1 });
    expect([ended(), [...store.kv.keys()]]).toEqual([[3], [`fam:${sessionOf(3)}`]]);
  });

  it("ends all sessions of a user in the user's database and in KV", async () => {
    await logout(store.bindings, await named("user4"), undefined, now);
    expect(rowOf(4)).toMatchObject({ blacklisted_at: now });
    expect(ownerOf(4)).toEqual({ is_active: 1, session_version: 0, issued_before: now + 1, changing_until: null });
    expect([ended(), [...store.kv]]).toEqual([[4], [["user:4", String(now + 1)]]]);
  });
});

describe("while one of three databases is down, a command", () => {
  /** One whose sessions are in another database than user1's. */
  const other = [2, 3, 4, 5, 6].find((id) => homeIn(id) !== homeIn(1)) ?? 0;
  beforeEach(async () => {
    await spread(store.bindings, undefined, now, quiet);
  });
  const broken = () => {
    const fail = () => Promise.reject(new Error("D1 did not answer"));
    const one = store.bindings.sessions.get(homeIn(1));
    if (!one) throw new Error("user1 has a database");
    const database = { ...one.database, read: fail, batch: fail, write: fail };
    return {
      ...store.bindings,
      sessions: new Map([...store.bindings.sessions, [homeIn(1), { database, d1: d1OverText(database) }]]),
    };
  };

  it.each<[string, (id: number) => Promise<unknown>]>([
    ["that revokes a token", (id) => revokeToken(broken(), jtiOf(id), now)],
    ["that ends a session", async (id) => logout(broken(), await named(`user${id}`), sessionOf(id), now)],
    ["that ends all sessions", async (id) => logout(broken(), await named(`user${id}`), undefined, now)],
    ["that deactivates a user", async (id) => deactivateAndEndTokens(broken(), await named(`user${id}`), now)],
    ["that deletes a user", async (id) => deleteAndEndTokens(broken(), await named(`user${id}`), now)],
  ])("%s fails for its users and leaves them as they are, and works for others", async (_what, run) => {
    await expect(run(1)).rejects.toThrow("D1 did not answer");
    expect([rowOf(1)?.blacklisted_at, rowOf(1)?.ended_at, (await named("user1")).is_active]).toEqual([
      null,
      null,
      true,
    ]);
    expect([...store.kv.keys()]).toEqual([]);
    await run(other);
    expect(rowOf(other)).not.toMatchObject({ blacklisted_at: null, ended_at: null });
    expect(store.kv.size).toBe(1);
  });

  it("lists the sessions of others, and not those of all", async () => {
    expect(await openSessions(broken(), await named(`user${other}`), now)).toHaveLength(1);
    await expect(openSessions(broken(), await named("user1"), now)).rejects.toThrow("D1 did not answer");
    await expect(listTokens(broken(), { blacklisted: false, limit: 5 })).rejects.toThrow("D1 did not answer");
  });

  it("does not say that there is no such token", async () => {
    await expect(revokeToken(broken(), "unknown", now)).rejects.toThrow("D1 did not answer");
  });
});

describe("check", () => {
  const warnings = (names: Readonly<Record<string, string>>) =>
    sessionWarnings(
      store.bindings.database,
      new Map(
        Object.entries(names).map(([name, bound]) => [
          name,
          store.bindings.sessions.get(bound)?.database ?? store.bindings.database,
        ]),
      ),
    );
  const right = { SESSIONS_1: "SESSIONS_1", SESSIONS_2: "SESSIONS_2", SESSIONS_3: "SESSIONS_3" };

  it("says that databases are bound and have no sessions", async () => {
    expect(await warnings({})).toEqual([]);
    expect(await warnings(right)).toEqual([
      "SESSIONS_1, SESSIONS_2, SESSIONS_3 are bound and have no sessions. Move sessions there: npm run manage -- sessions spread. Or take them out of wrangler.toml.",
    ]);
  });

  it("does not say to take one out below others that have sessions", async () => {
    await spread(store.bindings, ["SESSIONS_2"], now, quiet);
    expect(await warnings(right)).toEqual([
      "SESSIONS_1, SESSIONS_3 are bound and have no sessions. Move sessions there: npm run manage -- sessions spread.",
    ]);
  });

  it("says that one is another than it is bound as, and that one with sessions is not bound", async () => {
    await spread(store.bindings, undefined, now, quiet);
    expect(await warnings(right)).toEqual([]);
    const { SESSIONS_3: _, ...two } = right;
    expect(await warnings({ ...two, SESSIONS_1: "SESSIONS_2" })).toEqual([
      "SESSIONS_3 has sessions and is not bound: the Worker answers 503 wherever it needs one of them. Bind it again.",
      "SESSIONS_1 is bound to the database SESSIONS_2: the Worker answers 503 wherever it needs a session of it.",
    ]);
  });

  it("says that a move is not finished", async () => {
    store.db.exec(`UPDATE placement SET version = 2, next = '["SESSIONS_1"]'`);
    store.sessions
      .get("SESSIONS_1")
      ?.exec(
        `INSERT INTO placement (id, name, version, current, next) VALUES (1, 'SESSIONS_1', 2, '["DB"]', '["SESSIONS_1"]')`,
      );
    expect(await warnings(right)).toEqual([
      "Sessions are being moved to SESSIONS_1. Finish it: npm run manage -- sessions spread --over SESSIONS_1",
    ]);
  });
});

describe("a change of a user whose sessions are in a database of their own", () => {
  beforeEach(async () => {
    await spread(store.bindings, undefined, now, quiet);
  });

  it("is known there when it is done: deactivated, and active again", async () => {
    await deactivateAndEndTokens(store.bindings, await named("user1"), now);
    expect(ownerOf(1)).toEqual({ is_active: 0, session_version: 1, issued_before: now + 1, changing_until: null });
    expect(rowOf(1)).toEqual({ blacklisted_at: now, ended_at: null, is_current: 0 });
    await setActive(store.bindings, await named("user1"));
    expect(ownerOf(1)).toEqual({ is_active: 1, session_version: 2, issued_before: now + 1, changing_until: null });
  });

  it("lets sessions go on where it is to end none", async () => {
    await setPasswordHash(store.bindings, await named("user1"), "another");
    await editUser(store.bindings, await named("user1"), { email: "ada@example.com" }, now);
    expect(ownerOf(1)).toEqual({ is_active: 1, session_version: 0, issued_before: 0, changing_until: null });
    expect(rowOf(1)).toEqual({ blacklisted_at: null, ended_at: null, is_current: 1 });
  });

  it("is not made where the session database cannot be told of it", async () => {
    dbOf(homeIn(1))?.exec("DROP TABLE owners");
    await expect(deactivateAndEndTokens(store.bindings, await named("user1"), now)).rejects.toThrow(
      "no such table: owners",
    );
    expect((await named("user1")).is_active).toBe(true);
  });

  it("ends the sessions of one who is deleted", async () => {
    await deleteAndEndTokens(store.bindings, await named("user1"), now);
    expect(ownerOf(1)).toMatchObject({ is_active: null, changing_until: null });
    expect(rowOf(1)).toMatchObject({ blacklisted_at: now });
    expect(await revokeToken(store.bindings, jtiOf(1), now)).toMatch(/was already blacklisted/);
  });
});

describe("an import from Django, with sessions in databases of their own", () => {
  const importOf = (...rows: readonly Row[]) =>
    importDump(store.bindings, "dump.json", dumpOf(...rows), { ...importChoices, nowSeconds: now }, quiet);
  const tokenIn = (name: string, jti: string) =>
    dbOf(name)?.prepare("SELECT user_id, blacklisted_at FROM sessions WHERE other_jti = ?").get(jti);

  beforeEach(async () => {
    store.db.exec("UPDATE users SET imported_hash = 'x', imported_row = 'x'");
    await spread(store.bindings, undefined, now, quiet);
  });

  it("ends the sessions of users whose password is another, and of no others", async () => {
    const same = { password: "hash" };
    await importOf(userRow(1, "user1"), userRow(2, "user2", same));
    expect(ownerOf(1)).toEqual({ is_active: 1, session_version: 1, issued_before: now + 1, changing_until: null });
    expect(rowOf(1)?.is_current).toBe(0);
    expect(ownerOf(2)).toEqual({ is_active: 1, session_version: 0, issued_before: 0, changing_until: null });
    expect([...store.kv.keys()]).toEqual(["user:1"]);
  });

  it("writes tokens where their users' sessions are, also those of users who are new", async () => {
    const rows = [
      userRow(2, "user2", { password: "hash" }),
      userRow(77, "new"),
      tokenRow(1, "of-user2", 2),
      tokenRow(2, "of-new", 77),
      tokenRow(3, "of-nobody", null),
      blacklistedRow(2),
    ];
    expect((await importOf(...rows)).lines[2]?.trim()).toMatch(/^tokens\s+3 new/);
    expect(tokenIn(homeIn(2), "of-user2")).toEqual({ user_id: "2", blacklisted_at: null });
    expect(tokenIn(homeIn(77), "of-new")).toMatchObject({ user_id: "77", blacklisted_at: expect.any(Number) });
    expect(tokenIn(homeOf("no user", three), "of-nobody")).toEqual({ user_id: null, blacklisted_at: null });
    expect(counts()[0]).toBe(0);
    expect((await importOf(...rows)).lines[2]?.trim()).toMatch(/^tokens\s+0 new, 0 updated, 3 unchanged/);
  });

  it("ends a session whose last token Django has blacklisted", async () => {
    await importOf(tokenRow(1, jtiOf(2), 2), blacklistedRow(1));
    expect(rowOf(2)?.blacklisted_at).toEqual(expect.any(Number));
  });

  it("is not made where the session database cannot be told of it", async () => {
    dbOf(homeIn(1))?.exec("DROP TABLE owners");
    await expect(importOf(userRow(1, "user1"))).rejects.toThrow("no such table: owners");
    expect(store.db.prepare("SELECT password FROM users WHERE id = '1'").get()).toEqual({ password: "hash" });
  });
});

describe("provision, with sessions in databases of their own", () => {
  const provision = async (...lines: readonly object[]) =>
    openProvisioner(store.bindings, now).lines(
      lines.map((line) => JSON.stringify(line)),
      () => {},
    );
  beforeEach(async () => {
    await spread(store.bindings, undefined, now, quiet);
  });

  it("ends the sessions of users with another password, and of deleted ones, and of no others", async () => {
    const lines = [
      { id: "1", version: 6, password: "scrypt$new" },
      { id: "2", version: 6, password: "hash", first_name: "Bob" },
      { id: "3", version: 6, deleted: true },
      { id: "9", version: 6, username: "new", password: "scrypt$x" },
    ];
    expect(await provision(...lines)).toMatchObject({ applied: 4, refused: 0 });
    expect(ownerOf(1)).toEqual({ is_active: 1, session_version: 1, issued_before: now + 1, changing_until: null });
    expect(ownerOf(2)).toEqual({ is_active: 1, session_version: 0, issued_before: 0, changing_until: null });
    expect(ownerOf(3)).toMatchObject({ is_active: null, changing_until: null });
    expect([rowOf(1)?.is_current, rowOf(2)?.is_current, rowOf(3)?.is_current]).toEqual([0, 1, 0]);
    expect(store.db.prepare("SELECT password FROM users WHERE id = '1'").get()).toEqual({ password: "scrypt$new" });
    expect(await provision(...lines)).toMatchObject({ unchanged: 4 });
    expect(ownerOf(1)?.session_version).toBe(1);
  });

  it("puts no hash into what it reads by", async () => {
    const read: string[] = [];
    const { database } = store.bindings;
    const batch = async (statements: readonly string[]) => {
      read.push(...statements);
      return database.batch(statements);
    };
    const seen = { ...store.bindings, d1: d1OverText({ batch }), database: { ...database, batch } };
    await openProvisioner(seen, now).lines([JSON.stringify({ id: "1", version: 6, password: "scrypt$new" })], () => {});
    expect(read.length).toBeGreaterThan(0);
    expect(read.join("\n")).not.toContain("scrypt$new");
  });
});

describe("where sessions were spread and no database is bound for them any more", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["tokens are not listed", () => listTokens(bare(), { blacklisted: false, limit: 5 })],
    ["nor sessions", async () => openSessions(bare(), await named("user1"), now)],
    ["a user is not changed", async () => deactivateAndEndTokens(bare(), await named("user1"), now)],
  ])("%s", async (_, work) => {
    await spread(store.bindings, undefined, now, quiet);
    await expect(work()).rejects.toThrow("malformed JSON");
    expect((await named("user1")).is_active).toBe(true);
  });

  const bare = () => ({ ...store.bindings, sessions: new Map() });
});
