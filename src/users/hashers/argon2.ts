// Reads `argon2$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<hash>` (Django's Argon2PasswordHasher).
// Must never compute anything itself, nor load what does before a hash asks for it: few databases have this format.
import { ARGON2_SCRIPT_MS } from "../hash-costs.ts";
import { readCount, readUnpaddedBase64 } from "./fields.ts";
import type { Hasher } from "./hasher.ts";

/** RFC 9106 section 3.1: the type y of each variant. */
const TYPES: ReadonlyMap<string | undefined, 0 | 1 | 2> = new Map([
  ["argon2d", 0],
  ["argon2i", 1],
  ["argon2id", 2],
]);

/** libargon2 takes a string without a version for the first one, 0x10. */
const VERSIONS: ReadonlyMap<string | undefined, 0x10 | 0x13> = new Map([
  ["v=16", 0x10],
  ["v=19", 0x13],
]);

const MAX_COST = 2 ** 32 - 1;
const MAX_LANES = 2 ** 24 - 1;
const MIN_SALT_BYTES = 8;
const MIN_TAG_BYTES = 4;

/** The fields are variant, version (may be missing), costs, salt and hash, which is what argon2-cffi verifies. */
export const argon2: Hasher = (fields) => {
  const [variant, ...rest] = fields;
  const type = TYPES.get(variant);
  const [versionText, costs = "", saltText, tagText] = rest.length === 3 ? ["v=16", ...rest] : rest;
  const version = VERSIONS.get(versionText);
  const [, kibibytes, passCount, laneCount] = /^m=([0-9]+),t=([0-9]+),p=([0-9]+)$/.exec(costs) ?? [];
  const memory = readCount(kibibytes, MAX_COST);
  const passes = readCount(passCount, MAX_COST);
  const lanes = readCount(laneCount, MAX_LANES);
  const salt = readUnpaddedBase64(saltText);
  const digest = readUnpaddedBase64(tagText);
  if (fields.length > 5 || type === undefined || version === undefined || salt === null || digest === null) return null;
  if (memory === null || passes === null || lanes === null || memory < 8 * lanes) return null;
  if (salt.length < MIN_SALT_BYTES || digest.length < MIN_TAG_BYTES) return null;
  return {
    digest,
    cpuMs: memory * passes * ARGON2_SCRIPT_MS,
    memoryBytes: memory * 1024,
    preferred: false,
    derive: async (password) => {
      const { argon2Tag } = await import("./argon2-tag.ts");
      return argon2Tag(password, salt, { type, version, memory, passes, lanes, tagBytes: digest.length });
    },
  };
};
