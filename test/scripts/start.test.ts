// `npm start` as a person meets it: started in a fresh copy of the project, walked through as printed, edited while it
// runs, stopped by Ctrl-C, and started again. `npm run test:start` saves more often, and ends processes.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../scripts/start/ports.ts";
import { copyProject } from "../support/projects.ts";

const ROOT = join(import.meta.dirname, "../..");
/** The environment of a person's shell: without what the tests and npm put into it. */
const { SIGNING_KEY: _key, npm_lifecycle_event: _event, ...environment } = process.env;

const { folder: project, manage, remove } = copyProject(environment);
let gateway = "";
let start: ChildProcess;
let printed = "";
/** Called when more is printed. */
const wakeups = new Set<(value?: unknown) => void>();

/** Waits until `npm start` has printed a text; fails with all it printed when it ends first. */
async function untilPrinted(text: string, begin = 0): Promise<void> {
  const ended = new Promise<never>((_, reject) => {
    start.once("exit", () => reject(new Error(`Ended before it printed "${text}":\n${printed}`)));
  });
  // Nobody may be waiting any more when it ends.
  ended.catch(() => {});
  while (!printed.includes(text, begin))
    await Promise.race([new Promise((resolve) => void wakeups.add(resolve)), ended]);
}

/** Those of the shells that people use that this machine has. */
const shells = [["sh"], ["bash"], ["zsh", "-f"], ["fish", "--no-config"]].filter(
  ([shell = ""]) => spawnSync(shell, ["-c", "true"]).status === 0,
);

/** What a shell shows when the printed commands are pasted into it. */
function paste([shell = "", ...words]: readonly string[], commands: string): string {
  // A file: fish reads no commands from a socket, which is what Node would give it.
  const file = join(project, "pasted");
  writeFileSync(file, `${commands}\n`, { mode: 0o600 });
  const input = openSync(file, "r");
  rmSync(file);
  const { stdout } = spawnSync(shell, words, {
    stdio: [input, "pipe", "ignore"],
    encoding: "utf8",
    env: environment,
  });
  closeSync(input);
  return stdout;
}

const printedCommands = (): string[] => printed.match(/^ {2}(?:export|curl|echo) .*$/gm) ?? [];
const statuses = (shown: string): number[] =>
  (shown.match(/^HTTP\/1\.1 \d+/gm) ?? []).map((line) => Number(line.slice(9)));

/** How often a file is saved in each way. */
const saves = Number(process.env.START_SAVES ?? "1");
const isLong = process.env.START_SAVES !== undefined;

const inPlace = (name: string, text: string): void => writeFileSync(join(project, name), text);
const byRename = (name: string, text: string): void => {
  writeFileSync(join(project, `${name}.saved`), text);
  renameSync(join(project, `${name}.saved`), join(project, name));
};

/** What is printed from now on. */
function fromNow(): { has(text: string): Promise<void>; text(): string } {
  const begin = printed.length;
  return {
    text: () => printed.slice(begin),
    has: (text) => untilPrinted(text, begin),
  };
}

const statusOf = async (path: string): Promise<number> => (await fetch(`${gateway}${path}`)).status;

const logInStatus = async (username: string, password: string): Promise<number> => {
  const body = new URLSearchParams({ username, password });
  return (await fetch(`${gateway}/api/token/`, { method: "POST", body })).status;
};

/** The process and everything below it, as `ps` sees it now; entries that only wait to be cleared away do not count. */
function family(root: number): number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" });
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  const alive = rows.flatMap(([pid, parent, state = ""]) =>
    state === "" || state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent) }],
  );
  const members = [root];
  for (const member of members) members.push(...alive.flatMap(({ pid, parent }) => (parent === member ? [pid] : [])));
  return members.filter((member) => alive.some(({ pid }) => pid === member));
}

/** What is in a file; nothing when it has gone since it was listed, as SQLite's do while the gateway works. */
const contentOf = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
};

/** Every file under a directory, but for what a symbolic link points to; readdirSync's `recursive` would follow it. */
const filesUnder = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesUnder(path) : entry.isFile() ? [path] : [];
  });

