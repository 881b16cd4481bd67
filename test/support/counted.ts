// D1 and KV, with each round trip noted: what is asked and written before an answer.
import { BLACKLIST, DB } from "./bindings.ts";

/** What takes a round trip, of each binding; all else only prepares. */
const trips = {
  d1: ["first", "all", "run", "raw", "batch", "exec"],
  kv: ["get", "getWithMetadata", "list"],
  "kv write": ["put", "delete"],
} as const;
type Trip = keyof typeof trips;

export interface Counted {
  /** One word for each round trip, in order. */
  readonly questions: string[];
  /** How many rows each batch has written to D1, as it is billed: rows and entries of indexes. */
  readonly rowsWritten: number[];
  readonly DB: D1Database;
  readonly BLACKLIST: KVNamespace;
}

/** The bindings, with each round trip noted before it is made. */
export function counted(): Counted {
  const questions: string[] = [];
  const rowsWritten: number[] = [];
  const noting = <T extends object>(target: T, names: readonly Trip[]): T =>
    new Proxy(target, {
      get(one, property) {
        const value: unknown = Reflect.get(one, property, one);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          const trip = names.find((name) => (trips[name] as readonly string[]).includes(String(property)));
          if (trip) questions.push(trip);
          const bare = given.map((item) => (Array.isArray(item) ? item.map(unwrapped) : item));
          const result: unknown = value.apply(one, bare);
          if (trip === "d1" && property === "batch") return (result as Promise<D1Result[]>).then(noteRows);
          const isStep = ["prepare", "bind", "withSession"].includes(String(property));
          return isStep ? wrapped(result as object, noting(result as object, names)) : result;
        };
      },
    });
  const noteRows = (results: D1Result[]) => {
    rowsWritten.push(results.reduce((sum, { meta }) => sum + meta.rows_written, 0));
    return results;
  };
  const originals = new WeakMap<object, object>();
  const wrapped = (original: object, proxy: object) => {
    originals.set(proxy, original);
    return proxy;
  };
  const unwrapped = (item: unknown) =>
    typeof item === "object" && item !== null ? (originals.get(item) ?? item) : item;
  return { questions, rowsWritten, DB: noting(DB, ["d1"]), BLACKLIST: noting(BLACKLIST, ["kv", "kv write"]) };
}
