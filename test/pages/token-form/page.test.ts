// The page for browsers as it leaves the Worker: headers, policy, escapes, names, size. test/browser is about its use.
// Must never take the hashes from the code under test.
import { describe, expect, it } from "vitest";
import { type Endpoint, endpoints } from "../../../src/api/definitions.ts";
import { formOf } from "../../../src/api/token-endpoints.ts";
import type { RequestContext } from "../../../src/context.ts";
import { answerPage } from "../../../src/pages/token-form/page.ts";
import { sourceHashIn } from "../../support/app.ts";
import { contextFor } from "../../support/context.ts";
import { settingsOf } from "../../support/settings.ts";

const contextAt = (path: string): RequestContext =>
  contextFor(
    { requestId: "0123456789abcdef0123456789abcdef", language: () => ({ code: "de", texts: {} }) },
    new Request(`https://gateway.test${path}`),
  );
const allow = "GET, HEAD, POST, OPTIONS";

const endpoint: Endpoint = {
  name: "obtain",
  operation: "obtain",
  title: "Token Obtain Pair",
  description: "Takes a username and a password.",
  fields: ["username", "password"],
  gives: () => ["refresh", "access"],
  refuses: [],
  run: async () => ({ tokens: {} }),
};

const textAt = async (path: string, more: Partial<Endpoint> = {}) =>
  (await answerPage(formOf(settingsOf(), { ...endpoint, ...more }), contextAt(path), allow)).text();

describe("answerPage()", () => {
  it("answers with a page that is not kept, not framed, and runs nothing but its own", async () => {
    const response = await answerPage(formOf(settingsOf(), endpoint), contextAt("/api/token/"), allow);
    const html = await response.clone().text();
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      allow: "GET, HEAD, POST, OPTIONS",
      "cache-control": "no-store",
      "content-language": "en",
      "content-security-policy": `default-src 'none'; style-src ${await sourceHashIn(html, "style")}; script-src ${await sourceHashIn(
        html,
        "script",
      )}; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
      "content-type": "text/html; charset=utf-8",
      "referrer-policy": "no-referrer",
      vary: "Accept-Language, Accept",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-request-id": "0123456789abcdef0123456789abcdef",
    });
  });

  it("has one style and one script, and no handler or style in a tag", async () => {
    const html = await textAt("/api/token/");
    expect(html.match(/<style/g)).toHaveLength(1);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/<[^>]+\s(on\w+|style)=/);
  });

  it("escapes whatever it puts into the HTML", async () => {
    const nasty = `<script>alert("1")</script>&'`;
    const safe = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;";
    const html = await textAt("/api/it's&token/", { title: nasty, description: nasty });
    expect(html).not.toContain("alert(&quot;1&quot;)<");
    expect(html).not.toContain("<script>alert");
    expect(html).toContain(`<title>${safe}</title>`);
    expect(html).toContain(`<h1>${safe}</h1>`);
    expect(html).toContain(`<p>${safe}</p>`);
    expect(html).toContain('action="/api/it&#39;s&amp;token/"');
    expect(html).toContain("POST /api/it&#39;s&amp;token/");
  });

  it("leaves the query out: nothing of it is in the page", async () => {
    const html = await textAt("/api/token?next=elsewhere&username=ada");
    expect(html).toContain('action="/api/token"');
    expect(html).not.toMatch(/elsewhere|ada\b/);
  });

  it.each(endpoints)("names $title, its text and its fields, each with a label", async (more) => {
    const path = `/auth/${more.operation}/`;
    const html = await textAt(path, more);
    expect(html).toContain(`<h1>${more.title}</h1>`);
    expect(html).toContain(more.description);
    expect(html).toContain(`<form method="post" action="${path}">`);
    for (const name of more.fields) {
      expect(html).toContain(`<label for="${name}">`);
      expect(html).toMatch(new RegExp(`<(input|textarea) id="${name}" name="${name}" `));
      expect(html).toContain(`&quot;${name}&quot;: &quot;…&quot;`);
    }
    expect(html.match(/<label/g)).toHaveLength(more.fields.length);
  });

  it("tells browsers what the fields are", async () => {
    const login = await textAt("/api/token/");
    expect(login).toMatch(/name="username"[^>]* autocomplete="username" autocapitalize="none" spellcheck="false">/);
    expect(login).toMatch(/name="password"[^>]* type="password" autocomplete="current-password">/);
    expect(await textAt("/api/token/verify/", { fields: ["token"] })).toMatch(
      /<textarea [^>]*name="token"[^>]* autocomplete="off" autocapitalize="none" spellcheck="false"><\/textarea>/,
    );
  });

  it.each(endpoints)("is small, and names nothing outside itself: $title", async (more) => {
    const html = await textAt(`/api/token/${more.operation}/`, more);
    expect(new TextEncoder().encode(html).length).toBeLessThan(6_000);
    expect(html).not.toMatch(/https?:|"\/\/|url\(|@import|\bsrc=/);
    expect(html.match(/href="[^"]*"/g)).toEqual(['href="data:,"']);
  });
});
