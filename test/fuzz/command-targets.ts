// The targets of the fuzzer that need Node: the commands' own.
import type { AnyTarget } from "./target.ts";
import { dumps } from "./targets/dumps.ts";

export const commandTargets: readonly AnyTarget[] = [dumps];
