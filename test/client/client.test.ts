// The client against the real gateway: log-in, refresh in time and after a 401, tabs that share tokens, log-out, events.
// test/browser/client.ts has three real tabs.

import { pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Client, type ClientOptions, createClient, type TokenStorage } from "../../client/client.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";

const ada = { username: "ada", password: "correct horse" };
const source = resolve(import.meta.dirname, "../../client/client.ts");

let api: Awaited<ReturnType<typeof startOrigin>>;
let gateway: Gateway;
/** What was sent by a client, as "POST /api/token/refresh/". */
let sent: string[] = [];
const counting: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  sent.push(`${request.method} ${new URL(request.url).pathname}`);
  return fetch(request);
};
const refreshes = () => sent.filter((one) => one === "POST /api/token/refresh/").length;

/** Whose sessions a test ends everywhere: tokens that are issued in the same second are refused, too. */
const first = { username: "first" };
const second = { username: "second" };
const third = { username: "third" };

/** Answers with what the API gets: user, token and body. */
beforeAll(async () => {
  api = await startOrigin(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const { authorization, "x-user-id": user = null } = request.headers;
    response.end(JSON.stringify({ user, authorization, body }));
  });
  gateway = await startGateway({
    ORIGIN_URL: api.url,
    UPGRADE_PASSWORD_HASHES: false,
    ROTATE_REFRESH_TOKENS: true,
    BLACKLIST_AFTER_ROTATION: true,
    REVOKE_FAMILY_ON_REUSE: true,
    ACCESS_TOKEN_LIFETIME: 300,
    ROUTES: [
      { path: "/public/*", auth: "public" },
      { path: "/*", auth: "token", revocation: "strict" },
    ],
  });
  const names = { 7: "ada", 8: "bob", 20: "first", 21: "second", 22: "third" };
  for (const [id, username] of Object.entries(names)) {
    await gateway.addUser({ id: Number(id), username, password: ada.password });
  }
  // One round, because these tests log in all the time.
  const hash = pbkdf2Sync(ada.password, "salt", 1, 32, "sha256").toString("base64");
  await gateway.env.DB.prepare("UPDATE users SET password = ?").bind(`pbkdf2_sha256$1$salt$${hash}`).run();
});
afterAll(async () => {
  await gateway?.close();
  api?.close();
});
beforeEach(() => {
  sent = [];
});

const clientWith = (options: ClientOptions = {}): Client =>
  createClient({ url: gateway.url, fetch: counting, ...options });

async function loggedIn(
  options: ClientOptions = {},
  { username }: { readonly username: string } = ada,
): Promise<Client> {
  const client = clientWith(options);
  expect((await client.login({ ...ada, username })).status).toBe(200);
  sent = [];
  return client;
}

/** As localStorage: shared by those that are given it. */
function sharedStorage(): TokenStorage & { readonly items: Map<string, string> } {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
}

/** The device's clock goes on by so many seconds; the gateway's does not. */
const later = (seconds: number) => {
  const now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now + seconds * 1000);
};

/** As Web Locks: one after the other among all tabs. */
function withLocks(): void {
  let last: Promise<unknown> = Promise.resolve();
  const request = <T>(_: string, work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work);
    last = result;
    return result;
  };
  vi.stubGlobal("navigator", { locks: { request } });
}

/** Tokens of which the access token is refused: its session has been ended in the meantime for the API, not for refresh. */
const withBadAccess = async (storage: ReturnType<typeof sharedStorage>) => {
  const [[key = "", text = ""] = []] = [...storage.items];
  const state = JSON.parse(text);
  storage.items.set(key, JSON.stringify({ ...state, access: `${state.access.slice(0, -4)}AAAA` }));
};

const events = (client: Client): string[] => {
  const seen: string[] = [];
  for (const name of ["logged-in", "logged-out", "refreshed"] as const) client.on(name, () => seen.push(name));
  return seen;
};

it("sends to the paths that it is given", async () => {
  sent = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    sent.push(`${input}`);
    return Response.json({ access: "a.e30.c", refresh: "d.e30.f" });
  };
  const paths = {
    obtain: "/auth/login/",
    refresh: "/auth/refresh",
    blacklist: "/auth/logout/",
    logout_all: "/me/out/",
  };
  const client = createClient({ url: "https://gateway.example", prefix: "/auth", paths, fetch });
  await client.login(ada);
  await client.logoutEverywhere();
  await client.login(ada);
  await client.logout();
  expect(sent).toEqual([
    "https://gateway.example/auth/login/",
    "https://gateway.example/me/out/",
    "https://gateway.example/auth/login/",
    "https://gateway.example/auth/logout/",
  ]);
});

