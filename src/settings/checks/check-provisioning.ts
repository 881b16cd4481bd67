// Checks PROVISIONING_KEY and what goes with it.
// Must never put a byte of a key into an error.
import { provisioningKeys } from "../derived.ts";
import { isBlank, looksAsymmetric } from "../readers.ts";
import type { Settings } from "../settings.ts";

const shortestKeyBytes = 32;

/** Adds to the errors and warnings of readSettings(). */
export function checkProvisioning(settings: Settings, errors: string[], warnings: string[]): void {
  const { PROVISIONING_KEY, PROVISIONING_STRICT, USERS_OWNER, USER_ID_TYPE } = settings;
  if (PROVISIONING_KEY === "") {
    if (PROVISIONING_STRICT)
      errors.push("PROVISIONING_STRICT needs PROVISIONING_KEY: without it no users are applied.");
    return;
  }
  const error = keyError(settings);
  if (error) errors.push(`PROVISIONING_KEY ${error}`);
  if (USERS_OWNER === "gateway" && USER_ID_TYPE === "integer") {
    warnings.push(
      'PROVISIONING_KEY with USERS_OWNER = "gateway": as long as no users were imported (import-django), users who are created here get ids that the API gives out too. Set USERS_OWNER = "origin" unless users are created here, or the key is for events alone.',
    );
  }
}

function keyError(settings: Settings): string | undefined {
  const { PROVISIONING_KEY, SIGNING_KEY, ASSERTION_KEY, HEALTH_KEY, VERIFYING_KEY } = settings;
  if (isBlank(PROVISIONING_KEY)) return "must not be blank.";
  // A public key taken for a secret is known to everyone. Before it is split: a PEM has blanks.
  if (looksAsymmetric(PROVISIONING_KEY)) return "must be a shared secret, not an asymmetric key.";
  const keys = provisioningKeys(settings);
  if (keys.length > 2) {
    return `holds ${keys.length} keys; it may be one, or two that are separated by a blank while one replaces the other.`;
  }
  if (new Set(keys).size < keys.length) return "holds the same key twice.";
  // The API has it, and with it may change users; it must not be able to make tokens, nor the other way round.
  for (const [name, key] of Object.entries({ SIGNING_KEY, ASSERTION_KEY, HEALTH_KEY, VERIFYING_KEY })) {
    if (key && (keys.includes(key) || key === PROVISIONING_KEY))
      return `must not be ${name}: it has to be a secret of its own.`;
  }
  if (keys.some((one) => verifiesTokens(settings, one)))
    return "must not be in VERIFYING_KEYS: it has to be a secret of its own.";
  const short = keys.map((key) => new TextEncoder().encode(key).length).find((bytes) => bytes < shortestKeyBytes);
  if (short === undefined) return undefined;
  const which = keys.length === 1 ? "has" : "holds a key of";
  return `${which} ${short} bytes; it needs at least ${shortestKeyBytes}. Make one with: openssl rand -base64 ${shortestKeyBytes}`;
}

/** Whether a secret of VERIFYING_KEYS has these bytes. */
function verifiesTokens({ VERIFYING_KEYS }: Settings, key: string): boolean {
  const bytes = Buffer.from(key, "utf8");
  return (VERIFYING_KEYS ?? []).some(({ k }) => typeof k === "string" && Buffer.from(k, "base64url").equals(bytes));
}
