// Code out of the documents, type-checked in a folder of its own beside the project's sources and packages.
// Must never write into the project.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Block, projectRoot } from "./documents.ts";
import { runToEnd } from "./run-to-end.ts";

/** What a reader's own code has around a piece of JavaScript, by the document. */
const around: Readonly<Record<string, string>> = {
  "docs/recipes.md": "declare const refresh: () => Promise<Response>;\n",
  "docs/securing-your-origin.md":
    "declare const app: { use(handler: unknown): void };\ndeclare const gatewayCaller: (options: object) => unknown;\n",
};

/** Beside what the project's own tsconfig.json says. */
const shared = { moduleDetection: "force", noUnusedLocals: false };
/** TypeScript as the project has it; JavaScript as an editor checks it, in a page and in Node. */
const tokenTypes = [
  { language: "ts", lib: ["esnext"], types: ["@cloudflare/workers-types", "node"] },
  {
    language: "js",
    ...{ lib: ["esnext", "dom", "dom.iterable"], types: ["node"] },
    ...{ allowJs: true, checkJs: true, noImplicitAny: false },
  },
] as const;

/** What tsc has against the blocks; empty if nothing. Each error begins with the document and the line of the block. */
export async function typeErrors(blocks: readonly Block[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-docs-"));
  try {
    for (const part of ["node_modules", "src", "examples"])
      symlinkSync(join(projectRoot, part), join(folder, part), "dir");
    let said = "";
    for (const { language, ...options } of tokenTypes) {
      const shown = blocks.filter((block) => block.language === language).map((block) => place(folder, block));
      // The page files that the sources import as text.
      const files = language === "ts" ? [...shown, join("src", "pages/texts.d.ts")] : shown;
      const paths = { "simplejwt-edge": [join(projectRoot, "src/package.ts")] };
      const compilerOptions = { ...shared, ...options, paths };
      const config = { extends: join(projectRoot, "tsconfig.json"), compilerOptions, files, include: [] };
      writeFileSync(join(folder, `${language}.json`), JSON.stringify(config));
      const tsc = join(projectRoot, "node_modules/typescript/bin/tsc");
      const { code, stdout, stderr } = await runToEnd(process.execPath, [tsc, "-p", `${language}.json`], {
        cwd: folder,
      });
      if (code !== 0) said += stdout + stderr;
    }
    return said;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two folders deep, as examples/hooks is, so that its imports lead where they do there. */
function place(folder: string, { file, line, language, text }: Block): string {
  const name = join("shown", file.replace(/\.md$/, ""), `line-${line}.${language}`).replace("shown/docs/", "shown/");
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  const declared = around[file];
  if (declared !== undefined && !/^(import|export)/m.test(text)) {
    writeFileSync(
      join(folder, name.replace(/js$/, "d.ts")),
      `export {};\ndeclare global {\n${declared.replaceAll("declare ", "")}}\n`,
    );
    writeFileSync(join(folder, name), `/// <reference path="./line-${line}.d.ts" />\n${text}`);
  } else writeFileSync(join(folder, name), text);
  return name;
}
