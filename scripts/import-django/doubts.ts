// What of a user will not work at the gateway although it can be stored.
// Must never name more of a password's hash than its well-known kind.

import { readFields } from "../../src/http/fields.ts";
import { MAX_HASH_CPU_MS, MAX_HASH_MEMORY_BYTES } from "../../src/users/hash-costs.ts";
import { hashers } from "../../src/users/hashers/hashers.ts";

/** Django's own hashers that the gateway refuses. Other names are not shown: plain text could stand there. */
const REFUSED = ["bcrypt", "md5", "sha1", "unsalted_md5", "unsalted_sha1", "crypt"];

/** CPU above which a log-in is worth a warning: some twice the preferred hash. */
const SLOW_MS = 300;

/** What is to be said of a stored hash, if anything. `harmless`: a log-in works all the same. */
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

/** Whether a log-in with this name can reach the user: the log-in form trims, as DRF's does. */
export function canBeTyped(username: string): boolean {
  try {
    return readFields({ kind: "form", fields: new Map([["username", username]]) }, ["username"]).username === username;
  } catch {
    return false;
  }
}
