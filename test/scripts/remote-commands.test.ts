// The same commands with --remote: the real wrangler, in front of an API that stands in for Cloudflare's. One command starts
// it as a person's does; for the others it is loaded once.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { remoteBindings } from "../../scripts/database/bindings.ts";
import { changePasswordAndEndTokens } from "../../scripts/database/end-user.ts";
import { commands } from "../../scripts/manage/commands.ts";
import * as wrangler from "../../scripts/shared/wrangler.ts";
import { type CloudflareApi, startCloudflareApi } from "../support/cloudflare-api.ts";
import { hostWrangler } from "../support/wrangler-host.ts";

const ROOT = join(import.meta.dirname, "../..");
const DUMP = join(ROOT, "test/support/fixtures/django.dump");
const insertEarlier = "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at)";
const insertToken = `INSERT INTO sessions (id, counter, started_at, other_jti, token_type, user_id, created_at, expires_at)
  SELECT lower(hex(randomblob(12))), 0, 1, *`;
let api: CloudflareApi;
let said: string[] = [];
const host = hostWrangler();
const manage = (name: string, ...words: string[]) => commands.get(name)?.run([...words, "--remote"]);

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation((line: string) => void said.push(line));
  api = await startCloudflareApi();
  api.db.exec(readFileSync(join(ROOT, "schema.sql"), "utf8"));
  for (const [name, value] of Object.entries(api.env)) vi.stubEnv(name, value);
});
beforeEach(() => void vi.spyOn(wrangler, "runWrangler").mockImplementation(host.run));
afterEach(() => {
  said = [];
});
afterAll(async () => {
  vi.mocked(wrangler.runWrangler).mockRestore();
  host.close();
  await api.close();
});

it("import-django --remote sends one file", async () => {
  expect(await manage("import-django", DUMP, "--quiet")).toBe(0);
  expect(said.slice(0, 4)).toEqual([
    "Imported into the remote database:",
    "  users   6 new, 0 updated, 0 unchanged, 0 left out",
    "  tokens  7 new, 0 updated, 0 unchanged, 0 left out, 1 skipped (expired)",
    "          3 of them blacklisted",
  ]);
  expect(api.imports.length).toBe(1);
  expect(api.imports[0]).not.toContain("eyJ");
  expect(api.db.prepare("SELECT id, username, first_name FROM users WHERE id = 3").all()).toEqual([
    { id: "3", username: "zoë", first_name: "Zoë; DROP TABLE users--'\"" },
  ]);
});

it("revoke --remote tells D1 and KV", async () => {
  vi.mocked(wrangler.runWrangler).mockRestore();
  const jti = "O'Brien's ?1 token";
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  api.db.prepare(`${insertToken} FROM (VALUES (?, 'sliding', '3', 1, ?))`).run(jti, expiry);
  expect(await manage("revoke", jti)).toBe(0);
  expect(said).toEqual([`Blacklisted '${jti}' in the remote database.`]);
  expect([...api.kv]).toEqual([[`jti:${jti}`, { value: "1", expiration: expiry }]]);
  const row = api.db.prepare("SELECT user_id, blacklisted_at > 1 AS b FROM sessions WHERE other_jti = ?").get(jti);
  expect(row).toEqual({ user_id: "3", b: 1 });
});

it("flushexpiredtokens --remote counts what went", async () => {
  api.db.exec("UPDATE sessions SET expires_at = 1000000000 WHERE user_id = '2'");
  expect(await manage("flushexpiredtokens")).toBe(0);
  expect(said).toEqual(["Deleted 3 expired rows from the remote database."]);
});

it("changepassword --remote ends the user's tokens, and tells KV of the cut-off", async () => {
  const soon = Math.floor(Date.now() / 1000) + 3600;
  const token = api.db.prepare(`${insertToken} FROM (VALUES (?, 'refresh', '3', 1, ?))`);
  token.run("before", soon);
  const bindings = await remoteBindings(undefined);
  const [nowSeconds, user] = [soon - 3600, { id: "3", username: "zoë", alternate_id: null }];
  await changePasswordAndEndTokens(bindings, user, "scrypt$another", nowSeconds);
  expect(api.db.prepare("SELECT password FROM users WHERE id = 3").get()).toEqual({ password: "scrypt$another" });
  expect(api.db.prepare("SELECT blacklisted_at FROM sessions WHERE other_jti = 'before'").get()).toEqual({
    blacklisted_at: nowSeconds,
  });
  expect(api.db.prepare("SELECT issued_before FROM user_cutoffs WHERE user_id = 3").get()).toEqual({
    issued_before: nowSeconds + 1,
  });
  // REFRESH_TOKEN_LIFETIME of wrangler.toml is 7 days.
  const told = { value: String(nowSeconds + 1), expiration: nowSeconds + 7 * 86_400 };
  expect(api.kv.get("user:3")).toEqual(told);
});

it("logout --session --remote ends one session in one file, and tells KV of it", async () => {
  const now = Math.floor(Date.now() / 1000);
  for (const jti of ["one's", "two"]) {
    api.db.prepare(`${insertEarlier} VALUES (?, 'refresh', 3, ?, ?)`).run(jti, now - 60, now + 3600);
  }
  const before = api.imports.length;
  expect(await manage("logout", "zoë", "--session", "one's")).toBe(0);
  expect(said).toEqual([
    "The session 'one's' of 'zoë' in the remote database is ended. Its access tokens do not name it and stay valid until they expire.",
  ]);
  const ended = api.db.prepare("SELECT other_jti FROM sessions WHERE ended_at IS NOT NULL").all();
  expect([ended, api.imports.length - before]).toEqual([[{ other_jti: "one's" }], 1]);
  expect(api.kv.get("fam:one's")?.value).toBe("1");
});

