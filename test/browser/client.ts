// Sentences about simplejwt-edge/client in three tabs of a real browser on a slow network.
// Must never hand a tab what another one has: they share storage, cookies and locks as the browser lets them.
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { build } from "esbuild";
import type { BrowserContext, Page } from "playwright-core";
import type { Client } from "../../client/client.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";
import type { Sentence } from "./sentences.ts";
import type { Stage } from "./visit.ts";

interface Tabs {
  readonly gateway: Gateway;
  readonly context: BrowserContext;
  readonly tabs: readonly [Page, Page, Page];
  /** Requests of all tabs that ended in this path so far. */
  readonly count: (path: string) => number;
}

/** What the app's page gives the tests. */
interface AppWindow {
  readonly client: Client;
  readonly seen: string[];
}

const appPage = (options: string) => `<!doctype html><title>App</title><script type="module">
import { createClient } from "/app/client.js";
const client = createClient(${options});
const seen = [];
for (const name of ["logged-in", "logged-out", "refreshed"]) client.on(name, () => seen.push(name));
Object.assign(window, { client, seen });
</script>`;

async function inThreeTabs(
  stage: Stage,
  vars: Readonly<Record<string, unknown>>,
  options: string,
  look: (all: Tabs) => Promise<void>,
  beforeScripts = "",
): Promise<void> {
  const entry = resolve(import.meta.dirname, "../../client/client.ts");
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  const api = await startOrigin((request, response) => {
    request.resume();
    const [type, text] =
      request.url === "/app/client.js"
        ? ["text/javascript", outputFiles[0]?.text]
        : request.url === "/app/"
          ? ["text/html", appPage(options)]
          : ["application/json", "[]"];
    response.writeHead(200, { "content-type": type }).end(text);
  });
  const gateway = await startGateway({
    ACCESS_TOKEN_LIFETIME: 300,
    ROTATE_REFRESH_TOKENS: true,
    BLACKLIST_AFTER_ROTATION: true,
    // A refresh token that is sent twice ends the session.
    REVOKE_FAMILY_ON_REUSE: true,
    ORIGIN_URL: api.url,
    ROUTES: [
      { path: "/app/*", auth: "public" },
      { path: "/*", auth: "token" },
    ],
    ...vars,
  });
  const context = await stage.browser.newContext();
  try {
    await gateway.addUser({ id: 1, username: stage.username, password: stage.password });
    context.setDefaultTimeout(20_000);
    if (beforeScripts !== "") await context.addInitScript(beforeScripts);
    const paths: string[] = [];
    context.on("request", (request) => paths.push(new URL(request.url()).pathname));
    const open = async () => {
      const page = await context.newPage();
      await page.goto(new URL("/app/", gateway.url).href);
      await page.waitForFunction("window.client");
      const network = await context.newCDPSession(page);
      const slow = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };
      await network.send("Network.emulateNetworkConditions", slow);
      return page;
    };
    const tabs = [await open(), await open(), await open()] as const;
    await look({ gateway, context, tabs, count: (path) => paths.filter((one) => one.endsWith(path)).length });
  } finally {
    await context.close();
    await gateway.close();
    api.close();
  }
}

const logIn = (page: Page, { username, password }: Stage) =>
  page.evaluate(async (fields) => (await (globalThis as unknown as AppWindow).client.login(fields)).status, {
    username,
    password,
  });

/** Two requests from each tab, all at once: their statuses. */
async function callFromAll(tabs: readonly Page[]): Promise<number[]> {
  const statuses = await Promise.all(
    tabs.map((page) =>
      page.evaluate(async () => {
        const { client } = globalThis as unknown as AppWindow;
        const call = async (init?: RequestInit) => (await client.fetch("/notes/", init)).status;
        return Promise.all([call(), call({ method: "POST", body: "x" })]);
      }),
    ),
  );
  return statuses.flat();
}

const allGood = [200, 200, 200, 200, 200, 200];

/** Waits until the tab's client has told of this. */
const hasSeen = (page: Page, event: string) => page.waitForFunction(`seen.includes(${JSON.stringify(event)})`);

