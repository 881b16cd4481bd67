// Explains the checks of a bearer token one by one, as made by the Worker's own code.
// Must never decide whether a check passes: this only finds out which one refused.

import { type Authenticated, createAuthentication } from "../../src/auth/authenticate.ts";
import { type Reason, Refusal } from "../../src/errors.ts";
import type { Rule } from "../../src/proxy/routes/rule.ts";
import { self } from "../../src/settings/issuers.ts";
import { pythonInt } from "../../src/tokens/claims.ts";
import type { TokenType } from "../../src/tokens/token-types.ts";
import {
  type Check,
  type ClassCheck,
  type CodecCheck,
  checkRows,
  classChecks,
  codecChecks,
  notReached,
  timeClaims,
  type UserCheck,
  userChecks,
  type Words,
} from "./checks.ts";
import { type DecodedToken, decodeToken, shown, timeInWords } from "./decode-token.ts";
import { type ExplainServices, noTokenCache } from "./services.ts";

/** A token on a route. */
export interface TokenInput {
  readonly token: string;
  readonly rule: Rule;
  readonly nowSeconds: number;
  /** User, revocation and blacklist are not checked. */
  readonly offline: boolean;
  /** Why the signature was not checked: the token was signed with a placeholder key. Undefined if it was checked. */
  readonly unsigned: string | undefined;
}

export interface TokenExplanation {
  readonly checks: readonly Check[];
  /** Undefined when a check failed. */
  readonly authenticated: Authenticated | undefined;
}

/** Runs `work`; returns its refusal instead of throwing it. Any other error is a bug and is thrown on. */
export async function refusalOf<T>(work: () => Promise<T> | T): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** A token on a route, decoded, with the services that check it. */
interface Subject extends TokenInput {
  readonly services: ExplainServices;
  readonly decoded: DecodedToken;
}

export async function explainToken(services: ExplainServices, input: TokenInput): Promise<TokenExplanation> {
  const { token, rule, nowSeconds, offline } = input;
  const subject: Subject = { ...input, services, decoded: decodeToken(token) };
  const opened = isAccepted(rule)
    ? await refusalOf(() => services.codec.open(token, nowSeconds))
    : new Refusal("token_issuer_not_accepted");
  const codec = codecRows(subject, opened instanceof Refusal ? opened.reason : undefined);
  if (opened instanceof Refusal) {
    const later = [...classChecks, ...userChecks].map(({ check }) => notReached(check));
    return { checks: [...codec, ...later], authenticated: undefined };
  }
  const asked = {
    ...{ token, issuers: rule.issuers, readUser: rule.auth === "user" && !offline },
    revocation: offline ? ("off" as const) : rule.revocation,
  };
  const outcome = await refusalOf(() => services.authentication.authenticate(asked, nowSeconds));
  const fits = !(outcome instanceof Refusal && outcome.reason === "no_token_class_fits");
  const classes = await classRows(subject, fits);
  const failed = outcome instanceof Refusal ? outcome.reason : undefined;
  const failure = failed && { reason: failed, detail: userFailure(subject, failed) };
  const users = fits
    ? checkRows<UserCheck>(userChecks, (check) => userWords(subject, check), failure)
    : userChecks.map(({ check }) => notReached(check));
  return { checks: [...codec, ...classes, ...users], authenticated: outcome instanceof Refusal ? undefined : outcome };
}

/** Whether the route takes tokens of our own. */
const isAccepted = ({ issuers }: Rule): boolean => issuers?.has(self) ?? true;

