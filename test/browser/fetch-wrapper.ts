// Sentences about examples/browser-fetch/gateway-fetch.js, the wrapper of docs/react-and-nextjs.md, in real tabs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { URL as NodeURL } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { blocksOf } from "../support/documents.ts";
import { startGateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";
import type { Sentence } from "./sentences.ts";
import type { Stage } from "./visit.ts";

const script = readFileSync(new NodeURL("../../examples/browser-fetch/gateway-fetch.js", import.meta.url), "utf8");

const getJson = blocksOf("docs/react-and-nextjs.md").find(({ text }) =>
  text.startsWith("async function getJson("),
)?.text;

/** An app that has the wrapper, and an API, behind a gateway with cookies. */
interface Tabs {
  readonly open: () => Promise<Page>;
  readonly context: BrowserContext;
  /** Statuses of POST /api/token/refresh/, in order. */
  readonly refreshes: readonly number[];
  /** A refresh waits until so many calls were refused. */
  readonly holdRefreshUntil: (refusedCalls: number) => void;
}

async function withTabs(stage: Stage, look: (tabs: Tabs) => Promise<void>): Promise<void> {
  const api = await startOrigin((request, response) => {
    const isScript = request.url === "/app/gateway-fetch.js";
    const type = isScript ? "text/javascript" : request.url === "/app/" ? "text/html" : "application/json";
    response.writeHead(200, { "content-type": type });
    response.end(isScript ? script : request.url === "/app/" ? "<title>App</title>" : '{"notes":[]}');
  });
  const gateway = await startGateway({
    AUTH_COOKIE: "only",
    ROTATE_REFRESH_TOKENS: true,
    BLACKLIST_AFTER_ROTATION: true,
    ORIGIN_URL: api.url,
    ROUTES: [
      { path: "/app/*", auth: "public" },
      { path: "/*", auth: "token" },
    ],
  });
  const context = await stage.browser.newContext();
  try {
    context.setDefaultTimeout(10_000);
    await gateway.addUser({ id: 1, username: stage.username, password: stage.password });
    const refreshes: number[] = [];
    let refusedBeforeRefresh = 0;
    context.on("response", (response) => {
      if (response.url().endsWith("/api/token/refresh/")) refreshes.push(response.status());
      else if (response.status() === 401) refusedBeforeRefresh -= 1;
    });
    await context.route("**/api/token/refresh/", async (route) => {
      for (let rounds = 0; refusedBeforeRefresh > 0 && rounds < 1000; rounds++) await pause(10);
      await route.continue();
    });
    const holdRefreshUntil = (refusedCalls: number) => {
      refusedBeforeRefresh = refusedCalls;
    };
    const open = async () => {
      const page = await context.newPage();
      await page.goto(new URL("/app/", gateway.url).href);
      return page;
    };
    await look({ open, context, refreshes, holdRefreshUntil });
  } finally {
    await context.close();
    await gateway.close();
    api.close();
  }
}

/** What the page's own script gets from the wrapper. */
const wrapper = <T>(page: Page, code: string): Promise<T> =>
  page.evaluate<T>(`import("/app/gateway-fetch.js").then(async ({ logIn, logOut, gatewayFetch }) => ${code})`);

const logIn = (page: Page, { username, password }: Stage) =>
  wrapper<number>(page, `(await logIn(${JSON.stringify(username)}, ${JSON.stringify(password)})).status`);

/** Statuses of five calls at once. */
const fiveCalls = (page: Page) =>
  wrapper<number[]>(
    page,
    `Promise.all([1, 2, 3, 4, 5].map(async (n) => (await gatewayFetch("/notes/" + n + "/", { method: "POST", body: "{}" })).status))`,
  );

/** As when the access token has ended: the browser drops its cookie. */
const endAccess = ({ context }: Tabs) => context.clearCookies({ name: "__Host-access" });

export const fetchWrapperSentences: readonly Sentence[] = [
  [
    "the fetch wrapper refreshes once for ten calls of two tabs, and both tabs go on",
    (stage) =>
      withTabs(stage, async (tabs) => {
        const [one, two] = [await tabs.open(), await tabs.open()];
        assert.equal(await logIn(one, stage), 200);
        assert.deepEqual(await fiveCalls(two), [200, 200, 200, 200, 200]);
        assert.deepEqual(tabs.refreshes, []);
        for (const expected of [[200], [200, 200]]) {
          await endAccess(tabs);
          tabs.holdRefreshUntil(10);
          const statuses = await Promise.all([fiveCalls(one), fiveCalls(two)]);
          assert.deepEqual(statuses.flat(), Array(10).fill(200));
          assert.deepEqual(tabs.refreshes, expected);
        }
      }),
  ],
  [
    "the fetch wrapper asks once when the session has ended, and works again after the next log-in",
    (stage) =>
      withTabs(stage, async (tabs) => {
        const [one, two] = [await tabs.open(), await tabs.open()];
        await logIn(one, stage);
        assert.equal(await wrapper(one, "(await logOut()).status"), 200);
        tabs.holdRefreshUntil(10);
        assert.deepEqual((await Promise.all([fiveCalls(one), fiveCalls(two)])).flat(), Array(10).fill(401));
        assert.deepEqual(tabs.refreshes, [400]);
        await logIn(two, stage);
        assert.deepEqual(await fiveCalls(one), [200, 200, 200, 200, 200]);
        await endAccess(tabs);
        assert.deepEqual(await fiveCalls(one), [200, 200, 200, 200, 200]);
        assert.deepEqual(tabs.refreshes, [400, 200]);
        await endAccess(tabs);
        const notes = await wrapper(one, `{ ${getJson} return getJson("/notes/"); }`);
        assert.deepEqual([notes, tabs.refreshes], [{ notes: [] }, [400, 200, 200]]);
      }),
  ],
];
