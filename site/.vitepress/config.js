// The documentation site: README.md, its sisters and docs/ as they are, without a copy of any page.
// `npm run build` fails for a link that leads nowhere: pages by VitePress, other files of the project here.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix, relative, resolve } from "node:path";
import { defineConfig } from "vitepress";

const project = resolve(import.meta.dirname, "../..");

/** Markdown files of the project that are no pages of the site. */
const notPages = ["site/**", "src/**", "scripts/**", "examples/**", "bench/**", "test/**", "coverage/**"];
/** Pages below test/ that documents link to. */
const pagesOfTests = ["test/parity/differences.md", "test/security/README.md"];

/** Files other than pages that a page links to, from the project's root; they are copied next to the pages. */
const linkedFiles = new Set();

/** The groups and pages of README.md's section "Documentation": the one list of pages there is. */
function sidebarFromReadme() {
  const readme = readFileSync(join(project, "README.md"), "utf8");
  const list = /^## Documentation\n([\s\S]*?)\n(?=\S[^\n]*LICENSE)/m.exec(readme)?.[1] ?? "";
  const groups = list.split(/^- /m).flatMap((item) => {
    const title = /^\*\*(.+?)\*\*:/.exec(item)?.[1];
    if (title === undefined) return [];
    const items = [...item.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, text, link]) => ({
      text: capitalized(text.replaceAll(/\s+/g, " ")),
      link: `/${link.replace(/\.md$/, ".html")}`,
    }));
    return [{ text: title, items }];
  });
  if (groups.length < 4) throw new Error("README.md has no list of pages under ## Documentation");
  return groups;
}

const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Anchors as GitHub makes them, so that one link works in both places; test/docs/links.test.ts checks them. */
const slugify = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");

/** Links to the project's other files lead to copies of them; README.md is the first page. */
function localLinks(markdown) {
  markdown.core.ruler.push("local-links", ({ tokens, env }) => {
    const links = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === "link_open");
    for (const token of links) {
      const href = token.attrGet("href") ?? "";
      if (/^[a-z]+:|^#/.test(href)) continue;
      const [path, anchor] = href.split("#");
      const target = posix.join(posix.dirname(env.relativePath), path);
      const hash = anchor === undefined ? "" : `#${anchor}`;
      if (target === "README.md") token.attrSet("href", `/index.md${hash}`);
      else if (!target.endsWith(".md")) linkToFile(token, target, env.relativePath);
    }
  });
}

function linkToFile(token, target, page) {
  if (!existsSync(join(project, target))) throw new Error(`${page}: no such file: ${target}`);
  const isFolder = statSync(join(project, target)).isDirectory();
  const file = isFolder ? posix.join(target, "package.json") : target;
  linkedFiles.add(file);
  token.attrSet("href", `/${copyOf(file)}`);
  token.attrSet("target", "_blank"); // VitePress leaves such a link as it is
}

/** Pages lie outside of this folder, where no Vue is found: it is loaded from here when they are rendered. */
const vueFromHere = {
  name: "vue-from-here",
  enforce: "pre",
  resolveId: (id, _importer, { ssr }) => (ssr && /^vue(\/|$)/.test(id) ? { id, external: true } : null),
};

/** LICENSE as LICENSE.txt: a server knows what to do with it. */
const copyOf = (file) => (posix.extname(file) === "" ? `${file}.txt` : file);

export default defineConfig({
  title: "simplejwt-edge",
  description: "Simple JWT at the edge: token endpoints, bearer checks and a proxy in one Cloudflare Worker",
  lang: "en",
  srcDir: relative(resolve(import.meta.dirname, ".."), project),
  srcExclude: notPages.flatMap((pattern) => (pattern === "test/**" ? ["test/!(parity|security)/**"] : [pattern])),
  outDir: resolve(import.meta.dirname, "../dist"),
  cacheDir: resolve(import.meta.dirname, "cache"),
  vite: { plugins: [vueFromHere] },
  rewrites: { "README.md": "index.md" },
  markdown: { anchor: { slugify }, toc: { slugify }, config: localLinks },
  themeConfig: {
    sidebar: sidebarFromReadme(),
    outline: { level: [2, 3] },
    search: { provider: "local" },
    externalLinkIcon: true,
  },
  transformPageData: (page) => {
    if (page.relativePath.startsWith("test/") && !pagesOfTests.includes(page.relativePath))
      throw new Error(`${page.relativePath} is not meant to be a page`);
  },
  buildEnd: ({ outDir }) => {
    for (const file of linkedFiles) {
      const copy = join(outDir, copyOf(file));
      mkdirSync(dirname(copy), { recursive: true });
      cpSync(join(project, file), copy);
    }
  },
});
