// `npm run bench:memory -- [tokens]`: what an isolate of the gateway holds after so many different tokens.
// Must never count what a garbage collection would free.
import { Failure, usage } from "../scripts/shared/failure.ts";
import { run } from "../scripts/shared/run.ts";
import { freePort } from "../scripts/start/ports.ts";
import { gateway } from "./contestants.ts";
import { noRows } from "./fill-stores.ts";
import { openGround } from "./ground.ts";
import { openInspector } from "./inspector.ts";
import { startLoad } from "./processes.ts";
import { getRequest, NOTES } from "./requests.ts";

/** Of the 128 MB that Cloudflare gives an isolate. */
const mostMegabytes = 40;
const tokensAtOnce = 10_000;
/** A window ends when its tokens are used up; this is only for one that never does. */
const longestMilliseconds = 300_000;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

await run("bench:memory", async ([text = "100000"]) => {
  const tokens = Number(text);
  if (!(Number.isSafeInteger(tokens) && tokens > 0)) throw usage(`${text} is no number of tokens.`);
  const inspectorPort = await freePort();
  const ground = await openGround(noRows, () => {});
  const load = startLoad();
  const runner = await gateway("gateway", "as shipped").start(ground, { inspectorPort });
  if (typeof runner === "string") throw new Failure(runner);
  const inspector = await openInspector(inspectorPort);
  const maker = ground.maker("HS256");
  const look = async (seen: number) => {
    const megabytes = (await inspector.heapBytes()) / 1e6;
    console.log(`${seen.toLocaleString("en").padStart(9)} tokens: ${megabytes.toFixed(1)} MB`);
    return megabytes;
  };
  const send = async (count: number) => {
    const requests = Array.from({ length: count }, () => getRequest(NOTES, maker.make("access")));
    const plan = { port: runner.port, pids: [], storePids: [], status: 200, connections: 32, warmUpMilliseconds: 0 };
    const { wrong } = await load.run({ ...plan, milliseconds: longestMilliseconds, requests, order: "once" });
    const [why] = Object.keys(wrong);
    if (why !== undefined) throw new Failure(`the gateway ${why}`);
  };
  await send(1);
  let megabytes = await look(1);
  for (let seen = 0; seen < tokens; ) {
    const count = Math.min(tokensAtOnce, tokens - seen);
    await send(count);
    seen += count;
    megabytes = await look(seen);
  }
  inspector.close();
  await runner.close();
  load.close();
  await ground.close();
  return megabytes <= mostMegabytes ? 0 : 1;
});
