// The documents as tests read them: fenced blocks, links, headings; the shell commands in them; their code, type-checked.
// Must never repair a document, run a command of one, or write into the project.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { runToEnd } from "./projects.ts";

export const projectRoot = resolve(import.meta.dirname, "../..");

/** A fenced block. */
export interface Block {
  /** The document, from the project's root. */
  readonly file: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  /** The word behind the fence; empty if there is none. */
  readonly language: string;
  /** Without the fences, and without the indentation of the fence. */
  readonly text: string;
}

/** README.md, its sisters, and docs/*.md, from the project's root. */
export function documentFiles(): readonly string[] {
  const inFolder = (folder: string) => readdirSync(join(projectRoot, folder)).map((name) => join(folder, name));
  return [...inFolder("."), ...inFolder("docs")].filter((file) => file.endsWith(".md")).sort();
}

export const documentText = (file: string): string => readFileSync(join(projectRoot, file), "utf8");

/** The fenced blocks of a document, in order. Throws if the last one is not closed. */
export function blocksOf(file: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; indent: number; lines: string[] } | undefined;
  documentText(file)
    .split("\n")
    .forEach((text, index) => {
      const [fence, indent = "", language = ""] = /^( *)```(.*)$/.exec(text) ?? [];
      if (open === undefined) {
        if (fence !== undefined)
          open = { line: index + 1, language: language.trim(), indent: indent.length, lines: [] };
      } else if (fence !== undefined) {
        blocks.push({ file, line: open.line, language: open.language, text: `${open.lines.join("\n")}\n` });
        open = undefined;
      } else open.lines.push(text.slice(open.indent));
    });
  if (open !== undefined) throw new Error(`${file}:${open.line}: a block without an end`);
  return blocks;
}

/** A document without what stands in fences and in backticks. */
export const proseOf = (text: string): string =>
  text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").replaceAll(/`[^`\n]*`/g, "");

/** Where the links and pictures of a document lead, as they are written. */
export function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
  const inline = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map(([, target = ""]) => target);
  const inHtml = [...prose.matchAll(/<(?:img|source|a)\b[^>]*\b(?:src|srcset|href)="([^"]+)"/g)];
  return [...inline, ...inHtml.map(([, target = ""]) => target)];
}

/** The anchors that a document has, as GitHub makes them of its headings. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").matchAll(/^#{1,6} +(.+?) *#*$/gm);
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ""] of headings) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    anchors.add(before === 0 ? anchor : `${anchor}-${before}`);
  }
  return anchors;
}

/** What a reader's own code has around a piece of JavaScript, by the document. */
const around: Readonly<Record<string, string>> = {
  "docs/react-and-nextjs.md": "declare const gatewayFetch: (path: string, init?: RequestInit) => Promise<Response>;\n",
  "docs/recipes.md": "declare const refresh: () => Promise<Response>;\n",
  "docs/securing-your-origin.md":
    "declare const app: { use(handler: unknown): void };\ndeclare const gatewayCaller: (options: object) => unknown;\n",
  "docs/websockets.md":
    "declare const client: { getAccessToken(): Promise<string> };\ndeclare const socket: WebSocket;\ndeclare const connect: () => void;\n",
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
      const paths = {
        "simplejwt-edge": [join(projectRoot, "src/package.ts")],
        "simplejwt-edge/client": [join(projectRoot, "client/client.ts")],
      };
      const compilerOptions = { ...shared, ...options, paths };
      const config = { extends: join(projectRoot, "tsconfig.json"), compilerOptions, files: shown, include: [] };
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

/** A program with its arguments; quotes are gone, variables stand as they are written, redirections are left out. */
export type SimpleCommand = readonly string[];

/** Throws for a quote or a `$(` without an end. Commands inside of `$(…)` come before the one they stand in. */
export function shellCommands(script: string): readonly SimpleCommand[] {
  const found: SimpleCommand[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let skipsNext = false;
  const endWord = () => {
    if (word !== undefined && !skipsNext) words.push(word);
    if (word !== undefined) skipsNext = false;
    word = undefined;
  };
  const endCommand = () => {
    endWord();
    const first = words.findIndex((one) => !/^[A-Za-z_]\w*=/.test(one));
    if (first >= 0) found.push(words.slice(first));
    words = [];
  };
  let at = 0;
  const until = (end: string) => {
    const close = script.indexOf(end, at + 1);
    if (close < 0) throw new Error(`no ${end} after ${JSON.stringify(script.slice(at, at + 30))}`);
    const inside = script.slice(at + 1, close);
    at = close;
    return inside;
  };
  /** At the `$` of `$(`; gives what is between the brackets. */
  const substitution = () => {
    let depth = 0;
    for (let end = at + 1; end < script.length; end++) {
      if (script[end] === "'") end = script.indexOf("'", end + 1);
      else if (script[end] === "(") depth++;
      else if (script[end] === ")" && --depth === 0) {
        found.push(...shellCommands(script.slice(at + 2, end)));
        const whole = script.slice(at, end + 1);
        at = end;
        return whole;
      }
    }
    throw new Error(`no end of ${script.slice(at, at + 30)}`);
  };
  for (; at < script.length; at++) {
    const sign = script.charAt(at);
    if (sign === "#" && word === undefined) at = (script.indexOf("\n", at) + script.length) % script.length;
    const here = script.charAt(at);
    if (here === "'") word = (word ?? "") + until("'");
    else if (here === '"') {
      word ??= "";
      for (at++; script.charAt(at) !== '"'; at++) {
        if (at >= script.length) throw new Error('no " at the end');
        if (script.startsWith("$(", at)) word += substitution();
        else word += script.charAt(script.charAt(at) === "\\" ? ++at : at);
      }
    } else if (script.startsWith("$(", at)) word = (word ?? "") + substitution();
    else if (here === "\\") {
      at++;
      if (script.charAt(at) !== "\n") word = (word ?? "") + script.charAt(at);
    } else if (/[\n|;&()]/.test(here)) endCommand();
    else if (/[<>]/.test(here)) {
      endWord();
      skipsNext = true;
    } else if (/\s/.test(here)) endWord();
    else word = (word ?? "") + here;
  }
  endCommand();
  return found;
}
