// The whole Worker in `wrangler dev` on a free port, with its own D1 and KV, in front of an origin.
// Must never stub a part of the gateway (so that its requests leave workerd as they are), nor touch the data of `npm start`.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SCHEMA_FILE } from "../../scripts/shared/project.ts";
import { QUIET, wranglerCommand } from "../../scripts/shared/wrangler.ts";
import { freePort } from "../../scripts/start/ports.ts";
import { untilReady } from "../../scripts/start/ready.ts";
import { openServices } from "../../scripts/start/service.ts";
import { writeGatewayConfig } from "./gateway-config.ts";
import type { Keys } from "./keys.ts";
import { type Side, sideAt } from "./side.ts";
import type { TemporaryFolder } from "./temporary-folder.ts";

export interface GatewayServer extends Side {
  /** Where its D1 and KV are. */
  readonly folder: string;
  /** The D1 that it reads and writes, opened a second time. */
  readonly database: D1Database;
  stop(): Promise<void>;
}

/** The lifetimes are those of project/settings.py; `member` reads the user from D1, as Django reads it from its own. */
const own = {
  ACCESS_TOKEN_LIFETIME: "15m",
  REFRESH_TOKEN_LIFETIME: "7d",
  ROUTES: [
    { path: "/api/public/*", auth: "public" },
    { path: "/api/member/*", auth: "user" },
    { path: "/*", auth: "token" },
  ],
  LOG: "off",
};

export interface GatewayOptions {
  /** What bundleGateway() gave. */
  readonly bundle: string;
  readonly originUrl: string;
  readonly keys: Keys;
  /** Beside those of wrangler.toml, which they go before. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Secrets besides SIGNING_KEY. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** Another gateway, whose D1 and KV this one uses too. */
  readonly stateOf?: GatewayServer;
}

/** Starts it and waits until it answers. */
export async function startGateway(temporary: TemporaryFolder, options: GatewayOptions): Promise<GatewayServer> {
  const { bundle, originUrl, keys, settings, secrets = {} } = options;
  const folder = await mkdtemp(join(temporary.path, "gateway-"));
  const keyFile = join(folder, "key.env");
  // Double quotes are what makes `\n` a line's end in such a file.
  const all = { SIGNING_KEY: keys.signing, ...secrets };
  const lines = Object.entries(all).map(([name, value]) => `${name}="${value.replaceAll("\n", "\\n")}"\n`);
  await writeFile(keyFile, lines.join(""), { mode: 0o600 });
  const vars = { ...own, ORIGIN_URL: originUrl, VERIFYING_KEY: keys.gatewayVerifying, ...settings };
  const config = await writeGatewayConfig(folder, bundle, vars, Object.keys(all));
  const state = options.stateOf?.folder ?? folder;
  const { database, close } = await openDatabase(state, config);
  const port = String(options.port ?? (await freePort()));
  const services = openServices();
  const command = [
    ...["dev", "--config", config, "--persist-to", state, "--env-file", keyFile],
    ...["--ip", "127.0.0.1", "--port", port, "--inspector-ip", "127.0.0.1", "--inspector-port", "0"],
  ];
  const service = services.start("The gateway", wranglerCommand(command));
  temporary.removeAfterThis();
  const stop = async () => {
    await services.stopAll();
    await close();
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(service, `${url}/_gateway/health/live`);
    return { ...sideAt("the gateway", url), folder: state, database, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A D1 in `folder` with the tables of schema.sql. */
async function openDatabase(
  folder: string,
  configPath: string,
): Promise<{ readonly database: D1Database; readonly close: () => Promise<void> }> {
  // Read by wrangler when it is loaded, hence before the import.
  Object.assign(process.env, QUIET, { WRANGLER_LOG: process.env.WRANGLER_LOG ?? "error" });
  const { getPlatformProxy, unstable_splitSqlQuery: split } = await import("wrangler");
  const persist = { path: join(folder, "v3") };
  const options = { configPath, persist, remoteBindings: false };
  const proxy = await getPlatformProxy<{ readonly DB: D1Database }>(options);
  try {
    const database = proxy.env.DB;
    const statements = split(await readFile(SCHEMA_FILE, "utf8"));
    await database.batch(statements.map((sql) => database.prepare(sql)));
    return { database, close: () => proxy.dispose() };
  } catch (error) {
    await proxy.dispose();
    throw error;
  }
}
