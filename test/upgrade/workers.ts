// Two versions of the Worker on one D1 and one KV, in one workerd. Needs the repository's history.
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";
import type { Database, Row } from "../../scripts/database/database.ts";
import { type BuiltWorker, builtWorker } from "../../scripts/shared/built-worker.ts";
import { importWrangler } from "../../scripts/shared/wrangler.ts";

export const root = resolve(import.meta.dirname, "../..");

/** The Worker of a commit, bundled in a folder of its own with the packages of today. */
export async function workerAt(commit: string, folder: string): Promise<BuiltWorker> {
  const old = join(folder, commit);
  mkdirSync(old);
  const archive = execFileSync("git", ["archive", commit], { cwd: root, maxBuffer: 1 << 28 });
  execFileSync("tar", ["x"], { cwd: old, input: archive });
  symlinkSync(join(root, "node_modules"), join(old, "node_modules"), "dir");
  return builtWorker(join(old, "wrangler.toml"));
}

/** A file of a commit. */
export const fileAt = (commit: string, path: string): string =>
  execFileSync("git", ["show", `${commit}:${path}`], { cwd: root, encoding: "utf8" });

export interface TwoVersions {
  readonly urls: { readonly former: URL; readonly present: URL };
  readonly d1: D1Database;
  readonly database: Database;
  /** DB and the databases for sessions, by their bindings. */
  readonly databases: ReadonlyMap<string, Database>;
  close(): Promise<void>;
}

const signingKey = "upgrade-tests-only-upgrade-tests-only-0123456789";

/**
 * @param folder for the state
 * @param vars beyond those of wrangler.toml, for both
 * @param sessionDatabases how many databases for sessions alone the present version has, SESSIONS_1 and so on, without tables
 */
export async function startBoth(
  former: BuiltWorker,
  folder: string,
  vars: Readonly<Record<string, unknown>> = {},
  sessionDatabases = 0,
): Promise<TwoVersions> {
  const names = Array.from({ length: sessionDatabases }, (_, index) => `SESSIONS_${index + 1}`);
  const origin = createServer((request, response) => response.end(String(request.headers["x-user-id"])));
  await new Promise<void>((done) => origin.listen(0, "127.0.0.1", done));
  const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const workerOf = (name: string, built: BuiltWorker, d1Databases: Readonly<Record<string, string>>) => ({
    ...{ name, modules: true as const, script: built.script, compatibilityDate: built.compatibilityDate },
    compatibilityFlags: [...built.compatibilityFlags],
    d1Databases,
    kvNamespaces: { BLACKLIST: "blacklist" },
    bindings: {
      ...{ ...built.vars, LOG: "off", SIGNING_KEY: signingKey, ORIGIN_URL: originUrl },
      ...{ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true },
      ROUTES: JSON.stringify([{ path: "/*", auth: "user" }]),
      ...vars,
    },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...{ host: "127.0.0.1", port: 0, log: new Log(LogLevel.ERROR), cf: false as const },
      // A 503 of the former Worker is logged, and expected.
      handleStructuredLogs: () => {},
      workers: [
        workerOf("present", await builtWorker("wrangler.toml"), {
          DB: "db",
          ...Object.fromEntries(names.map((one) => [one, one.toLowerCase()])),
        }),
        workerOf("former", former, { DB: "db" }),
      ],
      resourcePersistencePath: join(folder, "state"),
    } as V4MiniflareOptions),
  );
  await miniflare.ready;
  const d1Of = async (name: string) => (await miniflare.getD1Database(name, "present")) as unknown as D1Database;
  const d1 = await d1Of("DB");
  const { unstable_splitSqlQuery: split } = await importWrangler();
  const databaseOn = (db: D1Database): Database => {
    const batch = async (statements: readonly string[]) =>
      (await db.batch<Row>(statements.map((one) => db.prepare(one)))).map(({ results }) => results);
    return {
      place: "local",
      read: async (sql) => (await db.prepare(sql).all<Row>()).results,
      batch,
      write: async (sql) => void (await batch(split(sql))),
      close: async () => {},
    };
  };
  const database = databaseOn(d1);
  const others = await Promise.all(names.map(async (name) => [name, databaseOn(await d1Of(name))] as const));
  return {
    urls: {
      former: await miniflare.unsafeGetDirectURL("former"),
      present: await miniflare.unsafeGetDirectURL("present"),
    },
    d1,
    database,
    databases: new Map([["DB", database], ...others]),
    close: async () => {
      await miniflare.dispose();
      origin.close();
    },
  };
}
