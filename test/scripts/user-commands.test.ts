// Ending a user's tokens and the user: what is written, in which transaction, what KV is told, and what is said.
import { hostname, userInfo } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { withNotes } from "../../scripts/database/command-notes.ts";
import {
  changePasswordAndEndTokens,
  deactivateAndEndTokens,
  deleteAndEndTokens,
} from "../../scripts/database/end-user.ts";
import { listTokens, openSessions } from "../../scripts/database/token-rows.ts";
import { insertUser, setActive, setPasswordHash } from "../../scripts/database/users.ts";
import { type AuditFilter, exportAudit, listAudit } from "../../scripts/manage/audit.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { logout, logoutAll } from "../../scripts/manage/logout.ts";
import { revokeToken } from "../../scripts/manage/tokens.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";
import { djangoUsers, requireUser } from "../support/user-model.ts";

const now = 1_800_000_000;
const week = 7 * 86_400;
let store: TextDatabase;

const user = (name: string) => requireUser(store.bindings.database, name);
const addUser = (id: string, username: string) =>
  store.db
    .prepare("INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, 'x', '2026-01-01T00:00:00Z')")
    .run(id, username);
/** Where the tokens are: in sessions, or in the table of an earlier version. */
let table: "sessions" | "outstanding_tokens" = "sessions";
const addToken = (jti: string, userId: string, more: { family?: string; made?: number; ends?: number } = {}) => {
  const values = [jti, userId, more.made ?? now - 60, more.ends ?? now + 3600];
  const columns = "token_type, user_id, created_at, expires_at";
  if (table === "outstanding_tokens") {
    const insert = `INSERT INTO outstanding_tokens (jti, ${columns}, family) VALUES (?, 'refresh', ?, ?, ?, ?)`;
    return store.db.prepare(insert).run(...values, more.family ?? jti);
  }
  const insert = `INSERT INTO sessions (id, counter, started_at, other_jti, ${columns}, session)
    VALUES (lower(hex(randomblob(12))), 0, 1, ?, 'refresh', ?, ?, ?, ?)`;
  return store.db.prepare(insert).run(...values, more.family ?? null);
};
const openTokens = () =>
  store.db
    .prepare(
      `SELECT other_jti AS jti FROM sessions WHERE blacklisted_at IS NULL UNION ALL SELECT jti FROM outstanding_tokens AS old
       WHERE blacklisted_at IS NULL AND NOT EXISTS (SELECT 1 FROM sessions WHERE other_jti = old.jti) ORDER BY 1`,
    )
    .all()
    .map(({ jti }) => jti);
const endedSessions = () =>
  store.db.prepare("SELECT other_jti, ended_at FROM sessions WHERE ended_at IS NOT NULL ORDER BY 1").all();
const setVersion = (version: number, jti: string) =>
  store.db
    .prepare(`UPDATE ${table} SET session_version = ? WHERE ${table === "sessions" ? "other_jti" : "jti"} = ?`)
    .run(version, jti);
const cutoffs = () => store.db.prepare("SELECT user_id, issued_before, expires_at FROM user_cutoffs").all();

beforeEach(() => {
  store = textDatabase({ REFRESH_TOKEN_LIFETIME: "7d" });
  addUser("3", "ada");
  addUser("4", "o'hara");
  addToken("a1", "3");
  addToken("a2", "3", { family: "a1", made: now - 30 });
  addToken("a3", "3", { made: now - 90 });
  addToken("gone", "3", { ends: now });
  addToken("h's", "4");
});

