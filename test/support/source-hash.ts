// The hash by which a page's policy has to name the text of its style or script.
// Must never take the hash from the code under test.
import { expect } from "vitest";

/** As Content-Security-Policy names the text between two tags (CSP Level 3, section 2.3.1). */
export async function sourceHashIn(html: string, tag: "style" | "script"): Promise<string> {
  const [, text = ""] = new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`).exec(html) ?? [];
  expect(text.length).toBeGreaterThan(100);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${Buffer.from(digest).toString("base64")}'`;
}
