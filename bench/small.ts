// How large the Worker is and how long it takes to start, as wrangler sees it.
// Must never bundle in a way that a deploy would not.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Failure } from "../scripts/shared/failure.ts";
import { runWrangler } from "../scripts/shared/wrangler.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Small {
  readonly bytes: number;
  readonly gzipBytes: number;
  /** CPU before the first request, from `wrangler check startup`; null where it was not asked for. */
  readonly startUpMilliseconds: Spread | null;
}

/** @param startUps how many times to ask for the start-up; 0 leaves it out */
export async function measureSmall(script: string, startUps: number): Promise<Small> {
  const milliseconds: number[] = [];
  for (let time = 0; time < startUps; time++) milliseconds.push(await startUp());
  return {
    bytes: Buffer.byteLength(script),
    gzipBytes: gzipSync(script).length,
    startUpMilliseconds: spreadOf(milliseconds) ?? null,
  };
}

/** What of a V8 profile the start-up is read from. */
interface StartUpProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

async function startUp(): Promise<number> {
  const folder = temporaryFolder();
  try {
    const file = join(folder, "startup.cpuprofile");
    const { exitCode, stderr } = await runWrangler(["check", "startup", "--outfile", file], "capture");
    if (exitCode !== 0) throw new Failure(`wrangler check startup failed: ${stderr}`);
    return busyMilliseconds(JSON.parse(readFileSync(file, "utf8")) as StartUpProfile);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All of the profile but what V8 calls idle. */
export function busyMilliseconds({ nodes, samples, timeDeltas }: StartUpProfile): number {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id));
  const busy = samples.map((id, index) => (idle.has(id) ? 0 : (timeDeltas[index] ?? 0)));
  return busy.reduce((sum, microseconds) => sum + microseconds, 0) / 1000;
}
