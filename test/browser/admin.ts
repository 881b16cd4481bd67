// Sentences about the admin page in a real browser: walked as a person would, by keyboard, in a narrow window, in the dark.
// Must never look at what a person could not see.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import type { Gateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";
import { type AdminStage, logIn, withAdmin } from "./admin-stage.ts";
import type { Sentence } from "./sentences.ts";
import { axeViolations } from "./visit.ts";

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name }).waitFor();
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const says = (page: Page, text: string) => page.getByRole("status").filter({ hasText: text }).waitFor();

/** As if the passwords of all who are logged in had been typed long ago. */
const forget = async ({ env }: Gateway) =>
  void (await env.DB.prepare("UPDATE admin_sessions SET confirmed_at = 0").run());

/** Keeps a picture of the page as it is; does nothing unless pictures are wanted. */
export type Shoot = (page: Page, name: string) => Promise<void>;

/** @param shoot for the pictures in docs/ */
export const adminSentences = (shoot: Shoot = async () => {}): readonly Sentence[] => [
  [
    "an admin logs in, finds a user, changes, locks out, makes and deletes users, and logs out",
    (stage) =>
      withAdmin(
        stage,
        async ({ page, gateway }) => {
          await heading(page, "Gateway admin");
          assert.deepEqual(await axeViolations(page), []);
          assert.equal(await page.evaluate("document.activeElement.id"), "username");
          await page.getByLabel("Username").fill(stage.username);
          await page.getByLabel("Password").fill("not-this-one");
          await press(page, "Log in");
          await page.getByText("No active staff account found with these credentials.").waitFor();
          assert.deepEqual(await axeViolations(page), []);
          await logIn(page, stage);
          assert.deepEqual(await axeViolations(page), []);
          await shoot(page, "admin-users");

          await page.getByLabel("Search", { exact: true }).fill("nobody");
          await press(page, "Search");
          await page.getByText("No match for “nobody”.").waitFor();
          assert.deepEqual(await axeViolations(page), []);
          await page.getByRole("link", { name: "Show all users" }).click();
          await page.getByLabel("Search", { exact: true }).fill("Grace Ho");
          await press(page, "Search");
          assert.deepEqual(await page.getByRole("rowheader").allTextContents(), ["grace.hoare", "grace.hopper"]);
          await page.getByRole("link", { name: "grace.hopper" }).click();
          await heading(page, "grace.hopper");
          assert.deepEqual(await axeViolations(page), []);
          await page.getByLabel("Last name").fill("Murray Hopper");
          await page.getByLabel("Staff", { exact: true }).check();
          await press(page, "Save");
          await says(page, "The changes were saved.");
          assert.equal(await page.getByLabel("Last name").inputValue(), "Murray Hopper");
          await shoot(page, "admin-user");
          assert.deepEqual(await axeViolations(page), []);

          await page.getByRole("link", { name: "Set a password" }).click();
          await page.getByLabel("Password", { exact: true }).fill("short");
          await page.getByLabel("Password, again").fill("shorter");
          await press(page, "Set the password");
          await page.getByRole("alert").waitFor();
          assert.equal(await page.evaluate("document.activeElement.className"), "summary");
          assert.deepEqual(await axeViolations(page), []);
          await page.getByRole("link", { name: /^Password: This password is too short/ }).click();
          assert.equal(await page.evaluate("document.activeElement.id"), "password");
          await page.getByLabel("Password", { exact: true }).fill("nanoseconds of wire");
          await page.getByLabel("Password, again").fill("nanoseconds of wire");
          await press(page, "Set the password");
          await says(page, "The password was set.");
          const grace = { username: "grace.hopper", password: "nanoseconds of wire" };
          assert.equal((await gateway.post("/api/token/", grace)).status, 200);

          await page.getByLabel("Active", { exact: true }).uncheck();
          await press(page, "Save");
          await says(page, "The changes were saved.");
          assert.equal((await gateway.post("/api/token/", grace)).status, 401);

          await page.getByRole("link", { name: "Users" }).click();
          await page.getByRole("link", { name: "Add a user" }).click();
          await heading(page, "Add a user");
          assert.deepEqual(await axeViolations(page), []);
          await page.getByLabel("Username").fill("margaret.hamilton");
          await page.getByLabel("E-mail address").fill("margaret@EXAMPLE.com");
          await page.getByLabel("Password", { exact: true }).fill("lunar module");
          await page.getByLabel("Password, again").fill("lunar module");
          await press(page, "Add the user");
          await says(page, "The user was created.");
          assert.equal(await page.getByLabel("E-mail address").inputValue(), "margaret@example.com");
          await page.getByRole("link", { name: "Delete this user…" }).click();
          await heading(page, "Delete margaret.hamilton?");
          assert.deepEqual(await axeViolations(page), []);
          await press(page, "Delete permanently");
          await says(page, "The user was deleted.");

          await page.getByRole("link", { name: "alan.knuth" }).click();
          await forget(gateway);
          await page.getByLabel("Last name").fill("Donald Knuth");
          await page.getByLabel("Staff", { exact: true }).check();
          await press(page, "Save");
          await heading(page, "Confirm your password");
          assert.equal(await page.evaluate("document.activeElement.id"), "own_password");
          assert.deepEqual(await axeViolations(page), []);
          await page.getByLabel("Your password").fill("not-this-one");
          await press(page, "Continue");
          await page.getByText("That is not your password.").waitFor();
          assert.deepEqual(await axeViolations(page), []);
          await page.getByLabel("Your password").fill(stage.password);
          await page.keyboard.press("Enter");
          await says(page, "The changes were saved.");
          assert.equal(await page.getByLabel("Last name").inputValue(), "Donald Knuth");
          assert.equal(await page.getByLabel("Staff", { exact: true }).isChecked(), true);
          await forget(gateway);
          await page.getByRole("link", { name: "Set a password" }).click();
          await heading(page, "Confirm your password");
          await page.getByLabel("Your password").fill(stage.password);
          await press(page, "Continue");
          await heading(page, "Set a password for alan.knuth");

          await press(page, "Log out");
          await heading(page, "Gateway admin");
          await page.goBack();
          await page.reload();
          await heading(page, "Gateway admin");
        },
        { viewport: { width: 1180, height: 760 } },
      ),
  ],
  [
    "an admin sees who is logged in where, revokes a token, ends a session, ends all",
    (stage) =>
      withAdmin(
        stage,
        async ({ page, gateway }) => {
          await gateway.addUser({ id: 2, username: "margaret", password: "lunar module" });
          const person = { username: "margaret", password: "lunar module" };
          const tokens: string[] = [];
          for (let number = 0; number < 3; number++) {
            const response = await gateway.post("/api/token/", person);
            tokens.push(((await response.json()) as { refresh: string }).refresh);
          }
          const refreshed = async (refresh = "") => (await gateway.post("/api/token/refresh/", { refresh })).status;
          assert.equal(await refreshed(tokens.pop()), 200);
          await logIn(page, stage);
          await page.goto(new URL("/_gateway/admin/users/2/", gateway.url).href);
          await page.getByRole("link", { name: "Show this user’s sessions" }).click();
          await heading(page, "Sessions of margaret");
          assert.equal(await page.getByRole("row").count(), 4);
          assert.deepEqual(await axeViolations(page), []);
          await page.getByRole("link", { name: "Tokens", exact: true }).last().click();
          await heading(page, "Tokens of margaret");
          assert.equal(await page.getByRole("row").count(), 4);
          assert.deepEqual(await axeViolations(page), []);
          await shoot(page, "admin-tokens");
          await page.getByLabel("State").selectOption("Live");
          await press(page, "Show");
          const id = (await page.getByRole("code").first().textContent()) ?? "";
          await page.getByRole("button", { name: `Revoke ${id.slice(0, 8)}` }).click();
          await says(page, "The token was revoked.");
          assert.equal(await page.getByLabel("State").inputValue(), "live");
          await page
            .getByRole("button", { name: /^End session / })
            .first()
            .click();
          await says(page, "The session was ended.");
          await page.getByRole("link", { name: "margaret’s account" }).click();
          await press(page, "End all tokens");
          await says(page, "All tokens issued to the user so far are ended.");
          for (const token of tokens) assert.equal(await refreshed(token), 401);
          await page.getByRole("link", { name: "Show this user’s tokens" }).click();
          await heading(page, "Tokens of margaret");
          assert.equal(await page.getByText("live", { exact: true }).count(), 0);
        },
        { viewport: { width: 1180, height: 760 } },
      ),
  ],
  [
    "an admin selects several users, makes them inactive and ends their sessions, and takes the list as a file",
    (stage) =>
      withAdmin(
        stage,
        async ({ page, gateway }) => {
          await logIn(page, stage);
          await page.goto(new URL("/_gateway/admin/users?q=alan.", gateway.url).href);
          assert.equal(new URL(page.url()).pathname, "/_gateway/admin/users/");
          await page.getByRole("link", { name: "Select all on this page" }).click();
          await page.getByRole("link", { name: "Select none" }).waitFor();
          await page.getByLabel("Select alan.turing").uncheck();
          await forget(gateway);
          await shoot(page, "admin-selected");
          await press(page, "Make inactive…");
          await heading(page, "Make 8 users inactive?");
          await page.getByText("alan.perlman: is inactive already.").waitFor();
          assert.deepEqual(await axeViolations(page), []);
          await press(page, "Make 8 users inactive");
          await heading(page, "Confirm your password");
          await page.getByLabel("Your password").fill(stage.password);
          await press(page, "Continue");
          await says(page, "Made 8 users inactive.");
          assert.deepEqual(await axeViolations(page), []);
          await page.getByRole("link", { name: "Back to the users" }).click();
          assert.equal(await page.getByLabel("Search", { exact: true }).inputValue(), "alan.");
          assert.equal(await page.getByText("active", { exact: true }).count(), 1);
          await page.getByLabel("Select alan.turing").check();
          await press(page, "End all sessions…");
          await heading(page, "End all sessions of 1 user?");
          await press(page, "End all sessions of 1 user");
          await says(page, "Ended all sessions of 1 user.");
          await page.getByRole("link", { name: "Back to the users" }).click();
          const download = page.waitForEvent("download");
          await page.getByRole("link", { name: "Download as CSV" }).click();
          assert.match((await download).suggestedFilename(), /^users-\d{4}-\d\d-\d\d\.csv$/);
          assert.equal((await readFile(await (await download).path(), "utf8")).trim().split("\r\n").length, 11);
        },
        { viewport: { width: 1180, height: 760 } },
      ),
  ],
  [
    "the admin page works in a browser that runs no script, and its cookie is out of pages' reach",
    (stage) =>
      withAdmin(
        stage,
        async ({ page }) => {
          await logIn(page, stage);
          const [cookie, ...others] = await page.context().cookies();
          assert.deepEqual(others, []);
          const { name, path, httpOnly, secure, sameSite, expires } = cookie ?? {};
          assert.deepEqual(
            { name, path, httpOnly, secure, sameSite, expires },
            { name: "__Host-admin", path: "/", httpOnly: true, secure: true, sameSite: "Strict", expires: -1 },
          );
          await page.getByRole("link", { name: "Next" }).click();
          await page.getByRole("link", { name: "Next" }).click();
          assert.equal(await page.getByRole("rowheader").count(), 21);
          await page.getByRole("link", { name: "Previous" }).click();
          assert.equal(await page.getByRole("rowheader").count(), 50);
        },
        { javaScriptEnabled: false },
      ),
  ],
  [
    "the admin page needs the keyboard alone, shows where it is, and lets the menu be skipped",
    (stage) =>
      withAdmin(stage, async ({ page }) => {
        const tabTo = async (text: string) => {
          for (let tabs = 0; tabs < 40; tabs++) {
            await page.keyboard.press("Tab");
            const focused = "document.activeElement";
            assert.notEqual(await page.evaluate(`getComputedStyle(${focused}).outlineStyle`), "none");
            const label = `(${focused}.labels?.[0]?.textContent ?? ${focused}.textContent)`;
            if ((await page.evaluate<string>(label)).trim() === text) return;
          }
          assert.fail(`no way to ${text}`);
        };
        // The form begins with the focus.
        await page.keyboard.type(stage.username);
        await tabTo("Password");
        await page.keyboard.type(stage.password);
        await page.keyboard.press("Enter");
        await heading(page, "Users");
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the content");
        assert.ok(((await page.getByText("Skip to the content").boundingBox())?.x ?? -1) >= 0);
        await page.keyboard.press("Enter");
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate("document.activeElement.textContent"), "Add a user");
        await tabTo("ada.allen");
        await page.keyboard.press("Enter");
        await heading(page, "ada.allen");
        await tabTo("Superuser");
        await page.keyboard.press("Space");
        await page.keyboard.press("Enter");
        await says(page, "The changes were saved.");
        assert.equal(await page.getByLabel("Superuser").isChecked(), true);
      }),
  ],
  [
    "at 360 and 320 pixels nothing of the admin page sticks out; dark is dark and light is light, without an error for axe",
    async (stage) => {
      for (const [width, colorScheme, expected] of [
        [360, "dark", "rgb(18, 22, 29)"],
        [320, "dark", "rgb(18, 22, 29)"],
        [1180, "dark", "rgb(18, 22, 29)"],
        [1180, "light", "rgb(245, 246, 248)"],
      ] as const) {
        await withAdmin(
          stage,
          async ({ page, gateway }) => {
            await logIn(page, stage);
            const { username, password } = stage;
            assert.equal((await gateway.post("/api/token/", { username, password })).status, 200);
            for (const path of [
              "users/",
              "users/new",
              "users/100/",
              "users/100/password",
              "users/100/delete",
              "users/1/sessions",
              "users/?q=nobody-of-this-name",
              "users/selected?action=deactivate&user-1=on&user-100=on",
              "confirm",
              "tokens/",
            ]) {
              await page.goto(new URL(`/_gateway/admin/${path}`, gateway.url).href);
              assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width, path);
              assert.deepEqual([path, await axeViolations(page)], [path, []]);
            }
            const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
            assert.equal(background, expected);
          },
          { viewport: { width, height: 740 }, isMobile: width < 400, hasTouch: width < 400, colorScheme },
          { SESSION_METADATA: true },
        );
      }
    },
  ],
  [
    "a script on the API's own page sends no form of the admin page by fetch or in a frame, and in a window meets the question",
    async (stage) => {
      const html = { "content-type": "text/html; charset=utf-8" };
      const api = await startOrigin(
        (_, response) => void response.writeHead(200, html).end("<title>API</title><p>API"),
      );
      const vars = { ORIGIN_URL: api.url, ROUTES: [{ path: "/*", auth: "public" }] };
      const path = "/_gateway/admin/users/100/delete";
      const submit = (target: string) => `{
        const form = document.body.appendChild(document.createElement("form"));
        Object.assign(form, { method: "post", action: "${path}", target: "${target}" }).submit();
      }`;
      const look = async ({ page, gateway }: AdminStage) => {
        await logIn(page, stage);
        await page.goto(new URL("/page", gateway.url).href);
        const isThere = async () =>
          (await gateway.env.DB.prepare("SELECT id FROM users WHERE id = 100").first("id")) === "100";
        const answered = () => page.waitForResponse((response) => response.url().endsWith(path));
        const fetched = answered();
        await page.evaluate(`void fetch("${path}", { method: "POST", body: new URLSearchParams({}) })`);
        assert.equal((await fetched).status(), 403);
        // The frame shows no answer, since none of the admin page may be framed.
        const framed = answered();
        await page.evaluate('document.body.insertAdjacentHTML("beforeend", "<iframe name=frame></iframe>")');
        await page.evaluate(submit("frame"));
        assert.equal((await framed).status(), 403);
        assert.equal(await isThere(), true);
        await forget(gateway);
        await page.evaluate(submit("_self"));
        await heading(page, "Confirm your password");
        assert.equal(await isThere(), true);
      };
      try {
        await withAdmin(stage, look, {}, vars);
      } finally {
        api.close();
      }
    },
  ],
  [
    "a page of another site can neither act with an admin's cookie nor read the admin page",
    (stage) =>
      withAdmin(stage, async ({ page, gateway }) => {
        const html = { "content-type": "text/html; charset=utf-8" };
        const action = new URL("/_gateway/admin/users/100/delete", gateway.url).href;
        const form = `<form method="post" action="${action}"><button>Win a prize</button></form>`;
        const elsewhere = await startOrigin((_, response) => void response.writeHead(200, html).end(form));
        try {
          await logIn(page, stage);
          // Another port is another origin of the same site, which gets the cookie sent along; localhost another site.
          for (const url of [elsewhere.url, elsewhere.url.replace("127.0.0.1", "localhost")]) {
            await page.goto(url);
            const readable = page.evaluate(
              `fetch(${JSON.stringify(action)}, { credentials: "include" }).then(() => true, () => false)`,
            );
            assert.equal(await readable, false);
            const answered = page.waitForResponse(action);
            await press(page, "Win a prize");
            assert.equal((await answered).status(), 403);
          }
          const row = await gateway.env.DB.prepare("SELECT id FROM users WHERE id = 100").first("id");
          assert.equal(row, "100");
        } finally {
          elsewhere.close();
        }
      }),
  ],
];
