// Writes many entries to the deployed KV namespace in one go: `wrangler kv bulk put` takes a file.
import { Failure } from "../shared/failure.ts";
import { type Finished, runWrangler } from "../shared/wrangler.ts";
import { errorIn } from "./remote.ts";
import { withSecretFile } from "./secret-file.ts";

/** A namespace that collects what is put into it until `flush`. */
export interface CollectedKv {
  /** As much of a namespace as `kvRevocationCache` uses to announce. */
  readonly kv: KVNamespace;
  readonly flush: () => Promise<void>;
}

export function collectKv(
  environment: string | undefined,
  runner: (args: readonly string[]) => Promise<Finished> = (args) => runWrangler(args, "capture"),
): CollectedKv {
  const entries: Array<{ readonly key: string; readonly value: string; readonly expiration: number }> = [];
  const put = async (key: string, value: string, { expiration }: { expiration: number }): Promise<void> => {
    entries.push({ key, value, expiration });
  };
  return {
    // The store takes the whole interface; what it calls of it here is what stands above.
    kv: { put } as unknown as KVNamespace,
    async flush() {
      if (entries.length === 0) return;
      await withSecretFile("entries.json", JSON.stringify(entries), async (path) => {
        const where = [
          "--binding",
          "BLACKLIST",
          "--remote",
          ...(environment === undefined ? [] : ["--env", environment]),
        ];
        const finished = await runner(["kv", "bulk", "put", path, ...where]);
        if (finished.exitCode !== 0) throw new Failure(errorIn(finished));
      });
      entries.length = 0;
    },
  };
}
