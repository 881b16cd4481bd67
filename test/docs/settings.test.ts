// docs/settings.md has a row for every setting, with its default; every setting is used by a test.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsTable } from "../../src/settings/settings.ts";

const root = resolve(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docs/settings.md"), "utf8");
const rows = new Map(
  text
    .split("\n")
    .filter((line) => /^\| `[A-Z_]+` \|/.test(line))
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")))
    .map(([name = "", ...cells]) => [name.replaceAll("`", ""), cells] as const),
);
/** The tests of behaviour: neither those of the documents nor the list of defaults. */
const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts") && !/^docs\/|^settings\/defaults\./.test(file))
  .map((file) => readFileSync(join(root, "test", file), "utf8"));

describe.each(Object.entries(settingsTable))("%s", (name, setting) => {
  const [, byDefault = "", meaning = ""] = rows.get(name) ?? [];
  it("has a row", () => {
    expect(rows.has(name)).toBe(true);
    expect(meaning).toMatch(/^.{6,}\.$/);
  });
  it("has the default that the table says", () => {
    if (byDefault === "required") return expect("secret" in setting).toBe(true);
    const shown = byDefault === "None" ? null : JSON.parse(byDefault.replaceAll("`", ""));
    expect(shown).toEqual(setting.default);
  });
  it("is used by a test", () => {
    const word = new RegExp(`\\b${name}\\b`);
    expect(tests.some((test) => word.test(test))).toBe(true);
  });
});

it("has no row for anything else", () => {
  expect([...rows.keys()].sort()).toEqual(Object.keys(settingsTable).sort());
});
