// Decides which users of a dump are new, which exist already, which were renamed, and which are left out.
// Must never let one user's row change another's: the same user has the same id, and came from the API or has the same name.
import type { UserIdType } from "../../src/users/new-user-ids.ts";
import { readKey } from "../../src/users/primary-key.ts";
import type { UserId } from "../../src/users/user.ts";
import { foldedUsername } from "../../src/users/user-rules.ts";
import { canBeTyped, hashDoubt } from "./doubts.ts";
import { type Endings, openEndings } from "./endings.ts";
import { isDigest, rowDigest, sha256, USER_COLUMNS, type UserRow } from "./existing.ts";
import type { ExtraReader } from "./extra.ts";
import { type DumpUser, merged, readUser } from "./read-user.ts";
import { type Candidate, refusals } from "./refusals.ts";
import { openTallies, type Tallies } from "./tally.ts";
import type { UserModel } from "./user-model.ts";

/** A user of the dump at the gateway: by id, or by the name of a user who gets an id when written. */
export type UserRef = { readonly id: UserId } | { readonly username: string } | undefined;

/** A user to write. */
export interface UserWrite extends DumpUser {
  readonly imported_hash: string;
  readonly imported_row: string;
}

/** The result for the users. */
export interface UserPlan {
  readonly rows: readonly UserWrite[];
  readonly fresh: number;
  readonly changed: number;
  readonly renamed: number;
  readonly unchanged: number;
  /** Users who are gone from the dump, with what imported_row becomes when they are deactivated. */
  readonly pruned: ReadonlyArray<readonly [id: UserId, digest: string]>;
  readonly ended: Endings;
  /** Users who give away their name or their alternate id, 0 or 1 each, before others get it. */
  readonly moved: ReadonlyArray<readonly [id: UserId, name: number, alternate: number]>;
  /** Rows that cannot be imported at all, one line each. */
  readonly invalid: readonly string[];
  readonly leftOut: Tallies;
  /** Remarks on users who are imported or already here. */
  readonly notes: Tallies;
  readonly byKey: ReadonlyMap<UserId, UserRef>;
  readonly byName: ReadonlyMap<string, UserRef>;
  /** Whether rows had no key: numbers that refer to users then have no meaning. */
  readonly keyless: boolean;
  readonly idType: UserIdType | undefined;
}

/** What the decision about users depends on. */
export interface UserTerms {
  readonly keepPasswords: boolean;
  readonly prune: "no" | "deactivate" | "delete";
  readonly nowIso: string;
  readonly names: "exact" | "insensitive";
  readonly extras: ExtraReader;
  /** An id for a user of a dump without ids; undefined where the database counts them. */
  readonly newId: (() => UserId) | undefined;
}

