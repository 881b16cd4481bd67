// docs/hooks.md and docs/groups-and-permissions.md show the example files as they are; test/api/hooks.test.ts runs them.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const pages = ["docs/hooks.md", "docs/groups-and-permissions.md"];
const shown = pages.map((page) => readFileSync(join(root, page), "utf8")).join("\n");

it.each(readdirSync(join(root, "examples/hooks")))("a page shows examples/hooks/%s to the letter", (file) => {
  const text = readFileSync(join(root, "examples/hooks", file), "utf8");
  expect(shown).toContain(`\`\`\`ts\n// examples/hooks/${file}\n${text}\`\`\``);
});
