// docs/hooks.md and docs/groups-and-permissions.md show the example files as they are; test/api/hooks.test.ts runs them.
// docs/react-and-nextjs.md shows the wrapper that test/browser/fetch-wrapper.ts runs.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { pythonSettings } from "../../src/settings/checks/check-names.ts";

const root = resolve(import.meta.dirname, "../..");
const pages = ["docs/hooks.md", "docs/groups-and-permissions.md"];
const shown = pages.map((page) => readFileSync(join(root, page), "utf8")).join("\n");

it.each(readdirSync(join(root, "examples/hooks")))("a page shows examples/hooks/%s to the letter", (file) => {
  const text = readFileSync(join(root, "examples/hooks", file), "utf8");
  expect(shown).toContain(`\`\`\`ts\n// examples/hooks/${file}\n${text}\`\`\``);
});

it.each(Object.entries(pythonSettings))("docs/hooks.md says what does the same as %s", (name, instead) => {
  const row = shown
    .split("\n")
    .find((line) => line.startsWith("|") && (line.split("|")[1] ?? "").includes(`\`${name}\``));
  const named = instead.match(/\b(?:[a-z]+[A-Z]\w+|[A-Z]+_[A-Z_]+|ASSERTION)\b/g) ?? [];
  expect(row).toBeDefined();
  for (const one of named) if (one !== "createGateway") expect(row).toContain(`\`${one}\``);
});

it("docs/react-and-nextjs.md shows examples/browser-fetch/gateway-fetch.js to the letter", () => {
  const file = "examples/browser-fetch/gateway-fetch.js";
  const page = readFileSync(join(root, "docs/react-and-nextjs.md"), "utf8");
  expect(page).toContain(`\`\`\`js\n// ${file}\n${readFileSync(join(root, file), "utf8")}\`\`\``);
});
