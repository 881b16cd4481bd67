// Every fenced block of the documents is held against a rule for its language; a block that no rule knows is a failure.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standInSecrets } from "../../scripts/configuration/stand-in-key.ts";
import { readWranglerFile } from "../../scripts/configuration/wrangler-file.ts";
import { localBindings } from "../../scripts/database/bindings.ts";
import { addColumn, addedColumns, sessionsStatements } from "../../scripts/database/tables.ts";
import { readConfiguration } from "../../src/configuration.ts";
import { commandError } from "../support/command-errors.ts";
import {
  type Block,
  blocksOf,
  documentFiles,
  documentText,
  type SimpleCommand,
  shellCommands,
  typeErrors,
} from "../support/documents.ts";
import { copyProject, runToEnd } from "../support/projects.ts";

const blocks = documentFiles().flatMap(blocksOf);
const inLanguage = (...languages: readonly string[]) => blocks.filter(({ language }) => languages.includes(language));
const named = (some: readonly Block[]) => some.map((block) => [`${block.file}:${block.line}`, block] as const);

/** Output that is shown and that no language has rules for: where it stands, and which test looks at it. */
const shown: Readonly<Record<string, string>> = {
  "ARCHITECTURE.md": "two pictures; test/architecture.test.ts holds the files against its tables",
  "docs/django-behind-the-gateway.md": "three pictures: npm run test:recipes and test:interop walk what they show",
  "docs/limits.md": "a response: test/proxy/limits.test.ts",
  "docs/migrate-from-django.md": "two pictures: test/interop runs what they show",
  "docs/interop.md": "printed by npm run test:interop, which needs Debian's Django",
  "docs/observability.md": "the header Server-Timing: test/api/observation.test.ts",
  "docs/quickstart.md": "test/scripts/start.test.ts, test/docs/walk.test.ts",
};

/** Warnings that a page means to show; all other settings are without. */
const warned: Readonly<Record<string, RegExp>> = {
  "docs/client-headers.md": /^ALLOW_HEADERS has "(X_Tenant|X-HTTP-Method-Override)": /,
  "docs/admin.md": /^ADMIN is on: staff can log in|^ADMIN_HOST is not set/,
  "docs/events.md": /^PROVISIONING_KEY with USERS_OWNER = "gateway"/,
  "docs/recipes.md": /^TOKEN_TYPE_CLAIM is None/,
  "docs/observability.md": /^ROUTES\[0\] \(\/api\/\*\) has enforce = false/,
  "docs/routes.md": /^ROUTES\[\d\] \(\/api\/new\/\*\) has enforce = false/,
};

/** What a page may set beside vars; anything else is a typo or wants a rule. */
const wranglerKeys = [
  ...["name", "routes", "workers_dev", "vars", "secrets", "services", "vpc_services", "d1_databases"],
  ...["ratelimits", "kv_namespaces", "analytics_engine_datasets", "queues", "triggers", "env"],
];

/** Analytics Engine has an SQL of its own and no local form: these were never run by a test. */
const unrunSql = { file: "docs/observability.md", beginning: /^SELECT [\s\S]*\nFROM simplejwt_edge\n/, count: 6 };

/** What curl asks elsewhere than at the gateway; it needs an account. */
const elsewhere = /^https:\/\/api\.cloudflare\.com\/client\/v4\/accounts\//;