describe.each([
  ["sessions", "sessions"],
  ["sessions that an earlier version began", "outstanding_tokens"],
] as const)("%s", (_, kept) => {
  beforeAll(() => {
    table = kept;
  });
  afterAll(() => {
    table = "sessions";
  });

  describe("openSessions()", () => {
    it("gives the newest token of each session that has not expired, the one refreshed last first", async () => {
      const sessions = await openSessions(store.bindings, await user("ada"), now);
      expect(sessions.map(({ session, createdAtSeconds }) => [session, createdAtSeconds])).toEqual([
        ["a1", now - 30],
        ["a3", now - 90],
      ]);
    });
  });

  describe("logout()", () => {
    it("ends all tokens of one user in one transaction, and tells KV of the cut-off", async () => {
      expect(await logout(store.bindings, await user("ada"), undefined, now)).toBe(
        "All tokens of 'ada' in the remote database are ended; there were 2 open sessions.",
      );
      expect(openTokens()).toEqual(["h's"]);
      expect(cutoffs()).toEqual([{ user_id: "3", issued_before: now + 1, expires_at: now + week }]);
      expect([...store.kv]).toEqual([["user:3", String(now + 1)]]);
      expect(store.written).toHaveLength(1);
      expect(await logout(store.bindings, await user("ada"), undefined, now)).toMatch(/there were 0 open sessions\.$/);
    });

    it("tells KV by the name where tokens name their user so", async () => {
      const bindings = { ...store.bindings, vars: { USER_ID_FIELD: "username" } };
      expect(await logout(bindings, await user("o'hara"), undefined, now)).toMatch(/there was 1 open session\.$/);
      expect([...store.kv.keys()]).toEqual(["user:o'hara"]);
    });

    it("ends one session with all its tokens, and says what lives on", async () => {
      expect(await logout(store.bindings, await user("ada"), "a1", now)).toBe(
        "The session 'a1' of 'ada' in the remote database is ended. Its access tokens do not name it and stay valid until they expire.",
      );
      expect(openTokens()).toEqual(["a3", "gone", "h's"]);
      expect([...store.kv]).toEqual([["fam:a1", "1"]]);
      expect(endedSessions()).toEqual([
        { other_jti: "a1", ended_at: now },
        { other_jti: "a2", ended_at: now },
      ]);
    });

    it("says nothing of access tokens where they name their session", async () => {
      const bindings = { ...store.bindings, vars: { BLACKLIST_ENDS_SESSION: true } };
      expect(await logout(bindings, await user("ada"), "a3", now)).toBe(
        "The session 'a3' of 'ada' in the remote database is ended.",
      );
    });

    it.each(["h's", "gone", "nope"])("refuses %s, which is no open session of this user", async (session) => {
      await expect(logout(store.bindings, await user("ada"), session, now)).rejects.toThrow(
        new Failure(
          `There is no open session '${session}' of 'ada' in the remote database. npm run manage -- sessions lists them.`,
        ),
      );
      expect(store.written).toEqual([]);
    });

    it("refuses where no token is written down", async () => {
      const bindings = { ...store.bindings, vars: { TOKEN_BLACKLIST_ENABLED: false } };
      await expect(logout(bindings, await user("ada"), undefined, now)).rejects.toThrow(
        "TOKEN_BLACKLIST_ENABLED is false: tokens are not stored and cannot be ended.",
      );
    });
  });

  describe("session_version", () => {
    const versionOf = (id: string) =>
      store.db.prepare("SELECT session_version FROM users WHERE id = ?").get(id)?.session_version;
    const sessions = () =>
      Object.fromEntries(
        store.db
          .prepare("SELECT other_jti AS jti, session_version FROM sessions WHERE user_id = '3'")
          .all()
          .map(({ jti, session_version }) => [jti, session_version]),
      );

    it("is raised with another password, in the transaction that ends the tokens", async () => {
      await changePasswordAndEndTokens(store.bindings, await user("ada"), "another", now);
      expect([versionOf("3"), versionOf("4")]).toEqual([1, 0]);
      expect(store.written).toHaveLength(1);
    });

    it("is raised with another password that ends no session, and the sessions that are open go along", async () => {
      store.db.exec("UPDATE users SET session_version = 5");
      setVersion(5, "a1");
      setVersion(4, "a3");
      await setPasswordHash(store.bindings, await user("ada"), "another");
      expect([versionOf("3"), versionOf("4")]).toEqual([6, 5]);
      expect(sessions()).toEqual({ a1: 6, a2: null, a3: 4, gone: null });
      expect(store.written).toHaveLength(1);
    });

    it("is raised where is_active changes, and only there", async () => {
      const ada = await user("ada");
      await setActive(store.bindings, await user("ada"));
      expect(versionOf("3")).toBe(0);
      await deactivateAndEndTokens(store.bindings, ada, now);
      await deactivateAndEndTokens(store.bindings, ada, now);
      expect(versionOf("3")).toBe(1);
      await setActive(store.bindings, await user("ada"));
      expect([versionOf("3"), versionOf("4")]).toEqual([2, 0]);
    });

    it("keeps sessions of another one out of the list", async () => {
      setVersion(0, "a1");
      setVersion(0, "a2");
      const open = await openSessions(store.bindings, { ...(await user("ada")), session_version: 1 }, now);
      expect(open.map(({ session }) => session)).toEqual(["a3"]);
    });
  });

  describe("a user who is kept out", () => {
    it("is inactive and has no token left, in one transaction", async () => {
      await deactivateAndEndTokens(store.bindings, await user("ada"), now);
      expect((await user("ada")).is_active).toBe(false);
      expect((await user("o'hara")).is_active).toBe(true);
      expect(openTokens()).toEqual(["h's"]);
      expect(store.written).toHaveLength(1);
      await setActive(store.bindings, await user("ada"));
      expect((await user("ada")).is_active).toBe(true);
      expect(openTokens()).toEqual(["h's"]);
    });

    it("is deleted, while what ended the tokens stays", async () => {
      await deleteAndEndTokens(store.bindings, await user("ada"), now);
      await expect(user("ada")).rejects.toThrow("There is no user called 'ada' in the remote database.");
      expect(openTokens()).toEqual(["h's"]);
      expect(cutoffs()).toEqual([{ user_id: "3", issued_before: now + 1, expires_at: now + week }]);
      expect(store.db.prepare("SELECT user_id FROM sessions WHERE other_jti = 'a1'").get()).toEqual({ user_id: "3" });
      expect(store.written).toHaveLength(1);
    });

    it("stays as it was when its tokens cannot be ended", async () => {
      store.db.exec("DROP TABLE user_cutoffs");
      const ada = await user("ada");
      await expect(deactivateAndEndTokens(store.bindings, ada, now)).rejects.toThrow("no such table: user_cutoffs");
      expect((await user("ada")).is_active).toBe(true);
    });

    it("leaves its id to nobody while tokens with it may be about", async () => {
      await deleteAndEndTokens(store.bindings, await user("o'hara"), now);
      const next = { username: "new", email: "", passwordHash: "x", isStaff: false, isSuperuser: false };
      await insertUser(store.bindings.database, next, "2026-01-01T00:00:00Z", djangoUsers);
      expect((await user("new")).id).toBe("5");
    });

    it("is told what helps when KV does not answer", async () => {
      const put = async () => {
        throw new Error("KV is down.");
      };
      const bindings = { ...store.bindings, kv: { put } as unknown as KVNamespace };
      await expect(deactivateAndEndTokens(bindings, await user("ada"), now)).rejects.toThrow(
        "The user is deactivated and the refresh tokens are ended, but KV could not be updated: KV is down. Run the command again.",
      );
      await expect(deleteAndEndTokens(bindings, await user("ada"), now)).rejects.toThrow(
        'The user is deleted and the refresh tokens are ended, but KV could not be updated: KV is down. Routes with revocation = "cached" may accept the access tokens until they expire.',
      );
    });
  });
});

