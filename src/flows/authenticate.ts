// Raw bearer token → whose request it is (JWTAuthentication, JWTStatelessUserAuthentication).
// Must never look at a claim before the signature was found good.
import type { User } from "../accounts/user.ts";
import { type Reason, Refusal, refuse, type TokenClassMessage } from "../errors.ts";
import { checkKind } from "../tokens/check.ts";
import { type Claims, claim, writtenName } from "../tokens/claims.ts";
import type { Kind } from "../tokens/kinds.ts";
import { checkRouteUser } from "./account-check.ts";
import type { Deps } from "./deps.ts";
import { tokenId, userLookup } from "./presented.ts";

/** Whose request it is, as far as the token tells; `user` only where the route reads it. */
export interface Identity {
  readonly claims: Claims;
  readonly kind: Kind;
  readonly userId: unknown;
  /** The token's id; undefined if it has none that is text. */
  readonly jti: string | undefined;
  readonly expiresAtSeconds: number;
  readonly user: User | undefined;
}

type AuthenticateDeps = Pick<Deps, "settings" | "codec" | "users" | "tokens">;

/**
 * 1. The token fits one of the accepted classes, tried in order; if none, the refusal lists what each said.
 * 2. It names a user. 3. For `auth = "user"`: the user exists, is active, has the password that the token was made for.
 *
 * @param kinds the classes of AUTH_TOKEN_CLASSES
 */
export async function authenticate(
  deps: AuthenticateDeps,
  { token, kinds, readUser }: { readonly token: string; readonly kinds: readonly Kind[]; readonly readUser: boolean },
  nowSeconds: number,
): Promise<Identity> {
  const { settings } = deps;
  const { claims, kind } = await fittingClass(deps, token, kinds, nowSeconds);
  if (!Object.hasOwn(claims, settings.USER_ID_CLAIM)) refuse("user_claim_missing");
  const userId = claims[settings.USER_ID_CLAIM];
  const jti = claim(claims, writtenName(settings.JTI_CLAIM));
  const identity = {
    claims,
    kind,
    userId,
    jti: typeof jti === "string" ? jti : undefined,
    expiresAtSeconds: Number(claims.exp),
  };
  if (!readUser) return { ...identity, user: undefined };
  const lookup = userLookup(settings, userId) ?? refuse("user_not_found");
  return { ...identity, user: checkRouteUser(deps, claims, await deps.users.byLookup(lookup)) };
}

/** get_validated_token(): the first class that takes the token, or one refusal with a message for each. */
async function fittingClass(
  deps: AuthenticateDeps,
  token: string,
  kinds: readonly Kind[],
  nowSeconds: number,
): Promise<{ readonly claims: Claims; readonly kind: Kind }> {
  // Signature and registered claims are the same question for every class: asked once.
  const opened = await deps.codec.open(token, nowSeconds).catch(tokenRefusal);
  const messages: TokenClassMessage[] = [];
  let because: Reason | undefined;
  for (const kind of kinds) {
    const refusal = opened instanceof Refusal ? opened : await classRefusal(deps, opened, kind, nowSeconds);
    if (!refusal && !(opened instanceof Refusal)) return { claims: opened, kind };
    if (!refusal) continue;
    because ??= refusal.reason;
    messages.push(messageOf(kind, refusal));
  }
  return refuse("no_token_class_fits", { messages, ...(because === undefined ? {} : { because }) });
}

/** What one class has against the token. Its own claims first: the blacklist costs a round trip. */
async function classRefusal(
  deps: AuthenticateDeps,
  claims: Claims,
  kind: Kind,
  nowSeconds: number,
): Promise<Refusal | undefined> {
  try {
    checkKind(deps.settings, kind, claims, nowSeconds);
    const jti = kind.listed ? tokenId(deps.settings, claims) : undefined;
    if (jti !== undefined && (await deps.tokens.isBlacklisted(jti))) refuse("token_blacklisted");
    return undefined;
  } catch (error) {
    return tokenRefusal(error);
  }
}

/** Refusals of tokens are collected; a store that is down, or a bug, is not the token's fault. */
function tokenRefusal(error: unknown): Refusal {
  if (error instanceof Refusal && error.wire.code === "token_not_valid") return error;
  throw error;
}

function messageOf(kind: Kind, refusal: Refusal): TokenClassMessage {
  const message = { token_class: kind.className, token_type: kind.type, message: refusal.wire.detail };
  return refusal.more.names === undefined ? message : { ...message, claim: refusal.more.names };
}
