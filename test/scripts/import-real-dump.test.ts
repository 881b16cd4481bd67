// import-django with dumps that a real Django made (test/support/fixtures), into a real local D1.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useLocalDatabase } from "../support/django-import.ts";
import { dumpOf, parseDump, userRow } from "../support/dump-rows.ts";

const { importOf, users, tokens } = useLocalDatabase();
const fixture = (name: string) =>
  parseDump(name, readFileSync(join(import.meta.dirname, "../support/fixtures", name), "utf8"));
const everything = async () => [await users(), await tokens()];

const refresh = {
  ...{ token_type: "refresh", created_at: 1735787045, expires_at: 4889387045, kept_until: null },
  // A session that begins with it.
  ...{ id: expect.stringMatching(/^[0-9a-f]{24}$/), counter: 0, started_at: 1735787045, session: null },
  ...{ uses: null, mark: null, ended_at: null, client: null, address: null, session_version: null },
};
/** A sliding token's row lasts for SLIDING_TOKEN_LIFETIME (5 minutes) beyond its refresh window. */
const sliding = { ...refresh, token_type: "sliding", expires_at: 4889387345 };
const imported = [
  { ...refresh, jti: "00000000000000000000000000000001", user_id: "2", blacklisted_at: null },
  { ...refresh, jti: "00000000000000000000000000000002", user_id: "2", blacklisted_at: 1735787045 },
  { ...sliding, jti: "00000000000000000000000000000003", user_id: "2", blacklisted_at: null },
  { ...sliding, jti: "00000000000000000000000000000004", user_id: "3", blacklisted_at: 1735787045 },
  { ...refresh, jti: "00000000000000000000000000000005", user_id: "3", blacklisted_at: null },
  { ...refresh, jti: "00000000000000000000000000000006", user_id: null, blacklisted_at: null },
  { ...refresh, jti: "00000000000000000000000000000007", user_id: null, blacklisted_at: 1735787045 },
];

describe("a dump of a real Django", () => {
  it("goes in with its ids, flags, hashes and times, and without a token", async () => {
    const { exitCode, counts } = await importOf(fixture("django.dump"));
    expect(exitCode).toBe(0);
    expect(counts).toEqual([
      "users   6 new, 0 updated, 0 unchanged, 0 left out",
      "tokens  7 new, 0 updated, 0 unchanged, 0 left out, 1 skipped (expired)",
      "3 of them blacklisted",
    ]);
    expect((await users())[0]).toEqual({
      id: "2",
      session_version: 0,
      alternate_id: null,
      extra: null,
      version: null,
      confirmed_at: null,
      imported_row: expect.stringMatching(/^[0-9a-f]{64}$/),
      imported_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      password: expect.stringMatching(/^pbkdf2_sha256\$260000\$\w{22}\$.{44}$/),
      last_login: "2025-01-02T03:04:05.678Z",
      is_superuser: 1,
      username: "ada",
      first_name: "Ada",
      last_name: "Lovelace",
      email: "ada@example.com",
      is_staff: 1,
      is_active: 1,
      date_joined: "2025-01-01T03:04:05.678Z",
    });
    expect(
      (await users()).map(({ id, username, first_name, is_active }) => [id, username, first_name, is_active]),
    ).toEqual([
      ["2", "ada", "Ada", 1],
      ["3", "zoë", "Zoë; DROP TABLE users--'\"", 1],
      ["4", "left", "", 0],
      ["5", "social", "", 1],
      ["6", "blank ", "", 1],
      ["7", "old", "", 1],
    ]);
    expect(await tokens()).toEqual(imported.map((row) => ({ ...row, other_jti: row.jti })));
    expect(JSON.stringify(await everything())).not.toContain("eyJ");
  });

  it("changes nothing the second time, nor with natural foreign keys", async () => {
    await importOf(fixture("django.dump"));
    const before = await everything();
    for (const name of ["django.dump", "django-natural-foreign.dump", "django-natural.dump"]) {
      expect((await importOf(fixture(name))).counts).toEqual([
        "users   0 new, 0 updated, 6 unchanged, 0 left out",
        "tokens  0 new, 0 updated, 7 unchanged, 0 left out, 1 skipped (expired)",
        "3 of them blacklisted",
      ]);
    }
    expect(await everything()).toEqual(before);
  });

  it("goes in by natural keys alone: D1 gives ids below zero, and keeps those of users who are here", async () => {
    await importOf(dumpOf(userRow(41, "zoë")));
    const { counts } = await importOf(fixture("django-natural.dump"));
    expect(counts[0]).toBe("users   5 new, 1 updated, 0 unchanged, 0 left out");
    expect((await users()).map(({ id, username }) => [id, username])).toEqual([
      ["-1", "ada"],
      ["-2", "left"],
      ["-3", "social"],
      ["-4", "blank "],
      ["-5", "old"],
      ["41", "zoë"],
    ]);
    expect((await tokens()).map(({ user_id }) => user_id)).toEqual(["-1", "-1", "-1", "41", "41", null, null]);
  });
});