async function startGateway(...flags: string[]): Promise<void> {
  const port = await freePort();
  gateway = `http://127.0.0.1:${port}`;
  printed = "";
  start = spawn(process.execPath, ["scripts/start.ts", "--port", String(port), ...flags], {
    cwd: project,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [start.stdout, start.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      for (const wake of wakeups) wake();
      wakeups.clear();
    });
  start.setMaxListeners(0);
  await untilPrinted("Log of the gateway:");
}

beforeAll(() => startGateway());

afterAll(() => {
  start.kill("SIGKILL");
  remove();
});

describe("npm start", () => {
  it("makes .dev.vars with a key that nobody else can read", () => {
    const file = join(project, ".dev.vars");
    expect(readFileSync(file, "utf8")).toMatch(/^SIGNING_KEY=[\w-]{64}$/m);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each(shells)("prints commands that work as they are pasted into %s", (...shell) => {
    const commands = printedCommands();
    expect(commands).toHaveLength(5);
    const shown = paste(shell, commands.join("\n"));
    expect(statuses(shown)).toEqual([401, 200]);
    expect(shown).toContain('{"detail":"Authentication credentials were not provided."}');
  });

  it("prints few lines, without colours, and no warning about what it has switched on itself", () => {
    const [before = ""] = printed.split("Log of the gateway:");
    expect(before.trimEnd().split("\n")).toHaveLength(14);
    expect(printed).not.toMatch(/warning/i);
    expect(printed).not.toContain("\u001b");
  });

  it("prints the address of the console, which it has switched on", async () => {
    const [, address = ""] = printed.match(/^Console: (.*)$/m) ?? [];
    expect(address).toBe(`${gateway}/_gateway/console#/api/notes/`);
    const response = await fetch(address);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  });

  it("prints what docs/quickstart.md shows, but for what is another each time", () => {
    const [, shown = ""] =
      /```\n(First start: [\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/quickstart.md"), "utf8")) ?? [];
    const alike = (text: string): string =>
      text
        .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
        .replaceAll(/(?<=the password )[\w-]{16}$/gm, "PASSWORD")
        .replaceAll(/ready after [\d.]+ s/g, "ready after N s");
    const lines = shown.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(5);
    expect(alike(printed).split("\n")).toEqual(expect.arrayContaining(lines.map(alike)));
  });

  it("lets nothing that was refused through to the API", async () => {
    const response = await fetch(`${gateway}/api/public/requests/`);
    expect(await response.json()).toMatchObject({ by_prefix: { "/api/notes/": shells.length, other: 0 } });
  });

  it("writes the password of the demo user only into a file that nobody else can read", () => {
    const [, password = ""] = printed.match(/^User: demo, with the password (.*)$/m) ?? [];
    expect(password).toMatch(/^[\w-]{16}$/);
    const file = join(project, ".wrangler/state/demo-password");
    const files = filesUnder(project);
    expect(files.some((one) => one.endsWith(".sqlite"))).toBe(true);
    expect(files.filter((one) => contentOf(one).includes(password))).toEqual([file]);
    expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual([`${password}\n`, 0o600]);
  });

  it("lets npm run manage make a user who can log in at once, and change the password", async () => {
    const made = await manage(
      ["createsuperuser", "--username", "ada", "--email", "Ada@Example.com", "--no-input"],
      "first pass\n",
    );
    expect(made).toMatchObject({ code: 0, stdout: "Created superuser 'ada' in the local database.\n" });
    expect(await logInStatus("ada", "first pass")).toBe(200);

    expect(await manage(["changepassword", "ada"], "second pass")).toMatchObject({
      code: 0,
      stdout: "The password of 'ada' in the local database is changed. Earlier tokens are ended.\n",
    });
    expect(await logInStatus("ada", "first pass")).toBe(401);
    expect(await logInStatus("ada", "second pass")).toBe(200);

    expect(JSON.parse((await manage(["users", "--json", "--search", "EXAMPLE.COM"])).stdout)).toMatchObject([
      { id: "2", username: "ada", email: "Ada@example.com", is_active: true, is_staff: true, is_superuser: true },
    ]);
  });

  it("has no two users of one name", async () => {
    const again = await manage(["createuser", "--username", "demo", "--no-input"], "long enough");
    expect(again).toMatchObject({ code: 1, stderr: "manage: There is already a user called 'demo'.\n" });
  });

  it("shows what the gateway does", async () => {
    await untilPrinted("POST /api/token/ 200 OK");
  });

  describe("when a file is saved", () => {
    const toml = readFileSync(join(project, "wrangler.toml"), "utf8");
    const hooks = readFileSync(join(project, "src/hooks.ts"), "utf8");
    const closed = toml.replace('auth = "public"', 'auth = "token"');

    let isClosed = false;

    it.each([
      ["in place", inPlace],
      ["by rename", byRename],
    ])(`reloads it each of ${saves} times when it is saved %s`, async (_how, save) => {
      for (let count = 0; count < saves; count++) {
        const log = fromNow();
        isClosed = !isClosed;
        save("wrangler.toml", isClosed ? closed : toml);
        await log.has("reloaded wrangler.toml\n");
        expect(await statusOf("/api/public/")).toBe(isClosed ? 401 : 200);
      }
    });

    it.each([
      ["[vars\n", /^wrangler\.toml:\d+:6: Invalid TOML document: illegal character in key\.$/m],
      ["[unknown]\nLOG = 1\n[[vars.ROUTES]]\npath = 1\n", /^wrangler\.toml:\d+:1: ROUTES\[2\]/m],
      [
        '[vars.TOKEN_LIMITS]\nverify = { binding = "VERIFY_LIMITER", by = "address" }\n',
        /TOKEN_LIMITS\.verify needs VERIFY_LIMITER/,
      ],
    ])("says where an error is, and serves the last good state: %j", async (added, error) => {
      const log = fromNow();
      byRename("wrangler.toml", `${closed}${added}`);
      await log.has("Not reloaded: the last good settings stay in effect.\n");
      expect(log.text()).toMatch(error);
      expect(await statusOf("/api/public/")).toBe(200);
    });

    it("answers 503 with the error of a hooks.ts that does not build, until it is corrected", async () => {
      const log = fromNow();
      inPlace("wrangler.toml", toml);
      await log.has("reloaded wrangler.toml\n");
      inPlace("src/hooks.ts", `${hooks}const a = ;\n`);
      await log.has("The gateway does not build");
      const error = `src/hooks.ts:${hooks.split("\n").length}:11: Unexpected ";"`;
      expect(log.text()).toContain(`${error}\n`);
      const response = await fetch(`${gateway}/api/public/`);
      expect([response.status, await response.text()]).toEqual([503, `${error}\n`]);
      byRename("src/hooks.ts", hooks);
      await log.has("reloaded src/hooks.ts\n");
      expect(await statusOf("/api/public/")).toBe(200);
    });

    it.runIf(isLong)("answers 503 with what a hooks.ts throws while it is loaded", async () => {
      const log = fromNow();
      byRename("src/hooks.ts", `${hooks}throw new Error("boom");\n`);
      await log.has("The gateway does not build");
      const response = await fetch(`${gateway}/api/public/`);
      expect([response.status, await response.text()]).toEqual([503, "Uncaught Error: boom\n"]);
      inPlace("src/hooks.ts", hooks);
      await log.has("reloaded src/hooks.ts\n");
      expect(await statusOf("/api/public/")).toBe(200);
    });

    it.runIf(isLong)(
      "answers 503 with the name of a hook that there is not, and warns of a claim that no hook makes",
      async () => {
        const log = fromNow();
        inPlace("src/hooks.ts", hooks.replace("Hooks = {}", "Record<string, unknown> = { claimsForr: () => ({}) }"));
        await log.has("The gateway does not start");
        const error = `src/hooks.ts:${hooks.trimEnd().split("\n").length}:49: hooks.claimsForr is not a hook; did you mean claimsFor?`;
        expect(log.text()).toContain(`${error}\n`);
        const response = await fetch(`${gateway}/api/public/`);
        expect([response.status, await response.text()]).toEqual([503, `${error}\n`]);
        inPlace("src/hooks.ts", hooks);
        await log.has("reloaded src/hooks.ts\n");
        const claimed = fromNow();
        inPlace("wrangler.toml", toml.replace('auth = "token"', 'auth = "token"\nrequire = { roles = "admin" }'));
        await claimed.has("reloaded wrangler.toml\n");
        expect(claimed.text()).toContain(
          'Warning: ROUTES[1] (/*) requires the claim "roles", which tokens of this gateway do not have',
        );
        const restored = fromNow();
        inPlace("wrangler.toml", toml);
        await restored.has("reloaded wrangler.toml\n");
      },
    );

    it.runIf(isLong)("starts the gateway again when its processes are ended, and still reloads", async () => {
      const log = fromNow();
      for (const child of family(start.pid ?? 0).slice(1)) process.kill(child, "SIGKILL");
      await log.has("The gateway is running again.");
      await log.has("The demo API is running again.");
      expect(await statusOf("/api/public/")).toBe(200);
      byRename("wrangler.toml", closed);
      await log.has("reloaded wrangler.toml\n");
      expect(await statusOf("/api/public/")).toBe(401);
      byRename("wrangler.toml", toml);
      await untilPrinted("reloaded wrangler.toml\n", printed.lastIndexOf("reloaded wrangler.toml\n") + 1);
    });
  });

  it("leaves no process behind after SIGINT", async () => {
    const before = family(start.pid ?? 0);
    // Itself, and of each of the two Workers wrangler and workerd at least.
    expect(before.length).toBeGreaterThanOrEqual(5);
    const exit = new Promise((resolve) => start.once("exit", resolve));
    start.kill("SIGINT");
    expect(await exit).toBe(0);
    expect(before.flatMap(family)).toEqual([]);
    await expect(fetch(gateway)).rejects.toThrow();
  });

  it.runIf(isLong)("shows the password again at a second start, and every step with --verbose", async () => {
    const password = readFileSync(join(project, ".wrangler/state/demo-password"), "utf8").trim();
    const file = join(project, "wrangler.toml");
    writeFileSync(file, readFileSync(file, "utf8").replace('# ORIGIN_URL = "https', 'ORIGIN_URL = "https'));
    await startGateway("--verbose");
    expect(printed).toContain("ORIGIN_URL of wrangler.toml is not used here.");
    expect(printed).toContain(`User: demo, with the password ${password}\n`);
    expect(printed).not.toContain("First start");
    const commands = printedCommands();
    expect(commands.filter((line) => !line.startsWith("  echo "))).toHaveLength(14);
    for (const shell of shells) {
      const shown = paste(shell, commands.join("\n"));
      expect([shell, statuses(shown)]).toEqual([
        shell,
        [
          401, // without a token
          200, // public
          200, // with the token
          201, // the note
          200, // verify
          200, // log out
          401, // the refresh token after it
        ],
      ]);
      expect(shown).toContain("--- log in as demo\n");
      expect(shown).toContain('"title":"Milk","text":""');
    }
  });
});
