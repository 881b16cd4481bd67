// One visit of a token endpoint's page in a browser window of its own, with a record of what went wrong there.
// Must never reach into the page where a person could not.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Gateway } from "../support/gateway-over-http.ts";

/** What the sentences are about: a gateway, a browser, and one person who may log in. */
export interface Stage {
  readonly gateway: Gateway;
  readonly browser: Browser;
  readonly username: string;
  readonly password: string;
}

/** An open page, and what must stay empty: errors on the console, errors in the script, requests to elsewhere. */
export interface Visit {
  readonly page: Page;
  readonly errors: readonly string[];
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A 4xx answer is what some sentences are after; Chromium notes each on the console. */
const refusedAnswer = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** Opens a page as a person does, and hands it to the sentence; the window closes in any case. */
export async function visiting(
  { browser, gateway }: Stage,
  path: string,
  look: (visit: Visit) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext(options);
  const errors: string[] = [];
  context.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && origin !== gateway.url.origin) errors.push(`asked elsewhere: ${request.url()}`);
  });
  context.on("weberror", (error) => errors.push(`script: ${error.error().message}`));
  context.on("console", (message) => {
    const loud = ["error", "warning"].includes(message.type());
    if (loud && !refusedAnswer.test(message.text())) errors.push(`console: ${message.text()}`);
  });
  try {
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    const response = await page.goto(new URL(path, gateway.url).href);
    assert.equal(response?.status(), 200);
    assert.equal(response?.headers()["content-type"], "text/html; charset=utf-8");
    await look({ page, errors });
  } finally {
    await context.close();
  }
}

/** Types into the fields by their labels and presses Send. */
export async function send(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole("button", { name: "Send" }).click();
}

/** What the live region says, once the answer is there. */
export async function said(page: Page): Promise<string> {
  const status = page.getByRole("status").filter({ hasText: /^\d|^No answer/ });
  return (await status.textContent()) ?? "";
}

/** The answer's body as it is shown. */
export async function shownBody(page: Page): Promise<Record<string, string>> {
  const answer = page.getByRole("region", { name: "Response" });
  return JSON.parse((await answer.locator("pre").last().textContent()) ?? "");
}

/** Whatever axe-core finds wrong with the page as it is now, in words. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  }>("axe.run(document, { resultTypes: ['violations'] })");
  return violations.map(({ id, impact, nodes }) => `${impact}: ${id} at ${nodes.map(({ html }) => html).join(", ")}`);
}