it("sessions adopt --remote adopts what is left of an earlier version, and says so", async () => {
  expect(await manage("sessions", "adopt", "--quiet")).toBe(0);
  expect(await manage("sessions", "adopt", "--quiet")).toBe(0);
  expect(said).toEqual([
    "1 session of an earlier version is adopted in the remote database. Nothing is left to adopt.",
    "Nothing is left to adopt.",
  ]);
  expect(api.db.prepare("SELECT user_id, counter FROM sessions WHERE other_jti = 'two'").all()).toEqual([
    { user_id: "3", counter: 0 },
  ]);
});

it("a command adds the columns that a database made before lacks, and then does its work", async () => {
  api.db.exec(
    "ALTER TABLE users DROP COLUMN session_version; ALTER TABLE outstanding_tokens DROP COLUMN session_version",
  );
  expect(await manage("activate", "zoë")).toBe(0);
  expect(said).toEqual(["'zoë' was already active in the remote database."]);
  expect(api.imports.at(-2)).toMatch(
    /^ALTER TABLE users ADD COLUMN session_version INTEGER NOT NULL DEFAULT 0;\nALTER TABLE outstanding_tokens ADD COLUMN session_version INTEGER;\n--/,
  );
  expect(api.db.prepare("SELECT session_version FROM users WHERE id = 3").get()).toEqual({ session_version: 0 });
});

it("migrate --remote adds what is missing, and with --finish stores ids as text", async () => {
  const { db } = api;
  db.exec("PRAGMA foreign_keys = OFF");
  for (const { name } of db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all())
    db.exec(`DROP TABLE ${name}`);
  db.exec("PRAGMA foreign_keys = ON");
  db.exec(readFileSync(join(ROOT, "test/support/fixtures/schema-0.1.0.sql"), "utf8"));
  db.exec("INSERT INTO users (id, username, password, date_joined) VALUES (7, 'ada', 'x', 'now')");
  db.exec(`${insertEarlier} VALUES ('t', 'refresh', 7, 1, 2)`);
  expect(await manage("migrate")).toBe(0);
  expect(said).toEqual([
    "The tables of the remote database are up to date; added users.session_version, users.imported_hash, outstanding_tokens.session_version, admin_sessions.session_version, admin_sessions.confirmed_at, users.alternate_id, users.extra, users.version, users.imported_row, users.confirmed_at.",
    'User ids are integers, as 0.1 stored them: fine for USER_ID_TYPE = "integer", and 0.1 still works with this database.',
    "To store other ids: npm run manage -- migrate --finish --remote, after which 0.1 no longer works with it.",
  ]);
  await expect(manage("migrate", "--finish")).rejects.toThrow(
    "No terminal to ask on. To go on without a prompt, add --yes.",
  );
  expect(await manage("migrate", "--finish", "--yes", "--quiet")).toBe(0);
  expect(said.at(-1)).toBe(
    "User ids in the remote database are text now. 0.1 does not work with it any more; D1's Time Travel has the state of before (docs/upgrading.md).",
  );
  expect(db.prepare("SELECT id, username FROM users").all()).toEqual([{ id: "7", username: "ada" }]);
  expect(db.prepare("SELECT jti, user_id FROM outstanding_tokens").all()).toEqual([{ jti: "t", user_id: "7" }]);
  said = [];
  expect(await manage("migrate", "--finish", "--yes", "--quiet")).toBe(0);
  expect(said.at(-1)).toBe("User ids are text already. Nothing was changed.");
  await expect(manage("migrate", "--cancel")).rejects.toThrow(
    /^The tables are replaced already, so there is nothing to cancel\.$/,
  );
  db.exec("CREATE TABLE text_ids (name TEXT PRIMARY KEY NOT NULL, next, total INTEGER)");
  await expect(manage("migrate", "--cancel")).rejects.toThrow("nothing to cancel. --finish completes it.");
  db.exec("DROP TABLE text_ids");
});

it("provision --remote sends one file for all lines, and tells KV of all users at once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-provision-"));
  const file = join(folder, "users.jsonl");
  const lines = [
    { id: 303, version: 1, password: "!new", last_name: "O'Brien; --" },
    { id: 304, version: 1, deleted: true },
    { id: 99, version: 1, username: "new" },
  ];
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join("\n"));
  const insert = "INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, 'old', 'then')";
  for (const id of ["303", "304"]) api.db.prepare(insert).run(id, `user-${id}`);
  const before = api.imports.length;
  expect(await manage("provision", file)).toBe(0);
  rmSync(folder, { recursive: true });
  expect(said).toEqual(["In the remote database: 3 applied, 0 unchanged, 0 outdated, 0 refused."]);
  expect(api.imports.length - before).toBe(1);
  expect(api.db.prepare("SELECT password, last_name, session_version FROM users WHERE id = 303").all()).toEqual([
    { password: "!new", last_name: "O'Brien; --", session_version: 1 },
  ]);
  expect(api.db.prepare("SELECT id FROM users WHERE id IN (304, 99)").all()).toEqual([{ id: "99" }]);
  expect([...api.kv.keys()].filter((key) => /^user:30[34]$/.test(key)).sort()).toEqual(["user:303", "user:304"]);
});
