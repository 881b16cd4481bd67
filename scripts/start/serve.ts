// The steps of `npm start`, in order, each with a line that says it is done.
// Must never start the gateway with settings that it would refuse.
import { readConfiguration } from "../../src/configuration.ts";
import { servedEndpoints } from "../../src/settings/derived.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { openLocal } from "../database/local.ts";
import { Failure, settingsFailure } from "../shared/failure.ts";
import { CONFIG_FILE, DEMO_CONFIG_FILE, DEMO_STATE_DIRECTORY, STATE_DIRECTORY } from "../shared/project.ts";
import { styled } from "../shared/terminal.ts";
import { DEMO_USERNAME, ensureUser, type Users } from "./demo-user.ts";
import type { StartOptions } from "./options.ts";
import { freePort, requireFreePort } from "./ports.ts";
import { requireOrigin, untilReady } from "./ready.ts";
import type { Service, Services } from "./service.ts";
import { ensureSigningKey } from "./signing-key.ts";
import { headerName, walk } from "./walk.ts";

const say = (line: string): void => console.log(line);

/** Prepares, starts, prints the walk and shows the log; ends only by failing. */
export async function serve(options: StartOptions, start: Services["start"]): Promise<never> {
  const began = performance.now();
  const gatewayUrl = `http://127.0.0.1:${options.port}`;
  await requireFreePort(options.port);
  if (options.origin !== undefined) await requireOrigin(options.origin);

  const running: Service[] = [];
  const launch = (name: string, config: string, state: string, port: number, more: readonly string[] = []): Service => {
    const listen = [
      "--ip",
      "127.0.0.1",
      "--port",
      String(port),
      "--inspector-ip",
      "127.0.0.1",
      "--inspector-port",
      "0",
    ];
    const service = start(name, ["--config", config, "--persist-to", state, ...listen, ...more]);
    running.push(service);
    return service;
  };

  // The demo needs nothing of what follows, so it starts meanwhile.
  const demoPort = options.origin === undefined ? await freePort() : undefined;
  const origin = options.origin ?? `http://127.0.0.1:${demoPort}`;
  const demo =
    demoPort === undefined ? undefined : launch("The demo API", DEMO_CONFIG_FILE, DEMO_STATE_DIRECTORY, demoPort);

  say(`Key: ${ensureSigningKey()}.`);
  const { settings, users, vars } = await prepare(origin);
  const given = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const gateway = launch("The gateway", CONFIG_FILE, STATE_DIRECTORY, options.port, given);
  await Promise.all([
    untilReady(gateway, `${gatewayUrl}/_gateway/health/live`),
    demo === undefined ? undefined : untilReady(demo, `${origin}/api/public/`),
  ]);
  say(demo === undefined ? `API: ${origin}.` : `API: the demo in examples/origin, at ${origin}.`);
  say(`Gateway: ${gatewayUrl}, ready after ${((performance.now() - began) / 1000).toFixed(1)} s. Ctrl-C stops it.`);

  say(`Console: ${gatewayUrl}/_gateway/console${demo === undefined ? "" : "#/api/notes/"}`);

  sayWalk(gatewayUrl, settings, users, demo !== undefined);
  gateway.showLines(say);
  demo?.showLines((line) => {
    if (/error/i.test(line)) say(`demo: ${line}`);
  });
  throw new Failure(await Promise.race(running.map(({ died }) => died)));
}

/** Vars that wrangler.toml does not have, or not so. */
type Given = Readonly<Record<string, string>>;

async function prepare(origin: string): Promise<{ settings: Settings; users: Users; vars: Given }> {
  const { database, env } = await openLocal();
  try {
    say("Database: the tables of schema.sql are in .wrangler/state.");
    if (env.ORIGIN === "zone") {
      throw new Failure(
        'ORIGIN is "zone", but this machine has no zone: the gateway would call itself. Remove it for npm start.',
      );
    }
    // Nobody else reaches 127.0.0.1, and whoever looks at the gateway wants to see all of it.
    const shown = Object.entries({ CONSOLE: "true", ADMIN: "true" }).filter(([name]) => env[name] === undefined);
    // The host of a deployment is none of this machine's.
    const host = env.ADMIN_HOST === undefined ? {} : { ADMIN_HOST: "" };
    const vars = { ORIGIN_URL: origin, ...Object.fromEntries(shown), ...host };
    const settings = await goodSettings({ ...env, ...vars });
    say("Settings: wrangler.toml is OK.");
    const users = await ensureUser(database);
    if (users.password !== undefined) {
      say(`Users: created '${DEMO_USERNAME}' with the password ${users.password}, which is not shown again.`);
    } else {
      say(`Users: ${users.count} in the database.`);
      if (users.hasDemo)
        say(`  To change the password of ${DEMO_USERNAME}: npm run manage -- changepassword ${DEMO_USERNAME}`);
    }
    return { settings, users, vars };
  } finally {
    await database.close();
  }
}

async function goodSettings(env: Readonly<Record<string, unknown>>): Promise<Settings> {
  const { settings, errors, warnings } = await readConfiguration(env);
  const shown = env.ADMIN === "true" ? warnings.filter((warning) => !/^ADMIN(_HOST)? /.test(warning)) : warnings;
  for (const warning of shown) say(`Warning: ${warning}`);
  if (errors.length > 0) throw settingsFailure(errors);
  return settings;
}

function sayWalk(gateway: string, settings: Settings, users: Users, demo: boolean): void {
  const steps = walk({
    gateway,
    tokenPrefix: settings.TOKEN_PREFIX,
    endpoints: servedEndpoints(settings),
    rotates: settings.ROTATE_REFRESH_TOKENS,
    header: headerName(settings.AUTH_HEADER_NAME),
    scheme: settings.AUTH_HEADER_TYPES[0] ?? "Bearer",
    demo,
    username: users.hasDemo ? DEMO_USERNAME : "YOUR_USERNAME",
    password: users.password,
  });
  say("\nTo try it, paste these commands into another terminal:");
  for (const { title, commands } of steps) {
    // A comment to a shell, so that all of it can be pasted at once.
    say(`\n${styled("bold", `# ${title}`, process.stdout)}`);
    for (const command of commands) say(`  ${command}`);
  }
  if (settings.ADMIN)
    say(
      `\nAdmin page, for staff such as ${users.hasDemo ? DEMO_USERNAME : "YOUR_USERNAME"}: ${gateway}/_gateway/admin/`,
    );
  say("\nLog of the gateway:");
}
