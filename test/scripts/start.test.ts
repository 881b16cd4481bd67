// `npm start` as a person meets it: started in a fresh copy of the project, walked through as printed, stopped by Ctrl-C.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
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

/** Waits until `npm start` has printed a text; fails with all it printed when it ends first. */
const untilPrinted = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const look = (): void => {
      if (printed.includes(text)) resolve();
    };
    start.stdout?.on("data", look);
    start.once("exit", () => reject(new Error(`Ended before it printed "${text}":\n${printed}`)));
    look();
  });

/** What a shell shows when the printed commands are pasted into it. */
const paste = (commands: string): string =>
  spawnSync("sh", { input: commands, encoding: "utf8", env: environment }).stdout;

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

beforeAll(async () => {
  const port = await freePort();
  gateway = `http://127.0.0.1:${port}`;
  start = spawn(process.execPath, ["scripts/start.ts", "--port", String(port)], {
    cwd: project,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [start.stdout, start.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  await untilPrinted("Log of the gateway:");
});

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

  it("prints a walk that works as it is pasted", () => {
    const commands = printed.match(/^ {2}(?:[A-Z]+=|curl ).*$/gm) ?? [];
    expect(commands).toHaveLength(14);
    const shown = paste(commands.join("\n"));
    expect(shown.match(/^HTTP\/1\.1 \d+/gm)?.map((line) => Number(line.slice(9)))).toEqual([
      401, // without a token
      200, // public
      200, // with the token
      201, // the note
      200, // verify
      200, // log out
      401, // the refresh token after it
    ]);
    expect(shown).toContain('{"detail":"Authentication credentials were not provided."}');
    expect(shown).toContain('{"id":1,"title":"Milk","text":""');
  });

  it("prints the address of the console, which it has switched on", async () => {
    const [, address = ""] = printed.match(/^Console: (.*)$/m) ?? [];
    expect(address).toBe(`${gateway}/_gateway/console#/api/notes/`);
    const response = await fetch(address);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  });

  it("prints what docs/quickstart.md shows, but for what is another each time", () => {
    const [, shown = ""] = /```\n(Key: [\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/quickstart.md"), "utf8")) ?? [];
    const alike = (text: string): string =>
      text
        .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
        .replaceAll(/[\w-]{16}(?=, which is not shown)/g, "PASSWORD")
        .replaceAll(/ready after [\d.]+ s/g, "ready after N s");
    const lines = shown.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(6);
    expect(alike(printed).split("\n")).toEqual(expect.arrayContaining(lines.map(alike)));
  });

  it("let nothing that was refused through to the API", async () => {
    const response = await fetch(`${gateway}/api/public/requests/`);
    expect(await response.json()).toMatchObject({ by_prefix: { "/api/notes/": 2, other: 0 } });
  });

  it("writes the password of the demo user into no file", () => {
    const password = printed.match(/^ {2}PASSWORD=(.*)$/m)?.[1] ?? "";
    expect(password).toMatch(/^[\w-]{16}$/);
    const files = filesUnder(project);
    expect(files.some((file) => file.endsWith(".sqlite"))).toBe(true);
    expect(files.filter((file) => contentOf(file).includes(password))).toEqual([]);
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
      { id: 2, username: "ada", email: "Ada@example.com", is_active: true, is_staff: true, is_superuser: true },
    ]);
  });

  it("has no two users of one name", async () => {
    const again = await manage(["createuser", "--username", "demo", "--no-input"], "long enough");
    expect(again).toMatchObject({ code: 1, stderr: "manage: There is already a user called 'demo'.\n" });
  });

  it("shows what the gateway does", async () => {
    await untilPrinted("POST /api/token/ 200 OK");
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
});
