// Hashes a password here, on this machine, so that only the hash ever travels.
// Must never log, store or return the password.
import { randomBytes } from "node:crypto";
import { hashPassword } from "../../src/users/hash-password.ts";
import { newSalt, SALT_RANDOM_BYTES } from "../../src/users/new-salt.ts";

/** The password as Django's scrypt hasher stores it. */
export const passwordHash = (password: string): Promise<string> =>
  hashPassword(password, newSalt(randomBytes(SALT_RANDOM_BYTES)));
