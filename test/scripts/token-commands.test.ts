// import-django, tokens, revoke and flushexpiredtokens as a shell sees them, on a local database of their own.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bindings, localBindings, storesOf } from "../../scripts/database/bindings.ts";
import { findToken, listTokens } from "../../scripts/database/token-rows.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { flushExpired, revokeToken } from "../../scripts/manage/tokens.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { openProgress } from "../../scripts/shared/progress.ts";
import { dumpRows } from "../support/django-dump.ts";
import { copyProject } from "../support/projects.ts";

const { folder, manage, remove } = copyProject();
const nowSeconds = Math.floor(Date.now() / 1000);
// Token n is of user n + 1; those with even numbers are blacklisted.
const dump = JSON.stringify([...dumpRows({ users: 6, tokens: 6, nowSeconds })]);
const jti = (number: number) => String(number).padStart(32, "0");
const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000", "");
const expiry = nowSeconds + 86_400 + 3;
let bindings: Bindings;

beforeAll(async () => {
  writeFileSync(join(folder, "broken.json"), '[{"model": "auth.user", "hunter2');
  bindings = await localBindings(join(folder, ".wrangler/state"));
});
afterAll(async () => {
  await bindings.database.close();
  remove();
});

describe("a usage error", () => {
  it.each([
    ["import-django", [], 2, "FILE is missing: npm run manage -- import-django FILE"],
    ["import-django", ["/nowhere.json", "--quiet"], 1, "Cannot read /nowhere.json: ENOENT: no such file or directory."],
    [
      "import-django",
      [join(folder, "broken.json"), "--quiet"],
      1,
      `${join(folder, "broken.json")} ends in the middle of row 1: the dump is not complete.`,
    ],
    ["import-django", ["a", "b"], 2, "Unexpected word 'b'. See --help."],
    ["tokens", ["--limit", "0"], 2, "--limit must be a whole number above 0; it is '0'."],
    ["tokens", ["--env", "staging"], 2, "--env requires --remote."],
    ["revoke", [], 2, "ID is missing: npm run manage -- revoke ID"],
    ["flushexpiredtokens", ["all"], 2, "Unexpected word 'all'. See --help."],
  ])("is refused: %s %j", async (name, words, code, message) => {
    await expect(commands.get(name)?.run(words)).rejects.toThrow(new Failure(message, code));
  });
});

it.each(["tokens", "revoke", "flushexpiredtokens", "import-django"])("the help of %s fits into 120 columns", (name) => {
  const help = commands.get(name)?.help ?? "";
  expect(help).toMatch(new RegExp(`^npm run manage -- ${name} `));
  for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
});

