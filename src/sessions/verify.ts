// Is this token good for anything? (TokenVerifyView)
// Must never tell more than yes or why not: the answer to a good token is empty.
import { refuse } from "../errors.ts";
import type { Services } from "../services.ts";
import { checkTokenType } from "../tokens/check.ts";
import { claim, writtenName } from "../tokens/claims.ts";
import { tokenTypes } from "../tokens/token-types.ts";

/**
 * 1. Signature and registered claims. 2. exp and id, any type (UntypedToken). 3. Only with BLACKLIST_AFTER_ROTATION:
 * the id is not blacklisted, whatever the type; answered with 400, as TokenVerifySerializer does.
 */
export async function verify(
  deps: Pick<Services, "settings" | "codec" | "tokens">,
  token: string,
  nowSeconds: number,
): Promise<Readonly<Record<string, never>>> {
  const { settings } = deps;
  const claims = await deps.codec.open(token, nowSeconds);
  checkTokenType(settings, tokenTypes.untyped, claims, nowSeconds);
  if (settings.BLACKLIST_AFTER_ROTATION && settings.TOKEN_BLACKLIST_ENABLED) {
    const jti = claim(claims, writtenName(settings.JTI_CLAIM));
    if (typeof jti === "string" && (await deps.tokens.isBlacklisted(jti))) refuse("token_blacklisted_at_verify");
  }
  return {};
}
