// The table of Django's default password hashers, by the name that a password string begins with.
// Must never list what Django does not verify by default: plain bcrypt, MD5, SHA-1 and clear text stay unknown.
import { argon2 } from "./argon2.ts";
import { bcryptSha256 } from "./bcrypt-sha256.ts";
import type { Hasher } from "./hasher.ts";
import { pbkdf2 } from "./pbkdf2.ts";
import { scrypt } from "./scrypt.ts";

/** Django 4.2 to 5.2: the default of the setting PASSWORD_HASHERS. */
export const hashers: ReadonlyMap<string, Hasher> = new Map([
  ["pbkdf2_sha256", pbkdf2("SHA-256")],
  ["pbkdf2_sha1", pbkdf2("SHA-1")],
  ["argon2", argon2],
  ["bcrypt_sha256", bcryptSha256],
  ["scrypt", scrypt],
]);
