// `npx simplejwt-edge init`: makes the current folder a Worker with the gateway.
// Must never overwrite or change a file that exists.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parseEnv } from "node:util";
import { EXIT, Failure, reasonOf } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { PACKAGE_ROOT } from "../shared/project.ts";
import { importWrangler } from "../shared/wrangler.ts";
import { CONFIG_FILES, type Folder, KNOWN_FILES, newConfig, type Plan, planInit, SECRET_FILES } from "./plan.ts";
import type { ReadConfig } from "./wrangler-pieces.ts";

export const initHelp = `npx simplejwt-edge init

Makes the current folder a Worker with the gateway, or adds the gateway to the Worker that is there. It writes
  wrangler.toml     settings, routes and bindings
  src/index.ts      createGateway() with an example of a hook, and a route of your own
  tsconfig.json     TypeScript with the types of Workers
  .gitignore        what must not be committed
  .dev.vars         a new SIGNING_KEY for local use, readable only by you
and prints what to do next.

A file that exists is never changed: its missing lines are printed for you to add. You can run the command again; it then
prints what is still missing. It needs no account and no network.

  --help            show this text

Exit codes: 0 done, 1 not done, 2 usage error.

  mkdir my-gateway && cd my-gateway
  npm install ../simplejwt-edge-0.2.0.tgz
  npx simplejwt-edge init`;

/** @param argv the flags @param folder where to. @returns the exit code */
export async function init(argv: readonly string[], folder = process.cwd()): Promise<number> {
  const { values } = readFlags(argv, { help: { type: "boolean", short: "h" } });
  if (values.help) {
    console.log(initHelp);
    return EXIT.ok;
  }
  const plan = planInit(await readFolder(folder));
  for (const file of plan.write) writeNew(join(folder, file.path), file.text, file.secret ?? false);
  console.log(report(plan, relative(folder, join(PACKAGE_ROOT, "docs/package.md"))));
  return EXIT.ok;
}

/** Fails if the file has come into being since it was looked for. */
function writeNew(path: string, text: string, secret: boolean): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: "wx", mode: secret ? 0o600 : 0o666 });
  } catch (error) {
    throw new Failure(`${path} cannot be written: ${reasonOf(error)}`);
  }
}

async function readFolder(folder: string): Promise<Folder> {
  const textOf = (path: string): string | undefined =>
    existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : undefined;
  const name = basename(folder);
  const localSecrets = SECRET_FILES.flatMap((path) => Object.keys(parseEnv(textOf(path) ?? "")));
  const configFile = CONFIG_FILES.find((one) => existsSync(join(folder, one)));
  const text = configFile === undefined ? undefined : textOf(configFile);
  const config =
    configFile === undefined || text === undefined
      ? undefined
      : {
          file: configFile,
          text,
          read: text === newConfig(name) ? undefined : await readConfig(folder, configFile, localSecrets),
        };
  const paths = [...KNOWN_FILES, ...(config?.read?.main === undefined ? [] : [config.read.main])];
  const texts = paths.flatMap((path) => {
    const text = textOf(path);
    return text === undefined ? [] : [[path, text] as const];
  });
  const key = randomBytes(48).toString("base64url");
  return {
    name,
    files: new Map(texts),
    config,
    dependencies: dependenciesIn(textOf),
    key,
    nodeVersion: process.versions.node,
  };
}

function dependenciesIn(textOf: (path: string) => string | undefined): string[] {
  const text = textOf("package.json");
  if (text === undefined) return [];
  try {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(text) as Record<string, object>;
    return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
  } catch (error) {
    throw new Failure(`package.json cannot be read: ${reasonOf(error)}`);
  }
}

/** Reads the configuration that is there, as wrangler does. */
async function readConfig(folder: string, file: string, localSecrets: readonly string[]): Promise<ReadConfig> {
  const { unstable_readConfig: read } = await importWrangler();
  try {
    const config = read({ config: join(folder, file) }, { hideWarnings: true });
    const lists: readonly unknown[] = [
      ...[config.d1_databases, config.kv_namespaces, config.ratelimits, config.services],
    ].flat();
    return {
      main: config.main === undefined ? undefined : relative(folder, config.main),
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      vars: config.vars,
      bindings: lists.map(bindingName),
      secrets: config.secrets?.required ?? [],
      localSecrets,
      crons: config.triggers.crons ?? [],
    };
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${reasonOf(error)}`);
  }
}

/** The name of a binding: `binding`, or `name` for rate limits. */
const bindingName = (one: unknown): string => {
  const { binding, name } = one as { readonly binding?: string; readonly name?: string };
  return binding ?? name ?? "";
};

/** What was done and what is to do, for people. */
function report({ write, keep, next }: Plan, guide: string): string {
  const indented = (text: string): string => text.trimEnd().replaceAll(/^(?=.)/gm, "    ");
  const lines = [
    ...write.map(({ path, secret }) => `Created ${path}${secret ? ", with a new SIGNING_KEY for local use" : ""}.`),
    ...keep.map(({ path, lines: add }) =>
      add === undefined ? `Kept ${path}: nothing is missing.` : `Kept ${path}. Add to it:\n\n${indented(add)}\n`,
    ),
  ];
  const steps = next.map((step, index) => `  ${index + 1}. ${step}`);
  const end = `${guide} describes the gateway in a Worker of your own.`;
  return `${lines.join("\n").trimEnd()}\n\nNext:\n${steps.join("\n")}\n\n${end}`;
}