/** Commands in the sentences of a document, in backticks. */
const inlineCommands = (file: string): readonly string[] =>
  [
    ...documentText(file)
      .replaceAll(/^ *```[\s\S]*?^ *```$/gm, "")
      .matchAll(/`((?:npm|npx|python|node) [^`]+)`/g),
  ].map(([, line = ""]) => line.replaceAll(/\s+/g, " "));

const commandLinesOf = (file: string) =>
  [
    ...blocksOf(file).flatMap(({ language, text }) => (language === "sh" ? [text] : [])),
    ...inlineCommands(file),
  ].flatMap(shellCommands);

const { folder, remove } = copyProject();
afterAll(remove);

it("there are blocks, and a rule for each", () => {
  const known = ["sh", "toml", "ts", "js", "json", "python", "sql", "yaml", "console", "", "text"];
  expect(blocks.length).toBeGreaterThan(100);
  expect(blocks.filter(({ language }) => !known.includes(language))).toEqual([]);
});

describe("what is shown of an output", () => {
  it("stands where a test looks at it", () => {
    expect([...new Set(inLanguage("", "text").map(({ file }) => file))].sort()).toEqual(Object.keys(shown).sort());
  });
  it("is run where it is a session at a terminal: by test/docs/cli.test.ts", () => {
    expect(new Set(inLanguage("console").map(({ file }) => file))).toEqual(new Set(["docs/cli.md"]));
  });
});

describe("settings", () => {
  const place = mkdtempSync(join(tmpdir(), "simplejwt-edge-toml-"));
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it.each(named(inLanguage("toml")))("%s: wrangler reads it and the Worker takes it", async (_, { file, text }) => {
    const document = parse(text) as { readonly env?: object };
    expect(Object.keys(document).filter((key) => !wranglerKeys.includes(key))).toEqual([]);
    const configFile = join(place, "wrangler.toml");
    writeFileSync(configFile, text);
    for (const environment of [undefined, ...Object.keys(document.env ?? {})]) {
      const { vars } = await readWranglerFile({ configFile, environment, local: false });
      const { errors, warnings } = await readConfiguration({ ...vars, ...standInSecrets(vars) });
      expect(errors).toEqual([]);
      const unexpected = warnings.filter((warning) => !warned[file]?.test(warning));
      expect(unexpected).toEqual([]);
    }
  });
});

describe("code", () => {
  it("passes TypeScript", async () => {
    expect(await typeErrors(inLanguage("ts", "js"))).toBe("");
  });

  it("that does not fit is found", async () => {
    const wrong = (language: string, text: string) => ({ file: "docs/x.md", line: language.length, language, text });
    const said = await typeErrors([
      wrong("ts", 'import { createGateway } from "simplejwt-edge";\ncreateGateway({ settings: { LOG: "loud" } });\n'),
      wrong("js", "nobody.knows(this);\n"),
    ]);
    expect(said).toMatch(/^shown\/x\/line-2\.ts\(2,/m);
    expect(said).toMatch(/^shown\/x\/line-2\.js\(1,1\)/m);
  });

  it("of hooks and of the package is run by tests that hold the pages against files to the letter", () => {
    // test/docs/hooks.test.ts and test/api/hooks.test.ts; test/worker/package.test.ts; test/docs/recipes.test.ts.
    const beginnings = inLanguage("ts").map(({ file, text }) => `${file} ${text.split("\n", 1)[0]}`);
    expect(beginnings).toEqual([
      'README.md import { createGateway } from "simplejwt-edge";',
      "docs/groups-and-permissions.md // examples/hooks/imported-groups.ts",
      "docs/groups-and-permissions.md // examples/hooks/groups.ts",
      "docs/hooks.md // examples/hooks/user-rule.ts",
      "docs/hooks.md // examples/hooks/claims.ts",
      "docs/hooks.md // examples/hooks/user-in-response.ts",
      "docs/hooks.md // examples/hooks/login-events.ts",
      "docs/hooks.md // examples/hooks/json-encoder.ts",
      "docs/package.md // src/index.ts",
      'docs/package.md import { WorkerEntrypoint } from "cloudflare:workers";',
    ]);
  });

  it("in JavaScript is run by tests: of the recipes, and of a real Express behind the gateway", () => {
    // test/client/client.test.ts and test/api/login-at-the-api.test.ts (two steps); test/docs/recipes.test.ts; test/worker/express-origin.test.ts with
    // test/docs/securing-your-origin.test.ts; test/docs/provisioning.test.ts; test/browser/fetch-wrapper.ts and sockets.ts, in
    // Chromium.
    const beginnings = inLanguage("js").map(({ file, text }) => `${file} ${text.split("\n", 1)[0]}`);
    expect(beginnings).toEqual([
      "docs/browser-apps.md const post = (path, body) =>",
      'docs/client.md import { createClient } from "simplejwt-edge/client";',
      'docs/client.md import { createClient } from "simplejwt-edge/client";',
      'docs/client.md import { createClient } from "simplejwt-edge/client";',
      "docs/provisioning.md // examples/provisioning/gateway-users.js",
      "docs/react-and-nextjs.md // examples/browser-fetch/gateway-fetch.js",
      "docs/react-and-nextjs.md async function getJson(path) {",
      "docs/recipes.md let refreshing;",
      "docs/recipes.md /** `store` has load(), save(tokens) and clear(); all may be async. */",
      "docs/recipes.md export function memoryStore() {",
      'docs/recipes.md import express from "express";',
      "docs/securing-your-origin.md // test/origin-checks/express/gateway-caller.js",
      "docs/securing-your-origin.md app.use(gatewayCaller({",
      "docs/websockets.md const access = await client.getAccessToken();",
      "docs/websockets.md socket.onclose = ({ code }) => {",
    ]);
  });

  it("in Python compiles", async () => {
    const python = inLanguage("python");
    expect(python.length).toBeGreaterThan(4);
    const compile =
      'import json, sys\nfor name, text in json.load(sys.stdin): compile(text, name, "exec")\nprint("compiled")';
    const input = JSON.stringify(python.map(({ file, line, text }) => [`${file}:${line}`, text]));
    const ended = await runToEnd("python3", ["-c", compile], { cwd: folder, input }).catch((error: unknown) => {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
      console.warn("There is no python3 here: Python in the documents was not compiled.");
      return { code: 0, stdout: "compiled\n", stderr: "" };
    });
    expect(ended).toEqual({ code: 0, stdout: "compiled\n", stderr: "" });
  });

  it.each(named(inLanguage("json")))("%s: is JSON", (_, { text }) => {
    expect(() => JSON.parse(text)).not.toThrow();
  });
});

describe("a CI workflow", () => {
  it.each(named(inLanguage("yaml")))("%s: runs commands that are there", async (_, { text }) => {
    const runs = [...text.matchAll(/^ *- run: (.*)$/gm)].map(([, line = ""]) => line);
    expect(runs.length).toBeGreaterThan(0);
    for (const command of runs.flatMap(shellCommands)) expect(await errorWithCommand(command)).toBeUndefined();
  });
});

describe("SQL", () => {
  it("in blocks is Analytics Engine's, which no test can run", () => {
    const sql = inLanguage("sql").filter(({ file }) => file !== "CHANGELOG.md");
    expect(sql.map(({ file }) => file)).toEqual(Array.from({ length: unrunSql.count }, () => unrunSql.file));
    for (const { text } of sql) expect(text).toMatch(unrunSql.beginning);
  });

  it("in CHANGELOG.md is what npm run deploy adds to a database made before", () => {
    const [block, ...others] = inLanguage("sql").filter(({ file }) => file === "CHANGELOG.md");
    expect(others).toEqual([]);
    expect(block?.text.trim().split("\n")).toEqual(addedColumns.map((one) => `${addColumn(one)};`));
  });

  describe("on command lines", () => {
    let bindings: Awaited<ReturnType<typeof localBindings>>;
    beforeAll(async () => {
      writeFileSync(join(folder, ".dev.vars"), "SIGNING_KEY=docs-tests-only-docs-tests-only-!!!!\n");
      bindings = await localBindings(join(folder, ".wrangler/state"));
    });
    afterAll(() => bindings?.database.close());

    const statements = documentFiles().flatMap((file) =>
      commandLinesOf(file).flatMap((words) => {
        const at = words.indexOf("--command");
        const forSessions = words.some((word) => /^SESSIONS_\d+$/.test(word));
        return at < 0 ? [] : [[file, words[at + 1] ?? "", forSessions] as const];
      }),
    );
    it("is there", () => {
      expect(statements.length).toBeGreaterThan(1);
    });
    it.each(statements)("%s: %s", async (_, sql, forSessions) => {
      if (forSessions) await bindings.database.write(sessionsStatements.join(";\n"));
      for (const one of sql.split("; ")) await bindings.d1.prepare(`EXPLAIN ${one}`).all();
    });
  });
});

describe("command lines", () => {
  it("are taken apart as a shell does", () => {
    const script = `A=1 one 'a b' "c $(two --x | three)" # four
