// Reads and computes `bcrypt_sha256$$2b$<cost>$<salt and checksum>` (Django's BCryptSHA256PasswordHasher).
// Must never give bcrypt the password itself: Django hashes it to 64 hex digits first, so none is cut at 72 bytes.
import { createHash } from "node:crypto";
import { BCRYPT_SCRIPT_MS } from "../hash-costs.ts";
import type { Hasher } from "./hasher.ts";

/**
 * What bcrypt's own base64 writes for a cost of 04 to 31, 16 bytes of salt and 23 of checksum: the last digit of the
 * salt carries two bits, that of the checksum four, so few letters can stand there.
 */
const COST = /^(?:0[4-9]|[12][0-9]|3[01])$/;
const SALT_AND_CHECKSUM = /^([./A-Za-z0-9]{21}[.Oeu])([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/;

/** The letters that Python's bcrypt knows; it computes the same for all four. */
const REVISIONS: ReadonlySet<string | undefined> = new Set(["2a", "2b", "2x", "2y"]);

/** The fields are an empty one, the revision, the cost as a power of two, and salt with checksum. */
export const bcryptSha256: Hasher = (fields) => {
  const [empty, revision, cost = "", rest = ""] = fields;
  const [, salt, checksum] = SALT_AND_CHECKSUM.exec(rest) ?? [];
  if (fields.length !== 4 || empty !== "" || !REVISIONS.has(revision) || !COST.test(cost)) return null;
  if (salt === undefined || checksum === undefined) return null;
  return {
    digest: new TextEncoder().encode(checksum),
    cpuMs: 2 ** Number(cost) * BCRYPT_SCRIPT_MS,
    memoryBytes: 0,
    preferred: false,
    derive: async (password) => {
      const { hashSync } = await import("bcryptjs");
      const secret = createHash("sha256").update(password).digest("hex");
      return new TextEncoder().encode(hashSync(secret, `$2b$${cost}$${salt}`).slice(-checksum.length));
    },
  };
};
