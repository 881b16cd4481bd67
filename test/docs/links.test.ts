// Every relative link of the documents leads to a file that is there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const documents = [
  ...readdirSync(root).filter((file) => file.endsWith(".md")),
  ...readdirSync(join(root, "docs")).map((file) => `docs/${file}`),
  "test/parity/differences.md",
].filter((file) => file.endsWith(".md"));

it("there are documents to check", () => {
  expect(documents).toContain("README.md");
  expect(documents.length).toBeGreaterThan(15);
});

it.each(documents)("%s has no dead link", (file) => {
  const text = readFileSync(join(root, file), "utf8");
  const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = ""]) => target);
  const local = targets.filter((target) => !/^[a-z]+:/.test(target));
  expect(local.filter((target) => !existsSync(join(root, dirname(file), target)))).toEqual([]);
});
