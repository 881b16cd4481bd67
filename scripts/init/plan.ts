// Decides what `init` writes, what it leaves as it is, and what is left for the user to do. Reads and writes nothing.
import { devVars, ENTRY, ENTRY_LINES, IGNORED, TSCONFIG, TSCONFIG_LINES } from "./templates.ts";
import { jsonOf, missingPieces, type ReadConfig, tomlOf, wranglerPieces } from "./wrangler-pieces.ts";

/** What is in the folder. */
export interface Folder {
  /** The folder's own name. */
  readonly name: string;
  /** Texts of the files that matter, by their path in the folder. */
  readonly files: ReadonlyMap<string, string>;
  /** The wrangler configuration that is there. `read` is undefined if its text is that of `newConfig`. */
  readonly config?: { readonly file: string; readonly text: string; readonly read: ReadConfig | undefined } | undefined;
  /** Names in the dependencies of package.json. */
  readonly dependencies: readonly string[];
  /** A new SIGNING_KEY. */
  readonly key: string;
  /** Such as "22.12.0". */
  readonly nodeVersion: string;
}

/** A new file. */
interface Written {
  readonly path: string;
  readonly text: string;
  /** Whether only its owner may read it. */
  readonly secret?: boolean;
}

/** A file that stays as it is. */
interface Kept {
  readonly path: string;
  /** What to add to it by hand; undefined if it needs nothing. */
  readonly lines?: string | undefined;
}

export interface Plan {
  readonly write: readonly Written[];
  readonly keep: readonly Kept[];
  /** What to do next, in order. */
  readonly next: readonly string[];
}

export const CONFIG_FILES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"] as const;
export const ENTRY_FILE = "src/index.ts";
/** The files whose texts matter, besides the entry file that the configuration names. */
export const KNOWN_FILES = [ENTRY_FILE, "tsconfig.json", ".gitignore", ".dev.vars", ".env", ".env.local"] as const;
/** Where wrangler reads the secrets of local runs. */
export const SECRET_FILES = [".dev.vars", ".env", ".env.local"] as const;

export function planInit(folder: Folder): Plan {
  const { files, config } = folder;
  const entry = config?.read?.main ?? ENTRY_FILE;
  const steps: readonly Step[] = [
    planConfig(folder, entry),
    planEntry(files, entry),
    ...(entry.endsWith(".ts") || files.has("tsconfig.json") ? [planTsconfig(files)] : []),
    planGitignore(files),
    planKey(folder),
  ];
  const keep = steps.filter((step) => !("text" in step));
  return { write: steps.filter((step) => "text" in step), keep, next: nextSteps(folder, entry, keep) };
}

type Step = Written | Kept;

const usesGateway = (text: string | undefined): boolean => /["']simplejwt-edge["']/.test(text ?? "");

function planConfig({ name, files, config }: Folder, entry: string): Step {
  if (config === undefined) return { path: "wrangler.toml", text: newConfig(name) };
  const { file, text, read } = config;
  if (read === undefined) return { path: file };
  const pieces = wranglerPieces(workerName(name), entry);
  const missing = missingPieces(pieces, read, usesGateway(files.get(entry)));
  if (missing.length === 0) return { path: file };
  return { path: file, lines: file.endsWith(".toml") ? tomlOf(missing, tablesIn(text)) : jsonOf(missing) };
}

/** The wrangler.toml of a new Worker in a folder of this name. */
export const newConfig = (folder: string): string => tomlOf(wranglerPieces(workerName(folder), ENTRY_FILE));

/** Cloudflare's rule for names of Workers, applied to a folder's. */
const workerName = (folder: string): string =>
  folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 54)
    .replaceAll(/^-+|-+$/g, "") || "my-gateway";

const tablesIn = (toml: string): string[] =>
  [...toml.matchAll(/^\s*\[\s*([a-z]+)\s*\]/gm)].map(([, name = ""]) => name);

function planEntry(files: Folder["files"], entry: string): Step {
  const text = files.get(entry);
  if (text === undefined) return { path: entry, text: ENTRY };
  return { path: entry, lines: usesGateway(text) ? undefined : ENTRY_LINES };
}

function planTsconfig(files: Folder["files"]): Step {
  const text = files.get("tsconfig.json");
  if (text === undefined) return { path: "tsconfig.json", text: TSCONFIG };
  const hasTypes = /workers-types|worker-configuration/.test(text);
  return { path: "tsconfig.json", lines: hasTypes ? undefined : TSCONFIG_LINES };
}

function planGitignore(files: Folder["files"]): Step {
  const text = files.get(".gitignore");
  const missing = IGNORED.filter(([, covered]) => !covered.test(text ?? "")).map(([line]) => `${line}\n`);
  if (text === undefined) return { path: ".gitignore", text: missing.join("") };
  return { path: ".gitignore", lines: missing.join("") || undefined };
}

/** Where wrangler reads the secrets of local runs: .env files only where there is no .dev.vars, which would hide them. */
function planKey({ files, key }: Folder): Step {
  const path = [".dev.vars", ".env.local", ".env"].find((file) => files.has(file));
  if (path === undefined) return { path: ".dev.vars", text: devVars(key), secret: true };
  const hasKey = (file: string): boolean => /^\s*(export\s+)?SIGNING_KEY\s*=\s*\S/m.test(files.get(file) ?? "");
  const read = path === ".dev.vars" ? [path] : [".env.local", ".env"];
  const holder = read.find(hasKey);
  if (holder !== undefined) return { path: holder };
  return { path, lines: `a SIGNING_KEY: printf 'SIGNING_KEY=%s\\n' "$(openssl rand -base64 48)" >> ${path}\n` };
}

const hasOrigin = (read: ReadConfig | undefined): boolean =>
  read !== undefined && ["ORIGIN", "ORIGIN_URL"].some((name) => name in read.vars || read.bindings.includes(name));

/** Whether wrangler's own launcher starts with this Node. */
const runsWrangler = (nodeVersion: string): boolean => {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 12);
};

function nextSteps({ files, config, dependencies, nodeVersion }: Folder, entry: string, keep: Plan["keep"]): string[] {
  const missing = ["wrangler", "typescript", "@cloudflare/workers-types"].filter((one) => !dependencies.includes(one));
  const some = keep.some(({ lines }) => lines !== undefined);
  const file = config?.file ?? "wrangler.toml";
  const ownDatabase = config?.read?.bindings.includes("DB") === true && !usesGateway(files.get(entry));
  return [
    ...(dependencies.includes("simplejwt-edge")
      ? []
      : ["npm install FILE_OR_URL    the tarball or git URL of simplejwt-edge"]),
    ...(missing.length > 0 ? [`npm install --save-dev ${missing.join(" ")}`] : []),
    ...(some ? ["Add the lines above to the files that were kept."] : []),
    ...(ownDatabase
      ? [
          `${file} binds DB already, and the gateway creates its tables there, users among them. Rename that binding if you want them apart.`,
        ]
      : []),
    ...(hasOrigin(config?.read) ? [] : [`Set ORIGIN_URL in ${file} to the address of your API.`]),
    "npx simplejwt-edge check",
    "npx simplejwt-edge createsuperuser",
    `npx wrangler dev${runsWrangler(nodeVersion) ? "" : `    needs Node 22.12 or later; this is ${nodeVersion}`}`,
  ];
}
