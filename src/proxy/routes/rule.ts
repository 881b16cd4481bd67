// One rule of ROUTES: its values, the claims that it requires, and where its requests go.
import type { RequestContext } from "../../context.ts";
import type { Reason } from "../../errors.ts";
import { isSameValue } from "../../settings/require.ts";
import type { RouteValues } from "../../settings/route-keys.ts";
import { type Claims, claim } from "../../tokens/claims.ts";
import type { Origin } from "../forward.ts";
import type { CanonicalPath, Strip } from "./path.ts";
import { equalsPart, type ReadPart } from "./request-parts.ts";

/** The values of a route's keys, and what is worked out from them at start. */
export interface Rule extends RouteValues {
  /** The path in both readings; for a prefix without its `/*`. */
  readonly decoded: string;
  readonly sent: string;
  readonly isPrefix: boolean;
  /** `require`, ready to be checked. */
  readonly requirements: readonly Requirement[];
  /** What `Allow` says on refusals of this route. */
  readonly allow: string;
  /** The API at `origin`; undefined for the gateway's own. */
  readonly destination: Origin | undefined;
  /** `strip_prefix` in both readings. */
  readonly strip: Strip | undefined;
}

/** What one claim has to be: a value, or a part of the request. */
export interface Requirement {
  readonly claim: string;
  readonly wanted: { readonly value: unknown } | { readonly part: ReadPart };
}

/** Why a token does not meet a requirement; undefined if it does. */
export function unmet(
  { claim, wanted }: Requirement,
  claims: Claims,
  context: Pick<RequestContext, "url" | "headers">,
): Reason | undefined {
  if ("value" in wanted) return meetsClaim(claims, claim, wanted.value) ? undefined : "permission_denied";
  const part = wanted.part(context);
  return part !== undefined && equalsPart(claims, claim, part) ? undefined : "tenant_denied";
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
