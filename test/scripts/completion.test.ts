// `completion`: its scripts, in the shells themselves where they are installed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { completionScript, shells } from "../../scripts/completion/script.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { completionWords } from "../../scripts/manage/completion.ts";

const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-completion-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "dump.json"), "[]");
writeFileSync(join(folder, "package.json"), '{ "scripts": { "manage": "true", "rollback": "true" } }');
for (const shell of shells) writeFileSync(join(folder, shell), completionScript(shell, completionWords(commands)));

const shell = (program: string, ...words: readonly string[]) =>
  spawnSync(program, words, { cwd: folder, encoding: "utf8", env: { ...process.env, HOME: folder } });
const has = (program: string) => shell(program, "-c", "exit 0").status === 0;

/** What bash completes after each line, whose last word is at the cursor. */
function completedByBash(lines: readonly string[]): string[] {
  const script = `
source ./bash
_npm_completion() { COMPREPLY=(from npm itself); }
complete_line() {
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  local function; function=$(complete -p "$1" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
  "$function" "$1" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
  echo "\${COMPREPLY[*]}"
}
${lines.map((line) => `complete_line ${line.replace(/ $/, ' ""')}`).join("\n")}`;
  const { status, stdout, stderr } = shell("bash", "--norc", "-c", script);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split("\n").slice(0, -1);
}

const flagsOfUsers = "--json --search --remote --env --help";

describe("completion", () => {
  it("works in bash", () => {
    const expected: ReadonlyArray<readonly [line: string, completed: string]> = [
      ["npm run manage -- us", "users"],
      ["npm run --silent manage -- createu", "createuser"],
      ["npm run manage -- users --", flagsOfUsers],
      ["npm run manage -- keys r", "rotate retire"],
      ["npm run manage -- keys rotate --alg ES", "ES256 ES384 ES512"],
      ["npm run manage -- help rou", "routes"],
      ["npm run manage -- completion ", "bash zsh fish --help"],
      ["npm run manage -- import-django du", "dump.json"],
      ["npm run manage -- check --secrets-file d", "dump.json"],
      ["npm run manage -- users --search ", ""],
      ["npm run manage ", "--"],
      ["npm run build -- x", "from npm itself"],
      ["npx simplejwt-edge che", "check"],
      ["npx other-program che", ""],
      ["simplejwt-edge users --r", "--remote"],
    ];
    expect(completedByBash(expected.map(([line]) => line))).toEqual(expected.map(([, completed]) => completed));
  });

  it("knows every command in every shell, with its flags", () => {
    for (const name of shells) {
      const script = completionScript(name, completionWords(commands));
      for (const command of commands.keys()) expect(script).toMatch(new RegExp(`\\b${command}\\b`));
    }
    expect(completionScript("zsh", completionWords(commands))).toContain(
      `\n    users) compadd -- ${flagsOfUsers} ;;\n`,
    );
    expect(completionScript("fish", completionWords(commands))).toContain(
      `\n    complete -c $program -n '__simplejwt_edge_after users' -f -a '${flagsOfUsers}'\n`,
    );
  });

  it.runIf(has("zsh"))("is understood by zsh", () => {
    const { status, stdout, stderr } = shell(
      ...(["zsh", "-f", "-c"] as const),
      "autoload -U compinit; compinit -D -u; source ./zsh; echo $_comps[npm] $_comps[npx] $_comps[simplejwt-edge]",
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: "_simplejwt_edge_npm _simplejwt_edge_npx _simplejwt_edge\n",
      stderr: "",
    });
  });

  it.runIf(has("fish"))("works in fish", () => {
    const expected: ReadonlyArray<readonly [line: string, ...completed: string[]]> = [
      // fish completes the scripts of package.json after `npm run` by itself.
      ["npm run ro", "rollback"],
      ["npm run manage -- keys ro", "rotate"],
      ["npm run manage -- createu", "createuser"],
      ["npm run manage ", "--"],
      ["simplejwt-edge users --r", "--remote"],
      ["npx simplejwt-edge keys rotate --alg ES", "ES256", "ES384", "ES512"],
      ["npm run manage -- import-django du", "dump.json"],
    ];
    const script = expected.map(([line]) => `echo; complete -C '${line}'`).join("\n");
    const { stdout } = shell("fish", "-c", `source ./fish\n${script}`);
    const completed = stdout.split("\n\n").map((lines) =>
      lines
        .trim()
        .split("\n")
        .map((line) => line.split("\t")[0]),
    );
    expect(completed).toEqual(expected.map(([, ...words]) => words));
  });
});
