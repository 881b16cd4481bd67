// Whether a token's claims meet one entry of a route's `require`.
// Must never take a claim that is not there for one that is met.
import { type Claims, claim } from "../tokens/claims.ts";

/** The claim equals the value, or is a list that has it. */
export function meetsClaim(claims: Claims, name: string, wanted: unknown): boolean {
  const value = claim(claims, name);
  return Array.isArray(value) ? value.includes(wanted) : value === wanted;
}
