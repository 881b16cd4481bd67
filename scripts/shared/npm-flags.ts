// Flags that npm takes for itself where there is no `--` before them: `npm run deploy --dry-run` would deploy.
// Must never repeat the value of a flag, which may be a secret.
import { usage } from "./failure.ts";
import type { Options } from "./flags.ts";
import { isPackage } from "./project.ts";

/** A flag as npm leaves it in the environment: `--dry-run` as npm_config_dry_run, and `--no-input` as an empty npm_config_input. */
function isKept(flag: string, env: NodeJS.ProcessEnv): boolean {
  const variable = (name: string): string | undefined => env[`npm_config_${name.replaceAll("-", "_")}`];
  if (flag.startsWith("no-")) {
    const positive = variable(flag.slice(3));
    return positive === "" || positive === "false";
  }
  const value = variable(flag);
  return value !== undefined && value !== "" && value !== "false";
}

/**
 * What npm makes of `npm start --quiet`, `--silent` and `--verbose`: its log level, which it passes on. Undefined if it has
 * none of these levels, or if this is not the npm script `script`. A `loglevel` in .npmrc is passed on in the same way.
 */
export function verbosityOfNpm(script: string, env: NodeJS.ProcessEnv = process.env): "quiet" | "verbose" | undefined {
  if (isPackage || env.npm_lifecycle_event !== script) return undefined;
  const level = env.npm_config_loglevel ?? "";
  if (["silent", "error", "warn"].includes(level)) return "quiet";
  return ["verbose", "silly"].includes(level) ? "verbose" : undefined;
}

/**
 * Refuses to go on without a flag that somebody has given.
 *
 * @param script the name of the npm script
 * @param argv what npm has passed on
 * @param flags those that the command knows
 */
export function refuseKeptFlags(
  script: string,
  argv: readonly string[],
  flags: Options,
  env: NodeJS.ProcessEnv = process.env,
): void {
  if (isPackage || env.npm_lifecycle_event !== script) return;
  const given = (flag: string): boolean => argv.some((word) => word === `--${flag}` || word.startsWith(`--${flag}=`));
  const kept = Object.keys(flags).filter((flag) => isKept(flag, env) && !given(flag));
  if (kept.length === 0) return;
  const npm = script === "start" ? "npm start" : `npm run ${script}`;
  const [command] = argv.filter((word) => !word.startsWith("-"));
  // Programs read what a command prints: npm's own lines do not belong there.
  const silent = script === "manage" && kept.includes("json");
  const example = [
    silent ? "npm run --silent manage" : npm,
    "--",
    ...(script === "manage" && command !== undefined ? [command] : []),
    ...kept.map((flag) => `--${flag}${flags[flag]?.type === "string" ? " …" : ""}`),
  ].join(" ");
  throw usage(
    `npm kept ${kept.map((flag) => `--${flag}`).join(" and ")} for itself: without "--", it does not pass flags on. Write: ${example}`,
  );
}
