// `npm run test:quick -- AREA`: the tests whose path has these words, for the inner loop. Without words it lists the areas.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const project = resolve(import.meta.dirname, "..");
const files = readdirSync(join(project, "test"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => file.replaceAll("\\", "/"))
  .sort();

/** A folder of test/ and how many test files are in it; of the folders below one of src/ too. */
function areas(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const file of files) {
    const folders = file.split("/").slice(0, -1);
    for (let depth = 1; depth <= folders.length; depth++) {
      const area = folders.slice(0, depth).join("/");
      counts.set(area, (counts.get(area) ?? 0) + 1);
    }
  }
  return counts;
}

const words = process.argv.slice(2);
const wanted = files.filter((file) => words.some((word) => file.includes(word)));
if (words.length === 0 || wanted.length === 0) {
  if (words.length > 0) console.error(`No test file has ${words.join(" or ")} in its path.`);
  console.log("Usage: npm run test:quick -- AREA [AREA ...]     a folder, or any part of a test file's path\n");
  for (const [area, count] of areas()) console.log(`  ${area.padEnd(24)} ${count} file${count === 1 ? "" : "s"}`);
  process.exit(words.length === 0 ? 0 : 2);
}
const vitest = join(project, "node_modules/vitest/vitest.mjs");
const run = spawnSync(process.execPath, [vitest, "run", ...wanted.map((file) => `test/${file}`)], {
  cwd: project,
  stdio: "inherit",
});
process.exitCode = run.status ?? 1;
