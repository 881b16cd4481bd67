// scrypt as node:crypto has it, which remembers: tests log in as the same few users hundreds of times, and a log-in takes
// 150 ms of CPU by design. Stands in for node:crypto in src/users/hashers/scrypt.ts (vitest.config.ts); what it gives is
// the same to the byte, and what it throws is thrown again.
import { Buffer } from "node:buffer";
import { scryptSync as derive, type ScryptOptions } from "node:crypto";

const known = new Map<string, Buffer>();

export function scryptSync(password: Uint8Array, salt: Uint8Array, bytes: number, options: ScryptOptions): Buffer {
  const inputs = [password, salt].map((part) => Buffer.from(part).toString("hex"));
  const key = JSON.stringify([...inputs, bytes, options]);
  const derived = known.get(key) ?? derive(password, salt, bytes, options);
  known.set(key, derived);
  // A copy: the caller may wipe what it got.
  return Buffer.from(derived);
}
