// The targets of the fuzzer that are commands, in short. `npm run test:fuzz` is the long form.

import { commandTargets } from "./command-targets.ts";
import dumps from "./corpus/dumps.json" with { type: "json" };
import { describeTarget } from "./short.ts";

for (const target of commandTargets) describeTarget(target, dumps);
