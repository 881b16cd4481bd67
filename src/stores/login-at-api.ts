// The API's log-in view over HTTP: one POST, no redirects, limits on size and time until the end of the answer.
// Must never send a password to a place that the settings do not name, nor let it into an error.
import { Refusal, refuse } from "../errors.ts";
import type { LoginAnswer, LoginApi, LoginCall } from "./login-contract.ts";

export interface LoginApiOptions {
  /** Sends a request to where the settings have the API's log-in view. */
  readonly send: (call: LoginCall, init: RequestInit) => Promise<Response>;
  /** ORIGIN_TIMEOUT. */
  readonly timeoutSeconds: number;
  readonly nowSeconds: () => number;
  /** Tells the log why the API could not be asked; the client never learns it. */
  readonly failed: (error: unknown, call: LoginCall) => void;
}

/** Tokens and what goes with them have some kilobytes. */
const longestAnswerBytes = 64 * 1024;

/** Answers that Cloudflare makes in the API's place, and what is no status (RFC 9110 section 15). */
const isCloudflareFailure = (status: number) => (status >= 520 && status <= 527) || status === 530 || status > 599;

export function loginApi(options: LoginApiOptions): LoginApi {
  return {
    async ask(call) {
      const ended = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const over = new Promise<never>((_, reject) => {
        const error = new Error("the API's log-in view took too long");
        timer = setTimeout(() => reject(error), options.timeoutSeconds * 1000);
      });
      // What loses the race may fail later, when nobody looks any more.
      const answer = answerOf(() => options.send(call, initOf(call, ended.signal)), options.nowSeconds);
      answer.catch(() => {});
      try {
        return await Promise.race([answer, over]);
      } catch (error) {
        ended.abort();
        if (error instanceof Refusal) throw error;
        options.failed(error, call);
        return refuse("api_login_unavailable");
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function initOf({ headers, body }: LoginCall, signal: AbortSignal): RequestInit {
  return {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", accept: "application/json" },
    body: new TextEncoder().encode(body),
    redirect: "manual",
    signal,
  };
}

async function answerOf(send: () => Promise<Response>, nowSeconds: () => number): Promise<LoginAnswer> {
  const { status, headers, body } = await send();
  if (isCloudflareFailure(status)) {
    await body?.cancel();
    throw new Error(`the API's log-in view answered ${status}`);
  }
  if (status < 200 || (status >= 300 && status < 400)) {
    await body?.cancel();
    refuse("api_login_redirected");
  }
  return { status, headers, body: await limitedBytes(body), atSeconds: nowSeconds() };
}

async function limitedBytes(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length > longestAnswerBytes) refuse("api_login_too_large");
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
