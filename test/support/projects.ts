// Projects in folders of their own: a copy of this one, and one that has the package as `npm pack` makes it installed.
// Must never touch the project's own .wrangler folder, nor let an installed package reach the sources.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { HostAnswer, HostRequest } from "./command-host.ts";

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
  for (const part of ["scripts", "src", "examples", "schema.sql", "sessions.sql", "wrangler.toml", "package.json"]) {
    const isSource = (path: string): boolean => !path.includes(".wrangler");
    cpSync(join(ROOT, part), join(folder, part), { recursive: true, filter: isSource });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
  let started: ReturnType<typeof startHost> | undefined;
  const host = () => {
    started ??= startHost(folder, join(folder, "scripts/manage.ts"), environment);
    return started.listening;
  };
  return {
    folder,
    manage: async (words, input = "") => {
      // INIT_CWD is where npm was called, and so where a path on the command line begins.
      return ask(await host(), { words, input, env: { INIT_CWD: folder } });
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
  script: string,
  env: NodeJS.ProcessEnv,
): { readonly child: ChildProcess; readonly listening: Promise<string> } {
  const socket = join(folder, ".commands.sock");
  const host = join(import.meta.dirname, "command-host.ts");
  const child = spawn(process.execPath, [host, socket, script], {
    cwd: folder,
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const listening = Promise.race([
    once(child.stdout, "data").then(() => socket),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the command host ended with ${code}`))),
  ]);
  return { child, listening };
}

async function ask(socket: string, request: HostRequest): Promise<Ended> {
  const connection = connect({ path: socket, allowHalfOpen: true });
  connection.end(JSON.stringify(request));
  const answer = await text(connection);
  if (answer === "") throw new Error(`the command host broke off: manage ${request.words.join(" ")}`);
  const { code, written } = JSON.parse(answer) as HostAnswer;
  const said = (name: string) => written.flatMap(([stream, part]) => (stream === name ? [part] : [])).join("");
  return { code, stdout: said("stdout"), stderr: said("stderr") };
}

/** What a program left behind. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param env beside this process's own */
export function runToEnd(
  program: string,
  words: readonly string[],
  { cwd, input = "", env = {} }: { readonly cwd: string; readonly input?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  const child = spawn(program, words, { cwd, env: { ...process.env, ...env } });
  // A command that refuses at once does not read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const project = resolve(import.meta.dirname, "../..");

export interface InstalledPackage {
  /** The project that has it: a copy of examples/package. */
  readonly folder: string;
  /** Files of the tarball, by their path in the package. */
  readonly files: readonly string[];
  /** The manifest in the tarball. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** TypeScript over the project, with its own tsconfig.json and every declaration checked. */
  typecheck(): Promise<Ended>;
  /** `npx simplejwt-edge …` in a folder of the project, in a process of its own. */
  command(words: readonly string[], input?: string, within?: string): Promise<Ended>;
  /** The same in the project's `src`, in one process for all such commands (command-host.ts). */
  hosted(words: readonly string[], input?: string): Promise<Ended>;
  remove(): void;
}

/** Packs, unpacks into node_modules, and links what npm would install beside it. */
export async function installPackage(): Promise<InstalledPackage> {
  const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-installed-"));
  let started: ReturnType<typeof startHost> | undefined;
  const remove = () => {
    started?.child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    cpSync(join(project, "examples/package"), folder, { recursive: true });
    const home = join(folder, "node_modules/simplejwt-edge");
    mkdirSync(home, { recursive: true });
    const packed = await good("npm", ["pack", "--json", "--offline", "--pack-destination", folder], project);
    const { filename, files } = saidBy(packed.stdout);
    await good("tar", ["-xzf", join(folder, filename), "-C", home, "--strip-components=1"], folder);
    const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as Record<string, unknown>;
    const beside = ["@cloudflare/workers-types", "wrangler", ...Object.keys(manifest.dependencies as object)];
    for (const name of beside) link(name, folder);
    const bin = (manifest.bin as Record<string, string>)["simplejwt-edge"] ?? "";
    return {
      folder,
      files: files.map(({ path }) => path).sort(),
      manifest,
      typecheck: () => run("node", [join(project, "node_modules/typescript/bin/tsc"), "-p", "."], folder),
      command: (words, input = "", within = ".") =>
        run(process.execPath, [join(home, bin), ...words], resolve(folder, within), input),
      hosted: async (words, input = "") => {
        started ??= startHost(join(folder, "src"), join(home, bin), process.env);
        return ask(await started.listening, { words, input, env: {} });
      },
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The package itself is unpacked, not linked: from a link its imports would find their way back into the tree. */
function link(name: string, folder: string): void {
  const place = join(folder, "node_modules", name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(project, "node_modules", name), place, "dir");
}

interface Packed {
  readonly filename: string;
  readonly files: ReadonlyArray<{ readonly path: string }>;
}

/** npm's own JSON stands last, after what prepack says: a list of one, or since npm 12 an object with one entry. */
function saidBy(stdout: string): Packed {
  const [packed] = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<string, Packed>);
  if (packed === undefined) throw new Error(`npm pack said nothing: ${stdout}`);
  return packed;
}

async function good(program: string, words: readonly string[], cwd: string): Promise<Ended> {
  const ended = await run(program, words, cwd);
  if (ended.code !== 0) throw new Error(`${program} ${words[0]}: ${ended.stdout}${ended.stderr}`);
  return ended;
}

function run(program: string, words: readonly string[], cwd: string, input = ""): Promise<Ended> {
  return runToEnd(program, words, { cwd, input, env: { npm_config_update_notifier: "false", INIT_CWD: cwd } });
}
