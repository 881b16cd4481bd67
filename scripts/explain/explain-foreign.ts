// Explains the checks of a token of another issuer (ISSUERS), as made by the Worker's own code.
// Must never decide whether a check passes: this only finds out which one refused.
import type { Authenticated } from "../../src/auth/authenticate.ts";
import { type Reason, Refusal } from "../../src/errors.ts";
import { pythonInt } from "../../src/tokens/claims.ts";
import { claimedIssuer, type ForeignIssuer } from "../../src/tokens/foreign-issuer.ts";
import { type Check, type CheckDefinition, checkRows, notReached, type Words } from "./checks.ts";
import { decodeToken, shown, timeInWords } from "./decode-token.ts";
import { refusalOf, type TokenExplanation, type TokenInput } from "./explain-token.ts";
import type { ExplainServices } from "./services.ts";

/** What is checked of a token of another issuer, in its order. */
export const foreignChecks = [
  { check: "issuer", reasons: ["token_issuer_not_accepted"] },
  { check: "shape", reasons: ["token_unreadable"] },
  { check: "header", reasons: ["token_header_unusable"] },
  { check: "algorithm", reasons: ["token_algorithm_other"] },
  { check: "key", reasons: ["token_key_unknown", "keys_unavailable"] },
  { check: "signature", reasons: ["token_signature_wrong"] },
  { check: "payload", reasons: ["token_payload_unreadable"] },
  { check: "typ", reasons: ["token_typ_other"] },
  { check: "iat", reasons: ["token_issued_in_future"] },
  { check: "nbf", reasons: ["token_not_yet_valid"] },
  { check: "exp", reasons: ["token_expired", "token_claim_expired", "token_claim_missing", "token_time_unreadable"] },
  { check: "iss", reasons: ["token_issuer_wrong"] },
  { check: "aud", reasons: ["token_audience_wrong"] },
  { check: "type", reasons: ["token_type_missing", "token_type_wrong"] },
  { check: "subject", reasons: ["user_claim_missing", "token_subject_not_text"] },
  { check: "id", reasons: ["token_id_missing", "token_id_not_text"] },
  { check: "age", reasons: ["token_too_old"] },
] as const satisfies readonly CheckDefinition[];
type ForeignCheck = (typeof foreignChecks)[number]["check"];

/** The entry of ISSUERS whose token this is; undefined for one of our own, or of nobody. */
export const foreignIssuerOf = ({ issuers }: ExplainServices, token: string): ForeignIssuer | undefined => {
  const name = claimedIssuer(token);
  return issuers.find(({ issuer }) => issuer === name);
};

/** A row for a token whose `iss` is in no entry of ISSUERS: it is checked as one of our own. Names the entry that is nearly the same. */
export function unknownIssuerRow({ issuers, settings }: ExplainServices, token: string): readonly Check[] {
  const name = claimedIssuer(token);
  if (issuers.length === 0 || name === undefined || name === settings.ISSUER) return [];
  const alike = (text: string) => text.toLowerCase().replace(/\/$/, "");
  const near = issuers.find(({ issuer }) => alike(issuer) === alike(name));
  const hint = near === undefined ? "" : ` (${near.place} is ${near.issuer})`;
  const detail = `iss is ${shown(name)}, and no entry of ISSUERS${hint}: checked as our own`;
  return [{ check: "issuer", verdict: "not asked", detail }];
}

export async function explainForeign(
  services: ExplainServices,
  issuer: ForeignIssuer,
  input: TokenInput,
): Promise<TokenExplanation> {
  const { token, rule, nowSeconds, offline } = input;
  const asked = {
    ...{ token, issuers: rule.issuers, readUser: rule.auth === "user" && !offline },
    revocation: offline ? ("off" as const) : rule.revocation,
  };
  const outcome = await refusalOf(() => services.authentication.authenticate(asked, nowSeconds));
  const refusal = outcome instanceof Refusal ? outcome : undefined;
  const reason = refusal?.more.because ?? refusal?.reason;
  const claim = refusal?.more.messages?.[0]?.claim;
  const failure = reason === undefined ? undefined : { reason, detail: failureOf(issuer, input, reason, claim) };
  const words = wordsFor(issuer, input);
  return {
    checks: checkRows<ForeignCheck>(foreignChecks, (check) => words[check], failure),
    authenticated: outcome instanceof Refusal ? undefined : outcome,
  };
}

/** The last row: the user of ours whom the token stands for, if its issuer has a rule. */
export async function explainForeignUser(
  { issuers }: ExplainServices,
  authenticated: Authenticated,
  isReached: boolean,
): Promise<readonly Check[]> {
  const { foreign } = authenticated.identity;
  const check = "user of ours";
  if (!foreign || !authenticated.finish) return [];
  const issuer = issuers.find((one) => one.issuer === foreign.issuer);
  if (!isReached) return [notReached(check)];
  const outcome = await refusalOf(() => authenticated.finish?.("explain"));
  if (outcome instanceof Refusal) {
    const reason = outcome.more.because ?? outcome.reason;
    const details: Readonly<Partial<Record<Reason, string>>> = {
      user_not_mapped: `${issuer?.place} has no reissue, and the route reads the user`,
      user_not_found: `no row for the subject ${shown(foreign.subject)}`,
      user_inactive: "is_active is 0, or the hook refused",
      token_blacklisted: "all tokens of the user were ended since this one was issued",
    };
    return [{ check, verdict: "failed", detail: details[reason] ?? "", reason }];
  }
  if (issuer?.mapping === undefined) {
    return [
      {
        check,
        verdict: "not asked",
        detail: `${issuer?.place} has no reissue: X-Token-Issuer and X-Token-Subject say who it is`,
      },
    ];
  }
  return [
    {
      check,
      verdict: "passed",
      detail: `the user ${shown(outcome?.userId)}; a token of ours takes the place of this one`,
    },
  ];
}

