// The whole app in workerd, wired as the Worker wires it, with settings and hooks of a test's own.
// Must never replace a store: D1 and KV are the real local ones.

import { expect } from "vitest";
import { type App, createApp } from "../../src/app.ts";
import type { Hooks } from "../../src/hooks.ts";
import { wire } from "../../src/wire.ts";
import { BLACKLIST, DB } from "./bindings.ts";
import { testSecret } from "./settings.ts";

/** Throws when the settings have errors. */
export async function appWith(vars: Readonly<Record<string, unknown>>, hooks: Hooks = {}): Promise<App> {
  const wiring = await wire({ SIGNING_KEY: testSecret, DB, BLACKLIST, ...vars }, hooks);
  if ("errors" in wiring) throw new Error(wiring.errors.join("\n"));
  return createApp(wiring.deps, wiring.shown);
}

/** A JSON POST. */
export function postJson(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request(`https://gateway.example${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
}

/** The claims of a token, not verified. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(payloadText(token)) as Record<string, unknown>;
}

/** The payload's own text. */
export function payloadText(token: string): string {
  const bytes = Uint8Array.fromBase64(token.split(".")[1] ?? "", { alphabet: "base64url" });
  return new TextDecoder().decode(bytes);
}

/** A service binding that answers with the headers it was sent. */
export const echoOrigin = {
  fetch: async (url: string, init: RequestInit) =>
    Response.json({ url, headers: Object.fromEntries(new Headers(init.headers as Headers)) }),
};

/** As Content-Security-Policy names the text between two tags (CSP Level 3, section 2.3.1). */
export async function sourceHashIn(html: string, tag: "style" | "script"): Promise<string> {
  const [, text = ""] = new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`).exec(html) ?? [];
  expect(text.length).toBeGreaterThan(100);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${Buffer.from(digest).toString("base64")}'`;
}