describe("d1OverText()", () => {
  it("sends together what reads and what writes, in one transaction, and gives the results of each", async () => {
    const { d1 } = store.bindings;
    const read = d1.prepare("SELECT username FROM users WHERE id = ?1");
    const results = await d1.withSession("first-unconstrained").batch([read.bind("3"), read.bind("4")]);
    expect(results.map((one) => one.results)).toEqual([[{ username: "ada" }], [{ username: "o'hara" }]]);
    const rename = d1.prepare("UPDATE users SET last_name = ?2 WHERE id = ?1");
    const written = await d1.batch([
      rename.bind("3", "O'Hara; --"),
      d1.prepare("UPDATE users SET first_name = 'x' WHERE id IN ('3', '4') RETURNING last_name"),
      read.bind("3"),
    ]);
    expect(written.map(({ results: rows, meta }) => [rows, meta.changes])).toEqual([
      [[], 1],
      [[{ last_name: "O'Hara; --" }, { last_name: "" }], 2],
      [[{ username: "ada" }], 0],
    ]);
    await expect(d1.batch([rename.bind("3", "else"), d1.prepare("SELECT nothing FROM users")])).rejects.toThrow();
    expect((await user("ada")).last_name).toBe("O'Hara; --");
  });
});

describe("a usage error", () => {
  it.each([
    ["sessions", [], "USERNAME is missing: npm run manage -- sessions USERNAME"],
    ["logout", [], "USERNAME is missing: npm run manage -- logout USERNAME"],
    ["logout", ["ada", "--session", ""], "--session needs the id of a session."],
    ["logout", ["ada", "eve"], "Unexpected word 'eve'. See --help."],
    ["deactivate", [], "USERNAME is missing: npm run manage -- deactivate USERNAME"],
    ["activate", [], "USERNAME is missing: npm run manage -- activate USERNAME"],
    ["deleteuser", [], "USERNAME is missing: npm run manage -- deleteuser USERNAME"],
    ["deleteuser", ["ada"], "No terminal to ask on. To delete without a prompt, add --yes."],
    ["sessions", ["ada", "--env", "staging"], "--env requires --remote."],
    ["sessions", ["ada", "--quiet"], "--quiet requires adopt or spread."],
    ["sessions", ["adopt", "--json"], "--json is for the list of a user's sessions."],
  ])("is refused: %s %j", async (name, words, message) => {
    await expect(commands.get(name)?.run(words)).rejects.toThrow(new Failure(message, 2));
  });
});

