// The client for apps: logs in, calls the API with the token, and refreshes it in time, once for all tabs.
// Must never import anything, nor send a token to another origin than the gateway's.

/** Where tokens are kept: `localStorage`, `sessionStorage`, React Native's `AsyncStorage`, or an object of your own. */
export interface TokenStorage {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

export interface ClientOptions {
  /** The gateway's address. Relative addresses of requests begin there. Default: the page's origin. */
  readonly url?: string | URL;
  /**
   * - `"memory"` (default): tokens are gone with the page, and each tab has its own log-in.
   * - `"cookies"`: tokens are in the gateway's HttpOnly cookies (`AUTH_COOKIE`). Only times are kept, in `localStorage`.
   * - an object: tokens are kept there. With `localStorage`, all tabs share them.
   */
  readonly storage?: "memory" | "cookies" | TokenStorage;
  /** `TOKEN_PREFIX` of the gateway. Default: `/api/token`. */
  readonly prefix?: string;
  /** `TOKEN_PATHS` of the gateway, as far as the client uses them: `{ obtain: "/auth/jwt/create/" }`. */
  readonly paths?: {
    readonly obtain?: string;
    readonly refresh?: string;
    readonly blacklist?: string;
    readonly logout_all?: string;
  };
  /** The header for the token (`AUTH_HEADER_NAME`). Default: `Authorization`. */
  readonly header?: string;
  /** What precedes the token in the header (`AUTH_HEADER_TYPES`). Default: `Bearer`. */
  readonly scheme?: string;
  /**
   * Seconds that an access token is valid (`ACCESS_TOKEN_LIFETIME`). Needed only if the client cannot read it from the token: with
   * `AUTH_COOKIE = "only"`. Without it, such a client refreshes after a 401.
   */
  readonly lifetime?: number;
  /** Sends the requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** `refreshed`, too, can come from another tab. */
export type ClientEvent = "logged-in" | "logged-out" | "refreshed";

/** The gateway's response to a log-in. */
export interface LoginResponse extends Response {
  /**
   * Whether the user is logged in now. False for a refusal, and for the first of several steps: a success (`ok`) without tokens, with
   * which the API asks for more, such as a one-time code. Its body says for what; send that with `login()`.
   */
  readonly loggedIn: boolean;
}

export interface Client {
  /**
   * Like the global `fetch`, with the token. It is the global `fetch` for addresses that are not of the gateway's origin, and for requests
   * that bring the header themselves.
   * Refreshes before the token expires, and once after a 401, and then repeats the request, unless its body is a stream.
   * Rejects only as `fetch` does: a refresh that fails leaves the gateway's 401 as the response.
   */
  readonly fetch: typeof globalThis.fetch;
  /**
   * Logs in.
   *
   * @param fields the body of the log-in request, such as `{ username, password }`
   * @param path where to send it, if not to `paths.obtain`: another path of `TOKEN_PATHS.obtain`, for a second step
   * @returns the gateway's response: 200, a refusal (400, 401, 403, 429, 5xx), or a step that is not the last one (`ok`, but not
   * `loggedIn`). After the latter two, an earlier log-in goes on
   * @throws TypeError if the gateway cannot be reached, or if its response has no tokens and `storage` is not `"cookies"`
   */
  readonly login: (fields: Readonly<Record<string, unknown>>, path?: string) => Promise<LoginResponse>;
  /**
   * Ends the session at the gateway and here. Tokens are discarded whatever the response. Only the gateway can clear cookies: if it
   * cannot be reached or answers 5xx, the log-in goes on, so that the log-out can be repeated.
   *
   * @returns the gateway's response; undefined if nobody was logged in
   * @throws TypeError if the gateway cannot be reached
   */
  readonly logout: () => Promise<Response | undefined>;
  /** Ends all sessions of the user, on all devices. @returns the gateway's response; the log-in goes on unless it is 200 */
  readonly logoutEverywhere: () => Promise<Response>;
  /** Continues with tokens that were obtained in another way; with cookies, `{}` says that they are set. */
  readonly setTokens: (tokens: { readonly access?: string; readonly refresh?: string }) => Promise<void>;
  /** The access token, refreshed if it is about to expire: for WebSockets and other libraries. Undefined with cookies. */
  readonly getAccessToken: () => Promise<string | undefined>;
  /** Whether there was a log-in that has not ended, as far as this client knows. Sends nothing. */
  readonly isLoggedIn: () => Promise<boolean>;
  /** Calls the listener after each such event, in this tab or another one. @returns stops that */
  readonly on: (event: ClientEvent, listener: () => void) => () => void;
}

/** What is kept, as JSON. */
interface State {
  readonly access?: string;
  readonly refresh?: string;
  /** Of this log-in. */
  readonly session: number;
  /** Of these tokens. */
  readonly id: number;
  /** When the tokens were asked for, in milliseconds of this device's clock. */
  readonly at: number;
  /** How long the access token is valid from then, in milliseconds. */
  readonly life?: number;
}

/** The parts of a browser that are used if they are there. */
const platform = globalThis as unknown as {
  readonly location?: { readonly origin: string };
  readonly localStorage?: TokenStorage;
  readonly navigator?: {
    readonly locks?: { request<T>(name: string, work: () => Promise<T>): Promise<T> };
  };
  readonly addEventListener?: (
    type: "storage",
    listener: (event: {
      readonly key: string | null;
      readonly oldValue: string | null;
      readonly newValue: string | null;
      readonly storageArea: unknown;
    }) => void,
  ) => void;
};

/**
 * A client for one gateway. Make one and share it: its requests share one refresh.
 *
 * @throws TypeError if there is no `url` outside of a page, or if it is none
 */
export function createClient({
  url = platform.location?.origin ?? "",
  storage = "memory",
  prefix = "/api/token",
  paths = {},
  header = "Authorization",
  scheme = "Bearer",
  lifetime,
  fetch: send = (input: RequestInfo | URL, init?: RequestInit) => globalThis.fetch(input, init),
}: ClientOptions = {}): Client {
  const gateway = new URL(url);
  const endpoints = new URL(prefix.replace(/[/]*$/, "/"), gateway).href;
  const key = `simplejwt-edge ${endpoints}`;
  const cookies = storage === "cookies";
  const store = typeof storage === "object" ? storage : (cookies && sharedStorage()) || memory();
  const locks = storage !== "memory" && platform.navigator?.locks;
  const listeners: Record<ClientEvent, Set<() => void>> = {
    "logged-in": new Set(),
    "logged-out": new Set(),
    refreshed: new Set(),
  };

  /** Without Web Locks (http other than on localhost, mobile apps), one after the other within this client. */
  let last: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    if (locks) return locks.request(key, work);
    const result = last.then(work, work);
    last = result;
    return result;
  };

