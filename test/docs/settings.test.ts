// docs/settings.md has a row for every setting, with its default and a test that names it; or says it is not available.
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
const [, notYet = ""] = text.split("## Not available yet");
const named = new Set([...(notYet.split("\n\n")[1] ?? "").matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name));

describe.each(Object.entries(settingsTable))("%s", (name, setting) => {
  if ("later" in setting) {
    it("is among those that are not available yet, and has no row", () => {
      expect([named.has(name), rows.has(name)]).toEqual([true, false]);
    });
    return;
  }
  const [, byDefault = "", , what = "", link = ""] = rows.get(name) ?? [];
  it("has a row, and is not called unavailable", () => {
    expect([named.has(name), rows.has(name)]).toEqual([false, true]);
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
