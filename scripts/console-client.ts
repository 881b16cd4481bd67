// Writes what the console has of the client for apps: browsers cannot run client/client.ts as it is.
// `npm run console:client` after each change of that file.
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { wranglerCli } from "./shared/project.ts";

const source = resolve(import.meta.dirname, "../client/client.ts");
export const consoleClientFile = resolve(import.meta.dirname, "../src/pages/console/client.client.js");

/** The client as a script that defines `createClient`. */
export async function consoleClient(): Promise<string> {
  // The bundler of wrangler, next to where it really is: pnpm links packages.
  const { transform } = createRequire(realpathSync(wranglerCli()))("esbuild") as typeof import("esbuild");
  const { code } = await transform(readFileSync(source, "utf8"), {
    loader: "ts",
    format: "esm",
    minify: true,
    target: "es2022",
  });
  const [exports, name] = /export\s*\{(\w+) as createClient\};?\s*$/.exec(code) ?? [];
  if (exports === undefined) throw new Error("The client exports something else than createClient().");
  // The console's own names are in the same script.
  const wrapped = `const createClient=(()=>{${code.slice(0, -exports.length)}return ${name}})();`;
  return `// @ts-nocheck: written from client/client.ts by \`npm run console:client\`.\n${wrapped}\n`;
}

if (import.meta.main ?? process.argv[1] === import.meta.filename)
  writeFileSync(consoleClientFile, await consoleClient());
