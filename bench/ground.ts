// What all shapes of a run share: the origin, keys, bundles, stores; each made when it is first wanted.
// Must never be changed by a contestant in a way that another would feel.
import { join } from "node:path";
import { type BuiltWorker, builtWorker } from "../scripts/shared/built-worker.ts";
import { fillStores, noRows, type TableSizes } from "./fill-stores.ts";
import { type RunningOrigin, startOrigin } from "./processes.ts";
import { type Stores, startStores } from "./serve/stores.ts";
import { type Algorithm, type ForeignMaker, foreignMaker, type TokenMaker, tokenMaker } from "./tokens.ts";

export interface Ground {
  readonly origin: RunningOrigin;
  maker(algorithm: Algorithm): TokenMaker;
  /** Of HS256 tokens with a key that nobody knows. */
  readonly stranger: TokenMaker;
  /** Of the tokens of another issuer, whose key is known. */
  readonly foreign: ForeignMaker;
  /**
   * @param entry a file of bench/; the gateway itself without it
   * @param checkout the folder of another checkout; this one without it
   */
  worker(entry?: string, checkout?: string): Promise<BuiltWorker>;
  /**
   * Both have user 7; `full` has the rows and ids of the options, too.
   *
   * @param checkout the folder of another checkout, whose tables they have
   */
  stores(which: "empty" | "full", checkout?: string): Promise<Stores>;
  close(): Promise<void>;
}

/** Stores to take for the empty ones, instead of others. */
export interface GivenStores {
  readonly stores: Stores;
  readonly checkout: string | undefined;
}

export async function openGround(
  fullSizes: TableSizes,
  progress: (text: string) => void,
  given?: GivenStores,
): Promise<Ground> {
  const origin = await startOrigin();
  const makers = new Map<Algorithm, TokenMaker>();
  const workers = new Map<string | undefined, Promise<BuiltWorker>>();
  const stores = new Map<string, Promise<Stores>>();
  if (given) stores.set(storesKey("empty", given.checkout), Promise.resolve(given.stores));
  const filled = async (sizes: TableSizes, checkout: string | undefined) => {
    const opened = await startStores({ ids: sizes.ids, checkout });
    await fillStores(opened, sizes, progress);
    return opened;
  };
  return {
    origin,
    stranger: tokenMaker("HS256"),
    foreign: foreignMaker(),
    maker: (algorithm) => remembered(makers, algorithm, () => tokenMaker(algorithm)),
    worker: (entry, checkout) =>
      remembered(workers, checkout ?? entry, () =>
        checkout === undefined ? builtWorker("wrangler.toml", entry) : builtWorker(join(checkout, "wrangler.toml")),
      ),
    stores: (which, checkout) =>
      remembered(stores, storesKey(which, checkout), () => filled(which === "full" ? fullSizes : noRows, checkout)),
    async close() {
      for (const opened of stores.values()) await (await opened).close();
      origin.close();
    },
  };
}

const storesKey = (which: string, checkout: string | undefined) => `${which} ${checkout ?? ""}`;

function remembered<K, V>(all: Map<K, V>, key: K, make: () => V): V {
  const known = all.get(key);
  if (known !== undefined) return known;
  const made = make();
  all.set(key, made);
  return made;
}
