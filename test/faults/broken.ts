// D1 and KV of which a test decides what becomes of each round trip.
import { BLACKLIST, DB } from "../support/bindings.ts";

/** Makes a round trip, or does something else in its place. */
export type Travel = (work: () => Promise<unknown>, binding: "D1" | "KV") => Promise<unknown>;

const trips = {
  D1: ["first", "all", "run", "raw", "batch", "exec"],
  KV: ["get", "getWithMetadata", "list", "put", "delete"],
} as const;

/** The real bindings, whose round trips are made by `travel`. */
export function bindingsWith(travel: Travel): { readonly DB: D1Database; readonly BLACKLIST: KVNamespace } {
  const originals = new WeakMap<object, object>();
  const bare = (given: unknown) => (typeof given === "object" && given !== null ? originals.get(given) : null) ?? given;
  const through = <T extends object>(target: T, binding: "D1" | "KV"): T => {
    const proxy = new Proxy(target, {
      get(one, property) {
        const value: unknown = Reflect.get(one, property, one);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          const call = () =>
            value.apply(
              one,
              given.map((item) => (Array.isArray(item) ? item.map(bare) : item)),
            );
          if ((trips[binding] as readonly string[]).includes(String(property))) return travel(call, binding);
          const next: unknown = call();
          return typeof next === "object" && next !== null ? through(next, binding) : next;
        };
      },
    });
    originals.set(proxy, target);
    return proxy;
  };
  return { DB: through(DB, "D1"), BLACKLIST: through(BLACKLIST, "KV") };
}

/** Where a round trip breaks. */
export type When = "before the commit" | "after the commit";

/** One round trip to D1 fails so. @param at which of them, from 0 */
export function breaking(at: number, message: string, when: When) {
  let made = 0;
  const travel: Travel = async (work, binding) => {
    const breaks = binding === "D1" && made++ === at;
    if (breaks && when === "before the commit") throw new Error(message);
    const reply = await work();
    if (breaks) throw new Error(message);
    return reply;
  };
  return { ...bindingsWith(travel), wasReached: () => made > at };
}

/** Each round trip to D1 fails so. */
export function failing(message: string) {
  let made = 0;
  const travel: Travel = async (work, binding) => {
    if (binding === "KV") return work();
    made++;
    throw new Error(message);
  };
  return { ...bindingsWith(travel), made: () => made };
}

/** After so many round trips to D1 and KV nothing more is done: the isolate is gone. */
export function endingAfter(trips: number) {
  let made = 0;
  const travel: Travel = async (work) => {
    if (made++ >= trips) throw new Error("the isolate is gone");
    return work();
  };
  return { ...bindingsWith(travel), wasReached: () => made > trips };
}

/** One round trip to D1 is made only once it is let go. @param at which of them, from 0 */
export function waiting(at: number) {
  let made = 0;
  let arrive = () => {};
  let letGo = () => {};
  const reached = new Promise<void>((done) => {
    arrive = done;
  });
  const released = new Promise<void>((done) => {
    letGo = done;
  });
  const travel: Travel = async (work, binding) => {
    if (binding === "D1" && made++ === at) {
      arrive();
      await released;
    }
    return work();
  };
  return { ...bindingsWith(travel), reached, letGo: () => letGo(), wasReached: () => made > at };
}

/** D1 and KV that fail while a test says so. */
export function switchable() {
  const isDown = { D1: false, KV: false };
  const travel: Travel = async (work, binding) => {
    if (isDown[binding]) throw new Error(`${binding} is out of reach`);
    return work();
  };
  return { bindings: bindingsWith(travel), isDown };
}

/** KV that takes no writes. */
export const withoutPuts = (): { readonly BLACKLIST: KVNamespace } => {
  const put = () => Promise.reject(new Error("KV PUT failed: 429 Too Many Requests"));
  return { BLACKLIST: new Proxy(BLACKLIST, { get: (kv, name) => (name === "put" ? put : bound(kv, name)) }) };
};
const bound = (kv: KVNamespace, name: string | symbol) => {
  const value: unknown = Reflect.get(kv, name, kv);
  return typeof value === "function" ? value.bind(kv) : value;
};
