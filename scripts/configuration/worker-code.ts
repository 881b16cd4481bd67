// What the Worker's own code passes to createGateway(): read by bundling it and running its global scope, in which a Worker
// can do nothing but define things. The gateway itself is replaced, so that nothing is started.

import { randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import type { BuildFailure, Plugin } from "esbuild";
import { optionErrors } from "../../src/check-options.ts";
import { joinSettings } from "../../src/settings/settings-in-code.ts";
import { reasonOf } from "../shared/failure.ts";
import { PACKAGE_ROOT, ROOT, wranglerCli } from "../shared/project.ts";

/** What is used of wrangler's configuration. */
export interface CodeChoice {
  /** The Worker's entry, as an absolute path. */
  readonly main: string | undefined;
  readonly alias?: Readonly<Record<string, string>> | undefined;
  readonly define?: Readonly<Record<string, string>> | undefined;
  readonly tsconfig?: string | undefined;
}

export interface CodeReading {
  readonly errors: readonly string[];
  /** A syntax error with its place. */
  readonly buildErrors: readonly string[];
  readonly notes: readonly string[];
  /** Whether a claim with this name may come from a hook; undefined if the code could not be read. */
  readonly mayMakeClaim: ((name: string) => boolean) | undefined;
}

const unread = (notes: readonly string[]): CodeReading => ({
  errors: [],
  buildErrors: [],
  notes,
  mayMakeClaim: undefined,
});

/** Names the errors in the options of createGateway(), with the place of a syntax error. */
export async function readWorkerCode({ main, ...choice }: CodeChoice): Promise<CodeReading> {
  if (main === undefined) return unread([]);
  const name = relative(ROOT, main);
  const built = await bundle(main, choice);
  if ("error" in built) return { ...unread([]), buildErrors: [built.error] };
  const notChecked = (why: string): CodeReading => unread([`The hooks of ${name} were not checked: ${why}`]);
  if ("unclear" in built) return notChecked(built.unclear);
  const options = await optionsGivenBy(built.code).catch(
    (error: unknown) => `it cannot be run here (${reasonOf(error)}).`,
  );
  if (typeof options === "string") return notChecked(options);
  if (options.length === 0) return unread([]);
  const errors = options.flatMap((one) => [...optionErrors(one), ...joinSettings(one.settings ?? {}, {}).errors]);
  const makesClaims = options.some(({ hooks }) => typeof hooks?.claimsFor === "function");
  return {
    errors: [...new Set(errors)],
    buildErrors: [],
    notes: [],
    // Which claims a hook makes is known when it is called, but their names are in its code.
    mayMakeClaim: (claim) => makesClaims && built.code.includes(claim),
  };
}

interface Options {
  readonly hooks?: { readonly claimsFor?: unknown } | undefined;
  readonly settings?: object | undefined;
}

const COLLECTED = "simplejwt-edge: options of createGateway";

async function optionsGivenBy(code: string): Promise<readonly Options[]> {
  const collected: Options[] = [];
  const scope = globalThis as { [COLLECTED]?: Options[] };
  scope[COLLECTED] = collected;
  try {
    // A module is run once for each address: the same code, saved again, needs another one.
    const text = `${code}\n// ${randomUUID()}`;
    await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
    return collected.filter((one) => typeof one === "object" && one !== null);
  } finally {
    delete scope[COLLECTED];
  }
}

/** The code in one piece, a syntax error with its place, or why it is not clear what the code is. */
type Built = { readonly code: string } | { readonly error: string } | { readonly unclear: string };

async function bundle(main: string, { alias, define, tsconfig }: Omit<CodeChoice, "main">): Promise<Built> {
  // The bundler of wrangler, next to where it really is: pnpm links packages.
  const { build, stop } = createRequire(realpathSync(wranglerCli()))("esbuild") as typeof import("esbuild");
  try {
    const { outputFiles } = await build({
      entryPoints: [main],
      absWorkingDir: ROOT,
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "esnext",
      conditions: ["workerd", "worker", "browser"],
      mainFields: ["browser", "module", "main"],
      loader: { ".txt": "text", ".html": "text", ".sql": "text", ".bin": "empty", ".wasm": "empty" },
      logLevel: "silent",
      plugins: [standIns],
      ...(alias === undefined ? {} : { alias: { ...alias } }),
      ...(define === undefined ? {} : { define: { ...define } }),
      ...(tsconfig === undefined ? {} : { tsconfig }),
    });
    return { code: outputFiles[0]?.text ?? "" };
  } catch (error) {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    if (first === undefined) {
      // If its process was ended, the next check starts another one.
      await stop();
      return { unclear: reasonOf(error) };
    }
    const { text, location } = first;
    // What wrangler resolves in its own ways is no error.
    if (location === null || /^(Could not resolve|No (matching export|loader))/.test(text))
      return { unclear: `${text}.` };
    return { error: `${location.file}:${location.line}:${location.column + 1}: ${text}.` };
  }
}

/** In place of the gateway and of the modules of the platform. */
const standIns: Plugin = {
  name: "stand-ins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^simplejwt-edge$/ }, () => ({ path: "gateway", namespace: "stand-in" }));
    onResolve({ filter: /\/create-gateway(\.[jt]s)?$/ }, ({ path, resolveDir }) =>
      join(resolveDir, path).startsWith(join(PACKAGE_ROOT, "src/create-gateway"))
        ? { path: "gateway", namespace: "stand-in" }
        : undefined,
    );
    onResolve({ filter: /^cloudflare:/ }, () => ({ path: "platform", namespace: "stand-in" }));
    onLoad({ filter: /^gateway$/, namespace: "stand-in" }, () => ({
      contents: `export function createGateway(options = {}) {
        globalThis[${JSON.stringify(COLLECTED)}].push(options);
        return { async fetch() {}, async scheduled() {} };
      }`,
    }));
    onLoad({ filter: /^platform$/, namespace: "stand-in" }, () => ({ contents: platform }));
  },
};

const classes = ["WorkerEntrypoint", "DurableObject", "WorkflowEntrypoint", "RpcTarget", "RpcStub", "RpcPromise"];
const more = ["EmailMessage", "NonRetryableError"];
const platform = [
  ...[...classes, ...more].map((name) => `export class ${name} {}`),
  "export const env = {}, exports = {}, tracing = {}, cache = {};",
  "export const waitUntil = () => {}, withEnv = (_, work) => work(), connect = () => {};",
].join("\n");