describe("tokens on a local database", () => {
  it("come in from standard input, with a line for each step", async () => {
    const { code, stdout, stderr } = await manage(["import-django", "-"], dump);
    expect([code, stdout]).toEqual([
      0,
      `Imported into the local database:
  users   6 new, 0 updated, 0 unchanged, 0 left out
  tokens  6 new, 0 updated, 0 unchanged, 0 left out, 0 skipped (expired)
          3 of them blacklisted

Imported, with remarks:
  6 users: pbkdf2_sha256 hash, slow to check until the first log-in rewrites it (docs/passwords.md)
`,
    ]);
    expect(stderr).toBe(
      "Reading standard input\nReading the local database\nChecking 6 users, 6 tokens\nWriting to the local database\n",
    );
  });

  it("are listed, newest first", async () => {
    const { code, stdout, stderr } = await manage(["tokens", "--limit", "2"]);
    expect([code, stderr]).toEqual([0, "There are more. These are the newest 2. --limit shows more.\n"]);
    expect(stdout.split("\n").slice(2)).toEqual([
      `00000000000000000000000000000001  refresh  user2  ${iso(nowSeconds - 1)}  ${iso(nowSeconds + 86_401)}  -`,
      `00000000000000000000000000000002  refresh  user3  ${iso(nowSeconds - 2)}  ${iso(nowSeconds + 86_402)}  ${iso(nowSeconds - 1)}`,
      "",
    ]);
  });

  it("are listed as JSON for one user", async () => {
    const { code, stdout, stderr } = await manage(["tokens", "--user", "user4", "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const [created_at, expires_at] = [nowSeconds - 3, expiry];
    const token = { jti: jti(3), token_type: "refresh", user_id: "4", username: "user4", created_at, expires_at };
    expect(JSON.parse(stdout)).toEqual([{ ...token, blacklisted_at: null }]);
  });

  it("are revoked by their id, in D1 and in KV", async () => {
    expect(await manage(["revoke", jti(3)])).toEqual({
      code: 0,
      stdout: `Blacklisted '${jti(3)}' in the local database.\n`,
      stderr: "",
    });
    const { keys } = (await bindings.kv?.list()) ?? { keys: [] };
    expect(keys).toEqual([{ name: `jti:${jti(3)}`, expiration: expiry }]);
    const row = await findToken(bindings, jti(3));
    expect(row).toMatchObject({ expires_at: expiry, username: "user4" });
    expect(row?.blacklisted_at).toBeGreaterThanOrEqual(nowSeconds);
  });
});

describe("revokeToken()", () => {
  it("says what was so already, and tells KV once more", async () => {
    const [since, now] = [iso(nowSeconds - 1), nowSeconds];
    expect(await revokeToken(bindings, jti(2), now)).toBe(
      `'${jti(2)}' was already blacklisted in the local database since ${since}.`,
    );
    expect(await bindings.kv?.get(`jti:${jti(2)}`)).toBe("1");
  });
  it("does not tell KV of what has expired", async () => {
    const later = nowSeconds + 200_000;
    expect(await revokeToken(bindings, jti(5), later)).toBe(
      `Blacklisted '${jti(5)}' in the local database; it had already expired.`,
    );
    expect(await bindings.kv?.get(`jti:${jti(5)}`)).toBeNull();
  });
  it("fails for an id that nobody knows", async () => {
    await expect(revokeToken(bindings, "nope", nowSeconds)).rejects.toThrow(
      new Failure("There is no token with the id 'nope' in the local database. npm run manage -- tokens lists them."),
    );
  });
});

describe("flushExpired()", () => {
  const flushed = async (LEEWAY: unknown) =>
    flushExpired({ ...bindings, vars: { LEEWAY } }, nowSeconds, openProgress(true));

  it("deletes what expired longer than LEEWAY ago", async () => {
    const set = (seconds: number, users: string) =>
      bindings.database.write(`UPDATE sessions SET expires_at = ${seconds} WHERE user_id IN (${users})`);
    await set(nowSeconds - 61, "'2', '3'");
    await set(nowSeconds - 60, "'4'");
    await set(nowSeconds, "'5'");
    expect(await flushed("1m")).toBe(2);
    expect(await flushed(0)).toBe(1);
    expect(await flushed(0)).toBe(0);
  });
  it("does nothing while LEEWAY cannot be read", async () => {
    await expect(flushed("soon")).rejects.toThrow(/^wrangler.toml: LEEWAY must be /);
  });
});

describe("listTokens()", () => {
  const ids = async (filter: { userId?: string; blacklisted: boolean; limit: number }) => {
    const { tokens, more } = await listTokens(bindings, filter);
    return { ids: tokens.map((token) => token.jti), more };
  };
  it("finds those of one user, the blacklisted ones, and says when there are more", async () => {
    await bindings.database.write("DELETE FROM sessions");
    const at = (number: number, rest: string) =>
      `INSERT INTO sessions (id, counter, started_at, other_jti, token_type, user_id, created_at, expires_at)
       VALUES ('s${number}', 0, 1, '${jti(number)}', 'refresh', ${rest}, 9)`;
    const earlier = `INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at)
      VALUES ('${jti(3)}', 'refresh', 3, 6, 9)`;
    await bindings.database.write(`${at(1, "'2', 5")}; ${at(2, "'2', 7")}; ${earlier}; ${at(4, "NULL, 7")}`);
    await bindings.database.write("UPDATE sessions SET blacklisted_at = 8 WHERE created_at = 7");
    expect(await ids({ blacklisted: false, limit: 4 })).toEqual({ ids: [2, 4, 3, 1].map(jti), more: false });
    expect(await ids({ blacklisted: false, limit: 3 })).toEqual({ ids: [2, 4, 3].map(jti), more: true });
    expect(await ids({ blacklisted: true, limit: 9 })).toEqual({ ids: [2, 4].map(jti), more: false });
    expect(await ids({ userId: "2", blacklisted: true, limit: 9 })).toEqual({ ids: [jti(2)], more: false });
  });
});

describe("storesOf()", () => {
  it("says what a store said when it fails, and only then", async () => {
    const token = { jti: "x", type: "refresh", userId: undefined, createdAtSeconds: 1, expiresAtSeconds: 9 } as const;
    const { tokens, announce } = storesOf(bindings);
    expect(await tokens.blacklist("no user", token, 5)).toBe(true);
    expect(await tokens.blacklist("no user", token, 6)).toBe(false);
    // KV takes no expiration that is no number.
    await expect(announce?.("x", Number.NaN, 5)).rejects.toThrow();
    await bindings.database.write("DROP INDEX outstanding_tokens_expires_at; DROP TABLE outstanding_tokens");
    await expect(tokens.deleteExpired(5, 10)).rejects.toThrow(/no such table: outstanding_tokens/);
  });
});