/** @param model undefined when the dump has no users */
export function planUsers(model: UserModel | undefined, existing: readonly UserRow[], terms: UserTerms): UserPlan {
  const fold = terms.names === "insensitive" ? foldedUsername : (name: string) => name;
  const idHere = new Map(existing.map((user) => [user.id, user]));
  const nameHere = new Map(existing.map((user) => [fold(user.username), user]));
  const byKey = new Map<UserId, UserRef>();
  const byName = new Map<string, UserRef>();
  const [leftOut, notes] = [openTallies(), openTallies()];
  const { candidates, invalid, keyless, unreadable } = readRows(model, { terms, fold, idHere, nameHere });
  for (const id of unreadable.ids) byKey.set(id, undefined);

  const present = new Set([...unreadable.ids, ...candidates.flatMap(({ user, here }) => user.id ?? here?.id ?? [])]);
  const gone =
    terms.prune === "no" ? [] : existing.filter((user) => user.imported_row !== null && !present.has(user.id));
  const staying =
    terms.prune === "delete" ? existing.filter((user) => user.imported_row === null || present.has(user.id)) : existing;
  const refused = refusals(candidates, staying, fold);

  const keyed: UserWrite[] = [];
  const named: UserWrite[] = [];
  const ending = openEndings(model?.named ?? "id");
  const moved: Array<UserPlan["moved"][number]> = [];
  let [fresh, changed, renamed, unchanged] = [0, 0, 0, 0];
  for (const one of candidates) {
    const { user, label, here } = one;
    const clash = refused.get(one);
    const id = user.id ?? here?.id ?? terms.newId?.();
    const ref = clash ? undefined : id === undefined ? { username: user.username } : { id };
    if (user.id !== undefined) byKey.set(user.id, ref);
    byName.set(user.username, ref);
    if (clash) {
      leftOut.add(clash.reason, clash.label ?? label);
      continue;
    }
    const next = merged({ ...user, id }, one, model, terms.keepPasswords);
    note(next, label, notes);
    const same = here !== undefined && isSame(here, next);
    const digest = rowDigest(next);
    if (same && isDigest(here.imported_row, digest)) {
      unchanged++;
      continue;
    }
    const write = { ...next, imported_hash: sha256(next.password), imported_row: digest };
    if (here === undefined) fresh++;
    else if (same) unchanged++;
    else {
      changed++;
      const [name, alternate] = [here.username !== next.username, here.alternate_id !== next.alternate_id];
      if (name) renamed++;
      if (here.is_active === 0 && next.is_active === 1)
        notes.add("inactive here, active in the dump: can log in again", label);
      if (name || alternate) moved.push([here.id, Number(name), Number(alternate)]);
      ending.changed(here, write, terms.keepPasswords);
    }
    (id === undefined ? named : keyed).push(write);
  }
  ending.takeOvers(keyed, existing);
  const pruned = gone.filter((user) => terms.prune === "delete" || user.is_active === 1);
  for (const user of pruned) ending.end(user);
  return {
    ...{
      rows: [...keyed, ...named],
      fresh,
      changed,
      renamed,
      unchanged,
      moved,
      invalid,
      leftOut,
      notes,
      byKey,
      byName,
      keyless,
    },
    pruned: pruned.map((user) => [user.id, rowDigest({ ...user, is_active: 0 })] as const),
    ended: ending.all,
    idType: model?.idType,
  };
}

interface Reading {
  readonly terms: UserTerms;
  readonly fold: (name: string) => string;
  readonly idHere: ReadonlyMap<UserId, UserRow>;
  readonly nameHere: ReadonlyMap<string, UserRow>;
}

/** The readable rows, and a line for each of the others. Of two rows with one id or name, the first counts. */
function readRows(model: UserModel | undefined, { terms, fold, idHere, nameHere }: Reading) {
  const candidates: Candidate[] = [];
  const invalid: string[] = [];
  const unreadable = { ids: new Set<UserId>(), without: 0 };
  const seen = { id: new Map<string, number>(), name: new Map<string, number>(), alternate: new Map<string, number>() };
  let keyless = false;
  for (const row of model?.rows ?? []) {
    if (model === undefined) break;
    const user = readUser(row, model, terms.extras, terms.nowIso);
    keyless ||= row.pk === undefined;
    if (typeof user === "string") {
      const id = row.pk === undefined ? undefined : readKey(row.pk, model.idType);
      if (id !== undefined) unreadable.ids.add(id);
      else unreadable.without++;
      invalid.push(`row ${row.row}${id === undefined ? "" : ` (id ${id})`}: ${user}`);
      continue;
    }
    const label = user.id === undefined ? `'${user.username}'` : `id ${user.id} '${user.username}'`;
    const folded = fold(user.username);
    const twice =
      repeated(seen.id, user.id, "id", row.row) ??
      repeated(
        seen.name,
        folded,
        terms.names === "exact" ? model.usernameField : `${model.usernameField} (without regard to case)`,
        row.row,
      ) ??
      repeated(seen.alternate, user.alternate_id ?? undefined, model.idField ?? "", row.row);
    if (twice !== undefined) {
      invalid.push(`row ${row.row} (${label}): ${twice}`);
      continue;
    }
    const here = user.id === undefined ? nameHere.get(folded) : idHere.get(user.id);
    candidates.push({ user, row, label, here });
  }
  return { candidates, invalid, keyless, unreadable };
}

/** Remembers in which row a value was first; says so for the second one. */
function repeated(seen: Map<string, number>, value: string | undefined, what: string, row: number): string | undefined {
  if (value === undefined) return undefined;
  const first = seen.get(value);
  if (first !== undefined) return `the ${what} is that of row ${first}`;
  seen.set(value, row);
  return undefined;
}

function isSame(here: UserRow, next: DumpUser): boolean {
  return USER_COLUMNS.every((column) => here[column] === next[column]);
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
