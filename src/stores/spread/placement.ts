// Which session database has an owner's sessions: rendezvous hashing over the names of those in use.
import { createHash } from "node:crypto";
import type { Owner } from "../contract.ts";

/** The session databases in use, as each of them says. */
export interface Placement {
  /** Another one with each change of the lists. */
  readonly version: number;
  /** Where sessions are. */
  readonly current: readonly string[];
  /** Where they are to be, while they are being spread; undefined otherwise. */
  readonly next: readonly string[] | undefined;
}

/** The owner as text. Tokens without a user are all in one place. */
export const ownerText = (owner: Owner): string => (owner === "no user" ? "" : owner.value);

/**
 * The name with the highest hash together with the owner (Thaler and Ravishankar 1998): where a name is added or taken
 * away, only owners of that one have another home.
 */
export function homeOf(owner: Owner, names: readonly string[]): string {
  let home = "";
  let highest = "";
  for (const name of names) {
    const weight = createHash("sha256")
      .update(`${name}\n${ownerText(owner)}`, "utf8")
      .digest("hex");
    if (weight > highest) [home, highest] = [name, weight];
  }
  return home;
}

/** Where an owner's sessions are, and where they are to be if that is another place. */
export function placeOf(owner: Owner, { current, next }: Placement): { readonly from: string; readonly to?: string } {
  const from = homeOf(owner, current);
  const to = next === undefined ? from : homeOf(owner, next);
  return to === from ? { from } : { from, to };
}
