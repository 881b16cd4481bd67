// `manage provision`: on text, as the deployed database takes it, and on a local D1; what it keeps of the store's promises.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { provisioningStore } from "../../scripts/database/provision.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { openProvisioner } from "../../scripts/manage/provision.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { provisioningPromises } from "../../src/stores/conformance/provisioning.ts";
import type { ProvisionedRow, ProvisioningUnderTest } from "../../src/stores/conformance/provisioning-under-test.ts";
import type { LineResult } from "../../src/users/provisioning.ts";
import { copyProject } from "../support/projects.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";

const now = 1_800_000_000;

describe("the statements as text promise that", () => {
  const { bindings, db } = textDatabase();
  let ids = 0;
  const missing = () => Promise.reject(new Error("no command does this"));
  const under: ProvisioningUnderTest = {
    store: { ...provisioningStore(bindings), logOut: missing, page: missing },
    newId: () => `id-${++ids}`,
    rowOf: async (id) => {
      const row = db.prepare("SELECT * FROM users WHERE id = ?").get(id) as unknown as ProvisionedRow | undefined;
      return row && { ...row, is_active: Number(row.is_active) === 1 };
    },
    upgradeHash: async (id, better) => void db.prepare("UPDATE users SET password = ? WHERE id = ?").run(better, id),
    setPassword: async (id, hash) =>
      void db.prepare("UPDATE users SET password = ?, imported_hash = NULL WHERE id = ?").run(hash, id),
    issuedBefore: async (id) => {
      const row = db.prepare("SELECT issued_before FROM user_cutoffs WHERE user_id = ?").get(id);
      return Number(row?.issued_before ?? 0);
    },
  };
  // Log-outs and lists are other commands.
  const own = provisioningPromises.filter(({ name }) => !/^(a log-out|users are listed)/.test(name));
  test.each(own)("$name", ({ run }) => run(under));
});

describe("provision on text", () => {
  let store: TextDatabase;
  const results: LineResult[] = [];
  const provision = async (lines: readonly object[], vars = {}) => {
    results.length = 0;
    const bindings = { ...store.bindings, vars: { ...store.bindings.vars, ...vars } };
    const provisioner = openProvisioner(bindings, now);
    const counts = await provisioner.lines(
      lines.map((line) => JSON.stringify(line)),
      (result) => results.push(result),
    );
    return { counts, nameless: provisioner.nameless };
  };
  const row = (id: string) => store.db.prepare("SELECT * FROM users WHERE id = ?").get(id);
  beforeEach(() => {
    store = textDatabase({ REFRESH_TOKEN_LIFETIME: "7d" });
    const insert = "INSERT INTO users (id, username, password, date_joined, version) VALUES (?, ?, 'old', 'then', ?)";
    store.db.prepare(insert).run("3", "ada", 5);
    store.db.prepare(insert).run("4", "o'hara", null);
    const token =
      "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES (?, 'refresh', ?, 1, ?)";
    store.db.prepare(token).run("t3", "3", now + 9);
    store.db.prepare(token).run("t4", "4", now + 9);
  });

  it("says of each line what became of it", async () => {
    const lines = [
      { id: "3", version: 6, password: "new", first_name: "Zoë; DROP TABLE users--'\"" },
      { id: "3", version: 6 },
      { id: "3", version: 4 },
      { id: "4", version: 1, deleted: true },
      { id: "5", version: 1, is_active: "?" },
      { id: "6", version: 1, username: "o'hara" },
    ];
    const { counts } = await provision(lines);
    expect(counts).toEqual({ applied: 3, unchanged: 1, outdated: 1, refused: 1 });
    expect(results).toEqual([
      { id: "3", version: 6, result: "applied" },
      { id: "3", version: 6, result: "unchanged" },
      { id: "3", version: 6, result: "outdated" },
      { id: "4", version: 1, result: "applied" },
      { id: "5", version: 1, result: "refused", error: "is_active is not a boolean" },
      { id: "6", version: 1, result: "applied" },
    ]);
    expect(row("3")).toMatchObject({ password: "new", first_name: "Zoë; DROP TABLE users--'\"", session_version: 1 });
    expect(row("4")).toBeUndefined();
    expect(row("6")).toMatchObject({ username: "o'hara", imported_hash: null });
  });

  it("ends tokens in the same transaction, and tells KV", async () => {
    await provision([
      { id: "3", version: 6, password: "new" },
      { id: "4", version: 1, email: "x@example.com" },
    ]);
    expect(store.written).toHaveLength(1);
    const ended = store.db.prepare("SELECT other_jti AS jti FROM sessions WHERE blacklisted_at IS NOT NULL").all();
    expect(ended).toEqual([{ jti: "t3" }]);
    expect([...store.kv]).toEqual([["user:3", String(now + 1)]]);
  });

  it("tells KV of the old name and the new one where tokens name users by it, also of who lost a name", async () => {
    const { nameless } = await provision([{ id: "4", version: 7, username: "ada" }], { USER_ID_FIELD: "username" });
    expect(nameless).toEqual(["3"]);
    expect([...store.kv.keys()].sort()).toEqual(["user:ada", "user:o'hara"]);
    expect(row("3")).toMatchObject({ username: "id:3", version: 4 });
  });

  it("changes nothing when it is repeated", async () => {
    const lines = [{ id: "3", version: 6, password: "new" }];
    await provision(lines);
    const before = row("3");
    expect((await provision(lines)).counts).toMatchObject({ applied: 0, unchanged: 1 });
    expect(row("3")).toEqual(before);
  });

  it("writes no line again beside a newer one that takes its name", async () => {
    store.db.exec("UPDATE users SET is_active = 0 WHERE id = '3'");
    await provision([
      { id: "3", version: 5, username: "ada", is_active: true },
      { id: "4", version: 6, username: "ada" },
    ]);
    expect(row("3")).toMatchObject({ username: "id:3", version: 4, is_active: 0 });
  });

  it("puts no hash on a command line", async () => {
    const read: string[] = [];
    const { database } = store.bindings;
    const bindings = {
      ...store.bindings,
      database: {
        ...database,
        read: (sql: string) => {
          read.push(sql);
          return database.read(sql);
        },
      },
    };
    const line = JSON.stringify({ id: "3", version: 6, password: "scrypt$secret" });
    await openProvisioner(bindings, now).lines([line], () => {});
    expect(read.length).toBeGreaterThan(2);
    expect(read.join()).not.toContain("secret");
  });

  it("writes thousands of long lines in statements that D1 takes", async () => {
    const long = "é".repeat(1000);
    const lines = Array.from({ length: 1500 }, (_, at) => ({
      id: 1000 + at,
      version: 1,
      first_name: long,
      last_name: long,
    }));
    expect((await provision(lines)).counts.applied).toBe(1500);
    const statements = store.written.flatMap((text) => text.split(";\n"));
    expect(Math.max(...statements.map((text) => Buffer.byteLength(text)))).toBeLessThan(100_000);
    expect(row("2499")).toMatchObject({ first_name: long });
  });

  it("says so when KV cannot be told", async () => {
    const kv = { put: () => Promise.reject(new Error("no network")) } as unknown as KVNamespace;
    const provisioner = openProvisioner({ ...store.bindings, kv }, now);
    const line = JSON.stringify({ id: "3", version: 6, is_active: false });
    await expect(provisioner.lines([line], () => {})).rejects.toThrow(
      /^The users are written, but KV could not be updated: no network Routes with revocation = "cached"/,
    );
    expect(row("3")).toMatchObject({ is_active: 0 });
  });
});

