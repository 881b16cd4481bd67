// How long tokens of other issuers last that stand for users of ours.
import { isRecord, readDuration } from "./readers.ts";
import type { Settings } from "./settings.ts";

/** For tokens of an issuer without `max_age`: only the issuer knows how long they last. */
const unboundedSeconds = 30 * 86_400;

/** For how many seconds, at most, a token counts of any issuer in ISSUERS with `reissue`; 0 if there is none. */
export function longestMappedSeconds({ ISSUERS }: Pick<Settings, "ISSUERS">): number {
  const mapped = ISSUERS.filter(isRecord).filter(({ reissue }) => reissue !== undefined);
  return Math.max(0, ...mapped.map(lifetimeOf));
}

function lifetimeOf({ max_age, leeway }: Readonly<Record<string, unknown>>): number {
  if (max_age === undefined) return unboundedSeconds;
  return secondsOr(max_age, unboundedSeconds) + (leeway === undefined ? leewayByDefault : secondsOr(leeway, 0));
}

/** Of an entry of ISSUERS, in seconds. */
export const leewayByDefault = 5;

/** What cannot be read is an error at the start. */
function secondsOr(raw: unknown, byDefault: number): number {
  const result = readDuration(0)(raw);
  return "value" in result ? result.value : byDefault;
}
