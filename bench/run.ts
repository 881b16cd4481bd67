// `npm run bench`: what a request costs, beside what else one could run.
// Must never leave a process behind, nor report a run in which somebody answered wrongly.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { builtWorker } from "../scripts/shared/built-worker.ts";
import { EXIT, usage } from "../scripts/shared/failure.ts";
import { requirePackages } from "../scripts/shared/project.ts";
import { run } from "../scripts/shared/run.ts";
import { ofCheckout } from "./contestants.ts";
import { openGround } from "./ground.ts";
import { machine } from "./machine.ts";
import { type BenchOptions, benchHelp, readBenchOptions } from "./options.ts";
import { startLoad } from "./processes.ts";
import { race, type ShapeResult } from "./race.ts";
import { isWorse, reportGate, reportShape, reportSmall, reportTargets } from "./report.ts";
import { type BenchResult, mergedResult, RESULT_FILE } from "./result.ts";
import { type Shape, shapes } from "./shapes.ts";
import { measureSmall } from "./small.ts";
import { countStoreUse } from "./store-use.ts";
import { judgeTargets } from "./targets.ts";
import { writeDocuments } from "./write-documents.ts";

// Whatever was started is ended by listeners of "exit".
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
// Each server that is started adds one.
process.setMaxListeners(100);

/** How often the start-up is looked at. */
const START_UPS = 5;

/** A line that the next one takes the place of; nothing where nobody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function resultOf(options: BenchOptions, results: readonly ShapeResult[]): Promise<BenchResult> {
  const { rounds, seconds, warmUpSeconds, turns, connections, sizes } = options;
  const { script } = await builtWorker("wrangler.toml");
  return {
    machine: machine(),
    options: { rounds, seconds, warmUpSeconds, turns, connections, sizes },
    small: await measureSmall(script, options.shapes.length === 0 || options.docs ? START_UPS : 0),
    storeUse: options.shapes.length === 0 || options.docs ? await countStoreUse() : null,
    targets: judgeTargets(results),
    shapes: results,
  };
}

function checkoutAt(folder: string): string {
  const checkout = resolve(folder);
  if (!existsSync(join(checkout, "wrangler.toml"))) throw usage(`--before: there is no wrangler.toml in ${folder}.`);
  return checkout;
}

/** With the gateway of another checkout beside this one's, in shapes that have it. */
function withBefore(shape: Shape, checkout: string | undefined): Shape {
  const gateway = shape.contestants.find(({ name }) => name === "gateway" || name === "gateway-full");
  if (checkout === undefined || !gateway) return shape;
  return { ...shape, contestants: [...shape.contestants, ofCheckout(gateway, checkout)] };
}

const documentedResult = () => JSON.parse(readFileSync(RESULT_FILE, "utf8")) as BenchResult;

await run("bench", async (argv) => {
  const options = readBenchOptions(argv);
  if (options.help) {
    console.log(benchHelp);
    return EXIT.ok;
  }
  requirePackages();
  const checkout = options.before === undefined ? undefined : checkoutAt(options.before);
  const ground = await openGround(options.sizes, progress);
  const tools = { ground, load: startLoad(), besideLoad: startLoad(), progress };
  const results: ShapeResult[] = [];
  try {
    for (const shape of shapes) {
      if (options.shapes.length > 0 && !options.shapes.includes(shape.name)) continue;
      const result = await race(withBefore(shape, checkout), options, tools);
      progress("");
      console.log(reportShape(result).join("\n"));
      results.push(result);
    }
  } finally {
    tools.load.close();
    tools.besideLoad.close();
    await ground.close();
  }
  if (options.gate) {
    const judged = judgeTargets(results);
    console.log(reportGate(judged).join("\n"));
    return judged.some(isWorse) ? EXIT.failed : EXIT.ok;
  }
  const result = await resultOf(options, results);
  console.log(["", reportSmall(result.small), ...reportTargets(result.targets)].join("\n"));
  const textOf = (whole: BenchResult) => `${JSON.stringify(whole, undefined, 2)}\n`;
  if (options.json !== undefined) writeFileSync(options.json, textOf(result));
  if (options.docs) {
    const whole = options.shapes.length === 0 ? result : mergedResult(documentedResult(), result);
    writeFileSync(RESULT_FILE, textOf(whole));
    writeDocuments(whole);
  }
  return EXIT.ok;
});
