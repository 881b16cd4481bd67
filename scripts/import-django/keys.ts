// Keys in a dump: those of other models than the user, and of which type the keys of a model are.

import type { UserIdType } from "../../src/users/new-user-ids.ts";
import { integerKey } from "../../src/users/primary-key.ts";

/** A key that a sequence counts, from 1 on; undefined for anything else. */
export function keyNumber(value: unknown): string | undefined {
  const key = integerKey(value);
  return key === undefined || key === "0" || key.startsWith("-") ? undefined : key;
}

/** The type of keys that nothing else tells: integers are JSON numbers, UUIDs are texts as dumpdata writes them. */
export function typeOfKeys(values: Iterable<unknown>): UserIdType | undefined {
  let type: UserIdType | undefined;
  for (const value of values) {
    const next = typeOfKey(value);
    if (type !== undefined && next !== type) return "text";
    type = next;
  }
  return type;
}

function typeOfKey(value: unknown): UserIdType {
  if (typeof value !== "string") return "integer";
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? "uuid" : "text";
}
