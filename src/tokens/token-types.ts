// The four kinds of token as a table: what Simple JWT calls them, how long they live, whether they are listed.
// Must never hold behaviour of one kind outside its row.
import type { Settings } from "../settings/settings.ts";

/** What is particular to one kind of token. */
export interface TokenType {
  /** Simple JWT's class name, as it appears in `messages[].token_class`. */
  readonly className: "AccessToken" | "RefreshToken" | "SlidingToken" | "UntypedToken";
  /** The value of the token type claim. */
  readonly type: "access" | "refresh" | "sliding" | "untyped";
  /** Seconds from issue to `exp`. */
  readonly lifetimeSeconds: (settings: Settings) => number;
  /** Has Simple JWT's BlacklistMixin: is written down when issued and looked up in the blacklist when presented. */
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

/** The kind with Simple JWT's class name. */
export function tokenTypeOfClass(className: string): TokenType | undefined {
  return Object.values(tokenTypes).find((kind) => kind.className === className);
}
