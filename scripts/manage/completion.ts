// `completion`: writes a script with which a shell completes commands and flags.
import { algorithms } from "../../src/settings/settings.ts";
import { type CommandWords, completionScript, shells } from "../completion/script.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { isPackage } from "../shared/project.ts";
import { unknownWord } from "../shared/suggest.ts";
import type { Command } from "./command.ts";

const help = `npm run manage -- completion bash | zsh | fish

Writes a script with which the shell completes commands and flags, after npm run manage -- and after simplejwt-edge and
npx simplejwt-edge. Write it to a file of your own and read that file in the start-up file of the shell:

  npm run --silent manage -- completion bash > ~/.simplejwt-edge.bash
  echo 'source ~/.simplejwt-edge.bash' >> ~/.bashrc

  npm run --silent manage -- completion zsh > ~/.simplejwt-edge.zsh
  echo 'source ~/.simplejwt-edge.zsh' >> ~/.zshrc      (below compinit)

  npm run --silent manage -- completion fish > ~/.config/fish/conf.d/simplejwt-edge.fish

  --help             show this text`;

/** Flags whose values are known. */
const values: Readonly<Record<string, readonly string[] | "file">> = { alg: algorithms, "secrets-file": "file" };

/** All words that there are to complete. */
export function completionWords(commands: ReadonlyMap<string, Command>): CommandWords[] {
  const names = [...commands.keys()];
  const rows = [...commands].map(([name, { summary, flags, words }]): CommandWords => {
    const own = Object.entries(flags).map(([flag, { type }]) => ({
      name: flag,
      values: type === "boolean" ? undefined : (values[flag] ?? []),
    }));
    return { name, summary, flags: [...own, { name: "help", values: undefined }], words: words ?? [] };
  });
  const more = isPackage
    ? [
        { name: "init", summary: "make this folder a Worker with the gateway", flags: [], words: [] },
        { name: "deploy", summary: "check, deploy, and update the tables", flags: deployFlags, words: [] },
      ]
    : [];
  return [...rows, ...more, { name: "help", summary: "show help", flags: [], words: names }];
}

const deployFlags = [
  { name: "secrets-file", values: "file" as const },
  { name: "dry-run", values: undefined },
  { name: "env", values: [] },
];

/** @param commandsOf the table, which this command is itself a part of */
export const completionCommand = (commandsOf: () => ReadonlyMap<string, Command>): Command => ({
  summary: "complete commands and flags in a shell",
  help,
  flags: {},
  words: shells,
  run: async (argv) => {
    const { positionals } = readFlags(argv, {}, 1);
    const [name] = positionals;
    if (name === undefined) throw usage("A shell is missing: npm run manage -- completion bash, zsh or fish");
    const shell = shells.find((one) => one === name);
    if (shell === undefined) throw unknownWord("completion for the shell", name, shells);
    console.log(completionScript(shell, completionWords(commandsOf())));
    return EXIT.ok;
  },
});
