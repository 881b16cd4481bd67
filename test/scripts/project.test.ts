// scripts/shared/project.ts: which project a command of the package works on.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CONFIG_FILE, PACKAGE_ROOT, projectAround, ROOT } from "../../scripts/shared/project.ts";

const outer = mkdtempSync(join(tmpdir(), "simplejwt-edge-project-"));
const inner = join(outer, "apps/gateway");
mkdirSync(join(inner, "src"), { recursive: true });
mkdirSync(join(outer, "docs"));
writeFileSync(join(outer, "wrangler.toml"), "");
writeFileSync(join(inner, "wrangler.jsonc"), "{}");
afterAll(() => rmSync(outer, { recursive: true, force: true }));

describe("projectAround()", () => {
  it("finds the nearest folder with a configuration of wrangler, whatever its form", () => {
    expect(projectAround(join(inner, "src"))).toBe(inner);
    expect(projectAround(inner)).toBe(inner);
    expect(projectAround(join(outer, "docs"))).toBe(outer);
  });
  it("stays where it is when there is none", () => {
    expect(projectAround("/")).toBe("/");
  });
});

describe("in the repository", () => {
  it("the project is the repository, wherever the shell is", () => {
    expect(ROOT).toBe(PACKAGE_ROOT);
    expect(ROOT).toBe(join(import.meta.dirname, "../.."));
    expect(CONFIG_FILE).toBe(join(ROOT, "wrangler.toml"));
  });
});
