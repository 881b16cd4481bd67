// What a save does: it is checked, and then the Worker is built and loaded, or the last good state goes on.
import { relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { WranglerInput } from "../configuration/wrangler-file.ts";
import { reasonOf } from "../shared/failure.ts";
import type { Outcome } from "./worker.ts";

/** What was found in the Worker's code, beside its syntax. */
export interface CodeFindings {
  /** With these, the Worker would answer every request with 503. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** A configuration that can be run. */
export interface GoodReading {
  readonly input: WranglerInput;
  readonly warnings: readonly string[];
  /** Reads the Worker's code as it is now. */
  readonly checkCode: () => Promise<CodeFindings>;
}

export interface ReloadDependencies {
  /** The Worker's name, for texts. */
  readonly name: string;
  /** Reads and checks the configuration. */
  readonly read: () => Promise<GoodReading | Readonly<{ errors: readonly string[] }>>;
  /** Builds and loads the Worker; with errors, or while it does not build, it answers 503 with them. */
  readonly apply: (input: WranglerInput, errors?: readonly string[]) => Promise<Outcome>;
  /** Files that `read` reads. Others are sources. */
  readonly isConfiguration: (path: string) => boolean;
  readonly root: string;
  readonly say: (line: ReloadLine) => void;
}

/** A line for people. */
export interface ReloadLine {
  readonly kind: "reloaded" | "error" | "warning";
  readonly text: string;
}

/** A file with an error is read again after this time: it may have been only half written. */
const SECOND_LOOK_MILLISECONDS = 250;

/** @returns takes the paths of changed files; resolves when the change has an effect, or has been refused */
export function createReload(
  { name, read, apply, isConfiguration, root, say }: ReloadDependencies,
  first: GoodReading,
): (paths: readonly string[]) => Promise<void> {
  let good = first;
  let knownWarnings = first.warnings;
  /** The configuration files have errors, and `good` is older than they are. */
  let isOutdated = false;

  async function readTwice(): ReturnType<typeof read> {
    const reading = await read();
    if ("input" in reading) return reading;
    await sleep(SECOND_LOOK_MILLISECONDS);
    return read();
  }

  async function reload(paths: readonly string[]): Promise<void> {
    const hasSources = paths.some((path) => !isConfiguration(path));
    if (paths.some(isConfiguration)) {
      const reading = await readTwice();
      isOutdated = "errors" in reading;
      if ("errors" in reading) {
        for (const text of reading.errors) say({ kind: "error", text });
        if (!hasSources) {
          say({ kind: "error", text: "Not reloaded: the last good settings stay in effect." });
          return;
        }
      } else {
        good = reading;
      }
    }
    const code = await good.checkCode();
    const warnings = [...good.warnings, ...code.warnings];
    for (const text of warnings.filter((warning) => !knownWarnings.includes(warning))) say({ kind: "warning", text });
    knownWarnings = warnings;
    const outcome = await apply(good.input, code.errors);
    const names = namesOf(paths.map((path) => relative(root, path)));
    if (outcome.ok) {
      const settings = isOutdated ? ", with the last good settings" : "";
      say({ kind: "reloaded", text: `reloaded ${names}${settings}` });
      return;
    }
    // That the process has ended is said where it is started again.
    if (outcome.ended) return;
    for (const text of outcome.errors) say({ kind: "error", text });
    const why = code.errors.length > 0 ? "does not start" : "does not build";
    say({ kind: "error", text: `${name} ${why}: requests get 503 with this error until it is corrected.` });
  }

  return (paths) => reload(paths).catch((error) => say({ kind: "error", text: `Not reloaded: ${reasonOf(error)}` }));
}

function namesOf([first = "", ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
