// html``: what is put in is text, unless html`` made it.
import { describe, expect, it } from "vitest";
import { html, htmlText } from "../../../src/pages/admin/html.ts";

describe("html``", () => {
  it.each([
    ["<b>", "&lt;b&gt;"],
    ['"', "&quot;"],
    ["'", "&#39;"],
    ["&amp;", "&amp;amp;"],
    ["", ""],
    [0, "0"],
    [undefined, ""],
    [null, ""],
    [false, ""],
  ] as const)("puts in %j as %j", (value, text) => {
    expect(htmlText(html`<p title="${value}">${value}</p>`)).toBe(`<p title="${text}">${text}</p>`);
  });
  it("takes HTML of its own, lists of it, and lists of texts, each as what it is", () => {
    const items = ["<a>", html`<i>${"<"}</i>`, [html`<br>`, "&"]];
    expect(htmlText(html`<p>${items}</p>`)).toBe("<p>&lt;a&gt;<i>&lt;</i><br>&amp;</p>");
  });
  it("puts nothing in for what only looks like its own HTML", () => {
    const forged = JSON.parse('{"html":"<script>","made":"<script>","length":1,"0":"<script>"}');
    expect(() => html`${forged}`).toThrow(TypeError);
  });
  it("does not escape what was escaped, nor read what was put in", () => {
    expect(htmlText(html`${html`${"<"}`}${"&lt;"}`)).toBe("&lt;&amp;lt;");
  });
});
