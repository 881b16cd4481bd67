// What must be so of the pages for browsers, a sentence each.
// Must never share a window between two sentences.
import assert from "node:assert/strict";
import { endpoints } from "../../src/api/definitions.ts";
import { tokenRoutePaths } from "../../src/internal-routes/table.ts";
import { settingsOf, testSecret } from "../support/settings.ts";
import { clientSentences } from "./client.ts";
import { consoleSentences } from "./console.ts";
import { consoleLooks } from "./console-looks.ts";
import { consoleModes } from "./console-modes.ts";
import { cookieSentences } from "./cookies.ts";
import { fetchWrapperSentences } from "./fetch-wrapper.ts";
import { looks } from "./looks.ts";
import { socketSentences } from "./sockets.ts";
import { axeViolations, type Stage, said, send, shownBody, visiting } from "./visit.ts";

export type Sentence = readonly [says: string, holds: (stage: Stage) => Promise<void>];

/** Where startGateway serves the endpoints. */
const prefix = "/api/token";

async function tokensFor({ gateway, username, password }: Stage, path = "/"): Promise<Record<string, string>> {
  const response = await gateway.post(`${prefix}${path}`, { username, password });
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, string>;
}

const pages = endpoints.flatMap((endpoint) =>
  tokenRoutePaths(settingsOf({ SIGNING_KEY: testSecret }), endpoint.operation).map((path) => ({ ...endpoint, path })),
);
const eachPage = pages.map(
  ({ title, path, description }): Sentence => [
    `${title} opens at ${path} with its name, path and text, from one place, with a quiet console, without an error for axe`,
    (stage) =>
      visiting(stage, path, async ({ page, errors }) => {
        assert.equal(await page.title(), title);
        assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), title);
        assert.equal(await page.getByText(description).count(), 1);
        assert.equal(await page.getByText(`POST ${path}`).count(), 1);
        assert.deepEqual(await axeViolations(page), []);
        assert.deepEqual(errors, []);
      }),
  ],
);

const answers: readonly Sentence[] = [
  [
    "the right password gives both tokens, and leaves the form",
    (stage) =>
      visiting(stage, `${prefix}/`, async ({ page, errors }) => {
        await send(page, { Username: stage.username, Password: stage.password });
        assert.equal(await said(page), "200 OK");
        const { access = "", refresh = "" } = await shownBody(page);
        for (const token of [access, refresh]) assert.equal(token.split(".").length, 3);
        assert.equal(await page.getByLabel("Password").inputValue(), "");
        assert.deepEqual(await axeViolations(page), []);
        assert.deepEqual(errors, []);
      }),
  ],
  [
    "a wrong password is refused in words, with the challenge and the language",
    (stage) =>
      visiting(stage, `${prefix}/`, async ({ page, errors }) => {
        await send(page, { Username: stage.username, Password: "not-this-one" });
        assert.equal(await said(page), "401 Unauthorized: No active account found with the given credentials");
        const answer = await page.getByRole("region", { name: "Response" }).textContent();
        assert.match(answer ?? "", /WWW-Authenticate: Bearer realm="api"/);
        assert.match(answer ?? "", /Content-Language: en/);
        assert.deepEqual(await axeViolations(page), []);
        assert.deepEqual(errors, []);
      }),
  ],
  [
    "an empty form marks both fields, says why at each, and goes to the first",
    (stage) =>
      visiting(stage, `${prefix}/`, async ({ page, errors }) => {
        await page.getByRole("button", { name: "Send" }).click();
        assert.equal(await said(page), "400 Bad Request");
        for (const label of ["Username", "Password"]) {
          const field = page.getByLabel(label);
          assert.equal(await field.getAttribute("aria-invalid"), "true");
          const note = page.locator(`#${await field.getAttribute("aria-describedby")}`);
          assert.equal(await note.textContent(), "This field may not be blank.");
        }
        assert.equal(await page.evaluate("document.activeElement.name"), "username");
        assert.deepEqual(await axeViolations(page), []);
        await send(page, { Username: stage.username, Password: stage.password });
        await page.getByText("200 OK").waitFor();
        assert.equal(await page.getByLabel("Username").getAttribute("aria-invalid"), "false");
        assert.deepEqual(errors, []);
      }),
  ],
  [
    "a refresh token gives new ones, once",
    async (stage) => {
      const { refresh = "" } = await tokensFor(stage);
      await visiting(stage, `${prefix}/refresh/`, async ({ page, errors }) => {
        await send(page, { "Refresh token": refresh });
        assert.equal(await said(page), "200 OK");
        assert.notEqual((await shownBody(page)).refresh, refresh);
        await send(page, { "Refresh token": refresh });
        await page.getByText("401 Unauthorized: Token is blacklisted").waitFor();
        assert.deepEqual(errors, []);
      });
    },
  ],
  [
    "a good token is verified, with line ends around it too, and a broken one is not",
    async (stage) => {
      const { access = "" } = await tokensFor(stage);
      await visiting(stage, `${prefix}/verify/`, async ({ page, errors }) => {
        await send(page, { Token: `\n${access}\n` });
        assert.equal(await said(page), "200 OK");
        assert.deepEqual(await shownBody(page), {});
        await send(page, { Token: `${access}x` });
        await page.getByText("401 Unauthorized: Token is invalid").waitFor();
        assert.deepEqual(errors, []);
      });
    },
  ],
  [
    "a token put on the blacklist is refused by verify, and the page says why",
    async (stage) => {
      const { refresh = "" } = await tokensFor(stage);
      await visiting(stage, `${prefix}/blacklist/`, async ({ page }) => {
        await send(page, { "Refresh token": refresh });
        assert.equal(await said(page), "200 OK");
      });
      await visiting(stage, `${prefix}/verify/`, async ({ page, errors }) => {
        await send(page, { Token: refresh });
        assert.equal(await said(page), "400 Bad Request: Token is blacklisted");
        assert.deepEqual(errors, []);
      });
    },
  ],
  [
    "a sliding token slides",
    async (stage) => {
      const { token = "" } = await tokensFor(stage, "/sliding/");
      await visiting(stage, `${prefix}/sliding/refresh/`, async ({ page, errors }) => {
        await send(page, { Token: token });
        assert.equal(await said(page), "200 OK");
        assert.equal((await shownBody(page)).token?.split(".").length, 3);
        assert.deepEqual(errors, []);
      });
    },
  ],
];

export const sentences: readonly Sentence[] = [
  ...[...eachPage, ...answers, ...looks(`${prefix}/`), ...cookieSentences],
  ...[...clientSentences, ...fetchWrapperSentences, ...socketSentences],
  ...[...consoleSentences, ...consoleLooks, ...consoleModes],
];
