// Reads Django's keys as loaddata reads them: as the field of the key does.
// Must never take two keys for one, nor one for two.
import { integerOf, numberText, sameNumber } from "../json/exact-number.ts";
import { pythonUuid } from "../python/uuid.ts";
import { trimAsPython } from "../python/white-space.ts";
import { pythonIntExact, pythonNumberText } from "../tokens/claims.ts";
import type { UserIdType } from "./new-user-ids.ts";

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
