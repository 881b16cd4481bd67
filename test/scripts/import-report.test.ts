// scripts/import-django/doubts.ts and report.ts: what is said of an import, and what never is.
import { describe, expect, it } from "vitest";
import { canBeTyped, hashDoubt } from "../../scripts/import-django/doubts.ts";
import { reportLines } from "../../scripts/import-django/report.ts";
import { plan } from "../support/django-import.ts";
import { dumpOf, type Row, tokenRow, userRow } from "../support/dump-rows.ts";

const report = (...rows: readonly Row[]) => reportLines(plan(dumpOf(...rows)));

const digest32 = `${"A".repeat(43)}=`;

describe("hashDoubt()", () => {
  it.each([
    [`scrypt$16384$abcdefghijklmnopqrstuv$8$5$${"A".repeat(86)}==`, undefined],
    [`pbkdf2_sha256$100000$salt$${digest32}`, undefined],
    [
      `pbkdf2_sha256$600000$salt$${digest32}`,
      "pbkdf2_sha256 hash, slow to check until the first log-in rewrites it (docs/passwords.md)",
    ],
    [
      `pbkdf2_sha256$5000000$salt$${digest32}`,
      "pbkdf2_sha256 hash too expensive for the gateway: needs a new password",
    ],
    ["pbkdf2_sha256$600000$salt$short", "malformed pbkdf2_sha256 hash: needs a new password"],
    ["!unusable", "unusable password, as in Django: no log-in is possible"],
    [
      "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
      "password hash of type md5, which the gateway does not accept: needs a new password",
    ],
    ["bcrypt$$2b$12$abc", "password hash of type bcrypt, which the gateway does not accept: needs a new password"],
    ["hunter2", "password hash of an unknown type, which the gateway does not accept: needs a new password"],
    ["hunter2$x", "password hash of an unknown type, which the gateway does not accept: needs a new password"],
    ["", "password hash of an unknown type, which the gateway does not accept: needs a new password"],
  ])("judges %s", (encoded, text) => {
    expect(hashDoubt(encoded)?.text).toBe(text);
  });
});

describe("canBeTyped()", () => {
  it.each([
    ["ada", true],
    ["Ada Lovelace", true],
    ["\ufeffada", true],
    [" ada", false],
    ["ada\u00a0", false],
    ["ada\x1f", false],
    ["\u3000", false],
  ])("of %j is %s", (username, expected) => {
    expect(canBeTyped(username)).toBe(expected);
  });
});

describe("reportLines()", () => {
  it("says as little as possible of an import without a hitch", () => {
    expect(report(userRow(7, "ada"), tokenRow(1, "a", 7))).toEqual([
      "  users   1 new, 0 updated, 0 unchanged, 0 left out",
      "  tokens  1 new, 0 updated, 0 unchanged, 0 left out, 0 skipped (expired)",
      "          0 of them blacklisted",
    ]);
  });

  it("gives each reason with a count and at most ten examples", () => {
    const rows = Array.from({ length: 12 }, (_, index) => userRow(index + 1, `user${index + 1} `));
    expect(report(...rows).slice(3)).toEqual([
      "",
      "Imported, with remarks:",
      "  12 users: the username begins or ends with a space, so no log-in is possible",
      "      id 1 'user1 ', id 2 'user2 ', id 3 'user3 ', id 4 'user4 ', id 5 'user5 ', id 6 'user6 ', id 7 'user7 ', id 8 'user8 ', id 9 'user9 ', id 10 'user10 ', and 2 more",
    ]);
  });

  it("names other models, and --user-model when there were no users", () => {
    const group = { model: "auth.group", pk: 1, fields: {} };
    expect(report(userRow(1, "ada"), group).slice(3)).toEqual(["", "Ignored: auth.group (1 row)."]);
    expect(report({ ...group, model: "accounts.user" }).slice(3)).toEqual([
      "",
      "Ignored: accounts.user (1 row).",
      "If one of these is your AUTH_USER_MODEL, name it with --user-model.",
    ]);
  });

  it("lets no name steer a terminal, and shows no hash and no token", () => {
    const secrets = { password: "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99" };
    const text = report(
      userRow(7, "\x1b[31mada", secrets),
      { ...userRow(8, "bob", secrets), model: "auth.User" },
      tokenRow(1, "a\x1b]0;x\x07", 9, { token: "eyJhbGciOi.eyJqdGki.c2ln" }),
    ).join("\n");
    expect(text).toContain("id 7 '?[31mada'");
    expect(text).toContain("jti 'a?]0;x?'");
    for (const secret of ["5f4dcc", "eyJ", "\x1b"]) expect(text).not.toContain(secret);
  });
});
