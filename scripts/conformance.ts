// Replays the recorded answers of Simple JWT and holds misses against test/parity/differences.md, answers against OpenAPI.
// Must never let a miss pass that is not listed there with its reason, nor a listed one that has been mended.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openApiDocument } from "../src/api/openapi/openapi.ts";
import { type Difference, readDifferences } from "./conformance/differences.ts";
import { documentJudge } from "./conformance/documented.ts";
import { profileSettings, recordedAnswers } from "./conformance/recorded.ts";

/** What the runner's --json file says of one step. */
interface StepResult {
  readonly scenario: string;
  readonly step: number;
  readonly tags: readonly string[];
  readonly ok: boolean;
}

const project = resolve(import.meta.dirname, "..");
const [folder = "../shared/conformance", ...options] = process.argv.slice(2);
const suite = resolve(project, folder);
if (!existsSync(join(suite, "run.mjs"))) {
  console.error(`No conformance suite in ${folder}. Pass its folder: npm run conformance -- ../shared/conformance`);
  process.exit(2);
}

const work = mkdtempSync(join(tmpdir(), "conformance-"));
try {
  process.exitCode = replay();
} finally {
  rmSync(work, { recursive: true, force: true });
}

function replay(): number {
  const json = join(work, "results.json");
  const args = [
    "run.mjs",
    "check",
    "--target",
    "miniflare",
    "--project",
    project,
    "--quiet",
    "--json",
    json,
    ...options,
  ];
  const run = spawnSync(process.execPath, args, { cwd: suite, stdio: ["ignore", "inherit", "inherit"] });
  if (run.status === null || run.status > 1 || !existsSync(json)) {
    console.error("The conformance suite could not run.");
    console.log("0 passed, 1 failed");
    return 1;
  }
  const { results } = JSON.parse(readFileSync(json, "utf8")) as { results: readonly StepResult[] };
  return judge(results, readDifferences(readFileSync(join(project, "test/parity/differences.md"), "utf8")));
}

type Step = Pick<StepResult, "scenario" | "step" | "tags">;

function covers(one: Difference, step: Step): boolean {
  return one.kind === "tag"
    ? step.tags.includes(one.name)
    : one.name === step.scenario && one.steps.includes(step.step);
}

/** A step passes when the answer is the recorded one, or differs and is listed. */
function judge(results: readonly StepResult[], differences: readonly Difference[]): number {
  const unlisted = results.filter((step) => !step.ok && !differences.some((one) => covers(one, step)));
  for (const step of unlisted)
    console.log(`✗ ${step.scenario} step ${step.step} differs, and no reason is documented [${step.tags.join(" ")}]`);
  const mended = results.filter(
    (step) => step.ok && differences.some((one) => one.kind === "scenario" && covers(one, step)),
  );
  for (const step of mended)
    console.log(`✗ ${step.scenario} step ${step.step} is documented as a difference, but does not differ`);
  const differing = results.filter((step) => !step.ok).length;
  console.log(
    `${results.length - differing} responses as recorded, ${differing - unlisted.length} differ for a documented reason`,
  );
  const documented = judgeDocument(differences);
  const failed = unlisted.length + mended.length + documented.failed;
  console.log(`${results.length + documented.held - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** A recorded answer that is no listed difference has to be in the OpenAPI document of its settings, body and all. */
function judgeDocument(differences: readonly Difference[]): { readonly held: number; readonly failed: number } {
  const answers = recordedAnswers(suite).filter((answer) => !differences.some((one) => covers(one, answer)));
  const profiles = [...new Set(answers.map(({ profile }) => profile))];
  const diagnostics = new Map(
    profiles.map((name) => [name, documentJudge(openApiDocument(profileSettings(suite, name), false))] as const),
  );
  let failed = 0;
  for (const answer of answers) {
    const wrong = diagnostics.get(answer.profile)?.(answer);
    if (wrong === undefined) continue;
    failed += 1;
    console.log(`✗ ${answer.scenario} step ${answer.step}: ${answer.method} ${answer.path} ${answer.status}: ${wrong}`);
  }
  console.log(`${answers.length - failed} recorded responses match the OpenAPI document, ${failed} not`);
  return { held: answers.length, failed };
}
