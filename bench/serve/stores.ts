// Local D1 and KV in a process of their own, for the gateway under test.
// Must never be shared by two gateways: what one writes would be work for the other.
import { builtWorker } from "../../test/support/built-worker.ts";
import { schemaStatements } from "../../test/support/schema-statements.ts";
import { childrenOf } from "../processes.ts";

export interface Stores {
  /** `127.0.0.1:port`, for serveWorker. */
  readonly address: string;
  readonly pids: readonly number[];
  readonly db: D1Database;
  readonly kv: KVNamespace;
  close(): Promise<void>;
}

/** With the tables of schema.sql, empty. `counting` makes the door count, at `/counts`. */
export async function startStores({ counting = false } = {}): Promise<Stores> {
  const { script, compatibilityDate, compatibilityFlags } = await builtWorker(
    "wrangler.toml",
    "bench/serve/store-door.ts",
  );
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import("miniflare");
  const before = new Set(childrenOf(process.pid));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...{ host: "127.0.0.1", port: 0, cf: false as const, log: new Log(LogLevel.ERROR), handleRuntimeStdio: () => {} },
      ...{ name: "door", modules: true as const, script, compatibilityDate },
      compatibilityFlags: [...compatibilityFlags],
      bindings: { COUNTING: counting },
      ...{ d1Databases: { DB: "db" }, kvNamespaces: { BLACKLIST: "blacklist" } },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    }),
  );
  await miniflare.ready;
  const pids = childrenOf(process.pid).filter((pid) => !before.has(pid));
  const { host } = await miniflare.unsafeGetDirectURL("door");
  const db = (await miniflare.getD1Database("DB")) as unknown as D1Database;
  const kv = (await miniflare.getKVNamespace("BLACKLIST")) as unknown as KVNamespace;
  await db.batch(schemaStatements.map((sql) => db.prepare(sql)));
  return { address: host, pids, db, kv, close: () => miniflare.dispose() };
}
