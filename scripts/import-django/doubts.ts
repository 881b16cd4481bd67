// Finds users who can be imported, but whose log-in will fail or be slow.
// Must never show more of a password hash than its type.

import { readFields } from "../../src/http/fields.ts";
import { MAX_HASH_CPU_MS, MAX_HASH_MEMORY_BYTES } from "../../src/users/hash-costs.ts";
import { hashers } from "../../src/users/hashers/hashers.ts";

/** Django's hashers that the gateway does not accept. Other names are not shown: the column may hold plain text. */
const REFUSED = ["bcrypt", "md5", "sha1", "unsalted_md5", "unsalted_sha1", "crypt"];

/** CPU above which a log-in is worth a warning: about twice the preferred hash. */
const SLOW_MS = 300;

/** The remark on a stored hash, if any. `harmless`: log-ins work anyway. */
export function hashDoubt(encoded: string): { readonly text: string; readonly harmless: boolean } | undefined {
  const doubt = (text: string) => ({ text, harmless: false });
  if (encoded.startsWith("!")) return doubt("unusable password, as in Django: no log-in is possible");
  const [algorithm = "", ...fields] = encoded.split("$");
  const read = hashers.get(algorithm);
  if (read === undefined) {
    const kind = REFUSED.includes(algorithm) ? `of type ${algorithm}` : "of an unknown type";
    return doubt(`password hash ${kind}, which the gateway does not accept: needs a new password`);
  }
  const stored = read(fields);
  if (stored === null) return doubt(`malformed ${algorithm} hash: needs a new password`);
  if (stored.cpuMs > MAX_HASH_CPU_MS || stored.memoryBytes > MAX_HASH_MEMORY_BYTES)
    return doubt(`${algorithm} hash too expensive for the gateway: needs a new password`);
  if (stored.cpuMs <= SLOW_MS) return undefined;
  return {
    text: `${algorithm} hash, slow to check until the first log-in rewrites it (docs/passwords.md)`,
    harmless: true,
  };
}

/** Whether a log-in with this name is possible: fields are trimmed, as by DRF. */
export function canBeTyped(username: string): boolean {
  try {
    return readFields({ kind: "form", fields: new Map([["username", username]]) }, ["username"]).username === username;
  } catch {
    return false;
  }
}
