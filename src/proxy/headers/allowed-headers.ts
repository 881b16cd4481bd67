// ALLOW_HEADERS: which client headers pass although they are dropped otherwise, and what is wrong with such a list.
// Must never let a client's spelling of a header through that the gateway itself sets or checks.
import { authHeaderName } from "../../auth/bearer-token.ts";
import type { Settings } from "../../settings/settings.ts";
import { defaultIdentityHeader, folded, isPlain, isReserved } from "./header-names.ts";
import { steeringRow } from "./steering-headers.ts";

/** The names of the setting in small letters. They are compared as a whole: `X_Tenant` does not allow `X.Tenant`. */
export function allowedNames(settings: Settings): ReadonlySet<string> {
  return new Set(settings.ALLOW_HEADERS.map((name) => name.toLowerCase()));
}

/**
 * Errors: what is no name, and what servers read as a header of HTTP, of the gateway or of IDENTITY_HEADERS, or as the
 * one with the token. Warnings: everything else, since each entry gives away a part of the protection.
 */
export function checkAllowedHeaders(settings: Settings): {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
} {
  const errors: string[] = [];
  const warnings: string[] = [];
  const identityHeaders = [defaultIdentityHeader, ...Object.keys(settings.IDENTITY_HEADERS)];
  const identity = new Set(identityHeaders.map((name) => folded(name.toLowerCase())));
  const authHeader = folded(authHeaderName(settings));
  for (const header of settings.ALLOW_HEADERS) {
    const name = header.toLowerCase();
    const shown = JSON.stringify(header);
    const fold = folded(name);
    if (!isHeaderName(name)) {
      errors.push(`ALLOW_HEADERS has ${shown}, which is not a header name; there are no wildcards.`);
    } else if (isReserved(fold) || fold === authHeader || identity.has(fold)) {
      errors.push(`ALLOW_HEADERS must not have ${shown}: servers read it as ${fold}, which has a meaning of its own.`);
    } else {
      warnings.push(`ALLOW_HEADERS has ${shown}: ${riskOf(name)}`);
    }
  }
  return { errors, warnings };
}

/** RFC 9110 section 5.6.2, with at least one letter or digit: `*` alone is a valid token. */
const isHeaderName = (name: string) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) && /[0-9a-z]/.test(name);

function riskOf(name: string): string {
  const fold = folded(name);
  const row = steeringRow(fold);
  if (row) return `clients can tell servers the ${row.steers} with it (${row.readBy}).`;
  if (isPlain(name)) return "it passes anyway.";
  return `many servers cannot tell it from ${fold}, which clients can send too.`;
}
