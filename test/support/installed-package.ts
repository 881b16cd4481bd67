// The package as `npm pack` makes it, in a project outside the tree that has it installed.
// Must never let that project reach the sources, nor need a network.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Ended, runToEnd } from "./run-to-end.ts";

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
  /** `npx simplejwt-edge …` in a folder of the project. */
  command(words: readonly string[], input?: string, within?: string): Promise<Ended>;
  remove(): void;
}

/** Packs, unpacks into node_modules, and links what npm would install beside it. */
export async function installPackage(): Promise<InstalledPackage> {
  const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-installed-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
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
