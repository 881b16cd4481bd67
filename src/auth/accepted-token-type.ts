// Which of the accepted token types a token is of, and what each says of one that is of none.
// Must never accept a type whose blacklist was not asked.
import { type Reason, Refusal, refuse, type TokenClassMessage } from "../errors.ts";
import { tokenId } from "../sessions/token-record.ts";
import type { Settings } from "../settings/settings.ts";
import { checkTokenType } from "../tokens/check.ts";
import { type Claims, claim } from "../tokens/claims.ts";
import { type TokenType, tokenTypes } from "../tokens/token-types.ts";
import type { TrustedIssuer } from "../tokens/trusted-issuer.ts";

/** Whether the store has the token as ended: by its own id, with its session, or with all tokens of its user. */
type IsBlacklisted = () => Promise<boolean>;

/** How a token's type is checked. */
export interface TypeCheck {
  readonly settings: Settings;
  /** Its token types are tried in order. */
  readonly issuer: TrustedIssuer;
  /** Asked for the types that Simple JWT keeps in its blacklist, by class or by the token's own type, and for no other. */
  readonly isBlacklisted: IsBlacklisted;
  readonly nowSeconds: number;
}

/**
 * get_validated_token(): the first type that the token is of, or one refusal with a message for each.
 *
 * @param opened the claims, or what the signature and the registered claims were refused for: the same for every type
 */
export async function acceptedTokenType(opened: Claims | Refusal, check: TypeCheck): Promise<TokenType> {
  const messages: TokenClassMessage[] = [];
  let because: Reason | undefined;
  for (const tokenType of check.issuer.tokenTypes) {
    const refusal = opened instanceof Refusal ? opened : await typeRefusal(opened, tokenType, check);
    if (!refusal) return tokenType;
    because ??= refusal.reason;
    messages.push(messageOf(tokenType, refusal));
  }
  return refuse("no_token_class_fits", { messages, ...(because === undefined ? {} : { because }) });
}

/** Why a token is not of a type. Its own claims come first: the blacklist costs a round trip. */
async function typeRefusal(
  claims: Claims,
  tokenType: TokenType,
  { settings, issuer, isBlacklisted, nowSeconds }: TypeCheck,
): Promise<Refusal | undefined> {
  try {
    checkTokenType(issuer, tokenType, claims, nowSeconds);
    const hasBlacklist = tokenType.isOutstanding || namesOutstandingType(issuer, tokenType, claims);
    const jti = hasBlacklist ? tokenId(settings, claims) : undefined;
    if (jti !== undefined && (await isBlacklisted())) refuse("token_blacklisted");
    return undefined;
  } catch (error) {
    return tokenRefusal(error);
  }
}

/**
 * Whether a type that looks at no type claim (UntypedToken) was given a token that has a blacklist by its own type. Simple
 * JWT does not ask that blacklist: a refresh token would open routes after its log-out.
 */
function namesOutstandingType({ TOKEN_TYPE_CLAIM }: TrustedIssuer, tokenType: TokenType, claims: Claims): boolean {
  if (tokenType.typed || TOKEN_TYPE_CLAIM === null) return false;
  const type = claim(claims, TOKEN_TYPE_CLAIM);
  return Object.values(tokenTypes).some((own) => own.isOutstanding && own.type === type);
}

/** Refusals of tokens are collected; a store that is down, or a bug, is not the token's fault. */
export function tokenRefusal(error: unknown): Refusal {
  if (error instanceof Refusal && error.wire.code === "token_not_valid") return error;
  throw error;
}

/** What a class of tokens says of one that it does not take. */
export function messageOf(tokenType: TokenType, refusal: Refusal): TokenClassMessage {
  const message = { token_class: tokenType.className, token_type: tokenType.type, message: refusal.wire.detail };
  return refusal.more.names === undefined ? message : { ...message, claim: refusal.more.names };
}
