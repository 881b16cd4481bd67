// The key `issuers` of a route: whose tokens open it.
import { self } from "./issuers.ts";
import type { Reader } from "./readers.ts";

const ownAlone: ReadonlySet<string> = new Set([self]);

/** `["self"]` is what every route without the key has. That the issuers are known is checked with ISSUERS in view. */
export const readIssuersOfRoute: Reader<ReadonlySet<string> | undefined> = (raw) => {
  const isList = Array.isArray(raw) && raw.length > 0 && raw.every((one) => typeof one === "string" && one !== "");
  if (!isList) return { expected: `a list of issuers, such as ["${self}", "https://issuer.example.com/"]` };
  return { value: raw.length === 1 && raw[0] === self ? undefined : new Set(raw) };
};

/** Whether there is an issuer whose tokens open a route with the second value, and none with the first. */
export const refusesMoreIssuers = (
  one: ReadonlySet<string> | undefined,
  other: ReadonlySet<string> | undefined,
): boolean => [...(other ?? ownAlone)].some((issuer) => !(one ?? ownAlone).has(issuer));
