// Decides which users go back to Django, and how their rows look there.
// Must never let one user's row change another's, nor carry a hash that Django would not verify.
import { exactNumber, integerOf, numberText } from "../../src/json/exact-number.ts";
import { parseJson } from "../../src/json/parse.ts";
import { readTime } from "../../src/python/django-time.ts";
import type { UserIdType } from "../../src/users/new-user-ids.ts";
import { readKey } from "../../src/users/primary-key.ts";
import { standardFields } from "../import-django/dump.ts";
import { isDigest, rowDigest, sha256, type UserRow } from "../import-django/existing.ts";
import type { ExtraField } from "../import-django/extra.ts";
import { isReadable } from "./hashes.ts";
import type { DjangoUser } from "./onto.ts";

/** A row of a fixture. */
export interface FixtureRow {
  readonly model: string;
  readonly pk: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The model that the users go back to. */
export interface ExportModel {
  readonly name: string;
  readonly usernameField: string;
  readonly idField: string | undefined;
  readonly idType: UserIdType;
  readonly fields: ReadonlySet<string>;
  readonly extras: readonly ExtraField[];
}

/** What an export of users depends on. */
export interface ExportTerms {
  readonly model: ExportModel;
  readonly hashes: ReadonlySet<string>;
  /** Whether users as they were imported are left out. */
  readonly changedOnly: boolean;
  /** The users of the Django that takes them; undefined: it has none. */
  readonly onto: readonly DjangoUser[] | undefined;
  /** Whether Django's times have zones; they have none with USE_TZ = False. */
  readonly zoned: boolean;
  /** Two names of which this is the same are one name. */
  readonly fold: (name: string) => string;
  readonly unusable: () => string;
}

/** The result for the users. */
export interface UserExport {
  readonly rows: readonly FixtureRow[];
  /** Users of Django's, by id, and those that are new there. */
  readonly updated: number;
  readonly fresh: number;
  readonly same: number;
  /** Users whose password Django could not verify. */
  readonly resets: readonly string[];
  /** Users of an earlier import whom Django no longer has. */
  readonly gone: readonly string[];
  /** Users who are inactive here, in a model that cannot say so. */
  readonly inactive: readonly string[];
  /** Users who are left out because somebody else in Django has the name. */
  readonly conflicts: readonly string[];
  /** The ids that Django has afterwards, for the tokens that refer to them. */
  readonly ids: ReadonlySet<string>;
  /** Whether ids were written that Django's sequence would give out again. */
  readonly beyondSequence: boolean;
}

/** Columns that have the name of a field. */
const textColumns = ["first_name", "last_name", "email"] as const;
const flagColumns = ["is_superuser", "is_staff", "is_active"] as const;

export function exportUsers(users: Iterable<UserRow>, terms: ExportTerms): UserExport {
  const { model, onto } = terms;
  const inDjango = new Map<string, DjangoUser>();
  const holders = new Map<unknown, string>();
  for (const one of onto ?? []) {
    const id = readKey(one.pk, model.idType);
    if (id === undefined) continue;
    inDjango.set(id, one);
    holders.set(terms.fold(String(one.fields[model.usernameField])), id);
  }
  const rows: FixtureRow[] = [];
  const lists = { resets: [] as string[], gone: [] as string[], inactive: [] as string[], conflicts: [] as string[] };
  const ids = new Set(inDjango.keys());
  let [updated, fresh, same, beyondSequence] = [0, 0, 0, false];
  for (const user of users) {
    const there = inDjango.get(user.id);
    const label = `id ${user.id} '${user.username}'`;
    const holder = holders.get(terms.fold(user.username));
    if (onto && there === undefined && user.imported_row !== null) {
      lists.gone.push(label);
      continue;
    }
    if ((holder !== undefined && holder !== user.id) || isAnother(user, there, model)) {
      lists.conflicts.push(
        holder === undefined || holder === user.id
          ? `${label}, in Django somebody else has the id`
          : `${label}, in Django id ${holder}`,
      );
      continue;
    }
    ids.add(user.id);
    if (user.is_active === 0 && !model.fields.has("is_active")) lists.inactive.push(label);
    if (terms.changedOnly && !isChanged(user)) {
      same++;
      continue;
    }
    const password = passwordFor(user, there, terms);
    if (password === undefined) lists.resets.push(label);
    const fields = { ...there?.fields, ...fieldsOf(user, there, terms), password: password ?? terms.unusable() };
    if (there && JSON.stringify(fields) === JSON.stringify(there.fields)) {
      same++;
      continue;
    }
    if (there) updated++;
    else {
      fresh++;
      if (model.idType === "integer" && !user.id.startsWith("-")) beyondSequence = true;
    }
    rows.push({ model: model.name, pk: keyOf(user.id, model.idType), fields });
  }
  return { ...{ rows, updated, fresh, same, ids, beyondSequence }, ...lists };
}

/** A user who was made here, where Django gave the id to somebody else meanwhile. */
const isAnother = (user: UserRow, there: DjangoUser | undefined, model: ExportModel): boolean =>
  there !== undefined && user.imported_row === null && String(there.fields[model.usernameField]) !== user.username;

/** Made here, or changed since the import in more than what log-ins change. */
export const isChanged = (user: UserRow): boolean =>
  user.imported_hash === null || !isDigest(user.imported_row, rowDigest(user));

/** A key as dumpdata writes it. */
export const keyOf = (id: string, type: UserIdType): unknown => (type === "integer" ? integerOf(BigInt(id)) : id);

/** The hash for Django; undefined where it could verify none. */
function passwordFor(user: UserRow, there: DjangoUser | undefined, { hashes }: ExportTerms): string | undefined {
  const stored = there?.fields.password;
  // A log-in here may have stored a better hash of the same password: Django's own is as good.
  if (typeof stored === "string" && isDigest(user.imported_hash, sha256(stored))) return stored;
  return isReadable(user.password, hashes) ? user.password : undefined;
}

function fieldsOf(user: UserRow, there: DjangoUser | undefined, terms: ExportTerms): Record<string, unknown> {
  const { model } = terms;
  const fields: Record<string, unknown> = {};
  // No text is NULL in models where several users may have none; there, Django's default of a new row is NULL as well.
  for (const name of textColumns)
    if (model.fields.has(name) && (user[name] !== "" || (there?.fields[name] ?? null) !== null))
      fields[name] = user[name];
  for (const name of flagColumns) if (model.fields.has(name)) fields[name] = user[name] === 1;
  if (model.fields.has("last_login")) fields.last_login = later(user.last_login, there?.fields.last_login, terms);
  if (model.fields.has("date_joined")) fields.date_joined = timeFor(user.date_joined, there?.fields.date_joined, terms);
  fields[model.usernameField] =
    typeof there?.fields[model.usernameField] === "object" ? exactNumber(user.username) : user.username;
  // Users who were made here have none unless tokens name users by it: Django gives them one.
  if (model.idField !== undefined && user.alternate_id !== null) {
    const now = there?.fields[model.idField];
    fields[model.idField] = numberText(now) === user.alternate_id ? now : user.alternate_id;
  }
  // What came by --extra is newer in Django, where Django has the user.
  if (there === undefined) Object.assign(fields, extraFieldsOf(user, model.extras));
  return fields;
}

/** A time as Django writes it, in Django's own text where it is the same. */
function timeFor(here: string, there: unknown, { zoned }: Pick<ExportTerms, "zoned">): unknown {
  if (readTime(there)?.text === here) return there;
  return zoned ? here : here.replace(/Z$/, "");
}

function later(here: string | null, there: unknown, terms: ExportTerms): unknown {
  const before = readTime(there)?.text;
  if (here === null || (before !== undefined && before >= here)) return there ?? null;
  return timeFor(here, there, terms);
}

/** The members of `extra` by the names of their fields; names of groups and permissions as natural keys. */
function extraFieldsOf(user: UserRow, extras: readonly ExtraField[]): Record<string, unknown> {
  if (user.extra === null || extras.length === 0) return {};
  const values = parseJson(user.extra) as Readonly<Record<string, unknown>>;
  const fields: Record<string, unknown> = {};
  for (const { extra, field, kind, permissions } of extras) {
    if (!Object.hasOwn(values, extra)) continue;
    const value = values[extra];
    const natural = (one: unknown): unknown => {
      if (typeof one !== "string") return one;
      return permissions === undefined ? [one] : (permissions[one] ?? one);
    };
    fields[field] = kind === "names" && Array.isArray(value) ? value.map(natural) : value;
  }
  return fields;
}

/** The fields that a model has where no import says: those of AbstractUser. */
export const abstractUserFields: ReadonlySet<string> = new Set<string>(standardFields);
