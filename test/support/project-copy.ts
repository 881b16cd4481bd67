// A copy of the project in a folder of its own, so that commands find a local database that nobody uses.
// Must never touch the project's own .wrangler folder.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { HostAnswer, HostRequest } from "./command-host.ts";
import type { Ended } from "./run-to-end.ts";

const ROOT = join(import.meta.dirname, "../..");

export interface ProjectCopy {
  readonly folder: string;
  /** `npm run manage -- …` in the copy. */
  readonly manage: (words: readonly string[], input?: string) => Promise<Ended>;
  /** Lets commands be run through the socket that it gives (command-host.ts), for scripts of a shell. */
  readonly host: () => Promise<string>;
  readonly remove: () => void;
}

/**
 * The copy, with the project's packages.
 *
 * @param environment of the process that runs the copy's commands
 */
export function copyProject(environment: NodeJS.ProcessEnv = process.env): ProjectCopy {
  const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-copy-"));
  for (const part of ["scripts", "src", "examples", "schema.sql", "wrangler.toml", "package.json"]) {
    const isSource = (path: string): boolean => !path.includes(".wrangler");
    cpSync(join(ROOT, part), join(folder, part), { recursive: true, filter: isSource });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
  let started: ReturnType<typeof startHost> | undefined;
  const host = () => {
    started ??= startHost(folder, environment);
    return started.listening;
  };
  return {
    folder,
    manage: async (words, input = "") => {
      // INIT_CWD is where npm was called, and so where a path on the command line begins.
      const { code, written } = await ask(await host(), { words, input, env: { INIT_CWD: folder } });
      const said = (name: string) => written.flatMap(([stream, part]) => (stream === name ? [part] : [])).join("");
      return { code, stdout: said("stdout"), stderr: said("stderr") };
    },
    host,
    remove: () => {
      started?.child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startHost(
  folder: string,
  env: NodeJS.ProcessEnv,
): { readonly child: ChildProcess; readonly listening: Promise<string> } {
  const socket = join(folder, ".commands.sock");
  const script = join(import.meta.dirname, "command-host.ts");
  const child = spawn(process.execPath, [script, socket], { cwd: folder, env, stdio: ["pipe", "pipe", "inherit"] });
  const listening = Promise.race([
    once(child.stdout, "data").then(() => socket),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the command host ended with ${code}`))),
  ]);
  return { child, listening };
}

async function ask(socket: string, request: HostRequest): Promise<HostAnswer> {
  const connection = connect({ path: socket, allowHalfOpen: true });
  connection.end(JSON.stringify(request));
  const answer = await text(connection);
  if (answer === "") throw new Error(`the command host broke off: manage ${request.words.join(" ")}`);
  return JSON.parse(answer) as HostAnswer;
}
