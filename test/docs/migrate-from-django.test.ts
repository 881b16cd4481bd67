// docs/migrate-from-django.md: its settings exist, its wrangler.toml is without an error, its commands are ours.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { commands } from "../../scripts/manage/commands.ts";
import { readConfiguration } from "../../src/configuration.ts";
import { settingsTable } from "../../src/settings/settings.ts";
import { testSecret } from "../support/settings.ts";

const docs = resolve(import.meta.dirname, "../../docs");
const text = readFileSync(resolve(docs, "migrate-from-django.md"), "utf8");

describe("docs/migrate-from-django.md", () => {
  it("names only settings that there are", () => {
    const names = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)( = [^`]*)?`/g)].map(([, name = ""]) => name);
    const djangos = ["SECRET_KEY", "PASSWORD_HASHERS"];
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !djangos.includes(name) && !Object.hasOwn(settingsTable, name))).toEqual([]);
  });

  it("shows a wrangler.toml without an error, with every setting of the project that it is for", async () => {
    const [, toml = ""] = /```toml\n([\s\S]*?)```/.exec(text) ?? [];
    const { vars } = parse(toml) as { vars: Record<string, unknown> };
    const { errors, warnings } = await readConfiguration({ SIGNING_KEY: testSecret, ...vars });
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    const [, python = ""] = /SIMPLE_JWT = \{\n([\s\S]*?)\n\}/.exec(text) ?? [];
    const inDjango = [...python.matchAll(/"([A-Z_]+)":/g)].map(([, name]) => name);
    expect(Object.keys(vars)).toEqual(["ORIGIN_URL", ...inDjango]);
  });

  it("calls commands and flags that there are", () => {
    const calls = [...text.matchAll(/manage -- ([a-z-]+)([^`\n]*)/g)];
    expect(calls.length).toBeGreaterThan(3);
    for (const [, name = "", words = ""] of calls) {
      const help = commands.get(name)?.help ?? "";
      for (const [flag] of words.matchAll(/--[a-z-]+/g)) expect(help).toContain(flag);
    }
    for (const [, flag = ""] of text.matchAll(/`(--(?:user-model|keep-passwords|dry-run))/g)) {
      expect(commands.get("import-django")?.help).toContain(flag);
    }
  });

  it("links to pages that there are", () => {
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = ""]) => link);
    expect(links.filter((link) => !existsSync(resolve(docs, link)))).toEqual([]);
  });
});
