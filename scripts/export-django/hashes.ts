// Which stored password hashes a Django reads: by its version, or by its PASSWORD_HASHERS.
import { usage } from "../shared/failure.ts";

/** Django's own hashers by the names of their classes, which PASSWORD_HASHERS lists. */
const classes: Readonly<Record<string, string>> = {
  PBKDF2PasswordHasher: "pbkdf2_sha256",
  PBKDF2SHA1PasswordHasher: "pbkdf2_sha1",
  Argon2PasswordHasher: "argon2",
  BCryptSHA256PasswordHasher: "bcrypt_sha256",
  BCryptPasswordHasher: "bcrypt",
  ScryptPasswordHasher: "scrypt",
  MD5PasswordHasher: "md5",
};

/** The default of PASSWORD_HASHERS; Django 4.0 added scrypt. */
const defaults = ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256"];

/**
 * The algorithms that Django verifies.
 *
 * @param version "4.2"; undefined: any that is supported
 * @param hashers the entries of PASSWORD_HASHERS, or names of algorithms, separated by commas
 */
export function readableHashes(version: string | undefined, hashers: string | undefined): ReadonlySet<string> {
  if (version !== undefined && !/^\d{1,2}\.\d{1,2}(\.\d{1,3})?$/.test(version))
    throw usage(`--django is a version such as 4.2 or 5.2; it is "${version}".`);
  if (hashers !== undefined) return new Set(hashers.split(",").map(algorithmOf));
  const hasScrypt = version === undefined || Number(version.split(".", 1)[0]) >= 4;
  return new Set([...defaults, ...(hasScrypt ? ["scrypt"] : [])]);
}

function algorithmOf(text: string): string {
  const name = text.trim();
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (Object.hasOwn(classes, last)) return classes[last] ?? "";
  if (Object.values(classes).includes(name)) return name;
  // A hasher of the project's own, such as one for scrypt before Django 4.0, is known by its algorithm only.
  throw usage(
    `--hashers: "${name}" is none of Django's hashers. Name the algorithm of your own one: ${Object.values(classes).join(", ")}.`,
  );
}

/** Whether Django verifies this hash, or knows that it is unusable. */
export const isReadable = (encoded: string, algorithms: ReadonlySet<string>): boolean =>
  encoded.startsWith("!") || algorithms.has(encoded.split("$", 1)[0] ?? "");

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** As Django's make_password(None) writes it: no password fits, and none of two is the same. */
export const unusablePassword = (random: (below: number) => number): string =>
  `!${Array.from({ length: 40 }, () => LETTERS.charAt(random(LETTERS.length))).join("")}`;
