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
  close(): Promise<void>;
}

const signingKey = "upgrade-tests-only-upgrade-tests-only-0123456789";

/** @param folder for the state @param vars beyond those of wrangler.toml, for both */
export async function startBoth(
  former: BuiltWorker,
  folder: string,
  vars: Readonly<Record<string, unknown>> = {},
): Promise<TwoVersions> {
  const origin = createServer((request, response) => response.end(String(request.headers["x-user-id"])));
  await new Promise<void>((done) => origin.listen(0, "127.0.0.1", done));
  const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const workerOf = (name: string, built: BuiltWorker) => ({
    ...{ name, modules: true as const, script: built.script, compatibilityDate: built.compatibilityDate },
    compatibilityFlags: [...built.compatibilityFlags],
    d1Databases: { DB: "db" },
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
      workers: [workerOf("present", await builtWorker("wrangler.toml")), workerOf("former", former)],
      resourcePersistencePath: join(folder, "state"),
    } as V4MiniflareOptions),
  );
  await miniflare.ready;
  const d1 = (await miniflare.getD1Database("DB", "present")) as unknown as D1Database;
  const { unstable_splitSqlQuery: split } = await importWrangler();
  const batch = async (statements: readonly string[]) =>
    (await d1.batch<Row>(statements.map((one) => d1.prepare(one)))).map(({ results }) => results);
  return {
    urls: {
      former: await miniflare.unsafeGetDirectURL("former"),
      present: await miniflare.unsafeGetDirectURL("present"),
    },
    d1,
    database: {
      place: "local",
      read: async (sql) => (await d1.prepare(sql).all<Row>()).results,
      batch,
      write: async (sql) => void (await batch(split(sql))),
      close: async () => {},
    },
    close: async () => {
      await miniflare.dispose();
      origin.close();
    },
  };
}
