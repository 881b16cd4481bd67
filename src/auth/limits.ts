// Limits of requests: under which key a request is counted, and its refusal once there were too many (429).
// Must never count one user, client or address under two keys, nor refuse because the count itself fails.
import { createHash } from "node:crypto";
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { self } from "../settings/issuers.ts";
import type { Limit, LimitKind } from "../settings/limits.ts";
import type { Settings } from "../settings/settings.ts";
import type { RateLimiter } from "../stores/contract.ts";
import { pythonNumberText } from "../tokens/claims.ts";
import { countedAddress } from "../users/ip-address.ts";
import { readUserId } from "../users/user-id.ts";

/** Who is calling, as far as limits go. */
export interface LimitedCaller {
  /** What names the user, whatever it is; undefined for somebody of another issuer who is none of our users. */
  readonly userId: unknown;
  /** The prefix of an API key, which has taken the place of a token. */
  readonly apiKey?: string | undefined;
  /** Of a token of another issuer. */
  readonly foreign?: { readonly issuer: string; readonly subject: string } | undefined;
}

/** Counts requests; made once. */
export type CountRequest = (
  limit: Limit,
  caller: LimitedCaller | undefined,
  context: Pick<RequestContext, "headers">,
) => Promise<void>;

/**
 * Counts a request, and refuses it (`request_throttled`, 429) if its key has had too many. A request without what `by`
 * names is counted by its address. One without an address, which comes from a Worker of the same account through a service
 * binding, is not counted.
 *
 * @param limiters by the names of their bindings: all that a limit names
 */
export function requestCounter(settings: Settings, limiters: ReadonlyMap<string, RateLimiter>): CountRequest {
  return async (limit, caller, { headers }) => {
    const key = limitKey(settings, limit.by, caller) ?? addressKey(headers);
    const limiter = limiters.get(limit.binding);
    if (key === undefined || limiter === undefined || (await limiter.allows([key]))) return;
    refuse("request_throttled", { names: String(limit.period), retryAfterSeconds: limit.period });
  };
}

/**
 * One key for all that one user sends: whatever the token, its class, and the spelling of the id in it. The keys of log-ins
 * begin otherwise, so that a binding can be used for both.
 */
function limitKey(settings: Settings, by: LimitKind, caller: LimitedCaller | undefined): string | undefined {
  if (caller === undefined || by === "address") return undefined;
  const { foreign, userId, apiKey } = caller;
  // An API key has a count of its own, whatever the limit counts by.
  if (apiKey !== undefined) return `limit:key:${digest(apiKey)}`;
  if (by === "issuer") return `limit:issuer:${digest(foreign?.issuer ?? self)}`;
  // Somebody of another issuer who is a user of ours counts as that one.
  const user = foreign && userId === undefined ? [foreign.issuer, foreign.subject] : [self, userText(settings, userId)];
  return `limit:user:${digest(JSON.stringify(user))}`;
}

/** What is no id of a user is still one text for each value. */
const userText = (settings: Settings, userId: unknown): string =>
  readUserId(settings, userId) ?? pythonNumberText(userId) ?? JSON.stringify(userId) ?? "";

function addressKey(headers: Headers): string | undefined {
  const address = countedAddress(headers);
  return address === undefined ? undefined : `limit:address:${address}`;
}

/** Keys have one length, and no names in them. */
const digest = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
