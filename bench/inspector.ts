// V8's profiler and heap in workerd, over its inspector.
// Must never stay connected: a watched Worker is slower.
import { setTimeout as sleep } from "node:timers/promises";

/** V8's own form, which browsers' developer tools open. */
export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Inspector {
  /** Waits, then watches. */
  profile(afterMilliseconds: number, milliseconds: number): Promise<Profile>;
  /** What V8 holds for the Worker after a garbage collection: its heap, buffers, and what the runtime hangs on to it. */
  heapBytes(): Promise<number>;
  close(): void;
}

/** Of the DevTools protocol; the last two where V8 tells them. */
interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize?: number;
  readonly backingStorageSize?: number;
}

/** An answer, or an event. */
interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly method?: string;
  readonly params?: { readonly context?: { readonly id: number } };
}

const SAMPLE_MICROSECONDS = 200;

export async function openInspector(port: number): Promise<Inspector> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`);
  const targets = (await response.json()) as { readonly webSocketDebuggerUrl: string }[];
  const url = targets.find(({ webSocketDebuggerUrl }) => webSocketDebuggerUrl.endsWith("/main"))?.webSocketDebuggerUrl;
  if (url === undefined) throw new Error("workerd's inspector does not list the Worker");
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("workerd's inspector refuses the connection")));
  });
  const waiting = new Map<number, (result: unknown) => void>();
  let contextId: number | undefined;
  socket.addEventListener("message", ({ data }) => {
    const { id, result, method, params } = JSON.parse(String(data)) as Message;
    if (id !== undefined) waiting.get(id)?.(result);
    if (method === "Runtime.executionContextCreated") contextId = params?.context?.id;
  });
  let last = 0;
  const ask = (method: string, params: object = {}) =>
    new Promise<unknown>((resolve) => {
      waiting.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  return {
    async profile(afterMilliseconds, milliseconds) {
      await ask("Profiler.enable");
      await ask("Profiler.setSamplingInterval", { interval: SAMPLE_MICROSECONDS });
      await sleep(afterMilliseconds);
      await ask("Profiler.start");
      await sleep(milliseconds);
      const { profile } = (await ask("Profiler.stop")) as { profile: Profile };
      return profile;
    },
    async heapBytes() {
      // HeapProfiler.collectGarbage is never answered, and a snapshot takes a hundred megabytes, which stay.
      await ask("Runtime.enable");
      const { result } = (await ask("Runtime.evaluate", { expression: "gc(), 1", contextId, returnByValue: true })) as {
        readonly result?: { readonly value?: unknown };
      };
      if (result?.value !== 1) throw new Error("the Worker could not collect its garbage");
      const usage = (await ask("Runtime.getHeapUsage")) as HeapUsage;
      return usage.usedSize + (usage.embedderHeapUsedSize ?? 0) + (usage.backingStorageSize ?? 0);
    },
    close: () => socket.close(),
  };
}
