// The four kinds of token as a table: what Simple JWT calls them, how long they live, whether they are listed.
// Must never hold behaviour of one kind outside its row.
import type { Settings } from "../settings/settings.ts";

/** What is particular to one kind of token. */
export interface Kind {
  /** Simple JWT's class name, as it appears in `messages[].token_class`. */
  readonly className: "AccessToken" | "RefreshToken" | "SlidingToken" | "UntypedToken";
  /** The value of the token type claim. */
  readonly type: "access" | "refresh" | "sliding" | "untyped";
  /** Seconds from issue to `exp`. */
  readonly lifetimeSeconds: (settings: Settings) => number;
  /** Has Simple JWT's BlacklistMixin: is written down when issued and looked up in the blacklist when presented. */
  readonly listed: boolean;
  /** Whether the token type claim has to be `type`. */
  readonly typed: boolean;
}

export const kinds = {
  access: {
    className: "AccessToken",
    type: "access",
    lifetimeSeconds: (settings) => settings.ACCESS_TOKEN_LIFETIME,
    listed: false,
    typed: true,
  },
  refresh: {
    className: "RefreshToken",
    type: "refresh",
    lifetimeSeconds: (settings) => settings.REFRESH_TOKEN_LIFETIME,
    listed: true,
    typed: true,
  },
  sliding: {
    className: "SlidingToken",
    type: "sliding",
    lifetimeSeconds: (settings) => settings.SLIDING_TOKEN_LIFETIME,
    listed: true,
    typed: true,
  },
  untyped: {
    className: "UntypedToken",
    type: "untyped",
    lifetimeSeconds: () => 0,
    listed: false,
    typed: false,
  },
} as const satisfies Record<string, Kind>;

/** The kind with Simple JWT's class name. */
export function kindOfClass(className: string): Kind | undefined {
  return Object.values(kinds).find((kind) => kind.className === className);
}
