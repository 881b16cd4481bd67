// docs/cli.md: each of its examples gives what it says, and each command and flag has its place there.
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localBindings } from "../../scripts/database/bindings.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { craft } from "../support/craft.ts";
import { copyProject } from "../support/projects.ts";
import { testSecret } from "../support/settings.ts";

const text = readFileSync(resolve(import.meta.dirname, "../../docs/cli.md"), "utf8");
const sections = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((section) => [/^`([a-z-]+)`/.exec(section)?.[1] ?? "", section.split(/^## /m, 1)[0] ?? ""] as const),
);

interface Example {
  readonly command: string;
  readonly shown: string;
}

const examples: readonly Example[] = [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((one) => ({ command: one.slice(0, one.indexOf("\n")), shown: one.slice(one.indexOf("\n") + 1) })),
);

/** Ids stay as they are; times are as many characters as their name here. */
const withoutTimes = (said: string) =>
  said
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "yyyy-mm-ddThh:mm:ssZ")
    .replaceAll(/\b(in )?[\d,]+ (second|minute|hour|day)s?( ago)?\b/g, "$1N units$3");

const { folder, host, remove } = copyProject();
const now = Math.floor(Date.now() / 1000);
const access = craft({
  claims: {
    token_type: "access",
    jti: "5e1f0c1a3b9d4d0d8a0f2f0f6c9b7a12",
    user_id: "1",
    iat: now - 60,
    exp: now + 840,
  },
});

/** Runs a line of the document in a shell, with an npm that has the command run and nothing else. */
function inShell(command: string): Promise<string> {
  const env = {
    ...process.env,
    PATH: `${join(folder, "bin")}:${process.env.PATH}`,
    ...{ ACCESS: access, PASSWORD: "correct horse battery", NO_COLOR: "1", INIT_CWD: folder },
  };
  const child = spawn("sh", ["-c", `exec 2>&1; ${command}`], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    said += part;
  });
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", () => done(said));
  });
}

beforeAll(async () => {
  writeFileSync(join(folder, ".dev.vars"), `SIGNING_KEY=${testSecret}\n`);
  mkdirSync(join(folder, "bin"));
  const client = join(import.meta.dirname, "../support/command-client.ts");
  writeFileSync(
    join(folder, "bin/npm"),
    `#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift\nexec '${process.execPath}' '${client}' '${await host()}' "$@"\n`,
  );
  chmodSync(join(folder, "bin/npm"), 0o755);
  const { database } = await localBindings(join(folder, ".wrangler/state"));
  const token = (jti: string, started: number, made: number, client: string) =>
    `INSERT INTO outstanding_tokens
       (jti, token_type, user_id, created_at, expires_at, family, session_started_at, client, address)
     VALUES ('${jti}', 'refresh', 1, ${made}, ${made + 604_800}, '${jti}', ${started}, ${client})`;
  await database.write(
    [
      "INSERT INTO users (id, username, password, date_joined) VALUES (1, 'ada', '!', '2026-01-01T00:00:00Z')",
      token("5e1f0c1a3b9d4d0d8a0f2f0f6c9b7a11", now - 240, now - 120, "'Firefox on Windows', '203.0.113.0/24'"),
      token("1b7a2c3d4e5f60718293a4b5c6d7e8f9", now - 640, now - 640, "NULL, NULL"),
      `INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at)
       VALUES ('9c0d1e2f3a4b5c6d7e8f90a1b2c3d4e5', 'refresh', ${now - 10}, ${now + 3600})`,
    ].join(";\n"),
  );
  await database.close();
});
afterAll(remove);

describe("docs/cli.md", () => {
  it("has a section with an example for every command, and for nothing else", () => {
    expect([...sections.keys()].sort()).toEqual([...commands.keys()].sort());
    for (const [name, section] of sections) expect(section).toContain(`npm run manage -- ${name}`);
    expect(examples.length).toBeGreaterThan(20);
  });

  it.each([...commands])("names the flags of %s, and no others", (name, { help }) => {
    const shared = new Set(["--remote", "--env", "--help", "--silent", "--secrets-file", "--var", "--json"]);
    const flagsIn = (words: string) => new Set([...words.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag));
    const section = sections.get(name) ?? "";
    const own = section.replaceAll(/```console[\s\S]*?```/g, "");
    const said = [...flagsIn(own)].filter((flag) => !shared.has(flag));
    const lines = help.split("\n").filter((line) => line.startsWith("  --"));
    const there = [...flagsIn(lines.map((line) => line.slice(0, 21)).join("\n"))].filter((flag) => !shared.has(flag));
    expect(said.sort()).toEqual(there.sort());
  });

  it.each(examples)("tells what comes of: $command", async ({ command, shown }) => {
    expect(withoutTimes(await inShell(command))).toBe(withoutTimes(shown));
  });
});