function failureOf(
  issuer: ForeignIssuer,
  { token, rule, nowSeconds }: TokenInput,
  reason: Reason,
  claim?: string,
): string {
  const { header, claims } = decodeToken(token);
  const said = (name: string): string => (Object.hasOwn(claims, name) ? shown(claims[name]) : "not in the token");
  const time = (name: string): string => {
    const seconds = pythonInt(claims[name]);
    return seconds === undefined ? said(name) : timeInWords(seconds, nowSeconds);
  };
  const kid = Object.hasOwn(header, "kid") ? `kid ${shown(header.kid)}` : "no kid";
  const accepted = `issuers = ${JSON.stringify([...(rule.issuers ?? ["self"])])}`;
  const details: Readonly<Partial<Record<Reason, string>>> = {
    token_issuer_not_accepted: `the token is of ${issuer.place}; the route has ${accepted}`,
    token_unreadable: "this is not a token: three parts of base64url are expected",
    token_header_unusable: "its header has something that is not supported (crit, b64, or a kid that is not a string)",
    token_algorithm_other: `the token says ${shown(header.alg)}; accepted: ${issuer.algorithms.join(", ")}`,
    token_key_unknown: `no key of the issuer for ${kid}, or its keys could not be fetched`,
    keys_unavailable: "the keys of the issuer could not be fetched for too long",
    token_signature_wrong: "made with another key, or the token was changed",
    token_typ_other: `the typ of its header is ${shown(header.typ)}`,
    token_issued_in_future: `issued ${time("iat")}`,
    token_not_yet_valid: `valid from ${time("nbf")}`,
    token_expired: `expired ${time("exp")}`,
    token_claim_expired: `expired ${time("exp")}`,
    token_claim_missing: `the token has no claim ${claim ?? ""}`,
    token_issuer_wrong: `the token says ${said("iss")}`,
    token_audience_wrong: `the token says ${said("aud")}; audience is ${shown(issuer.audience)}`,
    token_type_missing: `the token has no claim ${issuer.typeClaim?.name}`,
    token_type_wrong: `${issuer.typeClaim?.name} is ${said(issuer.typeClaim?.name ?? "")}; it must be ${shown(issuer.typeClaim?.value)}`,
    user_claim_missing: `the token has no claim ${issuer.userClaim} that is a text or a number`,
    token_id_missing: `the token has no claim ${issuer.jtiClaim}; jti_claim = "" is for issuers that have none`,
    token_too_old: `issued ${time("iat")}; max_age is ${issuer.maxAgeSeconds} s`,
  };
  return details[reason] ?? "";
}

function wordsFor(issuer: ForeignIssuer, { token, nowSeconds }: TokenInput): Readonly<Record<ForeignCheck, Words>> {
  const { header, claims } = decodeToken(token);
  const said = (name: string): string => (Object.hasOwn(claims, name) ? shown(claims[name]) : "not in the token");
  const time = (name: string, word: string): Words => {
    const seconds = pythonInt(claims[name]);
    return { passed: seconds === undefined ? "not in the token" : `${word} ${timeInWords(seconds, nowSeconds)}` };
  };
  const { audience, typeClaim, userClaim, jtiClaim, maxAgeSeconds } = issuer;
  return {
    issuer: { passed: `${issuer.place}, which the route accepts` },
    shape: { passed: "three parts" },
    header: { passed: "nothing unusual" },
    algorithm: { passed: shown(header.alg) },
    key: { passed: Object.hasOwn(header, "kid") ? `kid ${shown(header.kid)}` : "the token has no kid" },
    signature: { passed: "valid for that key" },
    payload: { passed: "claims in JSON" },
    typ: { passed: Object.hasOwn(header, "typ") ? shown(header.typ) : "not in the header" },
    iat: time("iat", "issued"),
    nbf: time("nbf", "valid from"),
    exp: time("exp", "expires"),
    iss: { passed: said("iss") },
    aud: audience === null ? { notAsked: "audience is empty" } : { passed: said("aud") },
    type:
      typeClaim === undefined
        ? { notAsked: "type_claim is not set" }
        : { passed: `${typeClaim.name} is ${typeClaim.value}` },
    subject: { passed: `${userClaim} is ${said(userClaim)}` },
    id: jtiClaim === null ? { notAsked: "jti_claim is empty" } : { passed: said(jtiClaim) },
    age: maxAgeSeconds === undefined ? { notAsked: "max_age is not set" } : { passed: `at most ${maxAgeSeconds} s` },
  };
}
