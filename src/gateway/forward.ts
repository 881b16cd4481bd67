// The request to the origin and its answer: streamed both ways, redirects passed on, time-limited until the headers.
// Must never read a body, follow a redirect, or let an error of the origin's side show its address.
import { Refusal, refuse } from "../errors.ts";
import { limitBody } from "./body-limit.ts";

/** Where requests go: a URL, or a service binding that takes any host. */
export interface Origin {
  readonly send: (url: string, init: RequestInit) => Promise<Response>;
  /** Scheme, host and base path without a slash at its end; undefined to keep the client's own URL. */
  readonly base: string | undefined;
}

export interface ForwardInput {
  readonly request: Request;
  /** Path and query in the bytes that were matched. */
  readonly target: string;
  readonly headers: Headers;
  readonly timeoutSeconds: number;
  /** MAX_BODY; null for no limit. */
  readonly longestBodyBytes: number | null;
  /** Tells the log why the origin could not be reached; the client never learns it. */
  readonly failed: (error: unknown) => void;
}

/** Answers that Cloudflare makes in the origin's place: 520 to 527 and 530. Two of them mean "too slow". */
const cloudflareSlow = new Set([522, 524]);
const isCloudflareFailure = (status: number) => (status >= 520 && status <= 527) || status === 530;

/**
 * Sends the request on and gives back the origin's own Response object. No answer in time is `origin_too_slow` (504),
 * none at all `origin_unreachable` (502), a body beyond MAX_BODY `body_too_large` (413). Once headers are there, the
 * answer's body may take as long as it likes.
 */
export async function forward(origin: Origin, input: ForwardInput): Promise<Response> {
  const { request, target, headers, timeoutSeconds } = input;
  const { method } = request;
  if (request.body !== null && (method === "GET" || method === "HEAD")) refuse("request_malformed");
  const aborted = new AbortController();
  const { body, exceeded } = limitBody(request, input.longestBodyBytes, () => aborted.abort());
  const url = (origin.base ?? originOf(request.url)) + target;
  const timer = setTimeout(() => aborted.abort(), timeoutSeconds * 1000);
  try {
    const response = await origin.send(url, { method, headers, body, redirect: "manual", signal: aborted.signal });
    if (!isCloudflareFailure(response.status)) return response;
    return refuse(cloudflareSlow.has(response.status) ? "origin_too_slow" : "origin_unreachable");
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (exceeded()) refuse("body_too_large");
    if (aborted.signal.aborted) refuse("origin_too_slow");
    input.failed(error);
    return refuse("origin_unreachable");
  } finally {
    clearTimeout(timer);
  }
}

function originOf(url: string): string {
  return url.slice(0, url.indexOf("/", url.indexOf("://") + 3));
}

/** The origin of ORIGIN_URL. */
export function urlOrigin(base: string): Origin {
  return { base: base.replace(/\/+$/, ""), send: (url, init) => fetch(url, init) };
}

/** The origin behind a service binding. */
export function boundOrigin(binding: Fetcher): Origin {
  return { base: undefined, send: (url, init) => binding.fetch(url, init) };
}
