// Sentences about the console: a person logs in, looks at tokens, calls the API, refreshes, logs out.
// Must never reach into the page's script: what it shows is what counts.
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { Sentence } from "./sentences.ts";
import { axeViolations, type Stage, visiting } from "./visit.ts";

export const consolePath = "/_gateway/console";

/** Waits until the live region says this, and nothing before or after it. */
export const saying = (page: Page, text: string): Promise<void> =>
  page
    .locator("#status")
    .filter({ hasText: new RegExp(`^${RegExp.escape(text)}$`) })
    .waitFor();

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole("button", { name, exact: true }).click();

/** Logs in by hand. */
export async function logIn(page: Page, { username, password }: Pick<Stage, "username" | "password">): Promise<void> {
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill(password);
  await press(page, "Log in");
}

export const card = (page: Page, name: string): Locator => page.getByRole("article", { name });

/** A claim as the card shows it. */
export async function claimIn(page: Page, name: string, claim: string): Promise<string> {
  const row = card(page, name)
    .getByRole("row")
    .filter({ has: page.getByRole("rowheader", { name: claim, exact: true }) });
  return (await row.getByRole("cell").textContent()) ?? "";
}

/** The answer as it is shown: what was called, its status, who answered, and the body. */
export async function answered(page: Page): Promise<Record<"called" | "pill" | "by" | "id" | "text", string>> {
  const parts = { called: "called", pill: "pill", by: "by", id: "request-id", text: "text" };
  const texts = Object.entries(parts).map(async ([name, id]) => [
    name,
    (await page.locator(`#${id}`).textContent()) ?? "",
  ]);
  return Object.fromEntries(await Promise.all(texts));
}

export async function send(page: Page, path: string, button = "Send with token"): Promise<void> {
  await page.getByLabel("Path").fill(path);
  await press(page, button);
}

const loggedIn = (look: (page: Page, errors: readonly string[]) => Promise<void>) => (stage: Stage) =>
  visiting(stage, consolePath, async ({ page, errors }) => {
    await logIn(page, stage);
    await saying(page, "200 OK: logged in as ada");
    await look(page, errors);
  });

