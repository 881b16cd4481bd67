// A gateway with ADMIN on and people in its database, and a window in which somebody looks after them.
// Must never hand the window a session by another way than the log-in form.
import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import type { Stage } from "./visit.ts";

export interface AdminStage {
  readonly gateway: Gateway;
  readonly page: Page;
  /** Errors on the console, requests to elsewhere: must stay empty. */
  readonly errors: readonly string[];
}

const first = [
  "Ada",
  "Grace",
  "Alan",
  "Edsger",
  "Barbara",
  "Donald",
  "Frances",
  "John",
  "Radia",
  "Tony",
  "Karen",
  "Leslie",
];
const last = ["Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Allen", "McCarthy", "Perlman", "Hoare"];

/** People with names such as people have; some are staff, some inactive. */
async function addPeople({ env }: Gateway): Promise<void> {
  const insert = env.DB.prepare(
    `INSERT INTO users (id, password, username, first_name, last_name, email, is_staff, is_active, last_login, date_joined)
     VALUES (?, '!', ?, ?, ?, ?, ?, ?, ?, '2026-03-01T09:00:00Z')`,
  );
  const people = last.flatMap((surname, index) =>
    first.map((name, at) => ({ name, surname, number: index * 12 + at })),
  );
  await env.DB.batch(
    people.map(({ name, surname, number }) => {
      const username = `${name}.${surname}`.toLowerCase();
      const seen =
        number % 4 === 1 ? null : `2026-11-${String(1 + (number % 26)).padStart(2, "0")}T08:${10 + (number % 50)}:00Z`;
      const flags = [Number(number % 17 === 0), Number(number % 11 !== 10), seen];
      return insert.bind(100 + number, username, name, surname, `${username}@example.com`, ...flags);
    }),
  );
}

export async function withAdmin(
  { browser, username, password }: Stage,
  look: (stage: AdminStage) => Promise<void>,
  options: BrowserContextOptions = {},
  vars: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const rotation = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
  const gateway = await startGateway({ ADMIN: true, ...rotation, ...vars });
  const context = await browser.newContext(options);
  const errors: string[] = [];
  context.on("request", (request) => {
    // Where the sentence itself goes is its own affair.
    if (request.isNavigationRequest()) return;
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && origin !== gateway.url.origin) errors.push(`asked elsewhere: ${request.url()}`);
  });
  context.on("console", (message) => {
    // Chromium notes each 4xx and each frame that is blocked, which some sentences are after.
    const expected = /^Failed to load resource|blocked by CORS policy|^Framing /.test(message.text());
    if (["error", "warning"].includes(message.type()) && !expected) errors.push(`console: ${message.text()}`);
  });
  try {
    context.setDefaultTimeout(10_000);
    await gateway.addUser({ id: 1, username, password });
    await gateway.env.DB.prepare("UPDATE users SET is_staff = 1, is_superuser = 1 WHERE id = 1").run();
    await addPeople(gateway);
    const page = await context.newPage();
    await page.goto(new URL("/_gateway/admin/", gateway.url).href);
    await look({ gateway, page, errors });
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
    await gateway.close();
  }
}

export async function logIn(page: Page, { username, password }: Pick<Stage, "username" | "password">): Promise<void> {
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { level: 1, name: "Users" }).waitFor();
}
