// scripts/database/remote.ts: what goes to wrangler, and what comes back, with a wrangler that only remembers.
import { existsSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Bindings } from "../../scripts/database/bindings.ts";
import { d1OverText } from "../../scripts/database/d1-over-text.ts";
import type { Database } from "../../scripts/database/database.ts";
import { errorIn, openRemote } from "../../scripts/database/remote.ts";
import { findUser, insertUser, setPasswordHash } from "../../scripts/database/users.ts";
import { djangoUsers } from "../support/user-model.ts";

const said = (answer: unknown) => ({ exitCode: 0, stdout: JSON.stringify(answer), stderr: "" });
const failed = (text: string, ...notes: string[]) => ({
  exitCode: 1,
  stdout: `\n${JSON.stringify({ error: { text, notes: notes.map((note) => ({ text: note })) } }, null, 2)}`,
  stderr: "",
});
const rows = (...results: object[]) => said([{ results, success: true }]);

/** A wrangler that gives the answers in turn and remembers its arguments and the files it was handed. */
function recorder(...answers: ReturnType<typeof said>[]) {
  const calls: { args: readonly string[]; file: string | undefined; mode: number | undefined; path: string }[] = [];
  const runner = async (args: readonly string[]) => {
    const path = args.includes("--file") ? (args.at(-1) ?? "") : "";
    calls.push({
      args,
      path,
      file: path === "" ? undefined : readFileSync(path, "utf8"),
      mode: path === "" ? undefined : statSync(path).mode & 0o777,
    });
    return answers.shift() ?? rows();
  };
  return { calls, runner };
}

/** With one database for all. */
const bindingsTo = (database: Database): Bindings => ({
  database,
  d1: d1OverText(database),
  sessions: new Map(),
  kv: undefined,
  vars: {},
  sendsEvents: false,
});
const seven = { id: "7", username: "ada", alternate_id: null };

const user = { username: "ada", email: "", passwordHash: "scrypt$x", isStaff: false, isSuperuser: true };

describe("openRemote()", () => {
  it("asks with a command", async () => {
    const { calls, runner } = recorder(
      rows({ id_text: "7", username: "O'Brien", email: "", is_active: 1, last_login: null }),
    );
    expect((await findUser(openRemote(undefined, runner), "O'Brien"))?.id).toBe("7");
    expect(calls[0]?.args).toEqual([
      ...["d1", "execute", "DB", "--remote", "--json", "--yes", "--command"],
      "SELECT CAST(id AS TEXT) AS id_text, username, alternate_id, first_name, last_name, email, is_active, is_staff, is_superuser, last_login, date_joined, session_version FROM users WHERE username = 'O''Brien'",
    ]);
  });

  it("writes by a file that only this user can read, and takes it away again", async () => {
    const { calls, runner } = recorder();
    await setPasswordHash(bindingsTo(openRemote("staging", runner)), seven, "scrypt$16384$salt$8$5$aGFzaA==");
    const [call] = calls;
    expect(call?.args.slice(0, -1)).toEqual([
      ...["d1", "execute", "DB", "--remote", "--json", "--yes", "--env", "staging", "--file"],
    ]);
    expect(call?.args.join(" ")).not.toContain("aGFzaA");
    expect(call?.file).toMatch(
      /^UPDATE users SET password = 'scrypt\$16384\$salt\$8\$5\$aGFzaA==', imported_hash = NULL, confirmed_at = NULL, session_version = session_version \+ 1 WHERE id = '7';\n/,
    );
    expect(call?.mode).toBe(0o600);
    expect(existsSync(call?.path ?? "")).toBe(false);
  });

  it("takes the file away when wrangler fails", async () => {
    const { calls, runner } = recorder(failed("no network"));
    await expect(setPasswordHash(bindingsTo(openRemote(undefined, runner)), seven, "h")).rejects.toThrow(
      "Remote database: no network",
    );
    expect(existsSync(calls[0]?.path ?? "")).toBe(false);
  });

  it("makes the tables when they are missed, and asks again", async () => {
    const { calls, runner } = recorder(failed("no such table: users: SQLITE_ERROR"), rows(), rows(), rows());
    expect(await findUser(openRemote(undefined, runner), "ada")).toBeNull();
    expect(calls.map(({ args }) => args.at(-2))).toEqual(["--command", "--command", "--file", "--command"]);
    expect(calls[2]?.file).toContain("CREATE TABLE IF NOT EXISTS users");
    expect(calls[2]?.file).not.toContain("ALTER TABLE");
  });

  it.each([
    "no such column: session_version at offset 92: SQLITE_ERROR",
    "table users has no column named session_version",
  ])("adds the columns that are missed, and asks again: %s", async (text) => {
    const { calls, runner } = recorder(failed(text), rows({ in_table: "users", name: "id" }), rows(), rows());
    expect(await findUser(openRemote(undefined, runner), "ada")).toBeNull();
    expect(calls[2]?.file).toMatch(
      /^ALTER TABLE users ADD COLUMN session_version INTEGER NOT NULL DEFAULT 0;\nALTER TABLE users ADD COLUMN imported_hash TEXT;\n(ALTER TABLE users ADD COLUMN [a-z_]+ [A-Z]+;\n){5}--/,
    );
  });

  it("says that a name is taken when the database does", async () => {
    const { runner } = recorder(failed("UNIQUE constraint failed: users.username: SQLITE_CONSTRAINT"));
    await expect(
      insertUser(openRemote(undefined, runner), user, "2026-01-01T00:00:00.000Z", djangoUsers),
    ).rejects.toThrow("There is already a user called 'ada'.");
  });
});

describe("insertUser()", () => {
  it("fills Django's columns", async () => {
    const { calls, runner } = recorder();
    await insertUser(openRemote(undefined, runner), user, "2026-01-01T00:00:00.000Z", djangoUsers);
    const file = calls[0]?.file?.replace(/CASE COALESCE[^$]* END, /, "<id>, ");
    expect(file).toBe(
      `INSERT INTO users (id, alternate_id, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined) VALUES (<id>, NULL, 'scrypt$x', NULL, 1, 'ada', '', '', '', 0, 1, '2026-01-01T00:00:00.000Z')`,
    );
  });
});

describe("errorIn()", () => {
  it("puts text and notes on one line", () => {
    expect(errorIn(failed("A request failed.\n", "Unknown database [code: 7404]"))).toBe(
      "A request failed. : Unknown database [code: 7404]",
    );
  });
  it("names the cure when nobody is logged in", () => {
    expect(errorIn(failed("In a non-interactive environment, set a CLOUDFLARE_API_TOKEN"))).toBe(
      "wrangler is not logged in. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.",
    );
  });
  it("takes what there is", () => {
    expect(errorIn({ exitCode: 3, stdout: "", stderr: "" })).toBe("wrangler ended with exit code 3.");
    expect(errorIn({ exitCode: 3, stdout: "not JSON", stderr: "two\n  lines" })).toBe("two lines");
  });
});
