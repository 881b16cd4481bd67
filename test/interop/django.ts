// The real Django project: its database, its users, its server on a free port of 127.0.0.1.
// Must never outlive this process: the server ends when its input does.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../scripts/shared/failure.ts";
import { killAtExit } from "../../scripts/shared/processes.ts";
import { freePort } from "../../scripts/start/ports.ts";
import type { Keys } from "./keys.ts";
import { DJANGO_DIRECTORY, manage, PYTHON, pythonArguments } from "./python.ts";
import type { UserRow } from "./rows.ts";
import { type Side, sideAt } from "./side.ts";

const START_MILLISECONDS = 30_000;

/** A user that makeusers is to make; `hasher` is the preferred one while the password is set. */
export interface NewUser {
  readonly username: string;
  readonly password: string | null;
  readonly hasher?: string;
  readonly is_active?: boolean;
}

export interface DjangoDatabase {
  readonly env: NodeJS.ProcessEnv;
  makeUsers(users: readonly NewUser[]): Promise<void>;
  /** All rows of auth_user, as Django's own dumpdata gives them. */
  rows(): Promise<UserRow[]>;
  /** Puts rows in with Django's own loaddata. */
  load(rows: readonly UserRow[]): Promise<void>;
}

interface Fixture {
  readonly model: "auth.user";
  readonly pk: number;
  readonly fields: Omit<UserRow, "id">;
}

/** Makes the tables in a fresh SQLite file below `folder`. `more`: further variables of the project's settings. */
export async function openDjangoDatabase(folder: string, more: NodeJS.ProcessEnv = {}): Promise<DjangoDatabase> {
  const env = { INTEROP_DATABASE: join(folder, "django.sqlite3"), ...more };
  await manage(["migrate", "--run-syncdb", "--verbosity", "0"], env);
  return {
    env,
    makeUsers: async (users) => void (await manage(["makeusers"], env, JSON.stringify(users))),
    async rows() {
      const fixtures = JSON.parse(await manage(["dumpdata", "auth.user"], env)) as Fixture[];
      return fixtures.map(({ pk, fields }) => ({ ...fields, id: pk }));
    },
    async load(rows) {
      const fixtures = rows.map(({ id, ...fields }): Fixture => ({ model: "auth.user", pk: id, fields }));
      await manage(["loaddata", "--format=json", "--verbosity", "0", "-"], env, JSON.stringify(fixtures));
    },
  };
}

export interface DjangoServer extends Side {
  stop(): Promise<void>;
}

/** Starts the server with these keys and SIMPLE_JWT settings, and waits until it answers. */
export async function startDjango(
  database: DjangoDatabase,
  keys: Keys,
  settings: Readonly<Record<string, unknown>>,
  givenPort?: number,
): Promise<DjangoServer> {
  const port = givenPort ?? (await freePort());
  const child = spawn(PYTHON, pythonArguments(["serve.py", String(port)]), {
    cwd: DJANGO_DIRECTORY,
    env: {
      ...process.env,
      ...database.env,
      INTEROP_SIGNING_KEY: keys.signing,
      INTEROP_VERIFYING_KEY: keys.verifying,
      INTEROP_SIMPLE_JWT: JSON.stringify(settings),
    },
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  const forget = killAtExit(child);
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    forget();
  };
  const side = sideAt("Django", `http://127.0.0.1:${port}`);
  const deadline = performance.now() + START_MILLISECONDS;
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await side.ask("/api/public/whoami/").catch(() => undefined);
    if (answer?.status === 200) return { ...side, stop };
    await sleep(100);
  }
  await stop();
  throw new Failure(`Django does not start:\n${said}`);
}
