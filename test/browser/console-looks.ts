// Sentences about the console's use and safety: keyboard, narrow windows, dark mode, memory, other origins.
// Must never depend on what the API answers: console.ts is about that.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { consolePath, logIn, press, saying, send } from "./console.ts";
import { brightness } from "./looks.ts";
import type { Sentence } from "./sentences.ts";
import { axeViolations, type Stage, visiting } from "./visit.ts";

/** Everything on the page is in use: logged in, sessions listed, an answer with a long line. */
async function fill(page: Page, stage: Stage): Promise<void> {
  await logIn(page, stage);
  await saying(page, "200 OK: logged in as ada");
  await press(page, "Load the list");
  await saying(page, "200 OK: sessions listed");
  await send(page, `/api/notes/?long=${"x".repeat(200)}`, "Send without token");
  await saying(page, "401 Unauthorized: Authentication credentials were not provided.");
  for (const summary of await page.locator("summary:visible").all()) await summary.click();
}

export const consoleLooks: readonly Sentence[] = [
  [
    "console: the keyboard alone is enough to log in and to call the API",
    (stage) =>
      visiting(stage, consolePath, async ({ page, errors }) => {
        const tabTo = async (text: string): Promise<void> => {
          for (let presses = 0; presses < 40; presses += 1) {
            await page.keyboard.press("Tab");
            if ((await page.evaluate("document.activeElement.textContent || document.activeElement.id")) === text)
              return;
          }
          assert.fail(`40 presses of Tab did not lead to ${text}`);
        };
        await tabTo("username");
        await page.keyboard.type(stage.username);
        await tabTo("password");
        await page.keyboard.type(stage.password);
        await page.keyboard.press("Enter");
        await saying(page, "200 OK: logged in as ada");
        await tabTo("Verify");
        await page.keyboard.press("Enter");
        await saying(page, "200 OK: the access token is valid");
        await tabTo("path");
        await page.keyboard.press("ControlOrMeta+A");
        await page.keyboard.type("/api/notes/");
        await page.keyboard.press("Enter");
        await saying(page, "200 OK");
        await tabTo("Send without token");
        await page.keyboard.press("Space");
        await saying(page, "401 Unauthorized: Authentication credentials were not provided.");
        assert.deepEqual(errors, []);
      }),
  ],
  [
    "console: every stop of the Tab key is on the screen, not under the bar, and shows that it has the focus",
    (stage) =>
      visiting(stage, consolePath, async ({ page }) => {
        await fill(page, stage);
        const stops = new Map<string, string>();
        for (;;) {
          await page.keyboard.press("Tab");
          if (await page.evaluate("document.activeElement === document.body")) continue;
          const [key, name, outline, seen] = await page.evaluate<[string, string, string, boolean]>(`(() => {
            const it = document.activeElement;
            const box = it.getBoundingClientRect();
            const isInBar = document.getElementById("toast").contains(it);
            const seen = isInBar || box.width > 0 && box.bottom > 0 && box.top < document.getElementById("toast").getBoundingClientRect().top;
            const name = it.ariaLabel || it.id || it.textContent;
            it.dataset.stop ??= performance.now();
            return [it.dataset.stop, name, getComputedStyle(it).outlineStyle, seen];
          })()`);
          if (stops.has(key)) break;
          assert.deepEqual([name, outline, seen], [name, "solid", true]);
          stops.set(key, name);
          assert.ok(stops.size < 100);
        }
        const names = [...stops.values()];
        for (const name of ["forget", "logout-all", "Copy the access token", "reload", "method", "path", "Body"]) {
          assert.ok(names.includes(name), `${name} is not among ${names.join(", ")}`);
        }
      }),
  ],
  [
    "console: at 360 and at 320 pixels nothing sticks out, empty and with everything on it",
    async (stage) => {
      for (const width of [360, 320]) {
        const options = { viewport: { width, height: 640 }, isMobile: true, hasTouch: true };
        const look = async ({ page }: { readonly page: Page }): Promise<void> => {
          const widest = () =>
            page.evaluate(
              "Math.max(document.documentElement.scrollWidth, document.getElementById('page').scrollWidth)",
            );
          assert.equal(await widest(), width);
          await fill(page, stage);
          assert.equal(await widest(), width);
          const claimLines = await page.evaluate<number[]>(`[...document.querySelectorAll("th")].map((cell) => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            return range.getClientRects().length;
          })`);
          assert.ok(claimLines.length > 5);
          assert.deepEqual([...new Set(claimLines)], [1]);
          assert.deepEqual(await axeViolations(page), []);
        };
        await visiting(stage, consolePath, look, options);
      }
    },
  ],
  [
    "console: dark is dark and light is light, both without an error for axe with everything on the page",
    async (stage) => {
      for (const colorScheme of ["dark", "light"] as const) {
        const look = async ({
          page,
          errors,
        }: {
          readonly page: Page;
          readonly errors: readonly string[];
        }): Promise<void> => {
          assert.equal((await brightness(page)) < 60, colorScheme === "dark");
          await fill(page, stage);
          assert.deepEqual(await axeViolations(page), []);
          assert.deepEqual(errors, []);
        };
        await visiting(stage, consolePath, look, { colorScheme });
      }
    },
  ],
  [
    "console: nothing moves for who wants reduced motion",
    (stage) =>
      visiting(
        stage,
        consolePath,
        async ({ page }) => {
          await fill(page, stage);
          assert.equal(await page.evaluate("document.getAnimations().length"), 0);
        },
        { reducedMotion: "reduce" },
      ),
  ],
  [
    "console: tokens are in memory alone: no cookie, no storage, no address; a reload forgets them",
    (stage) =>
      visiting(stage, consolePath, async ({ page }) => {
        const address = page.url();
        await fill(page, stage);
        assert.equal(page.url(), address);
        assert.deepEqual(await page.context().cookies(), []);
        assert.equal(await page.evaluate("localStorage.length + sessionStorage.length"), 0);
        assert.deepEqual(await page.evaluate("indexedDB.databases()"), []);
        await page.reload();
        assert.equal(await page.getByRole("article").count(), 0);
        for (const label of ["Username", "Password"]) assert.equal(await page.getByLabel(label).inputValue(), "");
        assert.equal(await page.locator("#status").textContent(), "Ready.");
      }),
  ],
  [
    "console: a path that leads to another origin is not called, in no spelling",
    (stage) =>
      visiting(stage, consolePath, async ({ page, errors }) => {
        await logIn(page, stage);
        await saying(page, "200 OK: logged in as ada");
        for (const path of [
          "//elsewhere.example/",
          "/\\elsewhere.example/",
          "http://elsewhere.example/",
          "elsewhere",
        ]) {
          await send(page, path);
          await page.getByText("A path of this gateway, such as /api/notes/.").waitFor();
          assert.equal(await page.getByLabel("Path").getAttribute("aria-invalid"), "true");
        }
        assert.equal(await page.locator("#history li").count(), 1);
        assert.deepEqual(errors, []);
      }),
  ],
  [
    "console: the address can name a path for the form, and only one of this gateway; it calls nothing by itself",
    (stage) =>
      visiting(stage, `${consolePath}#/api/notes/`, async ({ page, errors }) => {
        assert.equal(await page.getByLabel("Path").inputValue(), "/api/notes/");
        assert.equal(await page.locator("#history li").count(), 0);
        await page.goto("about:blank");
        await page.goto(new URL(`${consolePath}#//elsewhere.example/`, stage.gateway.url).href);
        assert.equal(await page.getByLabel("Path").inputValue(), "/");
        await page.goto("about:blank");
        await page.goto(new URL(`${consolePath}#%`, stage.gateway.url).href);
        assert.equal(await page.locator("#status").textContent(), "Ready.");
        assert.deepEqual(errors, []);
      }),
  ],
  [
    "console: a gateway that does not answer is told about, and the next call goes on",
    (stage) =>
      visiting(stage, consolePath, async ({ page }) => {
        await page.route("**/api/**", (route) => route.abort());
        await logIn(page, stage);
        await saying(page, "No response: the gateway could not be reached, or the connection was lost.");
        await page.unrouteAll();
        await logIn(page, stage);
        await saying(page, "200 OK: logged in as ada");
      }),
  ],
];