  const emit = (event: ClientEvent) => {
    for (const listener of listeners[event]) queueMicrotask(listener);
  };
  platform.addEventListener?.("storage", ({ key: changed, oldValue, newValue, storageArea }) => {
    if (storageArea !== store || (changed ?? key) !== key) return;
    emit(newValue === null ? "logged-out" : oldValue === null ? "logged-in" : "refreshed");
  });

  const read = async (): Promise<State | undefined> => {
    try {
      return JSON.parse((await store.getItem(key)) ?? "");
    } catch {
      return undefined;
    }
  };

  const keep = async (tokens: Pick<State, "access" | "refresh">, at: number, before?: State): Promise<State> => {
    const { access = before?.access, refresh = before?.refresh } = tokens;
    if (!cookies && !access)
      throw new TypeError('No access token in the response: AUTH_COOKIE = "only" needs storage: "cookies".');
    const life = lifetime ? lifetime * 1000 : access && lifeOf(access);
    const id = Math.random();
    const times = { session: before?.session ?? id, id, at, ...(life ? { life } : {}) };
    const state = cookies ? times : { ...times, ...(access ? { access } : {}), ...(refresh ? { refresh } : {}) };
    if (!before) await discard();
    await store.setItem(key, JSON.stringify(state));
    emit(before ? "refreshed" : "logged-in");
    return state;
  };

  const discard = async () => {
    const before = await read();
    await store.removeItem(key);
    if (before) emit("logged-out");
  };

