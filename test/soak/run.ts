// `npm run test:soak`: an hour of everything at once, held against a model of every session. Not part of `npm test`.
// Must never pass a run in which something was not explained.
import { readFileSync, writeFileSync } from "node:fs";
import { cpuMicroseconds } from "../../bench/load/cpu.ts";
import { machine } from "../../bench/machine.ts";
import { EXIT } from "../../scripts/shared/failure.ts";
import { requirePackages } from "../../scripts/shared/project.ts";
import { run } from "../../scripts/shared/run.ts";
import { fillCaches } from "./fill-caches.ts";
import { soakSettings } from "./ground.ts";
import { readSoakOptions, type SoakOptions, soakHelp } from "./options.ts";
import { type ProcessGround, startProcessGround } from "./process-ground.ts";
import { writeSoakDocuments } from "./report/document.ts";
import { memoryFaults, SOAK_FILE, type SoakRun } from "./report/result.ts";
import { type Sample, trendOf } from "./report/trend.ts";
import { type Fault, soak } from "./soak.ts";

// Whatever was started is ended by listeners of "exit".
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

const MEBIBYTE = 2 ** 20;
const residentEverySeconds = 5;
const heapEverySeconds = 15;
const sayEverySeconds = 60;
const flushEverySeconds = (seconds: number) => Math.max(30, seconds / 12);
const piecesOfRun = 60;

await run("test:soak", async (argv) => {
  const options = readSoakOptions(argv);
  if (options.help) {
    console.log(soakHelp);
    return EXIT.ok;
  }
  if (options.again) {
    writeSoakDocuments(JSON.parse(readFileSync(SOAK_FILE, "utf8")) as SoakRun);
    return EXIT.ok;
  }
  requirePackages();
  const ground = await startProcessGround(soakSettings);
  try {
    const { soaked, faults } = await soakFor(ground, options);
    const complaints = [...memoryFaults(soaked), ...ground.complaints()];
    show(soaked, options);
    for (const fault of faults) console.log(faultText(fault, options));
    for (const complaint of complaints) console.log(`FAULT: ${complaint}`);
    const text = `${JSON.stringify(soaked)}\n`;
    if (options.json !== undefined) writeFileSync(options.json, text);
    if (options.docs) {
      writeFileSync(SOAK_FILE, text);
      writeSoakDocuments(soaked);
    }
    const count = faults.length + complaints.length;
    console.log(count === 0 ? "OK: everything was explained, and memory is flat" : `${count} faults`);
    return count === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await ground.close();
  }
});

async function soakFor(
  ground: ProcessGround,
  options: SoakOptions,
): Promise<{ readonly soaked: SoakRun; readonly faults: readonly Fault[] }> {
  const { minutes, seed, rate, users, fill: filled } = options;
  const seconds = minutes * 60;
  const warmUpSeconds = seconds / 6;
  const [resident, heap]: [Sample[], Sample[]] = [[], []];
  const sample = (bytes: number, at: number): Sample => [Math.round(at), Math.round((bytes / MEBIBYTE) * 100) / 100];
  let [flushedAt, residentAt, heapAt, saidAt] = [0, 0, 0, 0];
  const { pids } = ground;
  const cpuBefore = cpuMicroseconds(pids);
  say(`filling the caches with ${filled} tokens, then logging ${users} users in`);
  await fillCaches(ground, filled);
  const { faults, ...result } = await soak(ground, {
    linesAbout: (says) => linesAbout(says, ground),
    ...{
      seed,
      users,
      alone: options.user,
      only: options.only,
      settings: soakSettings,
      pieceSeconds: seconds / piecesOfRun,
    },
    length: {
      seconds,
      // Alone, a user acts as often as among the others.
      turnsPerSecond: options.user === undefined ? rate : rate / users,
      tick: (at) => {
        if (at - residentAt >= residentEverySeconds) {
          residentAt = at;
          resident.push(sample(ground.memory.residentBytes(), at));
        }
        if (at - heapAt >= heapEverySeconds) {
          heapAt = at;
          ground.memory.heapBytes().then(
            (bytes) => heap.push(sample(bytes, at)),
            (error: unknown) => ground.logged.line(`the heap was not measured: ${error}`),
          );
        }
        if (at - saidAt >= sayEverySeconds) {
          saidAt = at;
          say(`${(at / 60).toFixed(0)} min: heap ${heap.at(-1)?.[1]} MiB, resident ${resident.at(-1)?.[1]} MiB`);
        }
        if (at - flushedAt >= flushEverySeconds(seconds)) {
          flushedAt = at;
          ground.flush().catch((error: unknown) => ground.logged.line(`the cron trigger failed: ${error}`));
        }
      },
    },
  });
  const cpuAfter = cpuMicroseconds(pids);
  const memory = (samples: readonly Sample[]) => ({
    samples,
    trend: trendOf(samples.filter(([at]) => at >= warmUpSeconds)) ?? null,
  });
  const soaked: SoakRun = {
    ...{ machine: machine(), options: { minutes, seed, rate, users }, warmUpSeconds, filled, ...result },
    ...{ resident: memory(resident), heap: memory(heap) },
    log: Object.fromEntries([...ground.logged.counts].sort()),
    cpuSeconds: cpuBefore === undefined || cpuAfter === undefined ? null : (cpuAfter - cpuBefore) / 1e6,
  };
  return { soaked, faults };
}

function say(text: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
}

function show({ kinds, comparison, resident, heap, ...rest }: SoakRun, { rate }: SoakOptions): void {
  const { turns, missedTurns, requests, leavings, seconds, cpuSeconds } = rest;
  console.table(
    Object.fromEntries(
      kinds.map(({ kind, requests: number, statuses, p50, p99 }) => [
        kind,
        { number, statuses: JSON.stringify(statuses), p50, p99 },
      ]),
    ),
  );
  console.log(`actions: ${JSON.stringify(rest.actions)}`);
  console.log(`log: ${JSON.stringify(rest.log)}`);
  console.log(`sessions: ${JSON.stringify(comparison)}`);
  console.log(
    `${turns} turns (${rate}/s wanted, ${missedTurns} missed), ${requests} requests, ${leavings} left, ${seconds.toFixed(0)} s`,
  );
  console.log(`the gateway's CPU: ${cpuSeconds?.toFixed(0)} s`);
  console.log(`heap: ${JSON.stringify(heap.trend)}, resident: ${JSON.stringify(resident.trend)}`);
}

function linesAbout(says: string, ground: ProcessGround): readonly string[] {
  const id = /request id (\w+)/.exec(says)?.[1];
  const [, path] = / (\/\S+\d+-\d+-\d+)\s/.exec(says) ?? [];
  return [id, path].flatMap((text) => (text === undefined ? [] : ground.logged.about(text)));
}

function faultText({ user, turn, action, says, lines }: Fault, { seed, minutes, rate, users }: SoakOptions): string {
  const again = `npm run test:soak -- --seed ${seed} --minutes ${minutes} --rate ${rate} --users ${users} --user ${user}`;
  return [
    `\nFAULT: ${action}, user ${user}, turn ${turn}: ${says}`,
    ...lines.map((line) => `log: ${line}`),
    ...(user === undefined ? [] : [`again, alone: ${again}`]),
  ].join("\n");
}
