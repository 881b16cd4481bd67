// Replays the recorded answers of Simple JWT and holds misses against test/parity/differences.md, answers against OpenAPI.
// Must never let a miss pass that is not listed there with its reason, nor a listed one that is no difference any more.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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
  process.exitCode = await replay();
} finally {
  rmSync(work, { recursive: true, force: true });
}

/**
 * The runner's options for each of its runs. Those of the first list go on at the same time: a run replays one profile
 * after another, and most of its time starts and stops gateways or hashes passwords (`hashers`). Profiles whose tokens
 * live for seconds come after them, when nothing else delays a request.
 */
function runsFor(given: readonly string[]): ReadonlyArray<ReadonlyArray<readonly string[]>> {
  if (given.length > 0) return [[given]];
  const profiles = readdirSync(join(suite, "profiles")).map((file) => file.replace(/\.json$/, ""));
  const slowest = ["default", "hashers"].filter((name) => profiles.includes(name));
  const first = slowest.length > 0 ? slowest : profiles.slice(0, profiles.length / 2);
  const last = profiles.filter((name) => name.startsWith("short"));
  const others = profiles.filter((name) => ![...first, ...last].includes(name));
  const flagsOf = (names: readonly string[]) => names.flatMap((name) => ["--profile", name]);
  return [[first, others], [last]].map((together) => together.filter((names) => names.length > 0).map(flagsOf));
}

async function replay(): Promise<number> {
  const steps: Array<readonly StepResult[] | undefined> = [];
  for (const together of runsFor(options)) steps.push(...(await Promise.all(together.map(stepsOf))));
  if (steps.includes(undefined)) {
    console.error("The conformance suite could not run.");
    console.log("0 passed, 1 failed");
    return 1;
  }
  const results = steps.flatMap((some) => some ?? []);
  return judge(results, readDifferences(readFileSync(join(project, "test/parity/differences.md"), "utf8")));
}

/** The steps of one run; undefined when it could not run. */
async function stepsOf(flags: readonly string[]): Promise<readonly StepResult[] | undefined> {
  const json = join(mkdtempSync(join(work, "run-")), "results.json");
  const args = ["run.mjs", "check", "--target", "miniflare", "--project", project, "--quiet", "--json", json, ...flags];
  const run = spawn(process.execPath, args, { cwd: suite, stdio: ["ignore", "inherit", "inherit"] });
  const [status] = (await once(run, "exit")) as [number | null];
  if (status === null || status > 1 || !existsSync(json)) return undefined;
  return (JSON.parse(readFileSync(json, "utf8")) as { readonly results: readonly StepResult[] }).results;
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
  const resolved = results.filter(
    (step) => step.ok && differences.some((one) => one.kind === "scenario" && covers(one, step)),
  );
  for (const step of resolved)
    console.log(`✗ ${step.scenario} step ${step.step} is documented as a difference, but does not differ`);
  const differing = results.filter((step) => !step.ok).length;
  console.log(
    `${results.length - differing} responses as recorded, ${differing - unlisted.length} differ for a documented reason`,
  );
  const documented = judgeDocument(differences);
  const failed = unlisted.length + resolved.length + documented.failed;
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
