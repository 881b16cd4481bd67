// One of the two servers that a client may talk to: the gateway, or Django called directly.
// Must never follow a redirect or retry, so that each answer is the server's own.
import { deepEqual, equal } from "node:assert/strict";

const ANSWER_MILLISECONDS = 30_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly token?: string;
  readonly json?: unknown;
  readonly body?: string | FormData | URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Side {
  /** For sentences: "the gateway", "Django". */
  readonly name: string;
  readonly url: string;
  ask(path: string, ask?: Ask): Promise<Answer>;
}

export interface Pair {
  readonly access: string;
  readonly refresh: string;
}

export interface WhoAmI {
  readonly id: number | string | null;
  readonly username: string;
  readonly claims: Readonly<Record<string, unknown>> | null;
  readonly x_user_id: string | null;
  readonly forwarded_host: string | null;
}

export function sideAt(name: string, url: string): Side {
  return {
    name,
    url,
    async ask(path, { method, token, json, body, headers = {} } = {}) {
      const response = await fetch(url + path, {
        method: method ?? (json === undefined && body === undefined ? "GET" : "POST"),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(json === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: json === undefined ? (body ?? null) : JSON.stringify(json),
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
  };
}

/** Logs in and gives the tokens; anything but 200 is a failure. */
export async function obtain(side: Side, username: string, password: string): Promise<Pair> {
  return good<Pair>(side, "/api/token/", { json: { username, password } });
}

export async function refresh(side: Side, token: string): Promise<Pair> {
  return good<Pair>(side, "/api/token/refresh/", { json: { refresh: token } });
}

/** The JSON of an answer that has to be 200. */
export async function good<T>(side: Side, path: string, ask?: Ask): Promise<T> {
  const answer = await side.ask(path, ask);
  equal(answer.status, 200, `${side.name} answers ${path} with ${answer.status}: ${answer.text.slice(0, 300)}`);
  return JSON.parse(answer.text) as T;
}

/** Fails unless the answer is 401; gives its JSON. */
export async function refused(side: Side, path: string, ask?: Ask): Promise<unknown> {
  const answer = await side.ask(path, ask);
  equal(answer.status, 401, `${side.name} answers ${path} with ${answer.status}: ${answer.text.slice(0, 300)}`);
  return JSON.parse(answer.text);
}

/** Fails unless the log-in is refused in Simple JWT's words. */
export async function loginRefused(side: Side, username: string, password: string): Promise<void> {
  const body = await refused(side, "/api/token/", { json: { username, password } });
  deepEqual(body, { detail: "No active account found with the given credentials" });
}
