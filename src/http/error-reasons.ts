// ERROR_REASONS: what `WWW-Authenticate` says of a bearer token that was refused (RFC 6750 section 3).
// Must never tell a forger how far a forgery got: a wrong signature, key, algorithm or shape is one text.
import type { Reason, Refusal } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";

/** The codes of RFC 6750 section 3.1. */
type BearerError = "invalid_request" | "invalid_token" | "insufficient_scope";
type ErrorReason = readonly [error: BearerError, description: string];

const token = (description: string): ErrorReason => ["invalid_token", description];
const unverified = token("The token could not be verified");
const malformedClaim = token("A claim of the token has a wrong type");
const missingClaim = token("The token lacks a required claim");
const refusedAccount = token("The account of the token may not be used");
const oldPassword = token("The password was changed after the token was made");

/**
 * Private reason to error and description, for the refusals of a bearer token. Descriptions are ASCII without quotes and
 * backslashes, as section 3 asks. The rest have no row: a request without a token gets none (section 3.1), and neither
 * does a login, which brings no token.
 */
export const errorReasons: Readonly<Partial<Record<Reason, ErrorReason>>> = {
  // Section 3.1 gives it 400; the status stays Simple JWT's 401.
  authorization_header_malformed: ["invalid_request", "The header must hold a scheme and one token"],

  no_token_class_fits: unverified,
  token_unreadable: unverified,
  token_header_unusable: unverified,
  token_algorithm_other: unverified,
  token_key_unknown: unverified,
  token_signature_wrong: unverified,
  // Found in the claims before the signature is looked at.
  token_issuer_not_accepted: unverified,
  // Of a request that the API should have signed: all the same to whoever did not.
  provisioning_signature: unverified,
  provisioning_token_type: unverified,
  provisioning_late: unverified,
  provisioning_other_request: unverified,
  provisioning_other_body: unverified,

  // From here on the signature was good: whoever reads this holds a token that was really handed out.
  token_payload_unreadable: token("The claims of the token cannot be read"),
  token_time_unreadable: malformedClaim,
  token_subject_not_text: malformedClaim,
  token_id_not_text: malformedClaim,
  token_issued_in_future: token("The token is not valid yet"),
  token_not_yet_valid: token("The token is not valid yet"),
  token_issuer_wrong: token("The token is from another issuer"),
  token_audience_wrong: token("The token is for another audience"),
  token_expired: token("The token is expired"),
  token_claim_expired: token("The token is expired"),
  token_too_old: token("The token is expired"),
  token_claim_missing: missingClaim,
  token_id_missing: missingClaim,
  token_type_missing: missingClaim,
  token_type_wrong: token("The token is of another type"),
  token_typ_other: token("The token is of another type"),
  token_is_assertion: token("The token is of another type"),
  token_is_reissued: token("The token is of another type"),
  token_blacklisted: token("The token was revoked"),

  user_claim_missing: token("The token names no user"),
  user_not_found: refusedAccount,
  user_inactive: refusedAccount,
  user_not_mapped: refusedAccount,
  token_user_of_other_issuer: refusedAccount,
  user_password_changed: oldPassword,
  refresh_user_refused: refusedAccount,
  refresh_password_changed: oldPassword,
  refresh_session_outdated: token("The token was revoked"),

  permission_denied: ["insufficient_scope", "The token does not grant this"],
  tenant_denied: ["insufficient_scope", "The token does not grant this"],
};

/**
 * The challenge of an answer; undefined for none. Every 401 has one (RFC 9110 section 11.6.1): Simple JWT's, with its
 * first scheme and the realm "api". With ERROR_REASONS it says why, and a 403 for the token's sake has one too. Of a route
 * that takes API keys, it names their scheme as well.
 */
export function challenge(
  settings: Settings,
  { reason, wire, more }: Refusal,
  takesApiKeys = false,
): string | undefined {
  const plain = `${settings.AUTH_HEADER_TYPES[0]} realm="api"`;
  const keys = takesApiKeys ? ', Api-Key realm="api"' : "";
  const [error, description] = (settings.ERROR_REASONS && errorReasons[more.because ?? reason]) || [];
  if (error !== undefined && (wire.status === 401 || wire.status === 403)) {
    return `${plain}, error="${error}", error_description="${description}"${keys}`;
  }
  return wire.status === 401 ? plain + keys : undefined;
}
