// The checks that `explain` shows, in order, and the refusals that belong to each.
// Must never show a check as passed that was not made.
import type { Reason } from "../../src/errors.ts";

/** `passed over`: the token is not of this class, but of a later one. */
export type Verdict = "passed" | "failed" | "passed over" | "not asked" | "not reached";

/** One row. */
export interface Check {
  readonly check: string;
  readonly verdict: Verdict;
  /** What was found, or why the check was not made. */
  readonly detail: string;
  /** Of a check that failed: the private reason, as the log has it. */
  readonly reason?: Reason;
}

/** A check, and the reasons for which it refuses. */
export interface CheckDefinition {
  readonly check: string;
  readonly reasons: readonly Reason[];
}

/**
 * What `codec.open` checks, in its order. All that the header is refused for comes before the signature, although some of
 * it is checked later: nothing is shown as passed that may not have been checked.
 */
export const codecChecks = [
  { check: "shape", reasons: ["token_unreadable", "token_issuer_not_accepted"] },
  { check: "header", reasons: ["token_header_unusable"] },
  { check: "algorithm", reasons: ["token_algorithm_other"] },
  { check: "key", reasons: ["token_key_unknown", "keys_unavailable"] },
  { check: "signature", reasons: ["token_signature_wrong"] },
  { check: "purpose", reasons: ["token_is_assertion", "token_is_reissued"] },
  { check: "payload", reasons: ["token_payload_unreadable"] },
  { check: "iat", reasons: ["token_issued_in_future"] },
  { check: "nbf", reasons: ["token_not_yet_valid"] },
  { check: "exp", reasons: ["token_expired"] },
  { check: "iss", reasons: ["token_issuer_wrong"] },
  { check: "aud", reasons: ["token_audience_wrong"] },
  { check: "sub", reasons: ["token_subject_not_text"] },
  { check: "jti", reasons: ["token_id_not_text"] },
] as const satisfies readonly CheckDefinition[];
export type CodecCheck = (typeof codecChecks)[number]["check"];

/** The registered claims that are times, in the order in which they are read. */
export const timeClaims = ["iat", "nbf", "exp"] as const;

/** What is checked for each accepted class of token after that (checkTokenType, and the blacklist for some). */
export const classChecks = [
  { check: "exp is there", reasons: ["token_claim_missing", "token_time_unreadable", "token_claim_expired"] },
  { check: "id is there", reasons: ["token_id_missing"] },
  { check: "type", reasons: ["token_type_missing", "token_type_wrong"] },
  { check: "blacklist", reasons: ["token_id_not_text", "token_blacklisted"] },
] as const satisfies readonly CheckDefinition[];
export type ClassCheck = (typeof classChecks)[number]["check"];

/** The user of the token. */
export const userChecks = [
  { check: "user named", reasons: ["user_claim_missing", "token_user_of_other_issuer"] },
  { check: "user exists", reasons: ["user_not_found"] },
  { check: "user active", reasons: ["user_inactive"] },
  { check: "password", reasons: ["user_password_changed"] },
] as const satisfies readonly CheckDefinition[];
export type UserCheck = (typeof userChecks)[number]["check"];

/** The detail of a row: when the check passed, or why it is not made at all. */
export type Words = { readonly passed: string } | { readonly notAsked: string };

/**
 * The rows of a table of checks, of which at most one failed.
 *
 * @param failure `at` names the check that failed, where the reason alone does not
 */
export function checkRows<Name extends string>(
  table: ReadonlyArray<{ readonly check: Name; readonly reasons: readonly Reason[] }>,
  words: (check: Name) => Words,
  failure: { readonly reason: Reason; readonly at?: string; readonly detail: string } | undefined,
): Check[] {
  const found = table.findIndex(({ check, reasons }) =>
    failure?.at === undefined ? failure !== undefined && reasons.includes(failure.reason) : check === failure.at,
  );
  // A reason of no row (a new one) is shown in the first row, so that no other row claims to have passed.
  const failedIndex = Math.max(found, 0);
  return table.map(({ check }, index): Check => {
    if (failure !== undefined && index === failedIndex) {
      return { check, verdict: "failed", detail: failure.detail, reason: failure.reason };
    }
    const said = words(check);
    if ("notAsked" in said) return { check, verdict: "not asked", detail: said.notAsked };
    if (failure !== undefined && index > failedIndex) return notReached(check);
    return { check, verdict: "passed", detail: said.passed };
  });
}

export const notReached = (check: string): Check => ({ check, verdict: "not reached", detail: "" });
