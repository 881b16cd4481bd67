// Sentences about AUTH_COOKIE in a real browser over http on 127.0.0.1: what a page can do with its cookies, and what
// a page of another origin cannot. Must never hand the page a token by another way.
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import type { Page } from "playwright-core";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { echoWebSockets } from "../support/sockets.ts";
import type { Sentence } from "./sentences.ts";
import type { Stage } from "./visit.ts";

/** A gateway with cookies, the API and the app's page behind it, and a server for other pages. */
interface CookieStage {
  readonly gateway: Gateway;
  /** Requests below /notes/ that reached the API. */
  readonly calls: readonly IncomingMessage[];
  readonly upgrades: readonly IncomingMessage[];
  readonly page: Page;
  /** The same page at another port of 127.0.0.1: another origin of the same site. */
  readonly elsewhere: HttpOrigin;
}

const html = { "content-type": "text/html; charset=utf-8" };

async function withCookies(
  stage: Stage,
  vars: Readonly<Record<string, unknown>>,
  look: (cookieStage: CookieStage) => Promise<void>,
): Promise<void> {
  const calls: IncomingMessage[] = [];
  const api = await startOrigin((request, response) => {
    if (request.url?.startsWith("/app/")) return void response.writeHead(200, html).end("<title>App</title>");
    calls.push(request);
    request.resume();
    response.writeHead(200, { "content-type": "application/json" }).end('{"notes":[]}');
  });
  const upgrades = echoWebSockets(api.server);
  const elsewhere = await startOrigin((_, response) => void response.writeHead(200, html).end("<title>Other</title>"));
  const gateway = await startGateway({
    AUTH_COOKIE: "only",
    ROTATE_REFRESH_TOKENS: true,
    BLACKLIST_AFTER_ROTATION: true,
    ORIGIN_URL: api.url,
    ROUTES: [
      { path: "/app/*", auth: "public" },
      { path: "/*", auth: "token" },
    ],
    ...(vars.trust ? { CORS_ORIGINS: [elsewhere.url], CORS_CREDENTIALS: true } : {}),
  });
  const context = await stage.browser.newContext();
  try {
    await gateway.addUser({ id: 1, username: stage.username, password: stage.password });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    await page.goto(new URL("/app/", gateway.url).href);
    await look({ gateway, calls, upgrades, page, elsewhere });
  } finally {
    await context.close();
    await gateway.close();
    api.close();
    elsewhere.close();
  }
}

/** A call by the page's own script: status and text. */
async function called(page: Page, url: string, init: object = {}): Promise<readonly [status: number, text: string]> {
  return page.evaluate(
    async ([where, how]) => {
      const response = await fetch(where, how);
      return [response.status, await response.text()] as const;
    },
    [url, init] as const,
  );
}

