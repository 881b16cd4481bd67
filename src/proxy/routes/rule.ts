// One rule of ROUTES: its values, the claims that it requires, and where its requests go.
import { isSameValue, type RouteValues } from "../../settings/route-keys.ts";
import { type Claims, claim } from "../../tokens/claims.ts";
import type { Origin } from "../forward.ts";
import type { CanonicalPath } from "./path.ts";

/** The values of a route's keys, and what is worked out from them at start. */
export interface Rule extends RouteValues {
  /** The path in both readings; for a prefix without its `/*`. */
  readonly decoded: string;
  readonly sent: string;
  readonly isPrefix: boolean;
  /** What `Allow` says on refusals of this route. */
  readonly allow: string;
  /** The API at `origin`; undefined for the gateway's own. */
  readonly destination: Origin | undefined;
  /** `strip_prefix` in both readings. */
  readonly strip: Strip | undefined;
}

/** A prefix that the API does not know. */
export interface Strip {
  readonly decoded: string;
  readonly sent: string;
}

/** Whether the claim equals the value, or is a list that has it. A claim that is not there meets nothing. */
export function meetsClaim(claims: Claims, name: string, wanted: unknown): boolean {
  const value = claim(claims, name);
  return Array.isArray(value) ? value.some((one) => isSameValue(one, wanted)) : isSameValue(value, wanted);
}

/**
 * Path and query for the origin: the bytes that were matched, from the end of the prefix on; "/" where nothing is left.
 * The rule that matched lies below the prefix in the same reading, so the prefix ends in front of a slash.
 */
export function targetOf({ sent, decoded, query }: CanonicalPath, strip: Strip | undefined): string {
  if (strip === undefined) return sent + query;
  const rest = sent.slice(sent === decoded ? strip.decoded.length : strip.sent.length);
  return (rest || "/") + query;
}
