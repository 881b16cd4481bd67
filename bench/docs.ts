// `npm run bench:docs`: docs/performance.md, its pictures and docs/scaling.md again, from bench.json and sessions.json.
// Must never measure anything.
import { readFileSync } from "node:fs";
import { EXIT } from "../scripts/shared/failure.ts";
import { run } from "../scripts/shared/run.ts";
import { type BenchResult, RESULT_FILE } from "./result.ts";
import { writeSessionDocuments } from "./sessions/document.ts";
import { SESSIONS_FILE, type SessionsResult } from "./sessions/result.ts";
import { writeDocuments } from "./write-documents.ts";

await run("bench:docs", async () => {
  writeDocuments(JSON.parse(readFileSync(RESULT_FILE, "utf8")) as BenchResult);
  writeSessionDocuments(JSON.parse(readFileSync(SESSIONS_FILE, "utf8")) as SessionsResult);
  return EXIT.ok;
});
