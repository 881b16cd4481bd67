// The steps of `npm start`: prepares, starts, prints what can be tried, then shows the log and reloads what is saved.
// Must never start the gateway with settings that it would refuse.
import { dirname } from "node:path";
import { servedEndpoints, tokenPath } from "../../src/settings/derived.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { readWranglerFile, type WranglerInput } from "../configuration/wrangler-file.ts";
import { demoName } from "../database/demo-name.ts";
import { openLocal } from "../database/local.ts";
import { prepareModel } from "../database/user-model.ts";
import { Failure, settingsFailure } from "../shared/failure.ts";
import {
  CONFIG_FILE,
  DEMO_CONFIG_FILE,
  DEMO_STATE_DIRECTORY,
  DEV_VARS_FILE,
  DOT_ENV_FILE,
  ROOT,
  STATE_DIRECTORY,
} from "../shared/project.ts";
import { styled } from "../shared/terminal.ts";
import { ensureUser, type Users } from "./demo-user.ts";
import { isError, logLine, type Verbosity } from "./log-lines.ts";
import type { StartOptions } from "./options.ts";
import { freePort, requireFreePort } from "./ports.ts";
import { type LocalReading, readLocal } from "./read.ts";
import { requireOrigin, untilReady } from "./ready.ts";
import { createReload, type GoodReading, type ReloadLine } from "./reload.ts";
import type { Services } from "./service.ts";
import { ensureSigningKey } from "./signing-key.ts";
import { headerName, pasteLines, walk } from "./walk.ts";
import { watchFiles } from "./watch.ts";
import { type Outcome, type SteadyWorker, steadyWorker } from "./worker.ts";

const say = (line: string): void => console.log(line);

/** All that settings are read from. */
const configurationFiles = [CONFIG_FILE, DEV_VARS_FILE, DOT_ENV_FILE, `${DOT_ENV_FILE}.local`];

/** Prepares, starts, prints the walk and shows the log; ends only by failing. */
export async function serve(options: StartOptions, start: Services["start"]): Promise<never> {
  const began = performance.now();
  const { verbosity } = options;
  const url = `http://127.0.0.1:${options.port}`;
  await requireFreePort(options.port);
  if (options.origin !== undefined) await requireOrigin(options.origin);

  // The demo needs nothing of what follows, so it starts meanwhile.
  const demo = options.origin === undefined ? await startDemo(start) : undefined;
  const origin = options.origin ?? demo?.url ?? "";
  const key = ensureSigningKey();
  const gateway = steadyWorker("The gateway", { port: options.port, state: STATE_DIRECTORY }, start);
  const reading = await readSettings(origin);
  // Opened while the Worker is built; the tables are there before it is called.
  const [users, code] = await Promise.all([
    prepareUsers(reading.settings),
    codeWarnings(reading),
    load(gateway, reading.input),
    demo?.ready,
  ]);
  await Promise.all([
    untilReady(gateway.first, `${url}/_gateway/health/live`),
    demo === undefined ? undefined : untilReady(demo.worker.first, `${demo.url}/api/public/`),
  ]);

  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (verbosity !== "quiet") {
    const created = [
      ...(key.isNew ? [key.text] : []),
      ...(users.isNew ? [`created the user ${demoName(reading.settings)}`] : []),
    ];
    if (created.length > 0) say(`First start: ${created.join(", ")}.`);
    if (verbosity === "verbose") sayDetails(key.text);
    say(demo === undefined ? `API: ${origin}` : `API: the demo in examples/origin, at ${origin}`);
    if (demo !== undefined && reading.hasOriginUrl) {
      say("ORIGIN_URL of wrangler.toml is not used here. For an API of your own: npm start -- --origin URL");
    }
  }
  say(`Gateway: ${styled("bold", url, process.stdout)}, ready after ${seconds} s. Ctrl-C stops it.`);
  if (verbosity === "quiet" && options.isVerbosityOfNpm)
    say("Little is printed, because npm's log level is quiet (--quiet, or loglevel in .npmrc).");
  if (verbosity !== "quiet") sayPages(url, reading.settings, users, demo !== undefined);
  const warnings = [...reading.warnings, ...code, ...users.warnings];
  for (const warning of warnings) say(`${styled("yellow", "Warning:", process.stdout)} ${warning}`);
  if (verbosity !== "quiet") {
    sayWalk(url, { settings: reading.settings, users, isDemo: demo !== undefined, verbosity });
    say("\nLog of the gateway:");
  }

  gateway.keepRunning(showing(verbosity), sayProblem);
  watchGateway(gateway, { ...reading, warnings }, origin);
  if (demo !== undefined) watchDemo(demo, verbosity);
  // What happens from here on is said, and goes on.
  return new Promise(() => {});
}

const showing =
  (verbosity: Verbosity) =>
  (raw: string): void => {
    const line = logLine(raw, verbosity);
    if (line !== null) say(line);
  };

const sayProblem = (line: string): void => say(styled("red", line, process.stdout));

function sayReload({ kind, text }: ReloadLine): void {
  if (kind === "error") sayProblem(text);
  else if (kind === "warning") say(`${styled("yellow", "Warning:", process.stdout)} ${text}`);
  else say(styled("green", text, process.stdout));
}

