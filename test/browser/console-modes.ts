// Sentences about the console under other settings: short tokens, sliding tokens, cookies alone, a token from elsewhere.
// Must never share a gateway between two sentences.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { startDemoOrigin, startGateway } from "../support/gateway-over-http.ts";
import { answered, card, claimIn, consolePath, logIn, press, saying, send } from "./console.ts";
import type { Sentence } from "./sentences.ts";
import { axeViolations, type Stage, visiting } from "./visit.ts";

/** The console of a gateway with these settings, in front of the demo API. */
const under =
  (
    vars: Readonly<Record<string, unknown>>,
    look: (page: Page, stage: Stage, errors: readonly string[]) => Promise<void>,
  ) =>
  async ({ browser, username, password }: Stage): Promise<void> => {
    const api = await startDemoOrigin();
    const gateway = await startGateway({ CONSOLE: true, ORIGIN_URL: api.url, ...vars });
    try {
      await gateway.addUser({ id: 1, username, password });
      const stage = { browser, gateway, username, password };
      await visiting(stage, consolePath, ({ page, errors }) => look(page, stage, errors));
    } finally {
      await gateway.close();
      await api.close();
    }
  };

export const consoleModes: readonly Sentence[] = [
  [
    "console: the end of a token is shown and told once; the API then refuses it, and a refresh helps",
    under({ ACCESS_TOKEN_LIFETIME: 4 }, async (page, stage, errors) => {
      await logIn(page, stage);
      await saying(page, "The access token has expired.");
      assert.equal(await card(page, "Access token").getByRole("timer").textContent(), "expired");
      await send(page, "/api/notes/");
      await saying(page, "401 Unauthorized: Given token not valid for any token type");
      await press(page, "Refresh with the refresh token");
      await card(page, "Access token").getByRole("timer").filter({ hasNotText: "expired" }).waitFor();
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: of sessions that tokens name, the page's own is marked, and ending it ends the page's tokens",
    under({ BLACKLIST_ENDS_SESSION: true }, async (page, stage, errors) => {
      const { username, password } = stage;
      await stage.gateway.post("/api/token/", { username, password });
      await logIn(page, stage);
      await saying(page, "200 OK: logged in as ada");
      await press(page, "Load the list");
      await saying(page, "200 OK: sessions listed");
      const own = page.getByRole("listitem").filter({ hasText: "this session" });
      assert.equal(await own.count(), 1);
      await own.getByRole("button", { name: /^End the session of / }).click();
      await saying(page, "204 No Content: the session is ended");
      assert.equal(await page.getByText("Ended with its session.").count(), 2);
      await press(page, "Refresh with the refresh token");
      await saying(page, "401 Unauthorized: Token is blacklisted");
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: a sliding token has both its clocks, opens the API, and slides",
    under(
      { TOKEN_ENDPOINTS: ["sliding", "verify"], AUTH_TOKEN_CLASSES: ["SlidingToken"] },
      async (page, stage, errors) => {
        await logIn(page, stage);
        await saying(page, "200 OK: logged in as ada");
        assert.equal(await claimIn(page, "Sliding token", "token_type"), "sliding");
        assert.equal(await card(page, "Sliding token").getByRole("timer").count(), 2);
        assert.equal(await page.getByRole("region", { name: "Sessions" }).count(), 0);
        await send(page, "/api/notes/");
        await saying(page, "200 OK");
        await press(page, "Refresh with the sliding token");
        await saying(page, "200 OK: the token is valid for longer");
        assert.deepEqual(await axeViolations(page), []);
        assert.deepEqual(errors, []);
      },
    ),
  ],
  [
    "console: with AUTH_COOKIE = only it says where the tokens are, and calls with the cookies or without",
    under({ AUTH_COOKIE: "only" }, async (page, stage, errors) => {
      await logIn(page, stage);
      await saying(page, "200 OK: logged in as ada");
      const text = await card(page, "Access token").textContent();
      assert.match(text ?? "", /In the HttpOnly cookie __Host-access, which no page can read\./);
      assert.match(text ?? "", /1[45]:\d\d/);
      assert.equal(await page.getByRole("button", { name: /^Copy/ }).count(), 0);
      await send(page, "/api/notes/");
      await saying(page, "200 OK");
      await send(page, "/api/notes/", "Send without");
      await saying(page, "401 Unauthorized: Authentication credentials were not provided.");
      await press(page, "Refresh with the refresh token");
      await saying(page, "200 OK: a new access token");
      await press(page, "Load the list");
      await saying(page, "200 OK: sessions listed");
      await press(page, "Blacklist the refresh token");
      await saying(page, "Logged out: the cookies are cleared.");
      assert.deepEqual(await page.context().cookies(), []);
      assert.deepEqual(await axeViolations(page), []);
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: a token from elsewhere can be used where no log-in is served; a text that is none is refused",
    under({ TOKEN_ENDPOINTS: ["verify"] }, async (page, _, errors) => {
      assert.equal(await page.getByLabel("Username").isVisible(), false);
      await page.getByText("This gateway serves no log-in. Paste a token below.").waitFor();
      await page.getByText("Use a token you have").click();
      await page.getByLabel("Token", { exact: true }).fill("not a token");
      await press(page, "Use this token");
      await saying(page, "This text is not a JWT.");
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const forged = `${part({ alg: "HS256" })}.${part({ token_type: "access", user_id: "7", "<b>": "<i>ü</i>" })}.AAAA`;
      await page.getByLabel("Token", { exact: true }).fill(forged);
      await press(page, "Use this token");
      await saying(page, "The access token is loaded, not verified.");
      assert.equal(await claimIn(page, "Access token", "<b>"), "<i>ü</i>");
      assert.equal(await card(page, "Access token").getByRole("timer").textContent(), "no end");
      await press(page, "Verify the access token");
      await saying(page, "401 Unauthorized: Token is invalid");
      await send(page, "/api/notes/");
      await saying(page, "401 Unauthorized: Given token not valid for any token type");
      assert.equal((await answered(page)).by, "the gateway");
      assert.deepEqual(errors, []);
    }),
  ],
];
