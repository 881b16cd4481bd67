// Sentences about use and safety: keyboard, narrow windows, dark mode, no script, no network, nothing kept.
// Must never depend on an answer's text: sentences.ts is about that.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Sentence } from "./sentences.ts";
import { axeViolations, said, send, visiting } from "./visit.ts";

/** @param path of a page with a username and a password */
export const looks = (path: string): readonly Sentence[] => [
  [
    "the keyboard alone is enough, and shows where it is",
    (stage) =>
      visiting(stage, path, async ({ page, errors }) => {
        for (const [name, text] of [
          ["username", stage.username],
          ["password", stage.password],
          ["", ""],
        ] as const) {
          await page.keyboard.press("Tab");
          assert.equal(await page.evaluate("document.activeElement.name"), name);
          assert.equal(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "solid");
          await page.keyboard.type(text);
        }
        assert.equal(await page.evaluate("document.activeElement.textContent"), "Send");
        await page.keyboard.press("Enter");
        assert.equal(await said(page), "200 OK");
        assert.equal(await page.evaluate("document.activeElement.textContent"), "Send");
        assert.deepEqual(errors, []);
      }),
  ],
  [
    "at 360 and at 320 pixels nothing sticks out, before and after an answer",
    async (stage) => {
      for (const width of [360, 320]) {
        const options = { viewport: { width, height: 640 }, isMobile: true, hasTouch: true };
        await visiting(
          stage,
          path,
          async ({ page }) => {
            assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
            await send(page, { Username: stage.username, Password: stage.password });
            assert.equal(await said(page), "200 OK");
            assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
          },
          options,
        );
      }
    },
  ],
  [
    "dark is dark and light is light, both without an error for axe, with a good answer and a bad one",
    async (stage) => {
      for (const colorScheme of ["dark", "light"] as const) {
        await visiting(
          stage,
          path,
          async ({ page, errors }) => {
            assert.equal((await brightness(page)) < 60, colorScheme === "dark");
            await send(page, { Username: stage.username, Password: "not-this-one" });
            assert.match(await said(page), /^401/);
            assert.deepEqual(await axeViolations(page), []);
            await send(page, { Password: stage.password });
            await page.getByText("200 OK").waitFor();
            assert.deepEqual(await axeViolations(page), []);
            assert.deepEqual(errors, []);
          },
          { colorScheme },
        );
      }
    },
  ],
  [
    "nothing is kept: no cookie, no storage, no value in the address, nothing left after a reload",
    (stage) =>
      visiting(stage, path, async ({ page }) => {
        const address = page.url();
        await send(page, { Username: stage.username, Password: "not-this-one" });
        assert.match(await said(page), /^401/);
        assert.equal(page.url(), address);
        assert.deepEqual(await page.context().cookies(), []);
        assert.equal(await page.evaluate("localStorage.length + sessionStorage.length"), 0);
        await page.reload();
        for (const label of ["Username", "Password"]) assert.equal(await page.getByLabel(label).inputValue(), "");
        assert.equal(await page.getByRole("status").textContent(), "");
      }),
  ],
  [
    "the page's policy stops a script, a style and a request to elsewhere, and the check of the console sees it",
    (stage) =>
      visiting(stage, path, async ({ page, errors }) => {
        await page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'x = 1' }))");
        await page.evaluate(
          "document.body.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))",
        );
        await page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})");
        assert.equal(await page.evaluate("typeof x"), "undefined");
        for (const directive of ["script-src", "style-src", "connect-src"]) {
          assert.ok(
            errors.some((error) => error.includes("Content Security Policy") && error.includes(directive)),
            directive,
          );
        }
      }),
  ],
  [
    "without JavaScript the form posts itself and the browser shows the JSON",
    (stage) =>
      visiting(
        stage,
        path,
        async ({ page, errors }) => {
          await send(page, { Username: stage.username, Password: stage.password });
          await page.getByText('"access":').waitFor();
          assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, path);
          assert.deepEqual(errors, []);
        },
        { javaScriptEnabled: false },
      ),
  ],
  [
    "a second press while the first is under way sends nothing",
    (stage) =>
      visiting(stage, path, async ({ page }) => {
        let sent = 0;
        await page.route("**", async (route) => {
          sent += 1;
          await new Promise((resolve) => setTimeout(resolve, 300));
          await route.continue();
        });
        await send(page, { Username: stage.username, Password: stage.password });
        await page.getByRole("button", { name: "Send" }).click();
        assert.equal(await said(page), "200 OK");
        assert.equal(sent, 1);
      }),
  ],
  [
    "a server that does not answer is told about, and the form can be sent again",
    (stage) =>
      visiting(stage, path, async ({ page }) => {
        await page.route("**", (route) => route.abort());
        await send(page, { Username: stage.username, Password: stage.password });
        assert.equal(await said(page), "No answer: the server could not be reached.");
        assert.deepEqual(await axeViolations(page), []);
        await page.unrouteAll();
        await page.getByRole("button", { name: "Send" }).click();
        await page.getByText("200 OK").waitFor();
      }),
  ],
];

/** Of the page's background, 0 to 255. */
export async function brightness(page: Page): Promise<number> {
  const color = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  const [red = 0, green = 0, blue = 0] = (color.match(/\d+/g) ?? []).map(Number);
  return (red + green + blue) / 3;
}