function watchGateway(gateway: SteadyWorker, reading: LocalReading, origin: string): void {
  const isConfiguration = (path: string): boolean => configurationFiles.includes(path);
  const sources = dirname(reading.input.config.main ?? `${ROOT}/src/index.ts`);
  let databases = JSON.stringify(reading.input.config.d1_databases);
  const apply = async (input: WranglerInput, errors?: readonly string[]): Promise<Outcome> => {
    const now = JSON.stringify(input.config.d1_databases);
    // Another database has no tables yet.
    if (now !== databases) await (await openLocal()).database.close();
    databases = now;
    return gateway.apply(input, errors);
  };
  const reload = createReload(
    {
      name: gateway.name,
      read: () => readLocal(origin),
      apply,
      isConfiguration,
      root: ROOT,
      say: sayReload,
    },
    reading,
  );
  watchFiles({ files: configurationFiles, folders: [sources] }, reload);
}

interface Demo {
  readonly worker: SteadyWorker;
  readonly url: string;
  readonly input: WranglerInput;
  /** Resolves when it is loaded. */
  readonly ready: Promise<void>;
}

async function startDemo(start: Services["start"]): Promise<Demo> {
  const port = await freePort();
  const worker = steadyWorker("The demo API", { port, state: DEMO_STATE_DIRECTORY }, start);
  const { wrangler: input } = await readWranglerFile({ configFile: DEMO_CONFIG_FILE, local: false });
  return { worker, url: `http://127.0.0.1:${port}`, input, ready: load(worker, input) };
}

/** The demo's code has no gateway to be checked. */
const readingOf = (input: WranglerInput): GoodReading => ({
  input,
  warnings: [],
  checkCode: async () => ({ errors: [], warnings: [] }),
});

function watchDemo({ worker, input }: Demo, verbosity: Verbosity): void {
  worker.keepRunning((raw) => {
    const line = logLine(raw, verbosity);
    if (line !== null && (isError(line) || verbosity === "verbose")) say(`demo: ${line}`);
  }, sayProblem);
  const isConfiguration = (path: string): boolean => path === DEMO_CONFIG_FILE;
  const read = async () => {
    try {
      return readingOf((await readWranglerFile({ configFile: DEMO_CONFIG_FILE, local: false })).wrangler);
    } catch (error) {
      if (error instanceof Failure) return { errors: [error.message] };
      throw error;
    }
  };
  const reload = createReload(
    { name: worker.name, read, apply: worker.apply, isConfiguration, root: ROOT, say: sayReload },
    readingOf(input),
  );
  watchFiles({ files: [DEMO_CONFIG_FILE], folders: [dirname(DEMO_CONFIG_FILE)] }, reload);
}

/** Builds and loads for the first time; fails with the errors. */
async function load(worker: SteadyWorker, input: WranglerInput): Promise<void> {
  const outcome = await worker.apply(input);
  if (!outcome.ok)
    throw new Failure([`${worker.name} could not start.`, ...outcome.errors, ...worker.first.errors()].join("\n"));
}

async function readSettings(origin: string): Promise<LocalReading> {
  const reading = await readLocal(origin);
  if ("errors" in reading) throw settingsFailure(reading.errors);
  return reading;
}

/** Fails with the errors of the Worker's code. */
async function codeWarnings(reading: LocalReading): Promise<readonly string[]> {
  const { errors, warnings } = await reading.checkCode();
  if (errors.length > 0) throw new Failure(["The gateway could not start.", ...errors].join("\n"));
  return warnings;
}

interface PreparedUsers extends Users {
  /** What the settings need of the database, and it does not have. */
  readonly warnings: readonly string[];
}

async function prepareUsers(settings: Settings): Promise<PreparedUsers> {
  const { database } = await openLocal();
  try {
    const warnings = await prepareModel(database, settings);
    return { ...(await ensureUser(database, settings)), warnings };
  } finally {
    await database.close();
  }
}

function sayDetails(key: string): void {
  say(`Key: ${key}.`);
  say("Database: the tables of schema.sql are in .wrangler/state.");
  say("Settings: wrangler.toml is OK.");
}

function sayPages(url: string, settings: Settings, users: Users, isDemo: boolean): void {
  if (settings.CONSOLE) say(`Console: ${url}/_gateway/console${isDemo ? "#/api/notes/" : ""}`);
  if (settings.ADMIN) say(`Admin page: ${url}/_gateway/admin/`);
  if (users.password !== undefined) say(`User: ${demoName(settings)}, with the password ${users.password}`);
  else if (users.hasDemo)
    say(`User: ${demoName(settings)}. For a new password: npm run manage -- changepassword ${demoName(settings)}`);
}

interface WalkChoice {
  readonly settings: Settings;
  readonly users: Users;
  readonly isDemo: boolean;
  readonly verbosity: Verbosity;
}

function sayWalk(gateway: string, { settings, users, isDemo, verbosity }: WalkChoice): void {
  const isFull = verbosity === "verbose";
  const steps = walk({
    gateway,
    paths: {
      obtain: tokenPath(settings, "obtain"),
      refresh: tokenPath(settings, "refresh"),
      verify: tokenPath(settings, "verify"),
      blacklist: tokenPath(settings, "blacklist"),
    },
    endpoints: servedEndpoints(settings),
    rotates: settings.ROTATE_REFRESH_TOKENS,
    header: headerName(settings.AUTH_HEADER_NAME),
    scheme: settings.AUTH_HEADER_TYPES[0] ?? "Bearer",
    demo: isDemo,
    usernameField: settings.USERNAME_FIELD,
    username: demoName(settings),
    password: users.password,
    isFull,
  });
  if (steps.length === 0) return;
  say("\nTo try it, paste this into another terminal:\n");
  for (const line of pasteLines(steps, isFull)) say(`  ${line}`);
}
