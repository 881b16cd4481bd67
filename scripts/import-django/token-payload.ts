// Reads the payload of a token that Django's database contains, without verifying it.
// Must never be used for authentication.
import type { Settings } from "../../src/settings/settings.ts";

/** The settings that name the claims. */
export type ClaimNames = Pick<Settings, "TOKEN_TYPE_CLAIM" | "SLIDING_TOKEN_REFRESH_EXP_CLAIM">;

/** What an import needs of a token. A sliding one can be refreshed until `refreshUntil`, which is later than its exp. */
export interface TokenHints {
  readonly type: "refresh" | "sliding";
  readonly refreshUntil: number | undefined;
  readonly issuedAt: number | undefined;
}

/** Claims are read by the names in the settings, else by Simple JWT's. An unreadable token counts as a refresh token. */
export function tokenHints(token: unknown, names: ClaimNames): TokenHints {
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
    const parsed: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
