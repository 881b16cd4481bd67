// The machine of a run, in general terms.
// Must never name the machine or its paths.
import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { ROOT } from "../scripts/shared/project.ts";

export interface Machine {
  readonly date: string;
  readonly system: string;
  readonly cores: number;
  readonly memoryGibibytes: number;
  readonly node: string;
  readonly workerd: string;
}

export function machine(): Machine {
  const workerd = JSON.parse(readFileSync(join(ROOT, "node_modules/workerd/package.json"), "utf8")) as {
    readonly version: string;
  };
  return {
    date: new Date().toISOString().slice(0, 10),
    system: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    memoryGibibytes: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    workerd: workerd.version,
  };
}
