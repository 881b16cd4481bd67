// The documents as tests read them: which there are, their fenced blocks, links and headings.
// Must never repair a document: what cannot be read is for a test to find.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

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
