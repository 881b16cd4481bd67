// Checks a password against the string that Django stores for it (django.contrib.auth.hashers.verify_password).
// Must never throw because of what is stored, nor be quicker to refuse an account that cannot log in at all.
import { timingSafeEqual } from "node:crypto";
import { MAX_HASH_CPU_MS, MAX_HASH_MEMORY_BYTES } from "./hash-costs.ts";
import type { StoredHash } from "./hashers/hasher.ts";
import { hashers } from "./hashers/hashers.ts";
import { spendHashTime, spendRestOfHashTime } from "./spend-hash-time.ts";

/**
 * Whether the password is right, and then whether it should be hashed anew (Django's must_update): `upgrade` is true
 * for anything but `scrypt$16384$<22 characters or more>$8$5$…`. `reason` is for the log; clients learn no more than
 * that the log-in failed.
 */
export type PasswordVerdict = { ok: true; upgrade: boolean } | { ok: false; reason: PasswordRefusal };

type PasswordRefusal = "wrong_password" | Unverifiable;
export type Unverifiable = "unusable_password" | "unknown_hash_format" | "malformed_hash" | "hash_too_costly";

/** Django's UNUSABLE_PASSWORD_PREFIX. */
const UNUSABLE_PREFIX = "!";

/**
 * Takes the password as typed (UTF-8, not normalised) and the stored string; any string is taken for either.
 *
 * A refusal costs the CPU time of the preferred format at least, whatever is stored: what cannot be verified costs
 * just that, and a wrong password against a cheaper hash costs the difference as well. Django evens that out within one
 * format only. A right password costs no more than it must. What nothing can hide is a hash that costs more than the
 * preferred one (PBKDF2 above 100,000 rounds, Argon2, bcrypt): the upgrade after a good login ends that for each user in turn.
 */
export async function verifyPassword(password: string, encoded: string): Promise<PasswordVerdict> {
  const stored = readStored(encoded);
  if (typeof stored === "string") {
    await spendHashTime(password);
    return { ok: false, reason: stored };
  }
  // Half a surrogate pair has no UTF-8; encoded all the same, it would pass for U+FFFD.
  if (!password.isWellFormed()) {
    await spendHashTime(password);
    return { ok: false, reason: "wrong_password" };
  }
  const digest = await stored.derive(new TextEncoder().encode(password));
  if (timingSafeEqual(digest, stored.digest)) return { ok: true, upgrade: !stored.preferred };
  await spendRestOfHashTime(password, stored.cpuMs);
  return { ok: false, reason: "wrong_password" };
}

/** A password string that can be verified here, or why not: its format, or what it would cost. */
export function readStored(encoded: string): StoredHash | Unverifiable {
  if (encoded.startsWith(UNUSABLE_PREFIX)) return "unusable_password";
  const [algorithm = "", ...fields] = encoded.split("$");
  const read = hashers.get(algorithm);
  if (read === undefined) return "unknown_hash_format";
  const stored = read(fields);
  if (stored === null) return "malformed_hash";
  const affordable = stored.cpuMs <= MAX_HASH_CPU_MS && stored.memoryBytes <= MAX_HASH_MEMORY_BYTES;
  return affordable ? stored : "hash_too_costly";
}
