// docs/settings.md has a row for every setting, with its default and a test that names it.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsTable } from "../../src/settings/settings.ts";

const docs = resolve(import.meta.dirname, "../../docs");
const text = readFileSync(join(docs, "settings.md"), "utf8");
const rows = new Map(
  text
    .split("\n")
    .filter((line) => /^\| `[A-Z_]+` \|/.test(line))
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")))
    .map(([name = "", ...cells]) => [name.replaceAll("`", ""), cells] as const),
);
describe.each(Object.entries(settingsTable))("%s", (name, setting) => {
  const [, byDefault = "", , what = "", link = ""] = rows.get(name) ?? [];
  it("has a row", () => {
    expect(rows.has(name)).toBe(true);
    expect(what.length).toBeGreaterThan(5);
  });
  it("has the default that the table says", () => {
    if (byDefault === "required") return expect("secret" in setting).toBe(true);
    const shown = byDefault === "None" ? null : JSON.parse(byDefault.replaceAll("`", ""));
    expect(shown).toEqual(setting.default);
  });
  it("names a test that uses it", () => {
    const [, file = ""] = /\(([^)]+)\)/.exec(link) ?? [];
    expect(readFileSync(join(docs, file), "utf8")).toContain(name);
  });
});