export const consoleSentences: readonly Sentence[] = [
  [
    "the console opens with its forms, with a quiet console, without an error for axe",
    (stage) =>
      visiting(stage, consolePath, async ({ page, errors }) => {
        assert.equal(await page.title(), "Gateway console");
        assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Gateway console");
        assert.deepEqual(await page.getByRole("heading", { level: 2 }).allTextContents(), [
          ...["Log in", "Request", "Response", "History"],
        ]);
        assert.equal(await page.locator("#status").textContent(), "Ready.");
        assert.deepEqual(await axeViolations(page), []);
        assert.deepEqual(errors, []);
      }),
  ],
  [
    "console: a wrong password is refused in words; the right one shows both tokens decoded, and leaves the form",
    (stage) =>
      visiting(stage, consolePath, async ({ page, errors }) => {
        await logIn(page, { ...stage, password: "not-this-one" });
        await saying(page, "401 Unauthorized: No active account found with the given credentials");
        assert.equal(await page.evaluate("document.activeElement.id"), "password");
        await logIn(page, stage);
        await saying(page, "200 OK: logged in as ada");
        assert.equal(await page.evaluate("document.activeElement.textContent"), "Tokens");
        assert.equal(await page.getByLabel("Password").inputValue(), "");
        assert.equal(await page.getByRole("heading", { name: "Logged in as ada" }).count(), 1);
        for (const [name, type] of [
          ["Access token", "access"],
          ["Refresh token", "refresh"],
        ] as const) {
          assert.equal(await claimIn(page, name, "token_type"), type);
          assert.equal(await claimIn(page, name, "user_id"), "1");
          assert.match(await claimIn(page, name, "jti"), /^[0-9a-f]{32}$/);
          assert.match(await claimIn(page, name, "exp"), /^\d{10} .*\d/);
        }
        assert.match((await answered(page)).text, /"access": "eyJ[\w-]{9}…"/);
        assert.deepEqual(await axeViolations(page), []);
        assert.deepEqual(errors, []);
      }),
  ],
  [
    "console: the names of claims leave the room to their values",
    loggedIn(async (page) => {
      const name = card(page, "Access token").getByRole("rowheader", { name: "token_type" });
      assert.equal((await name.boundingBox())?.width, 124);
    }),
  ],
  [
    "console: the clocks run down, and the live region stays as it was",
    loggedIn(async (page) => {
      const clock = card(page, "Access token").getByRole("timer");
      const first = await clock.textContent();
      assert.match(first ?? "", /^1[45]:\d\d$/);
      await clock.filter({ hasNotText: first ?? "" }).waitFor();
      assert.match((await clock.textContent()) ?? "", /^14:\d\d$/);
      assert.match((await card(page, "Refresh token").getByRole("timer").textContent()) ?? "", /^6 d 23 h 59 min$/);
      assert.equal(await page.locator("#status").textContent(), "200 OK: logged in as ada");
    }),
  ],
  [
    "console: the API without a token, with it, and what is public; who answered, and the request's id",
    loggedIn(async (page, errors) => {
      await send(page, "/api/notes/", "Send without token");
      await saying(page, "401 Unauthorized: Authentication credentials were not provided.");
      const refused = await answered(page);
      assert.deepEqual([refused.called, refused.by], ["GET /api/notes/", "the gateway"]);
      assert.match(refused.id, /^[0-9a-f]{32}$/);
      await send(page, "/api/notes/");
      await saying(page, "200 OK");
      const allowed = await answered(page);
      assert.deepEqual(
        [allowed.called, allowed.by, allowed.text],
        ["GET /api/notes/ with token", "the API behind the gateway", "[]"],
      );
      await send(page, "/api/public/", "Send without token");
      await saying(page, "200 OK");
      assert.match((await answered(page)).text, /"motd": "Notes, kept apart by user\."/);
      assert.deepEqual(await page.locator("#history li > strong").allTextContents(), ["200", "200", "401", "200"]);
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: a body is sent, markup in an answer stays text, and an answer without a body says so",
    loggedIn(async (page, errors) => {
      await page.getByLabel("Method").selectOption("POST");
      await page.getByLabel("Body (JSON)").fill(JSON.stringify({ title: "<img src=x onerror=alert(1)>" }));
      await send(page, "/api/notes/");
      await saying(page, "201 Created");
      const { text } = await answered(page);
      assert.match(text, /"title": "<img src=x onerror=alert\(1\)>"/);
      assert.equal(await page.locator("img").count(), 0);
      await page.getByLabel("Method").selectOption("DELETE");
      await page.getByLabel("Body (JSON)").fill("");
      await send(page, `/api/notes/${JSON.parse(text).id}/`);
      await saying(page, "204 No Content");
      assert.equal((await answered(page)).text, "(no body)");
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: verify says that a token is good; refresh takes a new pair, and its button keeps the focus",
    loggedIn(async (page, errors) => {
      await press(page, "Verify the access token");
      await saying(page, "200 OK: the access token is valid");
      const before = await claimIn(page, "Refresh token", "jti");
      await press(page, "Refresh with the refresh token");
      await saying(page, "200 OK: a new access token");
      assert.notEqual(await claimIn(page, "Refresh token", "jti"), before);
      assert.equal(await page.evaluate("document.activeElement.ariaLabel"), "Refresh with the refresh token");
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: while its box is ticked, a request refreshes by itself with the client, which the history shows",
    loggedIn(async (page, errors) => {
      const history = () => page.locator("#history li > button").allTextContents();
      const before = await claimIn(page, "Refresh token", "jti");
      // The access token is valid for 15 minutes; the client refreshes 30 seconds before.
      await page.evaluate("Date.now = ((now) => () => now() + 880_000)(Date.now)");
      await send(page, "/api/notes/");
      await saying(page, "200 OK");
      assert.deepEqual(await history(), ["GET /api/notes/ with token", "POST /api/token/"]);
      await page.getByLabel("Refresh by itself").check();
      await send(page, "/api/notes/?page=2");
      await saying(page, "200 OK");
      assert.deepEqual((await history()).slice(0, 2), [
        "GET /api/notes/?page=2 by the client",
        "POST /api/token/refresh/ by the client",
      ]);
      assert.notEqual(await claimIn(page, "Refresh token", "jti"), before);
      await send(page, "/api/notes/");
      await saying(page, "200 OK");
      assert.equal((await history()).length, 5);
      await press(page, "Refresh with the refresh token");
      await saying(page, "200 OK: a new access token");
      assert.deepEqual(await axeViolations(page), []);
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: a refresh of the client that is refused is shown at the tokens, and nothing is kept in storage",
    loggedIn(async (page, errors) => {
      await press(page, "Blacklist the refresh token");
      await saying(page, "200 OK: the refresh token is blacklisted");
      await page.evaluate("Date.now = ((now) => () => now() + 880_000)(Date.now)");
      await page.getByLabel("Refresh by itself").check();
      await send(page, "/api/notes/");
      await saying(page, "200 OK");
      assert.equal(await card(page, "Refresh token").getByText("The refresh was refused.").count(), 1);
      assert.equal(await page.evaluate("localStorage.length + sessionStorage.length"), 0);
      await send(page, "/api/notes/");
      await saying(page, "200 OK");
      assert.equal((await answered(page)).called, "GET /api/notes/ with token");
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: a blacklisted refresh token is marked, and refused when it is used",
    loggedIn(async (page, errors) => {
      await press(page, "Blacklist the refresh token");
      await saying(page, "200 OK: the refresh token is blacklisted");
      assert.equal(await card(page, "Refresh token").getByText("Blacklisted: try to refresh with it.").count(), 1);
      await press(page, "Refresh with the refresh token");
      await saying(page, "401 Unauthorized: Token is blacklisted");
      await press(page, "Verify the refresh token");
      await saying(page, "400 Bad Request: Token is blacklisted");
      assert.deepEqual(await axeViolations(page), []);
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: sessions are listed and ended one by one, and a log-out everywhere ends the page's own",
    async (stage) => {
      const { username, password } = stage;
      assert.equal((await stage.gateway.post("/api/token/", { username, password })).status, 200);
      await loggedIn(async (page, errors) => {
        const items = page.getByRole("region", { name: "Sessions" }).getByRole("listitem");
        await press(page, "Load the list");
        await saying(page, "200 OK: sessions listed");
        const before = await items.count();
        assert.ok(before >= 2);
        await items
          .last()
          .getByRole("button", { name: /^End the session of / })
          .click();
        await items.nth(before - 1).waitFor({ state: "detached" });
        assert.equal(await page.locator("#history li").filter({ hasText: "DELETE /api/token/sessions/" }).count(), 1);
        assert.deepEqual(await axeViolations(page), []);
        await press(page, "Log out everywhere");
        await saying(page, "200 OK: logged out everywhere");
        await press(page, "Refresh with the refresh token");
        await saying(page, "401 Unauthorized: Token is blacklisted");
        assert.deepEqual(errors, []);
      })(stage);
    },
  ],
  [
    "console: what was called can be put into the form again, and the tokens can be forgotten",
    loggedIn(async (page) => {
      await send(page, "/api/notes/?page=2");
      await saying(page, "200 OK");
      await page.getByLabel("Path").fill("/elsewhere/");
      await page.getByRole("button", { name: "GET /api/notes/?page=2 with token" }).click();
      assert.equal(await page.getByLabel("Path").inputValue(), "/api/notes/?page=2");
      await press(page, "Discard the tokens");
      assert.equal(await page.getByRole("article").count(), 0);
      assert.equal(await page.evaluate("document.activeElement.id"), "username");
      await press(page, "Send with token");
      await saying(page, "There is no token to send: log in first.");
    }),
  ],
];
