// A Worker in a process of its own (host.ts) that is started again whenever it ends by itself, with what it ran last.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { WranglerInput } from "../configuration/wrangler-file.ts";
import type { Service, Services } from "./service.ts";

/** Where a Worker listens, on 127.0.0.1, and keeps its data. */
export interface Place {
  readonly port: number;
  readonly state: string;
}

/** What host.ts is sent. */
export type HostRequest = WranglerInput & Place & { readonly errors: readonly string[] };

/**
 * Whether a Worker was built and loaded; if not, requests are answered with 503 and the errors. `ended`: the process did not
 * live to say; the next one gets the same input.
 */
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly errors: readonly string[]; readonly ended?: true };

export interface SteadyWorker {
  readonly name: string;
  /** The process that ran first: its start is the caller's to wait for, and its end before that is final. */
  readonly first: Service;
  /** Builds and loads the Worker, or with errors one that answers with them. One call at a time. */
  apply(input: WranglerInput, errors?: readonly string[]): Promise<Outcome>;
  /** From now on: hands every line of the process to `show`, and starts it again if it ends, which it says. */
  keepRunning(show: (line: string) => void, say: (line: string) => void): void;
}

/** The pause before a restart; it doubles while the Worker does not run. */
const FIRST_PAUSE_MILLISECONDS = 200;
const LONGEST_PAUSE_MILLISECONDS = 10_000;

const hostCommand = ["--no-warnings", join(import.meta.dirname, "host.ts")];

/** Starts the process; the Worker itself starts with the first `apply`. */
export function steadyWorker(name: string, place: Place, start: Services["start"]): SteadyWorker {
  const first = start(name, hostCommand);
  let current = first;
  let latest: Pick<HostRequest, "config" | "bindings" | "errors"> | undefined;

  const applyTo = async (service: Service, input: NonNullable<typeof latest>): Promise<Outcome> => {
    const request: HostRequest = { ...input, ...place };
    const said = await service.ask<Outcome>(request);
    return "answer" in said ? said.answer : { ok: false, errors: [`${name} stopped (${said.silence}).`], ended: true };
  };

  async function restartForever(show: (line: string) => void, say: (line: string) => void): Promise<never> {
    for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS)) {
      say(`${await current.died} It is started again.`);
      // What is left of its group still holds the port.
      await current.stop();
      await sleep(pause);
      current = start(name, hostCommand);
      current.showLines(show);
      if (latest === undefined) continue;
      const outcome = await applyTo(current, latest);
      if (outcome.ok) {
        pause = FIRST_PAUSE_MILLISECONDS;
        say(`${name} is running again.`);
      } else if (outcome.ended === undefined) for (const error of outcome.errors) say(error);
    }
  }

  return {
    name,
    first,
    apply: ({ config, bindings }, errors = []) => {
      latest = { config, bindings, errors };
      return applyTo(current, latest);
    },
    keepRunning: (show, say) => {
      first.showLines(show);
      // Nothing can be started while everything is being stopped.
      restartForever(show, say).catch(() => {});
    },
  };
}