describe("what is noted along with a change", () => {
  const told = () =>
    store.db
      .prepare("SELECT user_id, type, created_at, data FROM events ORDER BY sequence")
      .all()
      .map((row) => ({ ...row, data: JSON.parse(String(row.data)) }));
  const audited = () => store.db.prepare("SELECT * FROM audit ORDER BY sequence").all();
  const sending = { EVENTS_URL: "https://api.example.com/events/", PROVISIONING_KEY: "k".repeat(32) };
  const event = { type: "user_changed", data: { last_name: "O'Hara" } } as const;

  it("is in one transaction with it: the event, and who did what to whom, where and when", async () => {
    store = textDatabase(sending);
    addUser("4", "o'hara");
    const ada = await user("o'hara");
    const notes = { action: "user_changed", user: ada, detail: { fields: ["last_name"] }, event } as const;
    await deactivateAndEndTokens(withNotes(store.bindings, notes, now), ada, now);
    expect(told()).toEqual([{ user_id: "4", type: "user_changed", created_at: now, data: { last_name: "O'Hara" } }]);
    const who = { source: "command", actor: userInfo().username, place: hostname(), request_id: null };
    expect(audited()).toEqual([
      { sequence: 1, at: now, action: "user_changed", user_id: "4", detail: '{"fields":["last_name"]}', ...who },
    ]);
    expect(store.written).toHaveLength(1);
  });

  it("has the id of a new user that the database gave", async () => {
    store = textDatabase(sending);
    addUser("4", "o'hara");
    const notes = { action: "user_created", user: { name: "it's me" }, event: { type: "user_changed" } } as const;
    const made = { username: "it's me", email: "", passwordHash: "x", isStaff: false, isSuperuser: false };
    const telling = withNotes(store.bindings, notes, now);
    await insertUser(telling.database, made, "2026-01-01T00:00:00Z", djangoUsers);
    expect(told()).toEqual([{ user_id: "5", type: "user_changed", created_at: now, data: {} }]);
    expect(audited()).toMatchObject([{ action: "user_created", user_id: "5", detail: "{}" }]);
  });

  it("a token that is revoked is told of once, as a log-out", async () => {
    store = textDatabase(sending);
    addUser("4", "o'hara");
    addToken("made-elsewhere", "4");
    for (let times = 0; times < 2; times++) await revokeToken(store.bindings, "made-elsewhere", now);
    expect(told()).toEqual([{ user_id: "4", type: "logout", created_at: now, data: { all: false } }]);
    expect(audited()).toMatchObject([{ action: "token_revoked", user_id: "4", detail: '{"jti":"made-els"}' }]);
  });

  it("is no event where the Worker sends none", async () => {
    const notes = { action: "user_changed", user: { id: "3" }, event } as const;
    await deactivateAndEndTokens(withNotes(store.bindings, notes, now), await user("ada"), now);
    expect([told().length, audited().length]).toEqual([0, 1]);
  });
});

