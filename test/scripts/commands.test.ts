// The commands as a shell sees them: exit codes, one line for each error, and nothing given away.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commands } from "../../scripts/manage/commands.ts";
import { copyProject } from "../support/projects.ts";

const ROOT = join(import.meta.dirname, "../..");

const { manage, remove } = copyProject();
afterAll(remove);

/** `npm run manage`, of which the first test here sees that a shell gets the same. */
async function managed(words: readonly string[], input = "") {
  const { code, stdout, stderr } = await manage(words, input);
  return { status: code, stdout, stderr };
}

function run(script: string, words: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`scripts/${script}`, ...words], {
    cwd: ROOT,
    input,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const refused = (status: number, line: string) => ({ status, stdout: "", stderr: `${line}\n` });

describe("npm run manage", () => {
  it("lists its commands", async () => {
    const { status, stdout, stderr } = run("manage.ts", ["--help"]);
    expect({ status, stdout, stderr }).toEqual(await managed(["--help"]));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^ {2}createsuperuser +create a user with is_staff and is_superuser$/m);
  });

  it.each([["help"], ["help", "check"], ["check", "-h"]])("helps with %j", async (...words) => {
    const { status, stdout, stderr } = await managed(words);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.split("\n", 1)).toEqual([
      words.length === 1 ? "npm run manage -- COMMAND [flags]" : "npm run manage -- check [flags]",
    ]);
  });

  it.each(["createsuperuser", "createuser", "changepassword", "users"])("tells about %s", async (command) => {
    const { status, stdout, stderr } = await managed([command, "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^npm run manage -- ${command} `));
  });

  it.each([
    [["nope"], 2, "There is no command 'nope'. See --help."],
    [["logut"], 2, "There is no command 'logut'. Did you mean logout? See --help."],
    [["delete-user", "ada"], 2, "There is no command 'delete-user'. Did you mean deleteuser? See --help."],
    [["help", "chek"], 2, "There is no command 'chek'. Did you mean check? See --help."],
    [["usres"], 2, "There is no command 'usres'. Did you mean users? See --help."],
    [["passwd", "ada"], 2, "There is no command 'passwd'. Did you mean changepassword? See --help."],
    [["keys", "lst"], 2, "There is no command keys 'lst'. Did you mean list? See --help."],
    [["completion", "bsh"], 2, "There is no completion for the shell 'bsh'. Did you mean bash? See --help."],
    [["completion"], 2, "A shell is missing: npm run manage -- completion bash, zsh or fish"],
    [["users", "--nope"], 2, "Unknown option '--nope'. See --help."],
    [["users", "--serach", "x"], 2, "Unknown option '--serach'. Did you mean --search? See --help."],
    [["users", "-json"], 2, "Unknown option '-j'. Did you mean --json? See --help."],
    [["import-django", "x", "--dry_run"], 2, "Unknown option '--dry_run'. Did you mean --dry-run? See --help."],
    [
      ["deactivate", "--username", "a"],
      2,
      "Unknown option '--username'. The username is a word without a flag. See --help.",
    ],
    [["createuser", "ada", "eve"], 2, "Unexpected word 'eve'. See --help."],
    [["createuser", "ada", "--username", "eve"], 2, "There are two usernames: 'ada' and 'eve'."],
    [
      ["createsuperuser", "a b"],
      1,
      "USERNAME: Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.",
    ],
    [["users", "--env", "staging"], 2, "--env requires --remote."],
    [["changepassword"], 2, "USERNAME is missing: npm run manage -- changepassword USERNAME"],
    [["createuser"], 2, "USERNAME is required without a terminal or with --no-input."],
    [["createuser", "--username", ""], 1, "--username: This field cannot be blank."],
    [["createuser", "--username", "a", "--email", "b"], 1, "--email: Enter a valid email address."],
    [["createuser", "--username", "a"], 1, "The password must not be empty."],
  ])("refuses %j with %d and a line", async (words, status, line) => {
    expect(await managed(words)).toEqual(refused(status, `manage: ${line}`));
  });

  it.each([
    ["createuser", "user", "ada", ["ada"]],
    ["createuser", "user", "eve", ["--username", "eve"]],
    ["createsuperuser", "superuser", "grace", ["grace"]],
    ["createsuperuser", "superuser", "lin", ["--username", "lin", "lin"]],
  ])("%s creates a %s from a word or a flag: %s", async (command, kind, name, words) => {
    expect(await managed([command, ...words, "--no-input"], "correct horse battery")).toEqual({
      status: 0,
      stdout: `Created ${kind} '${name}' in the local database.\n`,
      stderr: "",
    });
  });

  it.each([...commands])("shows an example of %s in its help", (name, { help }) => {
    expect(help).toMatch(new RegExp(`^  (printf .*\\| )?npm run (--silent )?manage -- ${name}\\b`, "m"));
  });

  it("says which version it is, with every command", async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    const said = { status: 0, stdout: `simplejwt-edge ${version}\n`, stderr: "" };
    expect(await managed(["--version"])).toEqual(said);
    expect(await managed(["users", "--version"])).toEqual(said);
    for (const script of ["start.ts", "deploy.ts"]) expect(run(script, ["--version"])).toEqual(said);
  });

  it("refuses a weak password unless it is forced", async () => {
    expect(await managed(["createuser", "--username", "ada"], "short")).toEqual(
      refused(
        1,
        "manage: This password is too short. It must contain at least 8 characters. To use it anyway, add --force.",
      ),
    );
  });

  it.each([["--password", "hunter2"], ["--password=hunter2"], ["-password=hunter2"]])(
    "refuses a password on the command line (%s), without repeating it",
    async (...words) => {
      const { status, stdout, stderr } = await managed(["createuser", "--username", "ada", ...words]);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^manage: Do not put a password on the command line, .*\n$/);
      expect(stdout + stderr).not.toContain("hunter2");
    },
  );
});

describe("npm start", () => {
  it.each([
    [["--prot", "1"], 2, "Unknown option '--prot'. Did you mean --port? See --help."],
    [["--origin", "nonsense"], 1, "--origin must be http(s)://host[:port][/base], such as http://127.0.0.1:9000."],
  ])("refuses %j with %d and a line", (words, status, line) => {
    expect(run("start.ts", words)).toEqual(refused(status, `start: ${line}`));
  });
});

describe("a project without packages", () => {
  const bare = mkdtempSync(join(tmpdir(), "simplejwt-edge-bare-"));
  cpSync(join(ROOT, "scripts"), join(bare, "scripts"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(bare, "package.json"));
  afterAll(() => rmSync(bare, { recursive: true, force: true }));

  it.each(["start", "manage", "deploy"])("gets the cure from npm run %s", (name) => {
    const bareRun = (...flags: string[]) =>
      spawnSync(process.execPath, [...flags, `scripts/${name}.ts`], { cwd: bare, encoding: "utf8" });
    expect(bareRun()).toMatchObject(refused(1, `${name}: The packages are not installed. Run: npm ci`));
    expect(bareRun("--import", "./scripts/check-node.js")).toMatchObject(
      refused(1, "The packages are not installed. Run: npm ci"),
    );
  });
});
