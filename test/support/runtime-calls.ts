// Counts the calls that code makes into the runtime: each crosses from JavaScript into C++ and back.
// Must never be left in place: what it counts is slower for it.
import { Buffer } from "node:buffer";

type Counts = Record<string, number>;
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Iterators of headers: each name is a call. */
const headerIterators = ["keys", "values", "entries", Symbol.iterator] as const;

/** Everything that a proxied request could need of the runtime. */
const classes = [
  "Headers",
  "Request",
  "Response",
  "AbortController",
  "AbortSignal",
  "URL",
  "TextEncoder",
  "TextDecoder",
];
const functions = ["fetch", "setTimeout", "clearTimeout", "queueMicrotask", "structuredClone", "atob", "btoa"];

/** What `work` calls, by name, in alphabetical order. */
export async function runtimeCallsOf(work: () => Promise<unknown>): Promise<Counts> {
  const counts: Counts = {};
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const undo: Array<() => void> = [];
  for (const name of classes) undo.push(...countClass(name, count));
  const global = globalThis as unknown as Record<string, Method>;
  for (const name of functions) undo.push(countMethod(global, name, name, count));
  for (const name of ["randomUUID", "getRandomValues"]) {
    undo.push(countMethod(crypto as unknown as Record<string, Method>, name, `crypto.${name}`, count));
  }
  for (const name of ["verify", "sign", "digest", "importKey"]) {
    undo.push(countMethod(crypto.subtle as unknown as Record<string, Method>, name, `crypto.subtle.${name}`, count));
  }
  undo.push(countMethod(Buffer as unknown as Record<string, Method>, "from", "Buffer.from", count));
  undo.push(countMethod(Date as unknown as Record<string, Method>, "now", "Date.now", count));
  try {
    await work();
  } finally {
    for (const one of undo.reverse()) one();
  }
  return Object.fromEntries(Object.entries(counts).sort(([one], [other]) => (one < other ? -1 : 1)));
}

type Count = (name: string) => void;

/** Its construction, its methods, and reading its properties. */
function countClass(name: string, count: Count): Array<() => void> {
  const global = globalThis as unknown as Record<string, { prototype: object } & Method>;
  const original = global[name];
  if (original === undefined) throw new Error(`there is no ${name}`);
  const construct = (target: Method, args: unknown[]) => {
    count(`new ${name}`);
    return Reflect.construct(target, args) as object;
  };
  global[name] = new Proxy(original, { construct });
  const undo = [
    () => {
      global[name] = original;
    },
  ];
  const { prototype } = original;
  for (const [member, described] of membersOf(prototype)) {
    const own = Object.getOwnPropertyDescriptor(prototype, member);
    Object.defineProperty(prototype, member, countedProperty(`${name}.${member}`, member, described, count));
    undo.push(() => {
      if (own) Object.defineProperty(prototype, member, own);
      else delete (prototype as Record<string, unknown>)[member];
    });
  }
  if (name === "Headers") undo.push(countDefaultIterator(prototype as Headers, count));
  return undo;
}

/** Its own and those that it inherits, as Request and Response have `body` from one class above both. */
function membersOf(prototype: object): Map<string, PropertyDescriptor> {
  const members = new Map<string, PropertyDescriptor>();
  for (let level = prototype; level !== Object.prototype; level = Object.getPrototypeOf(level) as object) {
    for (const [member, described] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (member !== "constructor" && !members.has(member)) members.set(member, { ...described, configurable: true });
    }
  }
  return members;
}

function countedProperty(
  name: string,
  member: string,
  described: PropertyDescriptor,
  count: Count,
): PropertyDescriptor {
  const { get, value } = described;
  if (get) {
    return {
      ...described,
      get() {
        count(name);
        return get.call(this);
      },
    };
  }
  if (typeof value !== "function") return described;
  const isIterator = (headerIterators as readonly unknown[]).includes(member);
  const method = value as Method;
  return {
    ...described,
    value(this: unknown, ...args: unknown[]) {
      count(name);
      const result = method.apply(this, args);
      return isIterator ? countedIterator(result as Iterator<unknown>, `${name}().next`, count) : result;
    },
  };
}

/** `for … of headers` itself. */
function countDefaultIterator(prototype: Headers, count: Count): () => void {
  const original = prototype[Symbol.iterator];
  const counted = function (this: Headers) {
    count("Headers[Symbol.iterator]");
    return countedIterator(original.call(this), "Headers[Symbol.iterator]().next", count);
  };
  Object.defineProperty(prototype, Symbol.iterator, { value: counted, configurable: true, writable: true });
  return () =>
    Object.defineProperty(prototype, Symbol.iterator, { value: original, configurable: true, writable: true });
}

function countedIterator(iterator: Iterator<unknown>, name: string, count: Count): IterableIterator<unknown> {
  return {
    next() {
      count(name);
      return iterator.next();
    },
    [Symbol.iterator]() {
      return this;
    },
  };
}

function countMethod(holder: Record<string, Method>, member: string, name: string, count: Count): () => void {
  const original = holder[member];
  if (original === undefined) throw new Error(`there is no ${name}`);
  const described = Object.getOwnPropertyDescriptor(holder, member);
  const value = function (this: unknown, ...args: unknown[]) {
    count(name);
    return original.apply(this, args);
  };
  Object.defineProperty(holder, member, { value, configurable: true, writable: true });
  return () => {
    if (described) Object.defineProperty(holder, member, described);
    else delete holder[member];
  };
}
