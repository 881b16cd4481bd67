// `npm run bench:profile -- [shape] [contestant] [file]`: where a contestant's JavaScript spends its time.
// Must never be taken for a measurement: a Worker that is being watched is slower.
import { writeFileSync } from "node:fs";
import { Failure, usage } from "../scripts/shared/failure.ts";
import { run } from "../scripts/shared/run.ts";
import { textTable } from "../scripts/shared/terminal.ts";
import { freePort } from "../scripts/start/ports.ts";
import { openGround } from "./ground.ts";
import { openInspector } from "./inspector.ts";
import { startLoad } from "./processes.ts";
import { oneWindow, workOfRound } from "./race.ts";
import { selfTimes } from "./self-times.ts";
import { shapes } from "./shapes.ts";

const SECONDS = 5;
const SHOWN = 40;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

await run("bench:profile", async ([shapeName = "warm", name = "gateway", file]) => {
  const shape = shapes.find((one) => one.name === shapeName) ?? usageOf("shape", shapeName);
  const contestant = shape.contestants.find((one) => one.name === name) ?? usageOf("contestant", name);
  const inspectorPort = await freePort();
  const ground = await openGround({ users: 20_000, sessions: 20_000, ids: 2000 }, () => {});
  const load = startLoad();
  const runner = await contestant.start(ground, { inspectorPort });
  if (typeof runner === "string") throw new Failure(`${name} does not run here: ${runner}`);
  const inspector = await openInspector(inspectorPort);
  const options = { rounds: 1, seconds: SECONDS, warmUpSeconds: 2, turns: 1, connections: 32, only: [] };
  const tools = { ground, load, besideLoad: load, progress: () => {} };
  const window = oneWindow(
    shape,
    { contestant, runner },
    workOfRound(shape, options, ground)(contestant),
    options,
    tools,
  );
  const profile = await inspector.profile(2000, (SECONDS - 1) * 1000);
  await window;
  inspector.close();
  await runner.close();
  load.close();
  await ground.close();
  const rows = selfTimes(profile).slice(0, SHOWN);
  console.log(
    textTable(
      ["share", "function:line of the bundle"],
      rows.map(({ where, share }) => [`${(share * 100).toFixed(1)} %`, where]),
    ).join("\n"),
  );
  if (file !== undefined) writeFileSync(file, JSON.stringify(profile));
  return 0;
});

function usageOf(what: string, name: string): never {
  throw usage(`there is no ${what} ${name}`);
}
