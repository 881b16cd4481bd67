// Spends the time of a password check where there is nothing, or too little, to check.
// Its only effect is that one refused log-in takes as long as another.
import { SCRYPT_NATIVE_MS } from "./hash-costs.ts";
import { deriveScrypt, PREFERRED_SCRYPT } from "./hashers/scrypt.ts";

/** As long as the salts of real hashes; any text would do, as the result is thrown away. */
const ANY_SALT = new TextEncoder().encode("0000000000000000000000");

/**
 * Costs what verifying against a hash in the preferred format costs, about 150 ms of CPU: for a user who does not
 * exist, as Django's ModelBackend does, and for one whose password cannot be checked.
 */
export async function spendHashTime(password: string): Promise<void> {
  spendLanes(password, PREFERRED_SCRYPT.p);
}

/**
 * Adds to `spentMs` CPU milliseconds what the preferred cost has more, to the nearest of its five lanes (30 ms):
 * what harden_runtime() does in Django, but for every format, as any of them may be cheaper than the preferred one.
 */
export async function spendRestOfHashTime(password: string, spentMs: number): Promise<void> {
  const { N, r, p } = PREFERRED_SCRYPT;
  const laneMs = N * r * SCRYPT_NATIVE_MS;
  spendLanes(password, Math.round(p - spentMs / laneMs));
}

/** The lanes of scrypt are computed one after another, so time is in proportion to them. */
function spendLanes(password: string, lanes: number): void {
  if (lanes < 1) return;
  deriveScrypt(new TextEncoder().encode(password), ANY_SALT, { ...PREFERRED_SCRYPT, p: lanes });
}
