// Every link of the documents leads to a file that is there, to a heading that it has, or to an address that is one.
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, documentFiles, documentText, linksOf, projectRoot, proseOf } from "../support/documents.ts";

const documents = [
  ...documentFiles(),
  "test/parity/differences.md",
  "test/security/README.md",
  "integrations/django/README.md",
];
const isLocal = (target: string) => !/^[a-z]+:/.test(target);

/** What is wrong with a link of a document; undefined if it leads somewhere. */
function errorOf(file: string, link: string): string | undefined {
  if (!isLocal(link)) return /^https:\/\/[a-z0-9.-]+(\/\S*)?$/.test(link) ? undefined : `${link}: no https address`;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? file : join(dirname(file), path);
  if (!existsSync(join(projectRoot, target))) return `${link}: no such file`;
  if (anchor === undefined) return undefined;
  const anchors = target.endsWith(".md") ? anchorsOf(documentText(target)) : new Set<string>();
  return anchors.has(anchor) ? undefined : `${link}: no such heading`;
}

it("there are documents to check", () => {
  for (const file of ["README.md", "SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
    expect(documents).toContain(file);
  expect(documents.length).toBeGreaterThan(25);
});

it.each(documents)("%s has no dead link", (file) => {
  const errors = linksOf(documentText(file)).map((link) => errorOf(file, link));
  expect(errors.filter((error) => error !== undefined)).toEqual([]);
});

it.each(documents)("each picture of %s says in words what it shows", (file) => {
  const text = proseOf(documentText(file));
  const alternatives = [...text.matchAll(/!\[([^\]]*)\]\(/g)].map(([, words = ""]) => words);
  const inHtml = [...text.matchAll(/<img\b[^>]*>/g)].map(([tag]) => /\balt="([^"]*)"/.exec(tag)?.[1] ?? "");
  expect([...alternatives, ...inHtml].filter((words) => words.length < 10)).toEqual([]);
});

it("README.md leads to every page of docs/", () => {
  const links = linksOf(documentText("README.md")).map((link) => link.split("#")[0]);
  const pages = documentFiles().filter((file) => file.startsWith("docs/"));
  expect(pages.filter((page) => !links.includes(page))).toEqual([]);
});

it("no page shows a picture of more than half a megabyte", () => {
  const pictures = documents.flatMap((file) =>
    linksOf(documentText(file))
      .filter((link) => isLocal(link) && /\.(png|svg|jpg)$/.test(link))
      .map((link) => join(projectRoot, dirname(file), link)),
  );
  expect(pictures.length).toBeGreaterThan(3);
  expect(pictures.filter((path) => existsSync(path) && statSync(path).size > 500_000)).toEqual([]);
});

describe("the check itself", () => {
  it("finds a dead file, a dead heading, and plain http", () => {
    expect(errorOf("README.md", "docs/nowhere.md")).toBe("docs/nowhere.md: no such file");
    expect(errorOf("README.md", "docs/settings.md#nowhere")).toBe("docs/settings.md#nowhere: no such heading");
    expect(errorOf("docs/settings.md", "#keys")).toBeUndefined();
    expect(errorOf("README.md", "http://example.com")).toBe("http://example.com: no https address");
  });
  it("names headings as GitHub does", () => {
    const text = "# A `b` c\n\n## With [a link](x.md)\n\n## What's on?\n\n```sh\n# no heading\n```\n\n## A b c\n";
    expect([...anchorsOf(text)]).toEqual(["a-b-c", "with-a-link", "whats-on", "a-b-c-1"]);
  });
});
