// docs/hooks.md shows the example files as they are; test/api/hooks.test.ts runs them.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const shown = readFileSync(join(root, "docs/hooks.md"), "utf8");

it.each(readdirSync(join(root, "examples/hooks")))("docs/hooks.md shows examples/hooks/%s to the letter", (file) => {
  const text = readFileSync(join(root, "examples/hooks", file), "utf8");
  expect(shown).toContain(`\`\`\`ts\n// examples/hooks/${file}\n${text}\`\`\``);
});
