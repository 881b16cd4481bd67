// Which of the accepted classes a token fits, and what each says of one that fits none.
// Must never take a class whose blacklist was not asked.
import { type Reason, Refusal, refuse, type TokenClassMessage } from "../errors.ts";
import { tokenId } from "../sessions/token-record.ts";
import type { Settings } from "../settings/settings.ts";
import { checkTokenType } from "../tokens/check.ts";
import { type Claims, claim } from "../tokens/claims.ts";
import { type TokenType, tokenTypes } from "../tokens/token-types.ts";

/** Whether the store has the token as ended: by its own id, with its session, or with all tokens of its user. */
type IsBlacklisted = () => Promise<boolean>;

/**
 * get_validated_token(): the first class that takes the token, or one refusal with a message for each.
 *
 * @param opened the claims, or what the signature and the registered claims were refused for: the same for every class
 * @param isBlacklisted asked for the kinds that Simple JWT lists, by class or by the token's own type, and for no other
 */
export async function acceptedTokenType(
  settings: Settings,
  opened: Claims | Refusal,
  tokenTypes: readonly TokenType[],
  isBlacklisted: IsBlacklisted,
  nowSeconds: number,
): Promise<TokenType> {
  const messages: TokenClassMessage[] = [];
  let because: Reason | undefined;
  for (const kind of tokenTypes) {
    const refusal =
      opened instanceof Refusal ? opened : await classRefusal(settings, opened, kind, isBlacklisted, nowSeconds);
    if (!refusal) return kind;
    because ??= refusal.reason;
    messages.push(messageOf(kind, refusal));
  }
  return refuse("no_token_class_fits", { messages, ...(because === undefined ? {} : { because }) });
}

/** What one class has against the token. Its own claims first: the blacklist costs a round trip. */
async function classRefusal(
  settings: Settings,
  claims: Claims,
  kind: TokenType,
  isBlacklisted: IsBlacklisted,
  nowSeconds: number,
): Promise<Refusal | undefined> {
  try {
    checkTokenType(settings, kind, claims, nowSeconds);
    const jti = kind.isOutstanding || saysListed(settings, kind, claims) ? tokenId(settings, claims) : undefined;
    if (jti !== undefined && (await isBlacklisted())) refuse("token_blacklisted");
    return undefined;
  } catch (error) {
    return tokenRefusal(error);
  }
}

/**
 * Whether a class that looks at no type (UntypedToken) was given a token that has a blacklist by its own type. Simple
 * JWT does not ask that blacklist: a refresh token would open routes after its log-out.
 */
function saysListed({ TOKEN_TYPE_CLAIM }: Settings, kind: TokenType, claims: Claims): boolean {
  if (kind.typed || TOKEN_TYPE_CLAIM === null) return false;
  const type = claim(claims, TOKEN_TYPE_CLAIM);
  return Object.values(tokenTypes).some((own) => own.isOutstanding && own.type === type);
}

/** Refusals of tokens are collected; a store that is down, or a bug, is not the token's fault. */
export function tokenRefusal(error: unknown): Refusal {
  if (error instanceof Refusal && error.wire.code === "token_not_valid") return error;
  throw error;
}

function messageOf(kind: TokenType, refusal: Refusal): TokenClassMessage {
  const message = { token_class: kind.className, token_type: kind.type, message: refusal.wire.detail };
  return refusal.more.names === undefined ? message : { ...message, claim: refusal.more.names };
}
