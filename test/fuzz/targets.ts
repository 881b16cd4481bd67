// The targets of the fuzzer that run wherever the Worker does.
import type { AnyTarget } from "./target.ts";
import { bodies } from "./targets/bodies.ts";
import { cookies } from "./targets/cookies.ts";
import { headers } from "./targets/headers.ts";
import { paths } from "./targets/paths.ts";
import { provisioning } from "./targets/provisioning.ts";
import { settings } from "./targets/settings.ts";
import { tokens } from "./targets/tokens.ts";

export const workerTargets: readonly AnyTarget[] = [paths, headers, cookies, tokens, bodies, settings, provisioning];
