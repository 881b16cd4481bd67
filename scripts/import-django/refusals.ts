// Finds the users of a dump who cannot be imported because of a user who is here.
// Must never cost more than linear time: a value is wanted by one row only, and no user is looked at twice.
import type { UserId } from "../../src/users/user.ts";
import type { DumpRow } from "./dump.ts";
import type { UserRow } from "./existing.ts";
import type { DumpUser } from "./read-user.ts";

// Tokens identify users by id: if an id means two people and the key is shared, one can act as the other.
const CLASH_ID = "the id belongs to another user at the gateway: resolve this before both sides share a key";
const CLASH_NAME = "the username has another id at the gateway: resolve this before both sides share a key";
const CLASH_ALTERNATE = "the field of --id-field has the value of another user at the gateway";

/** A readable row of the dump, and the same user as they are here. */
export interface Candidate {
  readonly user: DumpUser;
  readonly row: DumpRow;
  readonly label: string;
  readonly here: UserRow | undefined;
}

/** Why a user is left out, and whom to name for it. */
export interface Refusal {
  readonly reason: string;
  readonly label?: string;
}

/**
 * Who cannot be imported because somebody who stays has the id, the name or the alternate id. A name may be taken from a
 * user who is renamed by the same dump, unless that one is refused.
 */
export function refusals(
  candidates: readonly Candidate[],
  existing: readonly UserRow[],
  fold: (name: string) => string,
): Map<Candidate, Refusal> {
  const refused = new Map<Candidate, Refusal>();
  const queue: Candidate[] = [];
  const refuse = (one: Candidate, refusal: Refusal): void => {
    if (refused.has(one)) return;
    refused.set(one, refusal);
    queue.push(one);
  };
  const moving = new Map<UserId, Candidate>();
  const wanted = { name: new Map<string, Candidate>(), alternate: new Map<string, Candidate>() };
  for (const one of candidates) {
    if (one.here) moving.set(one.here.id, one);
    wanted.name.set(fold(one.user.username), one);
    if (one.user.alternate_id !== null) wanted.alternate.set(one.user.alternate_id, one);
    const { here, user } = one;
    const imported = here !== undefined && (here.imported_row !== null || here.imported_hash !== null);
    if (here && !imported && fold(here.username) !== fold(user.username)) refuse(one, { reason: CLASH_ID });
  }
  const takenBy = (holder: UserRow): void => {
    const name = wanted.name.get(fold(holder.username));
    if (name && name.here?.id !== holder.id)
      refuse(name, { reason: CLASH_NAME, label: `${name.label}, here id ${holder.id}` });
    const alternate = holder.alternate_id === null ? undefined : wanted.alternate.get(holder.alternate_id);
    if (alternate && alternate.here?.id !== holder.id)
      refuse(alternate, { reason: CLASH_ALTERNATE, label: `${alternate.label}, here id ${holder.id}` });
  };
  for (const user of existing) if (!moving.has(user.id)) takenBy(user);
  for (let index = 0; index < queue.length; index++) {
    const holder = queue[index]?.here;
    if (holder) takenBy(holder);
  }
  return refused;
}