/** The clocks of the tabs go on by 280 of the 300 seconds that an access token is valid. */
const almostExpired = (tabs: readonly Page[]) =>
  Promise.all(tabs.map((page) => page.evaluate("{ const now = Date.now; Date.now = () => now() + 280_000; }")));

/** @param refuse makes the API refuse the access token of all tabs, as it would after its expiry */
const shared =
  (vars: Readonly<Record<string, unknown>>, options: string, refuse: (all: Tabs) => Promise<unknown>) =>
  (stage: Stage): Promise<void> =>
    inThreeTabs(stage, vars, options, async (all) => {
      const { tabs, count } = all;
      const [first, second, third] = tabs;
      assert.equal(await logIn(first, stage), 200);
      for (const page of [second, third]) await hasSeen(page, "logged-in");
      assert.deepEqual(await callFromAll(tabs), allGood);
      assert.equal(count("/refresh/"), 0);
      await refuse(all);
      assert.deepEqual(await callFromAll(tabs), allGood);
      assert.equal(count("/refresh/"), 1);
      for (const page of tabs) await hasSeen(page, "refreshed");
      await almostExpired(tabs);
      assert.deepEqual(await callFromAll(tabs), allGood);
      assert.equal(count("/refresh/"), 2);
      const ended = await second.evaluate(async () => {
        return (await (globalThis as unknown as AppWindow).client.logoutEverywhere()).status;
      });
      assert.equal(ended, 200);
      for (const page of tabs) await hasSeen(page, "logged-out");
      assert.deepEqual(await callFromAll(tabs), [401, 401, 401, 401, 401, 401]);
      assert.equal(count("/refresh/"), 2);
    });

/** Replaces the signature in localStorage by another one. */
const spoil = ({ tabs: [page] }: Tabs) =>
  page.evaluate(`{
    const [key] = Object.keys(localStorage);
    const state = JSON.parse(localStorage[key]);
    localStorage[key] = JSON.stringify({ ...state, access: state.access.replace(/.{8}$/, "AAAAAAAA") });
  }`);

export const clientSentences: readonly Sentence[] = [
  [
    "client: three tabs with tokens in localStorage on a slow network refresh once, after a 401 and in time, and log out together",
    shared({}, "{ storage: localStorage }", spoil),
  ],
  [
    "client: three tabs with cookies on a slow network refresh once, after a 401 and in time, and log out together",
    shared({ AUTH_COOKIE: "only" }, '{ storage: "cookies", lifetime: 300 }', ({ context }) =>
      context.clearCookies({ name: "__Host-access" }),
    ),
  ],
  [
    "client: with cookies no token is in any storage, and a reload stays logged in",
    (stage) =>
      inThreeTabs(stage, { AUTH_COOKIE: "only" }, '{ storage: "cookies" }', async ({ tabs: [page] }) => {
        assert.equal(await logIn(page, stage), 200);
        const kept = await page.evaluate<string>("JSON.stringify([localStorage, sessionStorage])");
        assert.match(kept, /simplejwt-edge /);
        assert.doesNotMatch(kept, /eyJ/);
        await page.reload();
        await page.waitForFunction("window.client");
        assert.equal(await page.evaluate("client.isLoggedIn()"), true);
        assert.equal(await page.evaluate('client.fetch("/notes/").then(({ status }) => status)'), 200);
      }),
  ],
  [
    "client: without Web Locks three tabs keep their session with REFRESH_REUSE_GRACE",
    (stage) =>
      inThreeTabs(
        stage,
        { REFRESH_REUSE_GRACE: "10s" },
        "{ storage: localStorage }",
        async (all) => {
          assert.equal(await all.tabs[0].evaluate("navigator.locks"), undefined);
          assert.equal(await logIn(all.tabs[0], stage), 200);
          await spoil(all);
          assert.deepEqual(await callFromAll(all.tabs), allGood);
          await almostExpired(all.tabs);
          assert.deepEqual(await callFromAll(all.tabs), allGood);
          assert.ok(all.count("/refresh/") >= 2);
        },
        'Object.defineProperty(navigator, "locks", { value: undefined })',
      ),
  ],
];