describe("a usage error", () => {
  it.each([
    [[], "FILE is missing: npm run manage -- provision FILE"],
    [["a", "--delete", "7"], "FILE and --delete exclude each other."],
    [["a", "--env", "x"], "--env requires --remote."],
  ])("is refused: %j", async (words, message) => {
    await expect(commands.get("provision")?.run(words)).rejects.toThrow(new Failure(message, 2));
  });

  it("has a help that fits into 120 columns", () => {
    for (const line of (commands.get("provision")?.help ?? "").split("\n"))
      expect(line.length).toBeLessThanOrEqual(120);
  });
});

describe("provision on a local database", () => {
  const { manage, remove } = copyProject();
  const place = mkdtempSync(join(tmpdir(), "simplejwt-edge-provision-"));
  const file = join(place, "users.jsonl");
  beforeAll(() => {
    const lines = [
      { id: 7, version: 1, username: "ada", password: "!" },
      { id: 8, version: 1, isactive: false },
    ];
    writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n\n{"id":9,\n`);
  });
  afterAll(() => {
    rmSync(place, { recursive: true, force: true });
    remove();
  });

  it("applies a file, reports what is wrong by line, and fails then", async () => {
    expect(await manage(["provision", file])).toEqual({
      code: 1,
      stdout: "In the local database: 1 applied, 0 unchanged, 0 outdated, 2 refused.\n",
      stderr:
        "line 2 (id 8): isactive is not a field that is kept here; further fields go into extra\nline 4: line is not JSON\n",
    });
  });

  it("reads standard input, and answers as the endpoint does with --json", async () => {
    const { code, stdout } = await manage(
      ["provision", "-", "--json"],
      '{"id": 7, "version": 1}\n{"id": 7, "version": 0}',
    );
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '{"id":"7","version":1,"result":"unchanged"}\n{"id":"7","version":1,"result":"outdated"}\n',
    });
  });

  it("deletes a user, whom no older line brings back", async () => {
    expect((await manage(["provision", "--delete", "7"])).stdout).toBe(
      "The user '7' is deleted in the local database.\n",
    );
    const again = await manage(["provision", "-", "--json"], '{"id": 7, "version": 2}');
    expect(JSON.parse(again.stdout)).toMatchObject({ id: "7", result: "outdated" });
  });

  it("refuses an id that is none", async () => {
    const { code, stderr } = await manage(["provision", "--delete", "x"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "manage: --delete needs the id of a user.\n" });
  });

  it("says which file it cannot read", async () => {
    const { code, stderr } = await manage(["provision", "/nowhere.jsonl"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "manage: Cannot read /nowhere.jsonl: ENOENT: no such file or directory, open '/nowhere.jsonl'.\n",
    });
  });
});
