// What is known of a request when it comes, and what became of it when it is answered.
import type { Reason } from "./errors.ts";
import { type RequestUrl, readRequestUrl } from "./http/request-url.ts";
import type { Uploads } from "./http/uploads.ts";
import { chooseLanguage, type Language } from "./i18n/language.ts";

/** What a request says of its client. */
export interface Client {
  /** CF-Connecting-IP: the one header about the client's address that Cloudflare sets itself. */
  readonly address: string | null;
  /** The User-Agent header: any text the client likes. */
  readonly userAgent: string | null;
  /** The Accept-Language header, likewise. */
  readonly acceptLanguage: string | null;
}

/** The facts of one request, read once. The result is in its DecisionRecord. */
export interface RequestContext {
  /** Goes to the origin, into the log and onto the gateway's own answers. */
  readonly requestId: string;
  /** Whole seconds since the epoch: the time of every decision about the request. */
  readonly nowSeconds: number;
  /** The same moment in milliseconds, for durations alone. */
  readonly receivedAtMilliseconds: number;
  readonly method: string;
  readonly url: RequestUrl;
  /** As the client sent them; asking the request for them each time costs. */
  readonly headers: Headers;
  /** Counts the bytes of bodies that are being read into memory, of all requests of the isolate. */
  readonly uploads: Uploads;
  /** Read when it is asked for, which most requests never do. */
  readonly client: () => Client;
  /** The language of the gateway's own texts; likewise. */
  readonly language: () => Language;
}

export function createRequestContext(
  { method, url, headers }: Request,
  requestId: string,
  receivedAtMilliseconds: number,
  uploads: Uploads,
): RequestContext {
  return {
    requestId,
    nowSeconds: Math.floor(receivedAtMilliseconds / 1000),
    receivedAtMilliseconds,
    method,
    url: readRequestUrl(url),
    headers,
    uploads,
    client: () => ({
      address: headers.get("cf-connecting-ip"),
      userAgent: headers.get("user-agent"),
      acceptLanguage: headers.get("accept-language"),
    }),
    language: () => chooseLanguage(headers.get("accept-language")),
  };
}

/** What was asked for, as metrics name it. */
export const operations = [
  "proxy",
  "obtain",
  "refresh",
  "verify",
  "blacklist",
  "sliding",
  "sliding_refresh",
  "sessions",
  "session_end",
  "logout_all",
  "introspect",
  "provisioning",
  "gateway",
] as const;
export type Operation = (typeof operations)[number];

/** Whose token it was, for the log alone. */
export interface TokenIdentity {
  /** What the claim says, which may be any JSON value. */
  readonly userId: unknown;
  readonly tokenType: string | undefined;
  readonly jti: string | undefined;
  /** Of ISSUERS; left out for our own tokens. */
  readonly issuer?: string | undefined;
}

/** What became of a request: for the log, metrics and Server-Timing. Holds no header, body or token. */
export interface DecisionRecord {
  readonly operation: Operation;
  /** The pattern of the route that matched. */
  readonly rule?: string | undefined;
  /** Also of a token that was refused after it was verified. */
  readonly identity?: TokenIdentity | undefined;
  /** Why the request was refused. */
  readonly reason?: Reason | undefined;
  /** Why it would have been refused if its route did not have `enforce = false`. */
  readonly shadowReason?: Reason | undefined;
  /** How long the origin took to send its headers, or to fail; undefined if it was not asked. */
  readonly originMilliseconds?: number | undefined;
}

/** A record on its way: only the handler that returns it writes to it. */
export type Draft<T> = { -readonly [Name in keyof T]: T[Name] };

/** An answer and what is to be recorded of it. */
export interface Answered {
  readonly record: DecisionRecord;
  readonly response: Response;
}

/** A handler's refusal or failure, with what the one error handler of app.ts needs to answer it. */
export interface Failed {
  readonly record: DecisionRecord;
  /** Whatever was thrown; anything but a Refusal is a bug. */
  readonly error: unknown;
  /** The methods for `Allow`. */
  readonly allow?: string | undefined;
  /** Whether an API key would have been taken, which the challenge says. */
  readonly takesApiKeys?: boolean | undefined;
  /** Spaces by which the JSON is indented. */
  readonly indent?: number | undefined;
  /** Whether the response makes the browser forget the cookies of AUTH_COOKIE. */
  readonly clearsCookies?: boolean | undefined;
}

export type Outcome = Answered | Failed;

/** Answers a request. It never throws what it could return as Failed. */
export type Handler = (request: Request, context: RequestContext) => Promise<Outcome>;
