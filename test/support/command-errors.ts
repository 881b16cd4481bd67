// What is wrong with a command line that a document shows: a script, command, flag or file that there is not.
// Must never run it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readBenchOptions } from "../../bench/options.ts";
import { readSessionsBenchOptions } from "../../bench/sessions/options.ts";
import { deployHelp } from "../../scripts/deploy/arguments.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { readFlags } from "../../scripts/shared/flags.ts";
import { importWrangler } from "../../scripts/shared/wrangler.ts";
import { readStartOptions } from "../../scripts/start/options.ts";
import { readSoakOptions } from "../soak/options.ts";
import { projectRoot, type SimpleCommand } from "./documents.ts";

const scriptsOf = (packageFile: string) =>
  (
    JSON.parse(readFileSync(join(projectRoot, packageFile), "utf8")) as {
      readonly scripts: Readonly<Record<string, string>>;
    }
  ).scripts;
const scripts = scriptsOf("package.json");
const siteScripts = scriptsOf("site/package.json");

/** Programs that every POSIX shell has beside it, and openssl, which docs/deploy.md names. */
const everywhere = new Set([
  "export",
  "printf",
  "echo",
  "sed",
  "grep",
  "rm",
  "cp",
  "mkdir",
  "cd",
  "umask",
  "openssl",
  "head",
  "tail",
  "exit",
]);
/** In a Django project: Django's commands, and those of Simple JWT's app. */
const djangoCommands = new Set(["flushexpiredtokens", "dumpdata", "loaddata", "sqlsequencereset", "dbshell"]);

/** In words; undefined when there is nothing wrong. curl is for the test that runs it. */
export async function commandError([program = "", ...words]: SimpleCommand): Promise<string | undefined> {
  if (everywhere.has(program) || program === "curl") return undefined;
  if (program === "npm") return npmError(words);
  if (program === "npx") return npxError(words);
  if (program.startsWith("./") || program.startsWith(".ci/")) return fileError(program);
  if (program === "node") return fileError(words.find((word) => !word.startsWith("-")) ?? "");
  if (program === "python" && words[0] === "manage.py") {
    return djangoCommands.has(words[1] ?? "") ? undefined : `manage.py has no ${words[1]}`;
  }
  return `no rule for the program ${program}`;
}

/** npm's own commands. */
const ofNpm = new Set(["ci", "install", "pack", "version", "sbom", "audit", "publish"]);

const fileError = (path: string) => (existsSync(join(projectRoot, path)) ? undefined : `there is no ${path}`);

async function npmError(given: readonly string[]): Promise<string | undefined> {
  const dashes = given.indexOf("--");
  const own = dashes < 0 ? given : given.slice(0, dashes);
  const rest = dashes < 0 ? [] : given.slice(dashes + 1);
  const prefix = own.indexOf("--prefix");
  const words = own.filter((word, index) => !word.startsWith("--") && (prefix < 0 || index !== prefix + 1));
  const [verb = "", name = ""] = words;
  if (ofNpm.has(verb) && rest.length === 0) return undefined;
  if (verb === "exec") return commandError(rest);
  const script = verb === "run" ? name : verb;
  const known = prefix >= 0 && own[prefix + 1] === "site" ? siteScripts : scripts;
  if (!["run", "start", "test"].includes(verb) || !Object.hasOwn(known, script)) return `npm has no ${verb} ${name}`;
  if (rest.length === 0) return undefined;
  if (script === "start") return thrown(() => readStartOptions(rest));
  if (script === "bench") return thrown(() => readBenchOptions(rest));
  if (script === "bench:sessions") return thrown(() => readSessionsBenchOptions(rest));
  if (script === "test:soak") return thrown(() => readSoakOptions(rest));
  if (script === "manage") return manageError(rest);
  if (script === "deploy") return deployError(rest);
  if (script === "test:quick") {
    const files = readdirSync(join(import.meta.dirname, ".."), { recursive: true, encoding: "utf8" });
    const unknown = rest.find((area) => !files.some((file) => file.endsWith(".test.ts") && file.includes(area)));
    return unknown === undefined ? undefined : `no test file has ${unknown} in its path`;
  }
  return ["bench:profile", "test:browser", "test:fuzz"].includes(script)
    ? undefined
    : `no rule for words after npm run ${script}`;
}

async function npxError([program = "", ...words]: readonly string[]): Promise<string | undefined> {
  if (program === "wrangler") return wranglerError(words);
  if (program === "tsc") return undefined;
  if (program !== "simplejwt-edge") return `no rule for npx ${program}`;
  if (words[0] === "init") return thrown(() => readFlags(words.slice(1), {}));
  return words[0] === "deploy" ? deployError(words.slice(1)) : manageError(words);
}

const flagsOf = (words: readonly string[]) =>
  words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split("=")[0] ?? "");

function manageError([name = "", ...words]: readonly string[]): string | undefined {
  // In a sentence about all of them.
  if (name === "" || name === "COMMAND") return undefined;
  if (name === "help") return words[0] === undefined || commands.has(words[0]) ? undefined : `no command ${words[0]}`;
  const help = commands.get(name)?.help;
  if (help === undefined) return `manage has no ${name}`;
  const unknown = flagsOf(words).find((flag) => !new RegExp(`${flag}(?![a-z-])`).test(help));
  if (unknown !== undefined) return `manage ${name} has no ${unknown}`;
  const [deed = ""] = words;
  return name === "keys" && !new RegExp(`\\b${deed}\\b`).test(help) ? `manage keys has no ${deed}` : undefined;
}

async function deployError(words: readonly string[]): Promise<string | undefined> {
  const others = flagsOf(words).filter((flag) => !deployHelp.includes(`${flag} `));
  return others.length === 0 ? undefined : wranglerError(["deploy", ...others]);
}

/** By the table of its commands that wrangler keeps; without an account and without the network. */
async function wranglerError(words: readonly string[]): Promise<string | undefined> {
  const { experimental_getWranglerCommands: table } = await importWrangler();
  const { registry, globalFlags } = table();
  const first = words.findIndex((word) => word.startsWith("-"));
  const path = (first < 0 ? words : words.slice(0, first)).filter((word) => /^[a-z][a-z0-9-]*$/.test(word));
  let node = registry;
  for (const [index, word] of path.entries()) {
    const below = node.subtree.get(word);
    // What stands after a command's own name is an argument of it.
    if (below === undefined && node.definition?.type === "command") break;
    if (below === undefined) return `wrangler has no ${path.slice(0, index + 1).join(" ")}`;
    node = below;
  }
  const name = path.join(" ");
  const { definition } = node;
  const own = definition?.type === "command" ? (definition.args ?? {}) : {};
  const known = new Set(["help", "version", ...Object.keys(globalFlags), ...namesOf(own)]);
  const unknown = flagsOf(words).find((flag) => !known.has(flag.slice(2)));
  return unknown === undefined ? undefined : `wrangler ${name} has no ${unknown}`;
}

interface Flag {
  readonly alias?: string | readonly string[];
  readonly hidden?: boolean;
}

/** Flags that its help shows, with their other names; one that is a positional word is no flag, but its name is free. */
function namesOf(flags: Readonly<Record<string, Flag>>): string[] {
  return Object.entries(flags).flatMap(([name, { alias = [], hidden }]) =>
    hidden === true ? [] : [name, ...[alias].flat()],
  );
}

function thrown(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