const posted = (body: object = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

const logIn = ({ page }: CookieStage, { username, password }: Stage) =>
  called(page, "/api/token/", posted({ username, password }));

/** The cookies that the browser keeps, by name. */
async function kept({ page }: CookieStage): Promise<Record<string, { path: string; sameSite: string; value: string }>> {
  const cookies = await page.context().cookies();
  for (const { httpOnly, secure } of cookies) assert.deepEqual([httpOnly, secure], [true, true]);
  return Object.fromEntries(cookies.map(({ name, path, sameSite, value }) => [name, { path, sameSite, value }]));
}

export const cookieSentences: readonly Sentence[] = [
  [
    "with AUTH_COOKIE a page logs in, calls, refreshes and logs out without ever seeing a token",
    (stage) =>
      withCookies(stage, {}, async (all) => {
        const { page, calls } = all;
        assert.deepEqual(await logIn(all, stage), [200, "{}"]);
        const first = await kept(all);
        assert.deepEqual(Object.keys(first).sort(), ["__Host-access", "__Secure-refresh"]);
        assert.deepEqual([first["__Host-access"]?.path, first["__Host-access"]?.sameSite], ["/", "Lax"]);
        assert.deepEqual(
          [first["__Secure-refresh"]?.path, first["__Secure-refresh"]?.sameSite],
          ["/api/token", "Strict"],
        );
        assert.equal(await page.evaluate("document.cookie"), "");
        assert.deepEqual(await called(page, "/notes/", { method: "DELETE" }), [200, '{"notes":[]}']);
        assert.equal(calls[0]?.headers.authorization, `Bearer ${first["__Host-access"]?.value}`);
        assert.equal(calls[0]?.headers.cookie, undefined);
        assert.deepEqual(await called(page, "/api/token/refresh/", { method: "POST" }), [200, "{}"]);
        const second = await kept(all);
        for (const name of ["__Host-access", "__Secure-refresh"]) {
          assert.notEqual(second[name]?.value, first[name]?.value, name);
        }
        assert.equal((await called(page, "/notes/"))[0], 200);
        assert.deepEqual(await called(page, "/api/token/blacklist/", posted()), [200, "{}"]);
        assert.deepEqual(await kept(all), {});
        assert.equal((await called(page, "/notes/"))[0], 401);
        assert.equal((await called(page, "/api/token/refresh/", posted()))[0], 400);
      }),
  ],
  [
    "a WebSocket opens with the cookie from the app's page, and not from a page of another origin of the site",
    (stage) =>
      withCookies(stage, {}, async (all) => {
        const { page, gateway, upgrades, elsewhere } = all;
        await logIn(all, stage);
        const open = (url: string) =>
          page.evaluate<boolean>(`new Promise((done) => {
            const socket = new WebSocket(${JSON.stringify(url)});
            socket.onopen = () => done(true);
            socket.onerror = () => done(false);
          })`);
        const address = `ws://${gateway.url.host}/notes/`;
        assert.equal(await open(address), true);
        await page.goto(elsewhere.url);
        assert.equal(await open(address), false);
        assert.equal(upgrades.length, 1);
      }),
  ],
  [
    "a page of another origin of the site has the cookies sent along, and still changes nothing and logs nobody out",
    (stage) =>
      withCookies(stage, {}, async (all) => {
        const { page, gateway, calls, elsewhere } = all;
        await logIn(all, stage);
        const before = await kept(all);
        await page.goto(elsewhere.url);
        for (const path of ["/notes/", "/api/token/refresh/", "/api/token/blacklist/"]) {
          const init = { method: "POST", mode: "no-cors", credentials: "include", body: "x=1" };
          const answered = page.waitForResponse((response) => response.url().endsWith(path));
          await called(page, new URL(path, gateway.url).href, init);
          // Without the cookie /notes/ would answer 401.
          assert.deepEqual([path, (await answered).status()], [path, 403]);
        }
        assert.deepEqual([calls.length, await kept(all)], [0, before]);
      }),
  ],
  [
    "a form on a page of another site logs nobody in",
    (stage) =>
      withCookies(stage, {}, async (all) => {
        const { page, gateway, elsewhere } = all;
        await page.goto(elsewhere.url.replace("127.0.0.1", "localhost"));
        const action = new URL("/api/token/", gateway.url).href;
        const answered = page.waitForResponse(action);
        const { username, password } = stage;
        await page.evaluate(`{
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action: ${JSON.stringify(action)} });
          for (const [name, value] of Object.entries(${JSON.stringify({ username, password })})) {
            form.append(Object.assign(document.createElement("input"), { name, value }));
          }
          document.body.append(form);
          form.submit();
        }`);
        assert.equal((await answered).status(), 403);
        assert.deepEqual(await kept(all), {});
      }),
  ],
  [
    "a page of CORS_ORIGINS uses the cookies with credentials: include",
    (stage) =>
      withCookies(stage, { trust: true }, async (all) => {
        const { page, gateway, elsewhere } = all;
        await page.goto(elsewhere.url);
        const call = (path: string, init: object) =>
          called(page, new URL(path, gateway.url).href, { credentials: "include", ...init });
        const { username, password } = stage;
        assert.deepEqual(await call("/api/token/", posted({ username, password })), [200, "{}"]);
        assert.deepEqual(await call("/notes/", posted()), [200, '{"notes":[]}']);
        assert.deepEqual(await call("/api/token/refresh/", posted()), [200, "{}"]);
        assert.deepEqual(await call("/api/token/blacklist/", posted()), [200, "{}"]);
        assert.deepEqual(await kept(all), {});
      }),
  ],
  [
    "the form of the log-in page works with cookies where the browser runs no script",
    (stage) =>
      withCookies(stage, {}, async ({ gateway }) => {
        const context = await stage.browser.newContext({ javaScriptEnabled: false });
        try {
          const page = await context.newPage();
          await page.goto(new URL("/api/token/", gateway.url).href);
          await page.getByLabel("Username").fill(stage.username);
          await page.getByLabel("Password").fill(stage.password);
          const answered = page.waitForResponse((response) => response.request().method() === "POST");
          await page.getByRole("button", { name: "Send" }).click();
          assert.equal((await answered).status(), 200);
          assert.equal((await context.cookies()).length, 2);
        } finally {
          await context.close();
        }
      }),
  ],
];
