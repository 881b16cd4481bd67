// docs/client-headers.md shows the table of header names that the gateway drops, row by row.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { steeringHeaders } from "../../src/proxy/headers/steering-headers.ts";

const text = readFileSync(resolve(import.meta.dirname, "../../docs/client-headers.md"), "utf8");
const [, below = ""] = text.split("| names | steer | read by |\n|---|---|---|\n");

it("shows every row, in order, and no other", () => {
  const shown = below.split("\n\n", 1)[0]?.split("\n");
  const rows = steeringHeaders.map(
    ({ names, steers, readBy }) => `| ${names.map((name) => `\`${name}\``).join(" ")} | ${steers} | ${readBy} |`,
  );
  expect(shown).toEqual(rows);
});

it("has every name once", () => {
  const names = steeringHeaders.flatMap((row) => row.names);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  expect(names.filter((name) => !/^[a-z0-9-]+\*?$/.test(name))).toEqual([]);
});

it("has no name that another row's prefix covers", () => {
  const prefixes = steeringHeaders.flatMap((row) => row.names).filter((name) => name.endsWith("*"));
  const names = steeringHeaders.flatMap((row) => row.names);
  const covered = names.filter((name) => prefixes.some((one) => one !== name && name.startsWith(one.slice(0, -1))));
  expect(covered).toEqual([]);
});
