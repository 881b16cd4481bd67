// Whether a token's claims meet one entry of a route's `require`.
// Must never take a claim that is not there for one that is met.
import { sameNumber } from "../../json/exact-number.ts";
import { type Claims, claim } from "../../tokens/claims.ts";

/** The claim equals the value, or is a list that has it. Numbers are compared by value, with all their digits. */
export function meetsClaim(claims: Claims, name: string, wanted: unknown): boolean {
  const value = claim(claims, name);
  return Array.isArray(value) ? value.some((one) => isSame(one, wanted)) : isSame(value, wanted);
}

/** Whether two values of `require` or of claims are equal. */
export const isSame = (one: unknown, wanted: unknown): boolean => one === wanted || sameNumber(one, wanted);
