// What one request and its answer share: read at the door, filled on the way, used when answering and logging.
// Must never hold a header's value, a body or a token.
import type { Reason } from "./errors.ts";
import type { Uploads } from "./http/uploads.ts";
import type { Language } from "./i18n/language.ts";

/** What was asked for, as metrics call it: a request for the API, one of the gateway's own pages, a token operation. */
export const operations = [
  ...(["proxy", "obtain", "refresh", "verify", "blacklist", "sliding", "sliding_refresh"] as const),
  ...(["sessions", "session_end", "logout_all", "gateway"] as const),
] as const;
export type Operation = (typeof operations)[number];

/** What a request says of its client. */
export interface Client {
  /** CF-Connecting-IP: the one header about the client's address that Cloudflare sets itself. */
  readonly address: string | null;
  /** The User-Agent header: any text the client likes. */
  readonly userAgent: string | null;
}

export interface RequestContext {
  /** The request's id: goes to the origin, into the log and onto the gateway's own answers. */
  readonly requestId: string;
  /** Whole seconds since the epoch, read once. */
  readonly nowSeconds: number;
  /** The same moment in milliseconds, for durations alone. */
  readonly openedAtMilliseconds: number;
  readonly method: string;
  /** With its query: never to be logged as it is. */
  readonly url: string;
  /** Where a body counts while it is read into memory. */
  readonly uploads: Uploads;
  /** Who sent it; read when it is asked for, which most requests never do. */
  readonly client: () => Client;
  /** The language of the gateway's own texts; worked out only for answers that have some. */
  readonly language: () => Language;
  /** What `Allow` says on an answer of the gateway's own, once the door knows. */
  allow: string | undefined;
  /** Spaces by which JSON answers are indented (`Accept: application/json; indent=4`). */
  indent: number;
  /** The pattern of the route that matched. */
  rule: string | undefined;
  /** Whether the answer, a refusal too, makes the browser forget the cookies of AUTH_COOKIE. */
  forgetCookies: boolean;
  /** Why the request was refused, for the log alone. */
  reason: Reason | undefined;
  /** Why it would have been, on a route with `enforce = false`; for the log and for metrics alone. */
  shadowed: Reason | undefined;
  /** What the request turned out to be, for metrics. */
  operation: Operation;
  /** Of the token that was found good, for the log alone; what a claim says may be anything. */
  userId: unknown;
  tokenType: string | undefined;
  jti: string | undefined;
  /** How long the origin took to send its headers, or to fail; undefined if it was not asked. */
  originMilliseconds: number | undefined;
}