describe("the module", () => {
  it("is at most 2 KB, minified and compressed", async () => {
    const { outputFiles } = await build({
      entryPoints: [source],
      minify: true,
      bundle: true,
      format: "esm",
      write: false,
    });
    expect(gzipSync(outputFiles[0]?.contents ?? "").byteLength).toBeLessThanOrEqual(2000);
  });

  it("imports nothing", () => {
    expect(readFileSync(source, "utf8")).not.toMatch(/^import |\bimport\(|\brequire\(/m);
  });
});

describe("a client with tokens in memory", () => {
  it("logs in and calls the API with the access token", async () => {
    const client = await loggedIn();
    const answer = await (await client.fetch("/notes/", { method: "POST", body: "x" })).json();
    expect(answer).toMatchObject({ user: "7", authorization: expect.stringMatching(/^Bearer eyJ/), body: "x" });
    expect(sent).toEqual(["POST /notes/"]);
    expect(await client.isLoggedIn()).toBe(true);
  });

  it("returns a refused log-in as the gateway's response, and an earlier log-in goes on", async () => {
    const client = await loggedIn();
    const response = await client.login({ ...ada, password: "wrong" });
    expect([response.status, await response.json()]).toEqual([
      401,
      { detail: "No active account found with the given credentials" },
    ]);
    expect((await client.fetch("/notes/")).status).toBe(200);
  });

  it("calls without a token before a log-in, and refreshes nothing", async () => {
    const client = clientWith();
    expect((await client.fetch("/notes/")).status).toBe(401);
    expect((await client.fetch("/public/")).status).toBe(200);
    expect(sent).toEqual(["GET /notes/", "GET /public/"]);
    expect([await client.isLoggedIn(), await client.getAccessToken()]).toEqual([false, undefined]);
  });

  it("refreshes 30 seconds before the token expires, and not earlier", async () => {
    const client = await loggedIn();
    const first = await client.getAccessToken();
    later(268);
    await client.fetch("/notes/");
    expect(refreshes()).toBe(0);
    later(3);
    expect((await client.fetch("/notes/")).status).toBe(200);
    expect(sent).toEqual(["GET /notes/", "POST /api/token/refresh/", "GET /notes/"]);
    expect(await client.getAccessToken()).not.toBe(first);
    expect(refreshes()).toBe(1);
  });

  it("refreshes once for ten requests at the same time", async () => {
    const client = await loggedIn();
    later(280);
    const responses = await Promise.all(Array.from({ length: 10 }, () => client.fetch("/notes/")));
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(refreshes()).toBe(1);
  });

  it("takes lifetimes from the token, so that a clock that is a year off does no harm", async () => {
    later(365 * 86_400);
    const client = await loggedIn();
    expect((await client.fetch("/notes/")).status).toBe(200);
    expect(sent).toEqual(["GET /notes/"]);
  });

  it("sends no token to another origin, nor in the place of a header that the caller set", async () => {
    const client = await loggedIn();
    const elsewhere = await (await client.fetch(`${api.url}/x`)).json();
    expect(elsewhere).toEqual({ user: null, body: "" });
    const own = await client.fetch("/notes/", { headers: { authorization: "Bearer mine" } });
    expect([own.status, refreshes()]).toEqual([401, 0]);
  });

  it("takes a Request, with its method, headers and body", async () => {
    const client = await loggedIn();
    const request = new Request(new URL("/notes/", gateway.url), { method: "PUT", body: "text" });
    expect(await (await client.fetch(request)).json()).toMatchObject({ user: "7", body: "text" });
  });

  it("says what is missing if tokens are only in cookies", async () => {
    const client = clientWith({ fetch: async () => Response.json({}) });
    await expect(client.login(ada)).rejects.toThrow(
      'No access token in the response: AUTH_COOKIE = "only" needs storage: "cookies".',
    );
  });
});

describe("after a 401", () => {
  it("refreshes and repeats the request once, with the same body", async () => {
    const storage = sharedStorage();
    const client = await loggedIn({ storage });
    await withBadAccess(storage);
    const response = await client.fetch("/notes/", { method: "POST", body: "only once" });
    expect(await response.json()).toMatchObject({ user: "7", body: "only once" });
    await withBadAccess(storage);
    const request = new Request(new URL("/notes/", gateway.url), { method: "POST", body: "of a Request" });
    expect(await (await client.fetch(request)).json()).toMatchObject({ body: "of a Request" });
    const both = ["POST /notes/", "POST /api/token/refresh/", "POST /notes/"];
    expect(sent).toEqual([...both, ...both]);
  });

  it("refreshes once for ten requests at the same time", async () => {
    const storage = sharedStorage();
    const client = await loggedIn({ storage });
    await withBadAccess(storage);
    const responses = await Promise.all(Array.from({ length: 10 }, () => client.fetch("/notes/")));
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(refreshes()).toBe(1);
  });

  it("does not repeat a request whose body is a stream", async () => {
    const storage = sharedStorage();
    const client = await loggedIn({ storage });
    await withBadAccess(storage);
    const init = { method: "POST", body: new Blob(["x"]).stream(), duplex: "half" };
    expect((await client.fetch("/notes/", init as RequestInit)).status).toBe(401);
    expect(sent).toEqual(["POST /notes/"]);
  });

  it("ends the log-in when the refresh is refused, and returns the 401", async () => {
    const client = await loggedIn({}, first);
    const other = await client.getAccessToken();
    const seen = events(client);
    const ended = await gateway.post("/api/token/logout-all/", {}, { authorization: `Bearer ${other}` });
    expect(ended.status).toBe(200);
    expect((await client.fetch("/notes/")).status).toBe(401);
    expect((await client.fetch("/notes/")).status).toBe(401);
    expect(sent).toEqual(["GET /notes/", "POST /api/token/refresh/", "GET /notes/"]);
    expect([seen, await client.isLoggedIn()]).toEqual([["logged-out"], false]);
  });

  it("keeps the log-in when the refresh is not answered, or with 503 or 429, and tries again with the next request", async () => {
    const storage = sharedStorage();
    let broken: () => Promise<Response> = () => Promise.reject(new TypeError("fetch failed"));
    let isBroken = false;
    const client = await loggedIn({
      storage,
      fetch: (input, init) => (isBroken && String(input).endsWith("/refresh/") ? broken() : counting(input, init)),
    });
    await withBadAccess(storage);
    isBroken = true;
    expect((await client.fetch("/notes/")).status).toBe(401);
    for (const status of [429, 503]) {
      broken = async () => new Response("{}", { status });
      expect((await client.fetch("/notes/")).status).toBe(401);
    }
    isBroken = false;
    expect((await client.fetch("/notes/")).status).toBe(200);
    expect(await client.isLoggedIn()).toBe(true);
  });
});

describe.each(["with Web Locks", "without"])("three tabs that share their storage, %s", (how) => {
  beforeEach(() => {
    if (how === "with Web Locks") withLocks();
  });

  it("log in once", async () => {
    const storage = sharedStorage();
    await loggedIn({ storage });
    expect(await (await clientWith({ storage }).fetch("/notes/")).json()).toMatchObject({ user: "7" });
  });

  it.runIf(how === "with Web Locks")("refresh once, in time and after a 401", async () => {
    const storage = sharedStorage();
    const tabs = [await loggedIn({ storage }), clientWith({ storage }), clientWith({ storage })];
    await withBadAccess(storage);
    const responses = await Promise.all(tabs.flatMap((tab) => [tab.fetch("/notes/"), tab.fetch("/notes/")]));
    expect(responses.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(refreshes()).toBe(1);
    later(290);
    await Promise.all(tabs.map((tab) => tab.fetch("/notes/")));
    expect(refreshes()).toBe(2);
  });

  it("take the tokens of a tab that refreshed meanwhile", async () => {
    const storage = sharedStorage();
    const [one, two] = [await loggedIn({ storage }), clientWith({ storage })];
    later(290);
    expect((await one.fetch("/notes/")).status).toBe(200);
    expect((await two.fetch("/notes/")).status).toBe(200);
    expect(refreshes()).toBe(1);
  });

  it("are all logged out by one", async () => {
    const storage = sharedStorage();
    const [one, two] = [await loggedIn({ storage }), clientWith({ storage })];
    expect((await one.logout())?.status).toBe(200);
    expect([(await two.fetch("/notes/")).status, await two.isLoggedIn()]).toEqual([401, false]);
    expect(storage.items.size).toBe(0);
  });

  it("do not repeat a request of one user as another one who has logged in meanwhile", async () => {
    const storage = sharedStorage();
    const other = clientWith({ storage });
    const client = await loggedIn({
      storage,
      fetch: async (input, init) => {
        const response = await counting(input, init);
        if (String(input).endsWith("/notes/")) await other.login({ ...ada, username: "bob" });
        return response;
      },
    });
    await withBadAccess(storage);
    expect((await client.fetch("/notes/", { method: "POST" })).status).toBe(401);
    expect(sent).toEqual(["POST /notes/", "POST /api/token/"]);
    expect(await (await other.fetch("/notes/")).json()).toMatchObject({ user: "8" });
  });
});

describe("log-out", () => {
  it("ends the session at the gateway", async () => {
    const storage = sharedStorage();
    const client = await loggedIn({ storage });
    const { refresh } = JSON.parse([...storage.items.values()][0] ?? "");
    expect((await client.logout())?.status).toBe(200);
    expect((await gateway.post("/api/token/refresh/", { refresh })).status).toBe(401);
    expect(await client.logout()).toBeUndefined();
    expect(sent).toEqual(["POST /api/token/blacklist/"]);
  });

  it("waits for a refresh that is under way, and ends the token that it brings", async () => {
    const storage = sharedStorage();
    const client = await loggedIn({ storage });
    later(280);
    const call = client.fetch("/notes/");
    const logout = client.logout();
    await Promise.all([call, logout]);
    expect((await logout)?.status).toBe(200);
    expect([storage.items.size, await client.isLoggedIn()]).toEqual([0, false]);
  });

  it("discards the tokens when the gateway cannot be reached, and says so", async () => {
    const storage = sharedStorage();
    await loggedIn({ storage });
    const offline = clientWith({ storage, fetch: () => Promise.reject(new TypeError("fetch failed")) });
    await expect(offline.logout()).rejects.toThrow("fetch failed");
    expect(storage.items.size).toBe(0);
  });

  it("everywhere ends the sessions of other devices", async () => {
    const [phone, laptop] = [await loggedIn({}, second), await loggedIn({}, second)];
    expect((await laptop.logoutEverywhere()).status).toBe(200);
    expect(await laptop.isLoggedIn()).toBe(false);
    expect((await phone.fetch("/notes/")).status).toBe(401);
    expect(await phone.isLoggedIn()).toBe(false);
  });

  it("everywhere refreshes first if it has to", async () => {
    const client = await loggedIn({}, third);
    later(290);
    expect((await client.logoutEverywhere()).status).toBe(200);
    expect(sent).toEqual(["POST /api/token/refresh/", "POST /api/token/logout-all/"]);
  });
});

describe("events", () => {
  it("tell of log-in, refresh and log-out, until one stops listening", async () => {
    const client = clientWith();
    const seen = events(client);
    const stop = client.on("logged-out", () => seen.push("again"));
    await client.login(ada);
    later(280);
    await client.fetch("/notes/");
    stop();
    await client.logout();
    expect(seen).toEqual(["logged-in", "refreshed", "logged-out"]);
  });

  it("tell of a log-out before the log-in of another user", async () => {
    const client = await loggedIn();
    const seen = events(client);
    await client.login({ ...ada, username: "bob" });
    expect(seen).toEqual(["logged-out", "logged-in"]);
  });

  it("come from other tabs through the event of localStorage, and from no other storage or key", async () => {
    const target = new EventTarget();
    vi.stubGlobal("addEventListener", target.addEventListener.bind(target));
    const storage = sharedStorage();
    const client = await loggedIn({ storage });
    const seen = events(client);
    const [key] = [...storage.items.keys()];
    const changes = [
      { key, oldValue: null, newValue: "{}", storageArea: storage },
      { key, oldValue: "{}", newValue: "{}", storageArea: storage },
      { key, oldValue: "{}", newValue: null, storageArea: storage },
      { key: "another", oldValue: "{}", newValue: null, storageArea: storage },
      { key, oldValue: "{}", newValue: null, storageArea: sharedStorage() },
    ];
    for (const change of changes) target.dispatchEvent(Object.assign(new Event("storage"), change));
    await Promise.resolve();
    expect(seen).toEqual(["logged-in", "refreshed", "logged-out"]);
  });
});

describe("other ways", () => {
  it("storage may be asynchronous, as React Native's", async () => {
    const items = sharedStorage();
    const storage: TokenStorage = {
      getItem: async (key) => items.getItem(key),
      setItem: async (key, value) => items.setItem(key, value),
      removeItem: async (key) => items.removeItem(key),
    };
    const client = await loggedIn({ storage });
    later(280);
    expect((await client.fetch("/notes/")).status).toBe(200);
    expect(refreshes()).toBe(1);
  });

  it("storage with a text that is none of the client's counts as no log-in", async () => {
    const storage = sharedStorage();
    await loggedIn({ storage });
    for (const key of storage.items.keys()) storage.items.set(key, "{");
    expect(await clientWith({ storage }).isLoggedIn()).toBe(false);
  });

  it("tokens from elsewhere can be handed over, and are refreshed when they are refused", async () => {
    const login = await gateway.post("/api/token/", ada);
    const { refresh } = (await login.json()) as { refresh: string };
    const client = clientWith();
    await client.setTokens({ access: "opaque", refresh });
    expect(await (await client.fetch("/notes/")).json()).toMatchObject({ user: "7" });
    expect(sent).toEqual(["GET /notes/", "POST /api/token/refresh/", "GET /notes/"]);
  });

  it("prefix, header and scheme are those of the settings", async () => {
    const calls: [url: string, header: string | null][] = [];
    const client = createClient({
      url: "https://api.example.com",
      prefix: "/auth",
      header: "X-Access-Token",
      scheme: "JWT",
      fetch: async (input, init) => {
        const request = new Request(input, init);
        calls.push([request.url, request.headers.get("x-access-token")]);
        return Response.json({ access: "a.b.c", refresh: "d.e.f" });
      },
    });
    await client.login(ada);
    await client.fetch("notes/");
    await client.logout();
    expect(calls).toEqual([
      ["https://api.example.com/auth/", null],
      ["https://api.example.com/notes/", "JWT a.b.c"],
      ["https://api.example.com/auth/blacklist/", null],
    ]);
  });

  it("without an address outside of a page it refuses to begin", () => {
    expect(() => createClient()).toThrow(TypeError);
  });
});

describe("with cookies", () => {
  /** The gateway as a browser sees it: statuses, and no token. */
  const cookieGateway = (refused = false) => {
    const calls: [path: string, body: string, credentials: string][] = [];
    const answer: typeof fetch = async (input, init) => {
      const request = new Request(input, init);
      const { pathname } = new URL(request.url);
      calls.push([pathname, await request.text(), String((init as { credentials?: string }).credentials)]);
      if (pathname === "/notes/") return new Response("{}", { status: calls.length === 2 ? 401 : 200 });
      return Response.json({}, { status: refused ? 503 : 200 });
    };
    return { calls, options: { url: "https://app.example.com", storage: "cookies", fetch: answer } as const };
  };

  it("sends neither token nor body field, and keeps no token", async () => {
    const { calls, options } = cookieGateway();
    const client = createClient(options);
    await client.login(ada);
    expect((await client.fetch("/notes/")).status).toBe(200);
    expect(await client.getAccessToken()).toBeUndefined();
    await client.logout();
    expect(calls).toEqual([
      ["/api/token/", JSON.stringify(ada), "include"],
      ["/notes/", "", "include"],
      ["/api/token/refresh/", "{}", "include"],
      ["/notes/", "", "include"],
      ["/api/token/blacklist/", "{}", "include"],
    ]);
    expect(await client.isLoggedIn()).toBe(false);
  });

  it("refreshes in time if it knows the lifetime", async () => {
    const { calls, options } = cookieGateway();
    const client = createClient({ ...options, lifetime: 300 });
    await client.login(ada);
    later(280);
    await client.fetch("/notes/");
    expect(calls.map(([path]) => path)).toEqual(["/api/token/", "/api/token/refresh/", "/notes/"]);
  });

  it("goes on after a log-out that failed, because the browser still has the cookies", async () => {
    const { options } = cookieGateway(true);
    const client = createClient(options);
    await client.setTokens({});
    expect((await client.logout())?.status).toBe(503);
    expect(await client.isLoggedIn()).toBe(true);
  });
});
