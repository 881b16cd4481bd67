// Reads Django's keys as loaddata reads them: as the field of the key does.
// Must never take two keys for one, nor one for two.
import { integerOf, numberText, sameNumber } from "../../src/json/exact-number.ts";
import { pythonUuid } from "../../src/python/uuid.ts";
import { trimAsPython } from "../../src/python/white-space.ts";
import { pythonIntExact, pythonNumberText } from "../../src/tokens/claims.ts";
import type { UserIdType } from "../../src/users/new-user-ids.ts";

/** Longer ids fit neither into the keys of KV nor into Django's own columns for keys. */
const LONGEST_ID = 255;

/**
 * An integer as IntegerField reads it, with int(), in at most 64 bits: a number, or a string such as "1", " 1 ", "+1" and
 * "1_000"; true is 1. Undefined for anything else. A number that int() would truncate (1.5) is not a key, because two rows
 * could become one.
 */
export function integerKey(value: unknown): string | undefined {
  const key = pythonIntExact(typeof value === "string" ? trimAsPython(value) : value);
  if (key === undefined || BigInt.asIntN(64, key) !== key) return undefined;
  const isNumber = numberText(value) !== undefined;
  return isNumber && !sameNumber(value, integerOf(key)) ? undefined : String(key);
}

/** The same for keys that a sequence counts: from 1 on. */
export function keyNumber(value: unknown): string | undefined {
  const key = integerKey(value);
  return key === undefined || key === "0" || key.startsWith("-") ? undefined : key;
}

/** A key of this type, as the gateway stores it; undefined where the field takes no such value. */
export function readKey(value: unknown, type: UserIdType): string | undefined {
  if (type === "integer") return integerKey(value);
  if (type === "uuid") return typeof value === "string" ? pythonUuid(value) : undefined;
  const text = typeof value === "string" ? value : pythonNumberText(value);
  if (text === undefined || text === "" || text.length > LONGEST_ID) return undefined;
  return text.isWellFormed() && !text.includes("\0") ? text : undefined;
}

/** What a key of this type has to be, for an error. */
export const keyWords: Readonly<Record<UserIdType, string>> = {
  integer: "an integer of 64 bits",
  uuid: "a UUID",
  text: `a text of 1 to ${LONGEST_ID} characters`,
};

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