  const post = (path: string, fields: object) =>
    send(new URL(path, endpoints).href, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
      // Cookies next to tokens would contradict them after the next refresh.
      credentials: cookies ? "include" : "omit",
      // A request that hangs would block the other tabs.
      signal: AbortSignal.timeout?.(30_000),
    } as RequestInit);

  /** Refreshes, unless that has been done since. @returns the newer tokens of the same log-in, if there are any */
  const renew = async (seen: State): Promise<State | undefined> => {
    const newest = await exclusively(async () => {
      const now = await read();
      if (now?.id !== seen.id) return now;
      const at = Date.now();
      try {
        const response = await post(paths.refresh ?? "refresh/", cookies ? {} : { refresh: seen.refresh });
        if (response.ok) {
          const state = await keep((await response.json()) as object, at, seen);
          // Until other processes of the browser see it: with an old token, they could end the session.
          if (locks) await new Promise((done) => setTimeout(done, 50));
          return state;
        }
        if (response.status !== 400 && response.status !== 401) return undefined;
      } catch {
        return undefined;
      }
      // Another tab may have been faster where there are no locks.
      const later = await read();
      if (later?.id !== seen.id) return later;
      await discard();
      return undefined;
    });
    return newest?.session === seen.session ? newest : undefined;
  };

  const current = async (): Promise<State | undefined> => {
    const state = await read();
    const isDue = state?.life && Date.now() >= state.at + Math.max(state.life * 0.9, state.life - 30_000);
    return (isDue && (await renew(state))) || state;
  };

  const call: typeof globalThis.fetch = async (input, init: RequestInit = {}) => {
    const request = input instanceof Request ? input : undefined;
    const target = new URL(request?.url ?? `${input}`, gateway);
    const headers = new Headers(init.headers ?? request?.headers);
    if (target.origin !== gateway.origin || headers.has(header)) return send(request ?? target, init);
    const attempt = (state: State | undefined) => {
      if (state?.access) headers.set(header, `${scheme} ${state.access}`);
      const how = { ...init, headers, ...(cookies ? { credentials: "include" } : {}) };
      return send(request?.clone() ?? target, how as RequestInit);
    };
    const state = await current();
    const response = await attempt(state);
    if (response.status !== 401 || !state || init.body instanceof ReadableStream) return response;
    const renewed = await renew(state);
    return renewed ? attempt(renewed) : response;
  };

  return {
    fetch: call,
    login: (fields, path = paths.obtain ?? "") =>
      exclusively(async () => {
        const at = Date.now();
        const response = await post(path, fields);
        const loggedIn = response.ok && !response.headers.has("x-gateway-login");
        if (loggedIn) await keep((await response.clone().json()) as object, at);
        return Object.assign(response, { loggedIn });
      }),
    logout: () =>
      exclusively(async () => {
        const state = await read();
        if (!state && !cookies) return undefined;
        if (!cookies) await discard();
        const response = await post(paths.blacklist ?? "blacklist/", cookies ? {} : { refresh: state?.refresh });
        if (cookies && [200, 400, 401].includes(response.status)) await discard();
        return response;
      }),
    logoutEverywhere: async () => {
      const response = await call(new URL(paths.logout_all ?? "logout-all/", endpoints), { method: "POST" });
      if (response.ok) await exclusively(discard);
      return response;
    },
    setTokens: (tokens) =>
      exclusively(async () => {
        await keep(tokens, Date.now());
      }),
    getAccessToken: async () => (await current())?.access,
    isLoggedIn: async () => Boolean(await read()),
    on(event, listener) {
      listeners[event].add(listener);
      return () => void listeners[event].delete(listener);
    },
  };
}

/** Undefined outside of pages, and where the browser forbids it. */
function sharedStorage(): TokenStorage | undefined {
  try {
    return platform.localStorage;
  } catch {
    return undefined;
  }
}

function memory(): TokenStorage {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key),
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
}

/** Milliseconds between `iat` and `exp`, so that the device's clock need not be right; undefined for what has none. */
function lifeOf(token: string): number | undefined {
  try {
    const { exp, iat } = JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
    return (exp - iat) * 1000 || undefined;
  } catch {
    return undefined;
  }
}
