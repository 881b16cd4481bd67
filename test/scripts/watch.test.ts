// scripts/start/watch.ts: a save is noticed, however an editor makes it.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changesBetween, watchFiles } from "../../scripts/start/watch.ts";

let folder = "";
let stop: () => void = () => {};
let noticed: string[][] = [];
let wake: () => void = () => {};

/** Resolves when so many changes were noticed. */
async function untilNoticed(count: number): Promise<void> {
  while (noticed.length < count)
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
}

const path = (name: string): string => join(folder, name);
const inPlace = (name: string, text: string): void => writeFileSync(path(name), text);
const byRename = (name: string, text: string): void => {
  writeFileSync(path(`${name}.saved`), text);
  renameSync(path(`${name}.saved`), path(name));
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-watch-"));
  mkdirSync(path("src/deep"), { recursive: true });
  for (const name of ["wrangler.toml", "src/index.ts", "src/deep/a.ts"]) inPlace(name, "0");
  noticed = [];
  stop = watchFiles({ files: [path("wrangler.toml"), path(".dev.vars")], folders: [path("src")] }, async (paths) => {
    noticed.push(paths.map((one) => relative(folder, one)));
    wake();
  });
});

afterEach(() => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("watchFiles()", () => {
  it("notices twenty saves in a row, in place and by rename", async () => {
    for (let save = 1; save <= 20; save++) {
      (save % 2 === 0 ? inPlace : byRename)("wrangler.toml", String(save));
      await untilNoticed(save);
    }
    expect(noticed).toEqual(Array.from({ length: 20 }, () => ["wrangler.toml"]));
  });

  it("notices files that are new, deep in a folder, or deleted", async () => {
    inPlace(".dev.vars", "A=1");
    await untilNoticed(1);
    byRename("src/deep/a.ts", "1");
    await untilNoticed(2);
    mkdirSync(path("src/new"));
    inPlace("src/new/b.ts", "1");
    await untilNoticed(3);
    rmSync(path("src/index.ts"));
    await untilNoticed(4);
    expect(noticed).toEqual([[".dev.vars"], ["src/deep/a.ts"], ["src/new/b.ts"], ["src/index.ts"]]);
  });

  it("leaves out what editors write beside a file, and files that are not watched", async () => {
    for (const name of ["src/.index.ts.swp", "src/index.ts~", "src/4913", "other.toml"]) inPlace(name, "1");
    inPlace("src/index.ts", "1");
    await untilNoticed(1);
    expect(noticed).toEqual([["src/index.ts"]]);
  });
});

describe("changesBetween()", () => {
  it("has new, changed and missing paths in order", () => {
    const before = new Map(Object.entries({ a: "1", b: "1", d: "1" }));
    expect(changesBetween(before, new Map(Object.entries({ c: "1", b: "2", a: "1" })))).toEqual(["b", "c", "d"]);
  });
});