five \\
  six > file && (umask 077; seven)
`;
    expect(shellCommands(script)).toEqual([
      ["two", "--x"],
      ["three"],
      ["one", "a b", "c $(two --x | three)"],
      ["five", "six"],
      ["umask", "077"],
      ["seven"],
    ]);
    expect(() => shellCommands("one 'two")).toThrow("no '");
  });

  it.each(named(inLanguage("sh")))("%s: programs, commands, flags and files are there", async (_, { text }) => {
    const commands = shellCommands(text);
    const isSetting = /^[A-Z_]+='[^']*'\n$/.test(text);
    if (!isSetting) expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      expect(await errorWithCommand(command)).toBeUndefined();
      if (command[0] !== "curl") continue;
      // test/docs/walk.test.ts runs what goes to the gateway.
      const address = command.find((word) => /^[a-z]+:\/\//.test(word)) ?? "";
      if (!/^http:\/\/127\.0\.0\.1:8787\//.test(address)) expect(address).toMatch(elsewhere);
    }
  });

  it.each(documentFiles())("in the sentences of %s: likewise", async (file) => {
    const errors = await Promise.all(inlineCommands(file).flatMap(shellCommands).map(errorWithCommand));
    expect(errors.filter((problem) => problem !== undefined)).toEqual([]);
  });

  it("that are wrong are found", async () => {
    const wrong = [
      ...["npm run nothing", "npm run manage -- nobody", "npm run manage -- users --al", "npm run deploy -- --drv-run"],
      ...[
        "npm start -- --prot 1",
        "npx wrangler d1 nothing",
        "npx wrangler rollback --nothing",
        "node nothing.ts",
        "docker ps",
      ],
    ];
    const errors = await Promise.all(wrong.flatMap(shellCommands).map(commandError));
    expect(errors.filter((problem) => problem === undefined)).toEqual([]);
    expect(errors[0]).toBe("npm has no run nothing");
  });
});

async function errorWithCommand(command: SimpleCommand): Promise<string | undefined> {
  const problem = await commandError(command);
  return problem === undefined ? undefined : `${command.join(" ")}: ${problem}`;
}
