// Tokens that were verified before: their signature and claims need not be checked again.
// Must never hold a token that was refused, one for longer than it lasts, or more than its bounds.
import { oldestFirst } from "../oldest-first.ts";
import type { RevocationKeys } from "../stores/contract.ts";
import type { Claims } from "../tokens/claims.ts";
import type { TokenType } from "../tokens/token-types.ts";

/** What a token says by itself, once it was verified. */
export interface VerifiedToken {
  readonly claims: Claims;
  readonly tokenType: TokenType;
  readonly userId: unknown;
  /** The token's id; undefined if it has none that is text. */
  readonly jti: string | undefined;
  readonly expiresAtSeconds: number;
  /** By what it can have been ended; undefined for a token that names no id, session or user. */
  readonly revocationKeys: RevocationKeys | undefined;
}

/** What an isolate remembers. The key is the whole token: two that differ in one character are two. */
export interface TokenCache<Verified extends Pick<VerifiedToken, "expiresAtSeconds"> = VerifiedToken> {
  /** Undefined for a token that is not known, has expired, or was verified with other keys than there are now. */
  recall(token: string, keysVersion: number | undefined, nowSeconds: number): Verified | undefined;
  keep(token: string, verified: Verified, keysVersion: number | undefined): void;
}

export interface TokenCacheBounds {
  readonly entries: number;
  /** Of the tokens' texts with what was read of them, estimated. */
  readonly bytes: number;
  /** LEEWAY. */
  readonly leewaySeconds: number;
}

interface Entry<Verified> {
  readonly verified: Verified;
  readonly keysVersion: number;
  readonly untilSeconds: number;
}

/** What an entry takes in addition to its token: claims as objects take several times their JSON. */
const bytesAroundEach = 1000;
const bytesPerCharacter = 6;
const bytesOf = (token: string) => bytesAroundEach + bytesPerCharacter * token.length;

/**
 * Revocation, the user's row and required claims are not part of it: they are looked at in each request. Of too many
 * entries the oldest go, used or not: one that is needed again is verified again.
 */
export function createTokenCache<Verified extends Pick<VerifiedToken, "expiresAtSeconds"> = VerifiedToken>(
  bounds: TokenCacheBounds,
): TokenCache<Verified> {
  const known = oldestFirst<Entry<Verified>>();
  let bytes = 0;
  const forget = (token: string) => {
    if (known.delete(token)) bytes -= bytesOf(token);
  };
  return {
    recall(token, keysVersion, nowSeconds) {
      const entry = known.get(token);
      if (entry === undefined) return undefined;
      if (nowSeconds < entry.untilSeconds && entry.keysVersion === keysVersion) return entry.verified;
      forget(token);
      return undefined;
    },
    keep(token, verified, keysVersion) {
      const size = bytesOf(token);
      if (size > bounds.bytes / 100 || keysVersion === undefined) return;
      forget(token);
      // Python cuts fractions off when it checks `exp`, so the second before counts.
      const untilSeconds = Math.trunc(verified.expiresAtSeconds) + bounds.leewaySeconds;
      known.set(token, { verified, keysVersion, untilSeconds });
      bytes += size;
      while (known.size() > bounds.entries || bytes > bounds.bytes) bytes -= bytesOf(known.forgetOldest() ?? "");
    },
  };
}
