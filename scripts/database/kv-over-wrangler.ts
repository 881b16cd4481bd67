// Lets the Worker's own news of revoked tokens reach the deployed KV namespace, through `wrangler kv key put`.
// Must never write anything but a token's id, hashed or plain, as the store in src/ spells it.
import { Failure } from "../shared/failure.ts";
import { type Finished, runWrangler } from "../shared/wrangler.ts";
import { errorIn } from "./remote.ts";

type Runner = (args: readonly string[]) => Promise<Finished>;

/** As much of a KV namespace as `kvRevocationCache` uses to announce: `put` with an `expiration`. */
export function kvOverWrangler(
  environment: string | undefined,
  runner: Runner = (args) => runWrangler(args, "capture"),
): KVNamespace {
  const put = async (key: string, value: string, { expiration }: { expiration: number }): Promise<void> => {
    const where = ["--binding", "BLACKLIST", "--remote", "--expiration", String(expiration)];
    const finished = await runner([
      ...["kv", "key", "put", key, value, ...where],
      ...(environment === undefined ? [] : ["--env", environment]),
    ]);
    if (finished.exitCode !== 0) throw new Failure(errorIn(finished));
  };
  // The store takes the whole interface; what it calls of it here is what stands above.
  return { put } as unknown as KVNamespace;
}
