// Is this token good for anything? (TokenVerifyView)
// Must never say more than yes or why not: the answer to a good token is empty.
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import type { TokenStore } from "../stores/contract.ts";
import { checkTokenType } from "../tokens/check.ts";
import { claim, writtenName } from "../tokens/claims.ts";
import type { Codec } from "../tokens/codec.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { namedUser } from "../users/token-user.ts";
import { issuedAt } from "./token-record.ts";

/** The services that verifying needs. */
export interface VerifyDependencies {
  readonly settings: Settings;
  readonly codec: Codec;
  readonly tokens: Pick<TokenStore, "isBlacklisted">;
}

/**
 * 1. Signature and registered claims. 2. exp and id, any type (UntypedToken). 3. Only with BLACKLIST_AFTER_ROTATION:
 * the id is not blacklisted, nor was the token ended with those of everybody, whatever the type; answered with 400, as TokenVerifySerializer does.
 */
export function createVerify({ settings, codec, tokens }: VerifyDependencies) {
  return async (context: RequestContext, token: string): Promise<Readonly<Record<string, never>>> => {
    const claims = await codec.open(token, context.nowSeconds);
    checkTokenType(settings, tokenTypes.untyped, claims, context.nowSeconds);
    if (settings.BLACKLIST_AFTER_ROTATION && settings.TOKEN_BLACKLIST_ENABLED) {
      const jti = claim(claims, writtenName(settings.JTI_CLAIM));
      const { owner } = namedUser(settings, claims);
      const issuedAtSeconds = issuedAt(claims) ?? 0;
      if (typeof jti === "string" && (await tokens.isBlacklisted(owner, jti, issuedAtSeconds)))
        refuse("token_blacklisted_at_verify");
    }
    return {};
  };
}
