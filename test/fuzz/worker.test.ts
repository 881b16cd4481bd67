// The targets of the fuzzer in workerd, in short. `npm run test:fuzz` is the long form, in Node.
import bodies from "./corpus/bodies.json" with { type: "json" };
import cookies from "./corpus/cookies.json" with { type: "json" };
import headers from "./corpus/headers.json" with { type: "json" };
import paths from "./corpus/paths.json" with { type: "json" };
import provisioning from "./corpus/provisioning.json" with { type: "json" };
import settings from "./corpus/settings.json" with { type: "json" };
import tokens from "./corpus/tokens.json" with { type: "json" };
import type { Found } from "./fuzz.ts";
import { describeTarget } from "./short.ts";
import { workerTargets } from "./targets.ts";

const corpora: Readonly<Record<string, readonly Found[]>> = {
  ...{ paths, headers, cookies, tokens, bodies, settings, provisioning },
};
for (const target of workerTargets) describeTarget(target, corpora[target.name] ?? []);
