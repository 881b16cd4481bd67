// Local D1 and KV in a process of their own, for the gateway under test.
// Must never be shared by two gateways: what one writes would be work for the other.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Miniflare } from "miniflare";
import { schemaStatements, statementsIn } from "../../scripts/database/tables.ts";
import { builtWorker } from "../../scripts/shared/built-worker.ts";
import { childrenOf } from "../processes.ts";
import { temporaryFolder } from "../temporary-folder.ts";

export interface Stores {
  /** `127.0.0.1:port`, for serveWorker. */
  readonly address: string;
  readonly pids: readonly number[];
  readonly db: D1Database;
  readonly kv: KVNamespace;
  close(): Promise<void>;
}

export interface StoresOptions {
  /** Makes the door count, at `/counts`. */
  readonly counting?: boolean;
  /** How many revoked ids KV has. */
  readonly ids?: number;
  /** The folder of another checkout, whose tables are wanted; this one without it. */
  readonly checkout?: string | undefined;
}

/** With the tables of schema.sql, empty. */
export async function startStores({ counting = false, ids = 0, checkout }: StoresOptions = {}): Promise<Stores> {
  const folder = temporaryFolder();
  if (ids > 0) {
    const first = await openMiniflare(folder, counting);
    const kv = (await first.getKVNamespace("BLACKLIST")) as unknown as KVNamespace;
    await kv.put(idKey(0), "1", { expiration: Math.floor(Date.now() / 1000) + 7 * 86_400 });
    await first.dispose();
    multiplyKvEntry(folder, ids);
  }
  const before = new Set(childrenOf(process.pid));
  const miniflare = await openMiniflare(folder, counting);
  const pids = childrenOf(process.pid).filter((pid) => !before.has(pid));
  const { host } = await miniflare.unsafeGetDirectURL("door");
  const db = (await miniflare.getD1Database("DB")) as unknown as D1Database;
  const kv = (await miniflare.getKVNamespace("BLACKLIST")) as unknown as KVNamespace;
  if (ids > 0 && (await kv.get(idKey(ids - 1))) !== "1") throw new Error("local KV does not show the ids it was given");
  const statements = checkout === undefined ? schemaStatements : statementsIn(join(checkout, "schema.sql"));
  await db.batch(statements.map((sql) => db.prepare(sql)));
  return { address: host, pids, db, kv, close: () => miniflare.dispose() };
}

async function openMiniflare(folder: string, counting: boolean): Promise<Miniflare> {
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import("miniflare");
  const built = await builtWorker("wrangler.toml", "bench/serve/store-door.ts");
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...{ host: "127.0.0.1", port: 0, cf: false as const, log: new Log(LogLevel.ERROR), handleRuntimeStdio: () => {} },
      ...{ name: "door", modules: true as const, script: built.script, compatibilityDate: built.compatibilityDate },
      compatibilityFlags: [...built.compatibilityFlags],
      bindings: { COUNTING: counting },
      ...{ d1Databases: { DB: "db" }, kvNamespaces: { BLACKLIST: "blacklist" } },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      resourcePersistencePath: folder,
    }),
  );
  await miniflare.ready;
  return miniflare;
}

const idKey = (number: number) => `jti:${number.toString(16).padStart(32, "0")}`;

/**
 * Copies KV's one entry under other names, in the file that Miniflare keeps them in: by its binding a hundred thousand
 * took a quarter of an hour. What comes of it is looked at through the binding afterwards.
 */
function multiplyKvEntry(folder: string, ids: number): void {
  const file = readdirSync(folder, { recursive: true, encoding: "utf8" }).find(
    (name) => name.includes("KVNamespaceObject") && /[0-9a-f]{64}\.sqlite$/.test(name),
  );
  if (file === undefined) throw new Error("Miniflare keeps KV's entries elsewhere than expected");
  const database = new DatabaseSync(join(folder, file));
  database
    .prepare(`WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?)
      INSERT INTO _mf_entries (key, blob_id, expiration, metadata)
      SELECT 'jti:' || printf('%032x', n), blob_id, expiration, metadata FROM number, _mf_entries`)
    .run(ids);
  database.close();
}