function codecRows({ services, decoded, nowSeconds, unsigned, rule }: Subject, reason: Reason | undefined): Check[] {
  const { settings } = services;
  const { header, claims } = decoded;
  const said = (name: string): string => (Object.hasOwn(claims, name) ? shown(claims[name]) : "not in the token");
  const time = (name: string): string => {
    const seconds = pythonInt(claims[name]);
    if (!Object.hasOwn(claims, name)) return "not in the token";
    return seconds === undefined ? `not a time: ${shown(claims[name])}` : timeInWords(seconds, nowSeconds);
  };
  const leeway = settings.LEEWAY > 0 ? `; LEEWAY is ${settings.LEEWAY} s` : "";
  const words: Readonly<Record<CodecCheck, Words>> = {
    shape: { passed: "three parts, the first two of them JSON" },
    header: { passed: "nothing unusual" },
    algorithm: { passed: shown(header.alg) },
    key:
      unsigned === undefined
        ? { passed: Object.hasOwn(header, "kid") ? `kid ${shown(header.kid)}` : "the token has no kid" }
        : { notAsked: unsigned },
    signature: unsigned === undefined ? { passed: "valid for that key" } : { notAsked: unsigned },
    purpose: { passed: "not an assertion" },
    payload: { passed: "claims in JSON" },
    iat: { passed: Object.hasOwn(claims, "iat") ? `issued ${time("iat")}` : "not in the token" },
    nbf: { passed: Object.hasOwn(claims, "nbf") ? `valid from ${time("nbf")}` : "not in the token" },
    exp: { passed: Object.hasOwn(claims, "exp") ? `expires ${time("exp")}` : "not in the token" },
    iss: settings.ISSUER === null ? { notAsked: "ISSUER is not set" } : { passed: said("iss") },
    aud: settings.AUDIENCE === null ? { notAsked: "AUDIENCE is not set" } : { passed: said("aud") },
    sub: { passed: said("sub") },
    jti: { passed: said("jti") },
  };
  if (reason === undefined) return checkRows<CodecCheck>(codecChecks, (check) => words[check], undefined);
  const unreadable = timeClaims.find((name) => Object.hasOwn(claims, name) && pythonInt(claims[name]) === undefined);
  const at = reason === "token_time_unreadable" ? unreadable : undefined;
  const own = `${settings.ALGORITHM}${settings.VERIFYING_KEYS === null ? "" : " and those of VERIFYING_KEYS"}`;
  const kid = Object.hasOwn(header, "kid") ? `kid ${shown(header.kid)}` : "no kid";
  const details: Readonly<Partial<Record<Reason, string>>> = {
    token_unreadable: "this is not a token: three parts of base64url, the first two of them JSON, are expected",
    token_header_unusable: "its header has something that is not supported (crit, b64, or a kid that is not a string)",
    token_algorithm_other: `the token says ${shown(header.alg)}; accepted: ${own}`,
    token_key_unknown: `no key for ${kid}${settings.KEY_ID === null ? "" : `; KEY_ID is ${settings.KEY_ID}`}`,
    keys_unavailable: "JWK_URL has not responded for too long",
    token_signature_wrong: "made with another key, or the token was changed",
    token_is_assertion: "this is an assertion of the gateway, not a token",
    token_is_reissued: "this is a token that the gateway made for the API alone (reissue)",
    token_issuer_not_accepted: `the route has issuers = ${JSON.stringify([...(rule.issuers ?? ["self"])])}, and this is a token of our own`,
    token_payload_unreadable: "the payload is not a JSON object",
    token_issued_in_future: `issued ${time("iat")}${leeway}`,
    token_not_yet_valid: `valid from ${time("nbf")}${leeway}`,
    token_expired: `expired ${time("exp")}${leeway}`,
    token_time_unreadable: at === undefined ? "" : time(at),
    token_issuer_wrong: `the token says ${said("iss")}; ISSUER is ${shown(settings.ISSUER)}`,
    token_audience_wrong: `the token says ${said("aud")}; AUDIENCE is ${shown(settings.AUDIENCE)}`,
    token_subject_not_text: `it is ${said("sub")}, which is not a string`,
    token_id_not_text: `it is ${said("jti")}, which is not a string`,
  };
  const failure = { reason, ...(at === undefined ? {} : { at }), detail: details[reason] ?? "" };
  return checkRows<CodecCheck>(codecChecks, (check) => words[check], failure);
}

