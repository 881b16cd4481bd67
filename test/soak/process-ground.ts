// What the long soak runs on: the gateway in a workerd of its own, D1 and KV in another one, the API in a third process.
// Must never share the gateway's process with anything whose memory would count as its own.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openInspector } from "../../bench/inspector.ts";
import { startStores } from "../../bench/serve/stores.ts";
import { serveWorker } from "../../bench/serve/workerd.ts";
import { builtWorker } from "../../scripts/shared/built-worker.ts";
import { freePort } from "../../scripts/start/ports.ts";
import { type Ground, type MemoryProbe, type SoakSettings, varsOf } from "./ground.ts";
import type { OriginCounts } from "./origin.ts";
import { complaintsIn, type LogCounts, openLogCounts } from "./report/gateway-log.ts";

export interface ProcessGround extends Ground {
  readonly memory: MemoryProbe;
  /** Of the gateway. */
  readonly pids: readonly number[];
  /** What the gateway's log said, by event and reason. */
  readonly logged: LogCounts;
}

const keys = {
  signingKey: "soak-only-soak-only-soak-only-soak-only-0123456789",
  provisioningKey: "provisioning-of-the-soak-only-0123456789",
};

/** Linux only, for the memory of a process. @param script changes what is around the bundled Worker */
export async function startProcessGround(
  settings: SoakSettings,
  surrounded: (script: string) => string = (script) => script,
): Promise<ProcessGround> {
  const built = await builtWorker("wrangler.toml");
  const stores = await startStores();
  const origin = fork(join(import.meta.dirname, "origin-process.ts"), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const { url: originUrl } = await messageOf<{ url: string }>(origin);
  const [inspectorPort, deadPort] = [await freePort(), await freePort()];
  const logged = openLogCounts();
  const vars = varsOf(settings, { ...keys, originUrl, deadUrl: `http://127.0.0.1:${deadPort}` });
  const gateway = await serveWorker(
    { ...built, script: surrounded(built.script) },
    {
      vars: { ...built.vars, ...vars },
      ...{ storesAddress: stores.address, inspectorPort, cron: true, onLine: logged.line },
    },
  );
  const [pid = 0] = gateway.pids;
  return {
    ...keys,
    host: `127.0.0.1:${gateway.port}`,
    db: stores.db,
    kv: stores.kv,
    logged,
    pids: gateway.pids,
    async flush() {
      const response = await fetch(`http://127.0.0.1:${gateway.cronPort}/`);
      if (!response.ok) throw new Error(`the cron trigger: ${await response.text()}`);
    },
    async originCounts() {
      origin.send("counts");
      return messageOf<OriginCounts>(origin);
    },
    complaints: () => complaintsIn(logged),
    memory: {
      residentBytes: () => 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]),
      async heapBytes() {
        const inspector = await openInspector(inspectorPort);
        try {
          return await inspector.heapBytes();
        } finally {
          inspector.close();
        }
      },
    },
    async close() {
      origin.disconnect();
      await gateway.close();
      await stores.close();
    },
  };
}

async function messageOf<T>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, "message");
  return message as T;
}
