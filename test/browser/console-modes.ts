// Sentences about the console under other settings: short tokens, sliding tokens, cookies alone, a token from elsewhere.
// Must never share a gateway between two sentences.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { Page } from "playwright-core";
import { startDemoOrigin, startGateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";
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

/** What the page says of a token's claims. */
const findings = (page: Page, name: string) => card(page, name).locator(".found li").allTextContents();

/** A JWT with these claims and a signature that is none. */
const forgedToken = (claims: object) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part(claims)}.AAAA`;
};

async function paste(page: Page, token: string): Promise<void> {
  if (!(await page.getByLabel("Token", { exact: true }).isVisible()))
    await page.getByText("Use a token you have").click();
  await page.getByLabel("Token", { exact: true }).fill(token);
  await press(page, "Use this token");
}

export const consoleModes: readonly Sentence[] = [
  [
    "console: a pasted token is explained, also in the place of the tokens of a log-in",
    under({ AUTH_TOKEN_CLASSES: ["AccessToken"] }, async (page, stage, errors) => {
      await logIn(page, stage);
      await saying(page, "200 OK: logged in as ada");
      assert.deepEqual(await findings(page, "Access token"), [
        "Its claims are in order. Only the gateway can check signature, revocation and user.",
      ]);
      assert.deepEqual(await findings(page, "Refresh token"), [
        "Its claims are in order. Only the gateway can check signature, revocation and user.",
        "It is for the token endpoints; routes refuse it.",
      ]);
      await paste(page, forgedToken({ token_type: "acces", jti: "1", exp: 1, iat: 4_000_000_000 }));
      await saying(page, "The access token is loaded, not verified.");
      assert.equal(await page.getByRole("article").count(), 1);
      assert.equal(await page.getByRole("heading", { name: "With a token" }).count(), 1);
      const [type, user, expired, future, ...others] = await findings(page, "Access token");
      assert.deepEqual(
        [type, user, future, others],
        [
          "Its claim token_type is not access, refresh or sliding.",
          "It has no claim user_id: it names no user.",
          "It is not valid yet (iat, nbf).",
          [],
        ],
      );
      assert.match(expired ?? "", /^It expired .*19(69|70)/);
      assert.deepEqual(await axeViolations(page), []);
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: a pasted token of another issuer is held against the issuer that it names, or that is chosen",
    under(
      {
        ISSUERS: [
          { issuer: "https://idp.example/", jwks: "https://idp.example/jwks", audience: "api" },
          {
            ...{ issuer: "https://other.example/", jwks: "https://other.example/jwks", audience: "api" },
            ...{ reissue: { user: "alternate_id" } },
          },
        ],
        ROUTES: [{ path: "/*", auth: "token", issuers: ["self", "https://idp.example/", "https://other.example/"] }],
      },
      async (page, _stage, errors) => {
        const claims = { iss: "https://idp.example/", sub: "u-1", aud: ["api"], exp: 4_000_000_000, iat: 1, jti: "1" };
        await paste(page, forgedToken(claims));
        await saying(page, "The access token is loaded, not verified.");
        const good = [
          "Its claims are in order. Only the gateway can check signature, revocation and user.",
          "Routes that name its issuer accept it; token endpoints refuse it.",
        ];
        assert.deepEqual(await findings(page, "Access token"), good);
        await card(page, "Access token").getByText("Headers for the API").click();
        const shown = await card(page, "Access token").locator("details").first().locator("pre").textContent();
        assert.equal(
          shown,
          "x-token-issuer: https://idp.example/\nx-token-subject: u-1\nauthorization: Bearer <the token>",
        );
        await paste(page, forgedToken({ ...claims, iss: "https://idp.example" }));
        assert.equal(
          (await findings(page, "Access token"))[0],
          "Its claim iss is https://idp.example, and no issuer of the settings: it counts as a token of this gateway.",
        );
        await press(page, "Discard the tokens");
        if (!(await page.getByLabel("Issuer").isVisible())) await page.getByText("Use a token you have").click();
        await page.getByLabel("Issuer").selectOption("https://other.example/");
        await paste(page, forgedToken({ ...claims, aud: "web" }));
        assert.deepEqual(await findings(page, "Access token"), [
          "Its claim iss is not https://other.example/.",
          "Its claim aud is none of api.",
          good[1],
        ]);
        assert.deepEqual(await axeViolations(page), []);
        assert.deepEqual(errors, []);
      },
    ),
  ],
  [
    "console: the headers that it shows for a token are those that the API gets",
    async ({ browser, username, password }) => {
      const api = await startOrigin((request, response) => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(request.headers));
      });
      const gateway = await startGateway({
        CONSOLE: true,
        ADMIN: true,
        ORIGIN_URL: api.url,
        FORWARD_AUTHORIZATION: false,
        IDENTITY_HEADERS: {
          "X-User-Id": "user_id",
          "X-Type": "token_type",
          "X-All": "json:token_type",
          "X-None": "x.y",
        },
      });
      try {
        await gateway.addUser({ id: 1, username, password });
        await visiting({ browser, gateway, username, password }, consolePath, async ({ page, errors }) => {
          await logIn(page, { username, password });
          await saying(page, "200 OK: logged in as ada");
          await card(page, "Access token").getByText("Headers for the API").click();
          const shown = await card(page, "Access token").locator("details").first().locator("pre").textContent();
          assert.equal(shown, 'X-User-Id: 1\nX-Type: access\nX-All: "access"');
          await send(page, "/api/notes/");
          await saying(page, "200 OK");
          const { text, id } = await answered(page);
          const got = JSON.parse(text);
          for (const line of (shown ?? "").split("\n")) {
            const [name = "", value] = line.split(": ");
            assert.equal(got[name.toLowerCase()], value);
          }
          assert.equal(got.authorization, undefined);
          // The log's trace_id is that of the request's traceparent.
          assert.match(id, /^in the gateway's log, in the line with trace_id [0-9a-f]{32}$/);
          assert.equal(got.traceparent.split("-")[1], id.slice(-32));
          assert.equal(await page.getByRole("link", { name: "Admin page" }).getAttribute("href"), "/_gateway/admin");
          assert.deepEqual(errors, []);
        });
      } finally {
        await gateway.close();
        api.close();
      }
    },
  ],
  [
    "console: without sid in tokens, the session of the page's own log-in is marked",
    under({}, async (page, stage, errors) => {
      const { username, password } = stage;
      await stage.gateway.post("/api/token/", { username, password });
      await logIn(page, stage);
      await saying(page, "200 OK: logged in as ada");
      await press(page, "Load the list");
      await saying(page, "200 OK: sessions listed");
      assert.equal(await page.locator("#session-list li").count(), 2);
      assert.equal(await page.locator("#session-list li").filter({ hasText: "this session" }).count(), 1);
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: routes are listed with what they need, and go into the form",
    under(
      {
        ROUTES: [
          { path: "/api/public/*", methods: ["GET", "HEAD"], auth: "public" },
          { path: "/*", auth: "token", require: { is_staff: true } },
        ],
      },
      async (page, _, errors) => {
        await page.getByText("Routes and what they need").click();
        assert.deepEqual(await page.locator("#routes li").allTextContents(), [
          "GET, HEAD /api/public/*no token",
          "all methods /*a token, with is_staff = true, revocation cached",
        ]);
        await page.getByRole("button", { name: "GET, HEAD /api/public/*" }).click();
        assert.equal(await page.getByLabel("Path").inputValue(), "/api/public/");
        await press(page, "Send without token");
        await saying(page, "200 OK");
        assert.deepEqual(errors, []);
      },
    ),
  ],
  [
    "console: the request is copied as curl, HTTPie and fetch; curl and fetch do what the page would do",
    under({}, async (page, stage, errors) => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      const copied = async (kind: string, said: string) => {
        await press(page, kind);
        await saying(page, `${said} is copied.`);
        return page.evaluate<string>("navigator.clipboard.readText()");
      };
      const { href } = new URL("/api/notes/", stage.gateway.url);
      await page.getByLabel("Path").fill("/api/notes/");
      assert.equal(await copied("curl", "curl"), `curl -g '${href}'`);
      assert.equal(await copied("HTTPie", "HTTPie"), `http GET '${href}'`);
      await logIn(page, stage);
      await saying(page, "200 OK: logged in as ada");
      await page.getByLabel("Method").selectOption("POST");
      const title = 'it\'s "$HOME" [a]{b}';
      await page.getByLabel("Body (JSON)").fill(JSON.stringify({ title }));
      const curl = await copied("curl", "curl with the token");
      const { stdout } = spawnSync("bash", ["-c", `${curl} -s`], { encoding: "utf8" });
      assert.equal(JSON.parse(stdout).title, title);
      const code = await copied("fetch", "fetch with the token");
      const made = await page.evaluate<{ title: string }>(
        `(async () => (${code.replace(/;$/, "")}))().then((one) => one.json())`,
      );
      assert.equal(made.title, title);
      assert.match(
        await copied("HTTPie", "HTTPie with the token"),
        /^http POST 'http:[^']+' 'authorization:Bearer eyJ[^']+' 'content-type:application\/json' --raw='\{"title":"it'\\''s /,
      );
      assert.deepEqual(errors, []);
    }),
  ],
  [
    "console: the message covers nothing, can be closed, and comes back with the next one",
    under({}, async (page, stage) => {
      await logIn(page, stage);
      await saying(page, "200 OK: logged in as ada");
      const overlap = await page.evaluate<number>(`
        document.getElementById("page").getBoundingClientRect().bottom - document.getElementById("toast").getBoundingClientRect().top`);
      assert.ok(overlap <= 0);
      await press(page, "Close this message");
      assert.equal(await page.getByRole("button", { name: "Close this message" }).isVisible(), false);
      assert.equal(await page.evaluate("document.activeElement.id"), "page");
      assert.deepEqual(await axeViolations(page), []);
      await send(page, "/api/notes/");
      await saying(page, "200 OK");
      assert.equal(await page.getByRole("button", { name: "Close this message" }).isVisible(), true);
    }),
  ],
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
    "console: with TOKEN_PATHS it logs in, verifies, refreshes, lists and ends sessions, and logs out at those paths",
    under(
      {
        TOKEN_PATHS: {
          obtain: ["/auth/login/", "/auth/otp/"],
          refresh: "/auth/token/refresh/",
          verify: "/auth/token/verify/",
          blacklist: "/auth/logout/",
          sessions: "/me/sessions/",
          logout_all: "/me/logout-all/",
        },
      },
      async (page, stage, errors) => {
        const paths: string[] = [];
        page.on("request", (request) => paths.push(`${request.method()} ${new URL(request.url()).pathname}`));
        await logIn(page, stage);
        await saying(page, "200 OK: logged in as ada");
        await press(page, "Verify the access token");
        await saying(page, "200 OK: the access token is valid");
        await press(page, "Refresh with the refresh token");
        await saying(page, "200 OK: a new access token");
        await press(page, "Load the list");
        await saying(page, "200 OK: sessions listed");
        await page.getByRole("button", { name: /^End the session of / }).click();
        await saying(page, "204 No Content: the session is ended");
        await press(page, "Blacklist the refresh token");
        await saying(page, "401 Unauthorized: Token is blacklisted");
        await press(page, "Log out everywhere");
        await saying(page, "200 OK: logged out everywhere");
        assert.deepEqual(
          paths.map((path) => path.replace(/sessions\/[0-9a-f]+/, "sessions/:id")),
          [
            ...["POST /auth/login/", "POST /auth/token/verify/", "POST /auth/token/refresh/", "GET /me/sessions/"],
            ...["DELETE /me/sessions/:id/", "POST /auth/logout/", "POST /me/logout-all/"],
          ],
        );
        assert.deepEqual(errors, []);
      },
    ),
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
      await send(page, "/api/notes/", "Send without token");
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
      assert.deepEqual(await findings(page, "Access token"), [
        "It has no claim jti.",
        "It has no claim exp with a number.",
      ]);
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
