// An issuer of ISSUERS: which of its tokens are good, and what they say. Chosen by the exact `iss`, before anything is verified.
// Must never verify a token with the keys of another issuer, nor read a claim for anything else before that.
import { Buffer } from "node:buffer";
import { refuse } from "../errors.ts";
import { nearestNumber, numberText } from "../json/exact-number.ts";
import { isRecord } from "../settings/readers.ts";
import { spellingsOf } from "./algorithms.ts";
import { checkRegisteredClaims, checkTimeIsAhead } from "./check.ts";
import { type Claims, claim, pythonInt } from "./claims.ts";
import { signatureVerifier } from "./codec.ts";
import { chooseKeys, type IssuerWithKeys } from "./issuer-keys.ts";
import type { KeySource, KeysVersion } from "./keys.ts";

/** An issuer that can be asked about its tokens. */
export interface ForeignIssuer extends IssuerWithKeys {
  readonly keysVersion: KeysVersion;
  /** `ok` where the keys stand in the settings. */
  readonly keysState: KeySource["state"];
  /** What a good token says. Refuses any other with a `token_*` reason, as for tokens of our own. */
  verify(token: string, nowSeconds: number): Promise<ForeignToken>;
}

/** What a token of another issuer says by itself, once it was verified. */
export interface ForeignToken {
  readonly claims: Claims;
  /** Whose it is, by `user_claim`; an id of the issuer's, and no id of ours. */
  readonly subject: string;
  /** By `jti_claim`; undefined where that is empty. */
  readonly jti: string | undefined;
  /** 0 for a token that does not say. */
  readonly issuedAtSeconds: number;
  /** The second in which it is refused at the latest. */
  readonly untilSeconds: number;
}

/** @param source undefined where the keys stand in the settings */
export function foreignIssuer(issuer: IssuerWithKeys, source: KeySource | undefined): ForeignIssuer {
  const algorithms = issuer.algorithms.flatMap(spellingsOf);
  const open = signatureVerifier({ keys: { choose: chooseKeys(issuer.ring, source) }, algorithms });
  return {
    ...issuer,
    keysVersion: source?.version ?? (() => 0),
    keysState: source?.state ?? (async () => "ok"),
    async verify(token, nowSeconds) {
      const { header, claims } = await open(token, nowSeconds);
      checkTyp(issuer, header.typ, claims);
      const { issuer: name, audience, leewaySeconds: LEEWAY } = issuer;
      checkRegisteredClaims({ issuer: name, audience, LEEWAY }, claims, nowSeconds);
      checkTimeIsAhead({ LEEWAY }, claims, "exp", nowSeconds);
      checkType(issuer, claims);
      const issuedAtSeconds = pythonInt(claim(claims, "iat"));
      return {
        claims,
        subject: subjectOf(issuer, claims),
        jti: idOf(issuer, claims),
        issuedAtSeconds: issuedAtSeconds ?? 0,
        untilSeconds: endOf(issuer, claims, issuedAtSeconds, nowSeconds),
      };
    },
  };
}

/** RFC 9068 section 2.2: what an access token with the `typ` "at+jwt" has to have. */
const accessTokenClaims = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"];

/**
 * What kind of token the header says it is (RFC 8725 section 3.11): none, "JWT", or an access token of RFC 9068, which is
 * the only one with `typ = "at+jwt"`. Others, such as log-out tokens, are signed with the same keys and open nothing.
 */
function checkTyp({ accessTokensOnly }: IssuerWithKeys, typ: unknown, claims: Claims): void {
  const kind = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : typ;
  if (kind !== "at+jwt") {
    if (accessTokensOnly || (kind !== undefined && kind !== "jwt")) refuse("token_typ_other");
    return;
  }
  const missing = accessTokenClaims.find((name) => !Object.hasOwn(claims, name));
  if (missing !== undefined) refuse("token_claim_missing", { names: missing });
}

function checkType({ typeClaim }: IssuerWithKeys, claims: Claims): void {
  if (typeClaim === undefined) return;
  if (!Object.hasOwn(claims, typeClaim.name)) refuse("token_type_missing");
  if (claims[typeClaim.name] !== typeClaim.value) refuse("token_type_wrong");
}

function subjectOf({ userClaim }: IssuerWithKeys, claims: Claims): string {
  const value = claim(claims, userClaim);
  const subject = typeof value === "string" ? value : numberText(value);
  return subject === undefined || subject === "" || !subject.isWellFormed() ? refuse("user_claim_missing") : subject;
}

function idOf({ jtiClaim }: IssuerWithKeys, claims: Claims): string | undefined {
  if (jtiClaim === null) return undefined;
  const id = claim(claims, jtiClaim);
  if (id === undefined || id === "") refuse("token_id_missing");
  return typeof id === "string" && id.isWellFormed() ? id : refuse("token_id_not_text");
}

function endOf(
  { maxAgeSeconds, leewaySeconds }: IssuerWithKeys,
  claims: Claims,
  issuedAtSeconds: number | undefined,
  nowSeconds: number,
): number {
  // Was found to be a number.
  const end = Math.trunc(nearestNumber(claims.exp) ?? Number(claims.exp)) + leewaySeconds;
  if (maxAgeSeconds === undefined) return end;
  if (issuedAtSeconds === undefined) refuse("token_claim_missing", { names: "iat" });
  const oldest = issuedAtSeconds + maxAgeSeconds + leewaySeconds;
  return oldest <= nowSeconds ? refuse("token_too_old") : Math.min(end, oldest);
}

/**
 * The `iss` of a compact JWS, by which its issuer is chosen; undefined for what has none that is text. Nothing is verified:
 * whoever sends the token decides by whose keys it is refused.
 */
export function claimedIssuer(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".", 2)[1] ?? "", "base64url").toString("utf8"));
    const issuer = isRecord(claims) ? claim(claims, "iss") : undefined;
    return typeof issuer === "string" ? issuer : undefined;
  } catch {
    return undefined;
  }
}
