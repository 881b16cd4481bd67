// A memory by key that can forget its oldest entry, however many it has.
// Must never ask a Map for its first key instead: V8 passes over every entry that was deleted before it, thousands at a time.

/** Values by key, in the order in which they were set. */
export interface OldestFirst<Value> {
  readonly size: () => number;
  get(key: string): Value | undefined;
  /** A key that is set again is the newest. */
  set(key: string, value: Value): void;
  /** Whether it was there. */
  delete(key: string): boolean;
  /** The key of the oldest, which is gone now; undefined where there is none. */
  forgetOldest(): string | undefined;
}

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
}

/** How many entries that are gone may stay in the queue beside as many as there are. */
const slack = 64;

export function oldestFirst<Value>(): OldestFirst<Value> {
  const entries = new Map<string, Entry<Value>>();
  /** From `head` on, with entries that were deleted or set again since; before it, nothing. */
  let queue: Array<Entry<Value> | undefined> = [];
  let head = 0;
  const isCurrent = (entry: Entry<Value> | undefined) => entry !== undefined && entries.get(entry.key) === entry;
  return {
    size: () => entries.size,
    get: (key) => entries.get(key)?.value,
    set(key, value) {
      const entry = { key, value };
      entries.set(key, entry);
      queue.push(entry);
      if (queue.length <= 2 * entries.size + slack) return;
      queue = queue.slice(head).filter(isCurrent);
      head = 0;
    },
    delete: (key) => entries.delete(key),
    forgetOldest() {
      for (let entry = queue[head]; entry !== undefined; entry = queue[head]) {
        queue[head++] = undefined;
        if (!isCurrent(entry)) continue;
        entries.delete(entry.key);
        return entry.key;
      }
      return undefined;
    },
  };
}
