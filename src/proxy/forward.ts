// The request to the origin and its answer: streamed both ways, redirects passed on, time-limited until the headers.
// Must never read a body, follow a redirect, or let an error of the origin's side show its address.
import { Refusal, refuse } from "../errors.ts";
import { originOf, type RequestUrl } from "../http/request-url.ts";
import { usersHeader } from "../users/users-header.ts";
import { hasBody, limitBody, noUpload, type Upload } from "./body-limit.ts";
import { clientResponse } from "./headers/response-headers.ts";
import { type Privacy, privateRequest } from "./keep-private.ts";

/** Where requests go: a URL, a service binding that takes any host, or the server behind the Worker's own route. */
export interface Origin {
  readonly send: (url: string, init: RequestInit) => Promise<Response>;
  /** Scheme, host and base path without a slash at its end; undefined to keep the client's own URL. */
  readonly base: string | undefined;
  /** Scheme, host and port, for which assertions are made out; left out where no URL of its own leads there. */
  readonly audience?: string;
}

export interface ForwardInput {
  readonly request: Request;
  readonly url: RequestUrl;
  /** Path and query in the bytes that were matched. */
  readonly target: string;
  readonly headers: Headers;
  /** ORIGIN_TIMEOUT, counted from the end of the request's body. */
  readonly timeoutSeconds: number;
  /** MAX_BODY; null for no limit. */
  readonly longestBodyBytes: number | null;
  /** ORIGIN_RETRY: one more try for what may safely be sent twice. */
  readonly retry: boolean;
  /** Whom the answer is for: where it is for one person, no shared cache may have it. */
  readonly privacy: Privacy;
  /** Applies X-Gateway-Users, which may refuse the request; undefined to drop it alone. */
  readonly takeUsers?: ((sealed: string) => Promise<unknown>) | undefined;
  /** Tells the log why the origin could not be reached; the client never learns it. */
  readonly failed: (error: unknown) => void;
}

/** Answers that Cloudflare makes in the origin's place: 520 to 527 and 530. Two of them mean "too slow". */
const cloudflareSlow = new Set([522, 524]);
/** Also what is no status at all (RFC 9110 section 15): it could not be copied to put a header on it. */
const isCloudflareFailure = (status: number) => (status >= 520 && status <= 527) || status === 530 || status > 599;

/** RFC 9110 section 9.2.2, less TRACE, which is refused. */
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/**
 * How much longer than an answer an upload may take. The runtime does not say how far one has come, short of JavaScript
 * for each chunk, so an upload that stands still ends with the last that moves.
 */
const uploadFactor = 100;

/** What setTimeout() takes; longer ones would be over at once. */
const longestTimerMilliseconds = 2 ** 31 - 1;

/**
 * Sends the request on and gives back the origin's own Response object, or a copy where its headers have to change. No
 * answer in time is `origin_too_slow` (504), none at all `origin_unreachable` (502), a body beyond MAX_BODY
 * `body_too_large` (413), one that the client broke off `client_gone`. The time runs from the end of the request's body;
 * the upload itself may take a hundred times as long. Once headers are there, the answer's body may take as long as it
 * likes. When the client goes, the runtime ends all of it.
 */
export async function forward(origin: Origin, input: ForwardInput): Promise<Response> {
  const { request, target, headers } = input;
  const { method } = request;
  const { body, ended, broken, signal, answered } = uploadOf(request, method, input.longestBodyBytes);
  const url = (origin.base ?? originOf(input.url)) + target;
  try {
    const caching = input.privacy === "anyone" ? {} : privateRequest(headers);
    const init = { method, headers, body, redirect: "manual", signal, ...caching } as const;
    const response = await answerInTime({
      send: () => origin.send(url, init),
      timeoutSeconds: input.timeoutSeconds,
      ended,
      repeatable: input.retry && body === null && idempotent.has(method),
    });
    if (response === over) return refuse("origin_too_slow");
    answered();
    const sealed = response.headers.get(usersHeader);
    if (sealed !== null) await input.takeUsers?.(sealed);
    if (!isCloudflareFailure(response.status)) return clientResponse(response, input.privacy, sealed !== null);
    return refuse(cloudflareSlow.has(response.status) ? "origin_too_slow" : "origin_unreachable");
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const why = broken();
    // Nothing is left to break off.
    answered();
    if (why) refuse(why);
    input.failed(error);
    return refuse("origin_unreachable");
  }
}

/** Servers read a GET or HEAD with a body differently. */
function uploadOf(request: Request, method: string, longestBytes: number | null): Upload {
  if (method !== "GET" && method !== "HEAD") return limitBody(request, longestBytes);
  return hasBody(request) ? refuse("request_malformed") : noUpload;
}

/** What is sent, until when its answer is waited for, and whether a lost connection is tried once more. */
interface Wait {
  readonly send: () => Promise<Response>;
  readonly timeoutSeconds: number;
  /** When the upload has ended; undefined where there is none. */
  readonly ended: Promise<void> | undefined;
  readonly repeatable: boolean;
}

const over = "over";

/**
 * The origin's answer, or "over" when the wait for it is. One promise for both: `Promise.race()` makes several, for every
 * request there is. What comes second settles nothing, not even if it fails.
 *
 * What is too slow is not broken off by us, and neither is what a client does not wait for: the timer and the request to
 * the origin end with the request that they were made for, as the runtime sees to. A controller for each, or to stop each
 * timer, would cost more than most of what the gateway does.
 */
function answerInTime({ send, timeoutSeconds, ended, repeatable }: Wait): Promise<Response | typeof over> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const endIn = (milliseconds: number) =>
      setTimeout(
        () => {
          isOver = true;
          resolve(over);
        },
        Math.min(milliseconds, longestTimerMilliseconds),
      );
    if (ended === undefined) endIn(timeoutSeconds * 1000);
    else {
      endIn(timeoutSeconds * 1000 * uploadFactor);
      void ended.then(() => endIn(timeoutSeconds * 1000));
    }
    // A connection that was lost before any headers is tried once more, within the time that is left.
    const again = (error: unknown) => (isOver ? reject(error) : send().then(resolve, reject));
    send().then(resolve, repeatable ? again : reject);
  });
}

/** The origin of ORIGIN_URL, or of a route's `origin`. */
export function urlOrigin(text: string): Origin {
  const { origin, pathname } = new URL(text);
  const base = origin + pathname.replace(/\/+$/, "");
  return { base, audience: origin, send: (url, init) => fetch(url, init) };
}

/** ORIGIN = "zone": the same URL again, which a zone's route hands to the server behind it and not to the Worker. */
export const zoneOrigin: Origin = { base: undefined, send: (url, init) => fetch(url, init) };

/** The origin behind a service binding. */
export function boundOrigin(binding: Fetcher): Origin {
  return { base: undefined, send: (url, init) => binding.fetch(url, init) };
}
