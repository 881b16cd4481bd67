// What verifyPassword() refuses, why, and how much work each refusal costs.
import { beforeEach, describe, expect, test, vi } from "vitest";
import * as native from "../../src/users/hashers/scrypt.ts";
import { verifyPassword } from "../../src/users/password.ts";

vi.mock("../../src/users/hashers/scrypt.ts", { spy: true });

const PASSWORD = "correct horse battery staple";

// Lanes of scrypt are the work that a refusal adds. They are counted here, not computed, which would take long.
beforeEach(() => {
  vi.mocked(native.deriveScrypt).mockReset().mockReturnValue(new Uint8Array(64));
});

function lanesSpent(): number[] {
  return vi.mocked(native.deriveScrypt).mock.calls.map(([, , { p }]) => p);
}

describe("verifyPassword() refuses, and takes as long as for a hash in the preferred format, when it is", () => {
  test.each([
    ["unusable_password", "what Django writes for no password", "!q9rQ8xV0sN1mZ3cU5tY7wP2kL4jH6gF8dS0aXvB"],
    ["unusable_password", "a bare exclamation mark", "!"],
    [
      "unusable_password",
      "a good hash behind an exclamation mark",
      "!pbkdf2_sha256$1000$GK3PmMdLRcJt0VGzPTyKjU$ZAyxvc449BtW1c4hhkKXxEakGV3keoF37ZSid29qsYs=",
    ],
    ["unknown_hash_format", "empty", ""],
    ["unknown_hash_format", "the password itself", PASSWORD],
    ["unknown_hash_format", "MD5 without salt", "9cc2ae8a1ba7a93da39b46fc1019c481"],
    ["unknown_hash_format", "salted MD5", "md5$abcdef$9a535a20d872610de18d3944265d2ec7"],
    ["unknown_hash_format", "SHA-1 without salt", "sha1$$abf7aad6438836dbe526aa231abde2d0eef74d42"],
    ["unknown_hash_format", "salted SHA-1", "sha1$abcdef$b3c5db9818047e285e2493d6636a841ebbb78355"],
    ["unknown_hash_format", "plain bcrypt", "bcrypt$$2b$04$KbQiQpY2yYJ9n3a5xqk3quH2LJMnVktIdAH6MhDiU9ioHW5yOwBrW"],
    ["unknown_hash_format", "an algorithm in capitals", "SCRYPT$2$salt$1$1$AAAA"],
    ["unknown_hash_format", "the name of a thing that every object has", "constructor$1$salt$AAAA"],
    ["malformed_hash", "a name and no more", "scrypt"],
    ["malformed_hash", "cut short", "pbkdf2_sha256$1000"],
    [
      "malformed_hash",
      "one whose rounds are no number",
      "pbkdf2_sha256$many$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ],
    [
      "hash_too_costly",
      "PBKDF2 with 4,000,001 rounds",
      "pbkdf2_sha256$4000001$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ],
    [
      "hash_too_costly",
      "bcrypt at cost 17",
      "bcrypt_sha256$$2b$17$KbQiQpY2yYJ9n3a5xqk3quX48VyPTTeyrFYXj2zzPIz8Go5gVqVbu",
    ],
    [
      "hash_too_costly",
      "Argon2 with 1 KiB more than Django's 100 MiB",
      "argon2$argon2id$v=19$m=102401,t=2,p=8$Zml4ZWRTYWx0T2YxNmJ5dA$sOjr731VqhJ5k/KaAw49kfYj9N6ky8OwC2lCZaG2mvM",
    ],
    [
      "hash_too_costly",
      "Argon2 with more passes than 10 s are enough for",
      "argon2$argon2id$v=19$m=102400,t=16,p=8$Zml4ZWRTYWx0T2YxNmJ5dA$sOjr731VqhJ5k/KaAw49kfYj9N6ky8OwC2lCZaG2mvM",
    ],
    ["hash_too_costly", "scrypt with 128 MiB", `scrypt$131072$aFixedSaltOf22Letters0$8$1$${"A".repeat(86)}==`],
    [
      "hash_too_costly",
      "scrypt just above what the platform does",
      `scrypt$16384$aFixedSaltOf22Letters0$8$9$${"A".repeat(86)}==`,
    ],
    [
      "hash_too_costly",
      "scrypt whose lanes alone fill the memory",
      `scrypt$2$aFixedSaltOf22Letters0$1024$1000$${"A".repeat(86)}==`,
    ],
  ] as const)("%s: %s", async (reason, _name, encoded) => {
    expect(await verifyPassword(PASSWORD, encoded)).toEqual({ ok: false, reason });
    expect(lanesSpent()).toEqual([5]);
  });
});

describe("verifyPassword() refuses a wrong password, and adds what is missing to the preferred cost, when the hash is", () => {
  test.each([
    [
      "in the preferred format: nothing, once it is computed",
      "scrypt$16384$aFixedSaltOf22Letters0$8$5$gSybcjTWTApZrsmuGWK2luK7rqeMSnGWNxHeePw/je5Y9PU8pgUNdyL96ZxKEwrfZ5k1Ij6mV1HnJcLD+t2uSA==",
      [],
    ],
    [
      "scrypt with four lanes: the fifth",
      "scrypt$16384$aFixedSaltOf22Letters0$8$4$MPZENfbs90Vbtmce/giA8YSiwh8O5WRld3+OwPIsIXIVqA7U2ygcGw4NlKNJUABeZm4x61Zgyt5oXp13108xWg==",
      [1],
    ],
    [
      "scrypt with half the memory: three lanes of five",
      "scrypt$8192$aFixedSaltOf22Letters0$8$5$9xoku3GgUCI1ND23XeKhjT0oGyI2LdVOXlP1JvvCPtAjRB9TYCpG7/dx21WFvCdC0fQvjwmiB+ppTk+yZO1ERQ==",
      [3],
    ],
    [
      "PBKDF2 with 1,000 rounds: all five",
      "pbkdf2_sha256$1000$GK3PmMdLRcJt0VGzPTyKjU$ZAyxvc449BtW1c4hhkKXxEakGV3keoF37ZSid29qsYs=",
      [5],
    ],
    [
      "PBKDF2 with 100,000 rounds, native and quick: all five",
      "pbkdf2_sha256$100000$aFixedSaltOf22Letters0$zfXM+EgC+FLZa6D75l85DkK2L7AzkwYnXmfj6UFt890=",
      [5],
    ],
    ["bcrypt at cost 4: all five", "bcrypt_sha256$$2b$04$KbQiQpY2yYJ9n3a5xqk3qukYBq1Z.0jMY4gr3qHQk8kTb.oKblfyW", [5]],
    ["bcrypt at cost 12: nothing", "bcrypt_sha256$$2b$12$KbQiQpY2yYJ9n3a5xqk3quX48VyPTTeyrFYXj2zzPIz8Go5gVqVbu", []],
    [
      "Argon2 with little memory: all five",
      "argon2$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
      [5],
    ],
  ])("%s", async (_name, encoded, lanes) => {
    expect(await verifyPassword("Correct horse battery staple", encoded)).toEqual({
      ok: false,
      reason: "wrong_password",
    });
    expect(lanesSpent()).toEqual(lanes);
  });
});

describe("verifyPassword() refuses as wrong", () => {
  const thousandRounds = "pbkdf2_sha256$1000$GK3PmMdLRcJt0VGzPTyKjU$ZAyxvc449BtW1c4hhkKXxEakGV3keoF37ZSid29qsYs=";

  test("the stored string itself, given as the password", async () => {
    expect(await verifyPassword(thousandRounds, thousandRounds)).toEqual({ ok: false, reason: "wrong_password" });
  });

  test("the empty password", async () => {
    expect(await verifyPassword("", thousandRounds)).toEqual({ ok: false, reason: "wrong_password" });
  });

  test("a right password whose hash lost one bit", async () => {
    const altered = thousandRounds.replace("sYs=", "sYo=");
    expect(await verifyPassword(PASSWORD, altered)).toEqual({ ok: false, reason: "wrong_password" });
  });

  test("a password with half a surrogate pair in it, for the price of the preferred format", async () => {
    expect(await verifyPassword("\ud83d", thousandRounds)).toEqual({ ok: false, reason: "wrong_password" });
    expect(lanesSpent()).toEqual([5]);
  });
});

test("verifyPassword() adds no work to a right password", async () => {
  const encoded = "pbkdf2_sha256$1000$GK3PmMdLRcJt0VGzPTyKjU$ZAyxvc449BtW1c4hhkKXxEakGV3keoF37ZSid29qsYs=";
  expect(await verifyPassword(PASSWORD, encoded)).toEqual({ ok: true, upgrade: true });
  expect(lanesSpent()).toEqual([]);
});