/** The rows of the class that fits, and one row for each class before it. If none fits, all rows of each class. */
async function classRows(subject: Subject, fits: boolean): Promise<Check[]> {
  const { services, token, nowSeconds } = subject;
  const wanted = { readUser: false, revocation: "off" } as const;
  const rows: Check[] = [];
  const { issuer } = services.codec;
  for (const tokenType of issuer.tokenTypes) {
    const only = { ...issuer, tokenTypes: [tokenType] };
    const oneType = createAuthentication({ ...services, issuer: only, tokenCache: noTokenCache });
    const one = await refusalOf(() => oneType.authenticate({ token, ...wanted }, nowSeconds));
    const refused = one instanceof Refusal && one.reason === "no_token_class_fits" ? one : undefined;
    const named = issuer.tokenTypes.length > 1 ? `${tokenType.className}: ` : "";
    const reason = refused?.more.because;
    const [message] = refused?.more.messages ?? [];
    const detail = message === undefined ? "" : message.message.replace("{}", () => message.claim ?? "");
    if (refused && reason !== undefined && fits) {
      rows.push({ check: tokenType.className, verdict: "passed over", detail, reason });
      continue;
    }
    const failure = reason === undefined ? undefined : { reason, detail };
    const words = (check: ClassCheck) => classWords(subject, tokenType, check);
    const made = checkRows<ClassCheck>(classChecks, words, failure);
    rows.push(...made.map((row) => ({ ...row, check: named + row.check })));
    if (fits) break;
  }
  return rows;
}

function classWords({ services, decoded, offline }: Subject, tokenType: TokenType, check: ClassCheck): Words {
  const { JTI_CLAIM, TOKEN_TYPE_CLAIM, TOKEN_BLACKLIST_ENABLED } = services.settings;
  if (check === "exp is there") return { passed: "and in the future" };
  if (check === "id is there") {
    return JTI_CLAIM === null ? { notAsked: "JTI_CLAIM is not set" } : { passed: shown(decoded.claims[JTI_CLAIM]) };
  }
  if (check === "type") {
    return TOKEN_TYPE_CLAIM === null || !tokenType.typed
      ? { notAsked: `${tokenType.className} may be of any type` }
      : { passed: tokenType.type };
  }
  if (!tokenType.isOutstanding) return { notAsked: `${tokenType.className} is not stored; see revocation` };
  if (!TOKEN_BLACKLIST_ENABLED) return { notAsked: "TOKEN_BLACKLIST_ENABLED is false" };
  return offline ? { notAsked: "--offline" } : { passed: "not blacklisted, according to D1" };
}

function userWords({ services, decoded, rule, offline }: Subject, check: UserCheck): Words {
  const { USER_ID_CLAIM, USER_ID_FIELD, CHECK_USER_IS_ACTIVE, CHECK_REVOKE_TOKEN } = services.settings;
  const named = `${USER_ID_CLAIM} is ${shown(decoded.claims[USER_ID_CLAIM])}`;
  if (check === "user named") return { passed: named };
  if (rule.auth !== "user") return { notAsked: `auth = "${rule.auth}" reads no user` };
  if (offline) return { notAsked: "--offline" };
  if (check === "user exists") return { passed: `with this ${USER_ID_FIELD}, in D1` };
  if (check === "user active") {
    return CHECK_USER_IS_ACTIVE ? { passed: "is_active is set" } : { notAsked: "CHECK_USER_IS_ACTIVE is false" };
  }
  return CHECK_REVOKE_TOKEN
    ? { passed: "unchanged since the token was issued" }
    : { notAsked: "CHECK_REVOKE_TOKEN is false" };
}

function userFailure({ services, decoded }: Subject, reason: Reason): string {
  const { USER_ID_CLAIM, USER_ID_FIELD } = services.settings;
  const details: Readonly<Partial<Record<Reason, string>>> = {
    user_claim_missing: `the token has no claim ${USER_ID_CLAIM}`,
    token_user_of_other_issuer: `${USER_ID_CLAIM} begins with the prefix of an issuer of ISSUERS`,
    user_not_found: `no user in D1 has the ${USER_ID_FIELD} ${shown(decoded.claims[USER_ID_CLAIM])}`,
    user_inactive: "is_active is 0",
    user_password_changed: "it was changed after the token was issued",
  };
  return details[reason] ?? "";
}
