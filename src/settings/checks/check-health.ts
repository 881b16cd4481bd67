// Checks HEALTH_KEY, the secret for the warnings and details of the health page.
// Must never put a byte of a key into an error.
import { isBlank } from "../readers.ts";
import type { Settings } from "../settings.ts";

const shortestKeyBytes = 16;

/** Adds to the errors of readSettings(). */
export function checkHealth(settings: Settings, errors: string[]): void {
  const { HEALTH_KEY } = settings;
  if (HEALTH_KEY === null) return;
  const error = keyError(HEALTH_KEY, settings);
  if (error) errors.push(`HEALTH_KEY ${error}`);
}

function keyError(key: string, { SIGNING_KEY, ASSERTION_KEY, VERIFYING_KEY }: Settings): string | undefined {
  if (isBlank(key)) return "must not be blank.";
  // Monitoring has it: whoever reads its configuration must not be able to make tokens.
  if ([SIGNING_KEY, ASSERTION_KEY, VERIFYING_KEY].includes(key)) return "must be a secret of its own.";
  // RFC 9110 section 5.5: a header value has no white space at its ends, and no other character is safe.
  if (!/^[!-~]([ -~]*[!-~])?$/.test(key)) {
    return "must be printable ASCII without spaces at its ends: X-Health-Key cannot carry anything else.";
  }
  return key.length < shortestKeyBytes
    ? `has ${key.length} bytes; it needs at least ${shortestKeyBytes}. Make one with: openssl rand -base64 32`
    : undefined;
}