describe("logoutAll()", () => {
  const ask = () => Promise.resolve();
  const cutoff = () => store.db.prepare("SELECT issued_before FROM everyone_cutoff").all();
  const clock = Math.floor(Date.now() / 1000);

  it("with --dry-run says what would end, and writes nothing", async () => {
    expect(await logoutAll(store.bindings, { dryRun: true, ask })).toEqual([
      "Nothing was written (--dry-run). In the remote database, 5 open sessions and all log-ins to the admin page would end.",
    ]);
    expect([store.written, [...store.kv]]).toEqual([[], []]);
  });

  it("asks, and ends nothing if the answer is no", async () => {
    const questions: string[] = [];
    const no = async (question: string) => {
      questions.push(question);
      throw new Failure("Nobody was logged out.");
    };
    await expect(logoutAll(store.bindings, { dryRun: false, ask: no })).rejects.toThrow("Nobody was logged out.");
    expect(questions).toEqual([
      "Log everybody out? In the remote database, 5 open sessions and all log-ins to the admin page end.",
    ]);
    expect([cutoff(), [...store.kv]]).toEqual([[], []]);
  });

  it("ends everything by the database's clock, tells KV, says by when, and can be run again", async () => {
    addToken("young", "4", { made: clock - 5 });
    const [first, second] = await logoutAll(store.bindings, { dryRun: false, ask });
    const before = Number(cutoff()[0]?.issued_before);
    expect(before - clock).toBeGreaterThanOrEqual(2);
    expect(before - clock).toBeLessThan(60);
    const iso = new Date(before * 1000).toISOString().replace(".000", "");
    expect(first).toBe(
      `Everybody is logged out: in the remote database, tokens issued before ${iso} are ended. There were 6 open sessions.`,
    );
    expect(second).toBe(
      'Routes with revocation = "cached" refuse access tokens within 120 s; with "off", not before they expire.',
    );
    expect([...store.kv]).toEqual([["everyone", String(before)]]);
    const { tokens } = await listTokens(store.bindings, { userId: "4", blacklisted: true, limit: 10 });
    expect(tokens.map(({ jti, blacklisted_at }) => [jti, blacklisted_at])).toEqual([["young", before - 2]]);
    await logoutAll(store.bindings, { dryRun: false, ask });
    expect(cutoff()).toHaveLength(1);
  });

  it("says that KV does not have it, and that running it again is what helps", async () => {
    const kv = { put: () => Promise.reject(new Error("KV is down.")) } as unknown as KVNamespace;
    await expect(logoutAll({ ...store.bindings, kv }, { dryRun: false, ask })).rejects.toThrow(
      "The databases have it, but KV could not be updated: KV is down. Run the command again.",
    );
    expect(cutoff()).toHaveLength(1);
  });

  it("takes neither a user nor --session, and asks for nothing without a terminal", async () => {
    const run = (...argv: string[]) => commands.get("logout")?.run(argv);
    await expect(run("--all", "ada")).rejects.toThrow("--all ends the tokens of everybody");
    await expect(run("--all", "--session", "a1")).rejects.toThrow("--all ends the tokens of everybody");
    await expect(run("ada", "--yes")).rejects.toThrow("--yes and --dry-run require --all.");
  });
});

describe("audit", () => {
  const entryAt = (at: number, action: string, more: { user?: string; source?: string } = {}) =>
    store.db
      .prepare(
        "INSERT INTO audit (at, source, action, user_id, actor, detail) VALUES (?, ?, ?, ?, 'boss', '{\"rows\":2}')",
      )
      .run(at, more.source ?? "admin", action, more.user ?? null);

  it("lists the newest first, by what is asked for, and says whether there are more", async () => {
    entryAt(now - 20, "users_exported");
    entryAt(now - 10, "user_changed", { user: "o'hara" });
    entryAt(now, "user_deleted", { user: "3", source: "api" });
    const { database } = store.bindings;
    const list = async (filter: AuditFilter, limit = 10) => {
      const { rows, more } = await listAudit(database, filter, limit);
      return [...rows.map(({ action }) => action), more];
    };
    expect(await list({})).toEqual(["user_deleted", "user_changed", "users_exported", false]);
    expect(await list({}, 2)).toEqual(["user_deleted", "user_changed", true]);
    expect(await list({ userId: "o'hara", actor: "boss" })).toEqual(["user_changed", false]);
    expect(await list({ source: "api", action: "user_deleted" })).toEqual(["user_deleted", false]);
    expect(await list({ sinceSeconds: now - 10, untilSeconds: now })).toEqual(["user_changed", false]);
  });

  it("exports everything as a line of JSON each, the oldest first", async () => {
    for (let at = 0; at < 1001; at++) entryAt(now + at, "user_changed", { user: "3" });
    const lines = await Array.fromAsync(exportAudit(store.bindings.database, {}));
    expect(lines).toHaveLength(1001);
    expect(JSON.parse(lines[1000] ?? "")).toEqual({
      ...{ sequence: 1001, at: "2027-01-15T08:16:40Z", source: "admin", action: "user_changed", user_id: "3" },
      ...{ actor: "boss", place: null, request_id: null, detail: { rows: 2 } },
    });
  });
});
