// canonicalPath(): what is accepted, in all three readings, and what an origin could read in another way.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Refusal } from "../../../src/errors.ts";
import { readRequestUrl } from "../../../src/http/request-url.ts";
import { canonicalPath } from "../../../src/proxy/routes/path.ts";
import { reasonOf } from "../../support/context.ts";

const origin = "https://gateway.example";

describe("canonicalPath() accepts", () => {
  test.each([
    ["/", "/", "/", ""],
    ["", "/", "/", ""],
    ["/a", "/a", "/a", ""],
    ["/a/", "/a/", "/a/", ""],
    ["/a/b/c.html", "/a/b/c.html", "/a/b/c.html", ""],
    ["/?", "/", "/", "?"],
    ["/a?b=c", "/a", "/a", "?b=c"],
    ["/a?b=/../c//d", "/a", "/a", "?b=/../c//d"],
    ["/a?b=%2e%2e%2f%00", "/a", "/a", "?b=%2e%2e%2f%00"],
    ["/a??b", "/a", "/a", "??b"],
    ["/caf%C3%A9", "/caf%C3%A9", "/café", ""],
    ["/caf%c3%a9/", "/caf%c3%a9/", "/café/", ""],
    ["/a%20b", "/a%20b", "/a b", ""],
    ["/%61dmin", "/%61dmin", "/admin", ""],
    ["/a+b", "/a+b", "/a+b", ""],
    ["/100%25", "/100%25", "/100%", ""],
    ["/a%3Fb", "/a%3Fb", "/a?b", ""],
    ["/a%23b", "/a%23b", "/a#b", ""],
    ["/a%3Bb", "/a%3Bb", "/a;b", ""],
    ["/a;v=1/b", "/a;v=1/b", "/a;v=1/b", ""],
    ["/a:b@c!$&'()*,=~", "/a:b@c!$&'()*,=~", "/a:b@c!$&'()*,=~", ""],
    ["/.well-known/jwks.json", "/.well-known/jwks.json", "/.well-known/jwks.json", ""],
    ["/.git/config", "/.git/config", "/.git/config", ""],
    ["/a/...", "/a/...", "/a/...", ""],
    ["/a/..b/.c/d..", "/a/..b/.c/d..", "/a/..b/.c/d..", ""],
    ["/%F0%9F%98%80", "/%F0%9F%98%80", "/😀", ""],
    ["/a%2Bb%2Cc", "/a%2Bb%2Cc", "/a+b,c", ""],
    ["/a|b^c`d", "/a|b^c`d", "/a|b^c`d", ""],
  ])("%j", (rest, sent, decoded, query) => {
    expect(canonicalPath(readRequestUrl(origin + rest))).toEqual({ sent, decoded, query });
  });

  test("a path behind any host, port and scheme", () => {
    for (const base of ["http://h", "https://h:8443", "http://[::1]:80", "https://user:pw@h"]) {
      expect(canonicalPath(readRequestUrl(`${base}/a/b?c`))).toEqual({ sent: "/a/b", decoded: "/a/b", query: "?c" });
    }
  });
});

describe("canonicalPath() refuses", () => {
  test.each([
    ...[["//"], ["//a"], ["/a//b"], ["/a//"], ["/a/b//"], ["///"]],
    ...[["/."], ["/.."], ["/a/."], ["/a/.."], ["/a/./b"], ["/a/../b"], ["/../a"], ["/a/../"], ["/./"]],
    ...[["/%2e"], ["/%2E%2e/a"], ["/a/.%2e/b"], ["/a/%2e%2e/b"], ["/a/%2e/"]],
    ...[["/a/..;/b"], ["/..;x/a"], ["/.;/a"], ["/a/..;"], ["/a/%2e%2e;/b"], ["/a/..%3B/b"]],
    ...[["/a%2fb"], ["/a%2Fb"], ["/%2f"], ["/a/%2f/b"], ["/%2fadmin"]],
    ...[["/a%5cb"], ["/a%5Cb"], ["/a\\b"], ["/..\\a"], ["/a%5c..%5cb"]],
    ...[["/a%00"], ["/a%00.html"], ["/a%0a"], ["/a%0d%0ab"], ["/a%09"], ["/a%1f"], ["/a%7f"], ["/a\u0000"], ["/a\tb"]],
    ...[["/a%"], ["/a%4"], ["/a%zz"], ["/a%u0041"], ["/%"]],
    ...[["/%ff"], ["/%c0%af"], ["/%c0%ae%c0%ae"], ["/%ed%a0%80"], ["/%c3"], ["/%e0%80%af"], ["/%f4%90%80%80"]],
    ...[["/a%252fb"], ["/a%255cb"], ["/%252e%252e/a"], ["/a%2500"], ["/a%25252f"], ["/a%252Fb"], ["/%2525"]],
    ...[["/a#b"], ["/a?b#c"], ["/#"]],
  ])("%j", async (rest) => {
    expect(await reasonOf(() => canonicalPath(readRequestUrl(origin + rest)))).toBe("path_ambiguous");
  });
});

describe("canonicalPath(), whatever it gets,", () => {
  const scraps = fc.constantFrom(
    ...[
      "/",
      "/",
      "a",
      "b",
      ".",
      "..",
      ";",
      "%",
      "%2f",
      "%2F",
      "%2e",
      "%5c",
      "%25",
      "%00",
      "%61",
      "%C3%A9",
      "\\",
      "é",
      "?",
      "#",
      "=",
      " ",
    ],
  );
  const anyRest = fc.oneof(
    fc.array(scraps, { maxLength: 12 }).map((all) => `/${all.join("")}`),
    fc.string({ unit: "binary" }).map((text) => `/${text}`),
    fc.webPath(),
  );

  test("gives back the very characters of the URL, or refuses", () => {
    fc.assert(
      fc.property(anyRest, (rest) => {
        const url = origin + rest;
        const path = accepted(url);
        fc.pre(path !== undefined);
        expect(`${origin}${path?.sent}${path?.query}`).toBe(rest === "" ? `${origin}/` : url);
        expect(path?.sent).not.toMatch(/[?#]/);
        expect(path?.query).toMatch(/^(\?.*)?$/s);
      }),
      { numRuns: 2000 },
    );
  });

  test("accepts no path that URL would change, and none with a dangerous segment", () => {
    fc.assert(
      fc.property(anyRest, (rest) => {
        const path = accepted(origin + rest);
        fc.pre(path !== undefined);
        const decoded = path?.decoded ?? "";
        expect(decoded.slice(1).split("/").slice(0, -1)).not.toContain("");
        expect(decoded.split("/").map((segment) => segment.replace(/;.*/s, ""))).not.toContain("..");
        expect(decoded.split("/").map((segment) => segment.replace(/;.*/s, ""))).not.toContain(".");
        expect([...decoded].filter((one) => one < " " || one === "\x7f" || one === "\\")).toEqual([]);
        expect(decoded.split("/")).toHaveLength((path?.sent ?? "").split("/").length);
      }),
      { numRuns: 2000 },
    );
  });

  test("accepts what a browser would send of plain segments", () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_~-]{1,12}$/);
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), fc.boolean(), (segments, slash) => {
        const path = `/${segments.join("/")}${slash ? "/" : ""}`;
        expect(canonicalPath(readRequestUrl(origin + path))).toEqual({ sent: path, decoded: path, query: "" });
      }),
    );
  });
});

function accepted(url: string) {
  try {
    return canonicalPath(readRequestUrl(url));
  } catch (error) {
    if (error instanceof Refusal && error.reason === "path_ambiguous") return undefined;
    throw error;
  }
}
