// What all shapes of a run share: the origin, keys, bundles, stores; each made when it is first wanted.
// Must never be changed by a contestant in a way that another would feel.
import { type BuiltWorker, builtWorker } from "../scripts/shared/built-worker.ts";
import { fillStores, type TableSizes } from "./fill-stores.ts";
import { type RunningOrigin, startOrigin } from "./processes.ts";
import { type Stores, startStores } from "./serve/stores.ts";
import { type Algorithm, type TokenMaker, tokenMaker } from "./tokens.ts";

export interface Ground {
  readonly origin: RunningOrigin;
  maker(algorithm: Algorithm): TokenMaker;
  /** Of HS256 tokens with a key that nobody knows. */
  readonly stranger: TokenMaker;
  /** @param entry a file of bench/; the gateway itself without it */
  worker(entry?: string): Promise<BuiltWorker>;
  /** Both have user 7; `full` has the rows and ids of the options, too. */
  stores(which: "empty" | "full"): Promise<Stores>;
  close(): Promise<void>;
}

/** @param given stores to take for the empty ones, instead of others */
export async function openGround(
  fullSizes: TableSizes,
  progress: (text: string) => void,
  given?: Stores,
): Promise<Ground> {
  const origin = await startOrigin();
  const makers = new Map<Algorithm, TokenMaker>();
  const workers = new Map<string | undefined, Promise<BuiltWorker>>();
  const stores = new Map<string, Promise<Stores>>();
  if (given) stores.set("empty", Promise.resolve(given));
  const filled = async (sizes: TableSizes) => {
    const opened = await startStores({ ids: sizes.ids });
    await fillStores(opened, sizes, progress);
    return opened;
  };
  return {
    origin,
    stranger: tokenMaker("HS256"),
    maker: (algorithm) => remembered(makers, algorithm, () => tokenMaker(algorithm)),
    worker: (entry) => remembered(workers, entry, () => builtWorker("wrangler.toml", entry)),
    stores: (which) =>
      remembered(stores, which, () => filled(which === "full" ? fullSizes : { users: 0, tokens: 0, ids: 0 })),
    async close() {
      for (const opened of stores.values()) await (await opened).close();
      origin.close();
    },
  };
}

function remembered<K, V>(all: Map<K, V>, key: K, make: () => V): V {
  const known = all.get(key);
  if (known !== undefined) return known;
  const made = make();
  all.set(key, made);
  return made;
}
