// The four types of token as a table: what Simple JWT calls them, how long they live, whether they are outstanding.
import { tokenClassName } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";

/** What is particular to one type of token. */
export interface TokenType {
  /** Simple JWT's class name, as it appears in `messages[].token_class`. */
  readonly className: "AccessToken" | "RefreshToken" | "SlidingToken" | "UntypedToken";
  /** The value of the token type claim. */
  readonly type: "access" | "refresh" | "sliding" | "untyped";
  /** Seconds from issue to `exp`. */
  readonly lifetimeSeconds: (settings: Settings) => number;
  /** Has Simple JWT's BlacklistMixin: is recorded when issued, and looked up in the blacklist when used. */
  readonly isOutstanding: boolean;
  /** Whether the token type claim has to be `type`. */
  readonly typed: boolean;
}

export const tokenTypes = {
  access: {
    className: "AccessToken",
    type: "access",
    lifetimeSeconds: (settings) => settings.ACCESS_TOKEN_LIFETIME,
    isOutstanding: false,
    typed: true,
  },
  refresh: {
    className: "RefreshToken",
    type: "refresh",
    lifetimeSeconds: (settings) => settings.REFRESH_TOKEN_LIFETIME,
    isOutstanding: true,
    typed: true,
  },
  sliding: {
    className: "SlidingToken",
    type: "sliding",
    lifetimeSeconds: (settings) => settings.SLIDING_TOKEN_LIFETIME,
    isOutstanding: true,
    typed: true,
  },
  untyped: {
    className: "UntypedToken",
    type: "untyped",
    lifetimeSeconds: () => 0,
    isOutstanding: false,
    typed: false,
  },
} as const satisfies Record<string, TokenType>;

/** The types of AUTH_TOKEN_CLASSES, in order. */
export function acceptedTokenTypes({ AUTH_TOKEN_CLASSES }: Settings): readonly TokenType[] {
  return AUTH_TOKEN_CLASSES.flatMap((name) => {
    const className = tokenClassName(name);
    return Object.values(tokenTypes).filter((tokenType) => tokenType.className === className);
  });
}
