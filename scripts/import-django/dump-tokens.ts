// Reads a token's row of a dump; claims that no column has are read from the token itself, without verifying it.
// Must never be used for authentication, nor keep the token.
import type { Settings } from "../../src/settings/settings.ts";
import { fieldReader } from "../../src/users/model-fields.ts";

/** The settings that say how long a token lasts, and what its claims are called. */
export type TokenSettings = Pick<
  Settings,
  "LEEWAY" | "SLIDING_TOKEN_LIFETIME" | "TOKEN_TYPE_CLAIM" | "SLIDING_TOKEN_REFRESH_EXP_CLAIM"
>;

/** A token of a dump, without its user. Times are whole seconds. */
export interface DumpToken {
  readonly jti: string;
  readonly type: "refresh" | "sliding";
  readonly createdAt: number;
  readonly expiresAt: number;
  /** False for times without a zone (USE_TZ = False), which are read as UTC. */
  readonly zoned: boolean;
}

/** The token, "expired" where it is no longer accepted and not needed, or what is wrong with the row. */
export function readToken(
  fields: Readonly<Record<string, unknown>>,
  settings: TokenSettings,
  nowSeconds: number,
): DumpToken | "expired" | (string & {}) {
  const read = fieldReader(fields);
  const jti = read.text("jti");
  const created = read.timeOrNull("created_at");
  const expires = read.time("expires_at");
  const error = read.error() ?? (jti === "" ? "jti is empty" : undefined);
  if (error !== undefined) return error;
  const { type, refreshUntil, issuedAt } = tokenHints(fields.token, settings);
  // As long as any form of a sliding token is accepted: see slidingRecordEnd() in src/sessions/token-record.ts.
  const expiresAt =
    refreshUntil === undefined
      ? expires.seconds
      : Math.max(expires.seconds, refreshUntil + settings.LEEWAY + settings.SLIDING_TOKEN_LIFETIME);
  if (expiresAt < nowSeconds - settings.LEEWAY) return "expired";
  const createdAt = created?.seconds ?? issuedAt ?? nowSeconds;
  return { jti, type, createdAt, expiresAt, zoned: expires.zoned };
}

/** A sliding one can be refreshed until `refreshUntil`, which is later than its exp. */
interface TokenHints {
  readonly type: "refresh" | "sliding";
  readonly refreshUntil: number | undefined;
  readonly issuedAt: number | undefined;
}

/** Claims are read by the names in the settings, else by Simple JWT's. An unreadable token counts as a refresh token. */
function tokenHints(token: unknown, names: TokenSettings): TokenHints {
  const claims = payloadOf(token);
  const type = claims[names.TOKEN_TYPE_CLAIM ?? "token_type"] ?? claims.token_type;
  const refreshUntil = wholeSeconds(claims[names.SLIDING_TOKEN_REFRESH_EXP_CLAIM] ?? claims.refresh_exp);
  const sliding = type === "sliding" || (type === undefined && refreshUntil !== undefined);
  return {
    type: sliding ? "sliding" : "refresh",
    refreshUntil: sliding ? refreshUntil : undefined,
    issuedAt: wholeSeconds(claims.iat),
  };
}

const wholeSeconds = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(Math.floor(value)) ? Math.floor(value) : undefined;

function payloadOf(token: unknown): Readonly<Record<string, unknown>> {
  if (typeof token !== "string") return {};
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token.split(".", 2)[1] ?? "", "base64url").toString("utf8"));
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
