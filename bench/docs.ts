// `npm run bench:docs`: docs/performance.md and its pictures again, from docs/performance/bench.json.
// Must never measure anything.
import { readFileSync } from "node:fs";
import { EXIT } from "../scripts/shared/failure.ts";
import { run } from "../scripts/shared/run.ts";
import { type BenchResult, RESULT_FILE } from "./result.ts";
import { writeDocuments } from "./write-documents.ts";

await run("bench:docs", async () => {
  writeDocuments(JSON.parse(readFileSync(RESULT_FILE, "utf8")) as BenchResult);
  return EXIT.ok;
});
