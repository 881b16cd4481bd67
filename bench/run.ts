// `npm run bench`: what a request costs, beside what else one could run.
// Must never leave a process behind, nor report a run in which somebody answered wrongly.
import { writeFileSync } from "node:fs";
import { EXIT } from "../scripts/shared/failure.ts";
import { requirePackages } from "../scripts/shared/project.ts";
import { run } from "../scripts/shared/run.ts";
import { openGround } from "./ground.ts";
import { machine } from "./machine.ts";
import { benchHelp, readBenchOptions } from "./options.ts";
import { startLoad } from "./processes.ts";
import { race, type ShapeResult } from "./race.ts";
import { reportShape } from "./report.ts";
import { shapes } from "./shapes.ts";

// Whatever was started is ended by listeners of "exit".
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

/** A line that the next one takes the place of; nothing where nobody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

await run("bench", async (argv) => {
  const options = readBenchOptions(argv);
  if (options.help) {
    console.log(benchHelp);
    return EXIT.ok;
  }
  requirePackages();
  const ground = await openGround(options.sizes, progress);
  const tools = { ground, load: startLoad(), besideLoad: startLoad(), progress };
  const results: ShapeResult[] = [];
  try {
    for (const shape of shapes) {
      if (options.shapes.length > 0 && !options.shapes.includes(shape.name)) continue;
      const result = await race(shape, options, tools);
      progress("");
      console.log(reportShape(result).join("\n"));
      results.push(result);
    }
  } finally {
    tools.load.close();
    tools.besideLoad.close();
    await ground.close();
  }
  const { rounds, seconds, connections, sizes } = options;
  const whole = { machine: machine(), options: { rounds, seconds, connections, sizes }, shapes: results };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(whole, undefined, 2)}\n`);
  return EXIT.ok;
});
