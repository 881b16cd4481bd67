// Names of commands and files in texts for people: those of this repository, or of a project that has installed the package.
import { basename, join, relative } from "node:path";
import { CONFIG_FILE, isPackage, PACKAGE_ROOT } from "./project.ts";

/** What a text of the repository says, and what it is called elsewhere; the first that fits is taken. */
const words: ReadonlyArray<readonly [here: RegExp, there: string]> = [
  [/npm run (?:--silent )?manage --/g, "npx simplejwt-edge"],
  [/npm run deploy(?: --)?/g, "npx simplejwt-edge deploy"],
  [/npm start creates one/g, "npx simplejwt-edge keys generate --write makes one"],
  [/npm start/g, "wrangler dev"],
  [/wrangler\.toml/g, basename(CONFIG_FILE)],
  [/docs\/(?=[a-z-]+\.md)/g, `${relative(process.cwd(), join(PACKAGE_ROOT, "docs"))}/`],
];

/** A sentence or a help for people, as it is true where it is read. */
export const withCommandNames = (text: string): string =>
  isPackage ? words.reduce((said, [here, there]) => said.replace(here, there), text) : text;
