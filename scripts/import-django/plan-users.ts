// Decides which users of a dump are new, which exist already, and which are left out.
// Must never let one user's row change another's: only a row with the same id and the same username is the same user.
import type { UserId } from "../../src/users/user.ts";
import { canBeTyped, hashDoubt } from "./doubts.ts";
import type { DumpRow } from "./dump.ts";
import type { UserRow } from "./existing.ts";
import { fieldReader, keyNumber } from "./read-fields.ts";
import { openTallies, type Tallies } from "./tally.ts";

/** A user of the dump; without an id if the dump was made with --natural-primary. */
export type DumpUser = Omit<UserRow, "id"> & { readonly id: UserId | undefined };

/** A user of the dump at the gateway: by id, or by the name of a user who gets an id when written. */
export type UserRef = { readonly id: UserId } | { readonly username: string } | undefined;

/** The result for the users. */
export interface UserPlan {
  readonly rows: readonly DumpUser[];
  readonly fresh: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly leftOut: Tallies;
  /** Remarks on users who are imported or already here. */
  readonly notes: Tallies;
  readonly byKey: ReadonlyMap<UserId, UserRef>;
  readonly byName: ReadonlyMap<string, UserRef>;
  /** Whether rows had no key: numbers that refer to users then have no meaning. */
  readonly keyless: boolean;
}

// Tokens identify users by id: if an id means two people and the key is shared, one can act as the other.
const CLASH_ID = "the id belongs to another user at the gateway: resolve this before both sides share a key";
const CLASH_NAME = "the username has another id at the gateway: resolve this before both sides share a key";

/** Plans the users. With `keepPasswords`, existing users keep their password at the gateway. */
export function planUsers(dump: readonly DumpRow[], existing: readonly UserRow[], keepPasswords: boolean): UserPlan {
  const idHere = new Map(existing.map((user) => [user.id, user]));
  const nameHere = new Map(existing.map((user) => [user.username, user]));
  const byKey = new Map<UserId, UserRef>();
  const byName = new Map<string, UserRef>();
  const [leftOut, notes] = [openTallies(), openTallies()];
  const keyed: DumpUser[] = [];
  const named: DumpUser[] = [];
  let [fresh, changed, unchanged, keyless] = [0, 0, 0, false];

  for (const [index, row] of dump.entries()) {
    const user = readUser(row);
    keyless ||= row.pk === undefined;
    if (typeof user === "string") {
      const key = keyNumber(row.pk);
      if (key !== undefined && !byKey.has(key)) byKey.set(key, undefined);
      leftOut.add(user, key === undefined ? `user ${index + 1} of the dump` : `id ${key}`);
      continue;
    }
    const label = user.id === undefined ? `'${user.username}'` : `id ${user.id} '${user.username}'`;
    if ((user.id !== undefined && byKey.has(user.id)) || byName.has(user.username)) {
      leftOut.add("duplicate id or username in the dump", label);
      continue;
    }
    const here = nameHere.get(user.username);
    const clash = clashOf(user, here, user.id === undefined ? undefined : idHere.get(user.id));
    const id = user.id ?? here?.id;
    const ref = clash ? undefined : id === undefined ? { username: user.username } : { id };
    if (user.id !== undefined) byKey.set(user.id, ref);
    byName.set(user.username, ref);
    if (clash) {
      leftOut.add(clash, clash === CLASH_NAME ? `${label}, here id ${here?.id}` : label);
      continue;
    }
    const next = merged({ ...user, id }, here, keepPasswords);
    note(next, label, notes);
    if (here && isSame(here, next)) unchanged++;
    else {
      if (here) changed++;
      else fresh++;
      (id === undefined ? named : keyed).push(next);
    }
  }
  return { rows: [...keyed, ...named], fresh, changed, unchanged, leftOut, notes, byKey, byName, keyless };
}

function clashOf(user: DumpUser, sameName: UserRow | undefined, sameId: UserRow | undefined): string | undefined {
  if (sameId && sameId.username !== user.username) return CLASH_ID;
  return sameName && user.id !== undefined && sameName.id !== user.id ? CLASH_NAME : undefined;
}

/** The user of a row of the dump, or the row's error. */
export function readUser(row: DumpRow): DumpUser | string {
  const id = keyNumber(row.pk);
  if (row.pk !== undefined && id === undefined) return "the id is not a positive integer";
  const read = fieldReader(row);
  const user = {
    id,
    password: read.text("password"),
    last_login: read.timeOrNull("last_login")?.text ?? null,
    is_superuser: Number(read.flag("is_superuser")),
    username: read.text("username"),
    first_name: read.textOrNothing("first_name"),
    last_name: read.textOrNothing("last_name"),
    email: read.textOrNothing("email"),
    is_staff: Number(read.flag("is_staff")),
    is_active: Number(read.flag("is_active")),
    date_joined: read.time("date_joined").text,
  };
  return read.error() ?? (user.username === "" ? "username is empty" : user);
}

/** Django's columns, with the later last_login of both, and the gateway's password if it is kept. */
function merged(user: DumpUser, here: UserRow | undefined, keepPassword: boolean): DumpUser {
  if (!here) return user;
  const later =
    [user.last_login, here.last_login]
      .filter((time) => time !== null)
      .sort()
      .at(-1) ?? null;
  return { ...user, last_login: later, ...(keepPassword ? { password: here.password } : {}) };
}

function isSame(here: UserRow, next: DumpUser): boolean {
  return (Object.keys(here) as Array<keyof UserRow>).every((column) => here[column] === next[column]);
}

function note(user: DumpUser, label: string, notes: Tallies): void {
  const doubt = hashDoubt(user.password);
  if (doubt) notes.add(doubt.text, doubt.harmless ? undefined : label);
  if (!canBeTyped(user.username))
    notes.add("the username begins or ends with a space, so no log-in is possible", label);
  if (user.id === undefined) {
    notes.add(
      "no id in the dump (--natural-primary): gets a new one, which tokens issued by Django do not contain",
      label,
    );
  }
}
