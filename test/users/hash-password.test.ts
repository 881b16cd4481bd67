// What hashPassword() writes, compared with Python's hashlib.scrypt.
import { describe, expect, test } from "vitest";
import { hashPassword } from "../../src/users/hash-password.ts";
import { verifyPassword } from "../../src/users/password.ts";
import { preferred } from "./django-passwords.ts";

describe("hashPassword() writes what Django's ScryptPasswordHasher would for", () => {
  test.each(preferred)("$name", async ({ password, salt, encoded }) => {
    expect(await hashPassword(password, salt)).toBe(encoded);
  });
});

test("hashPassword() gives what verifyPassword() takes without an upgrade", async () => {
  const encoded = await hashPassword("pässwörd-密码-🔑", "0123456789abcdefghijkl");
  expect(await verifyPassword("pässwörd-密码-🔑", encoded)).toEqual({ ok: true, upgrade: false });
});

describe("hashPassword() throws when", () => {
  test.each([
    ["the salt is empty", "password", ""],
    ["the salt has a $ in it", "password", "salt$salt"],
    ["the password has half a surrogate pair in it", "\ud83d", "0123456789abcdefghijkl"],
  ])("%s", async (_name, password, salt) => {
    await expect(hashPassword(password, salt)).rejects.toThrow(RangeError);
  });
});
