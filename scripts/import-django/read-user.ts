// Reads one row of the user model: the columns of `users`, or what is wrong with the row.
// Must never put a value into an error but an id and a name.
import { parseJson } from "../../src/json/parse.ts";
import { fieldReader } from "../../src/users/model-fields.ts";
import { keyWords, readKey } from "../../src/users/primary-key.ts";
import type { UserId } from "../../src/users/user.ts";
import type { DumpRow } from "./dump.ts";
import type { UserColumns, UserRow } from "./existing.ts";
import type { ExtraReader } from "./extra.ts";
import type { UserModel } from "./user-model.ts";

/** A user of the dump; without an id if the dump was made with --natural-primary. */
export interface DumpUser extends UserColumns {
  readonly id: UserId | undefined;
}

/** Columns that other models than AbstractUser may lack, with the values that Django gives to them. */
const optional = {
  last_login: null,
  is_superuser: 0,
  first_name: "",
  last_name: "",
  email: "",
  is_staff: 0,
  is_active: 1,
} as const;

/** Columns besides the password that a dump overwrites where its model has the field of that name. */
export const ownFields = [
  "is_superuser",
  "first_name",
  "last_name",
  "email",
  "is_staff",
  "is_active",
  "date_joined",
] as const;

/** @param now date_joined of users of a model without it */
export function readUser(row: DumpRow, model: UserModel, extras: ExtraReader, now: string): DumpUser | string {
  const { fields, pk } = row;
  const id = pk === undefined ? undefined : readKey(pk, model.idType);
  if (pk !== undefined && id === undefined) return `the id is not ${keyWords[model.idType]}`;
  const alternate = readAlternate(fields, model);
  if (typeof alternate === "object" && alternate !== null) return alternate.error;
  const extra = extras.fields.length === 0 ? undefined : extras.read(row);
  if (typeof extra === "string") return extra;
  const read = fieldReader(fields);
  const has = (name: string): boolean => fields[name] !== undefined;
  const user: DumpUser = {
    id,
    password: read.text("password"),
    last_login: read.timeOrNull("last_login")?.text ?? null,
    is_superuser: has("is_superuser") ? Number(read.flag("is_superuser")) : optional.is_superuser,
    username: read.textOrNumber(model.usernameField),
    first_name: read.textOrNothing("first_name"),
    last_name: read.textOrNothing("last_name"),
    email: read.textOrNothing("email"),
    is_staff: has("is_staff") ? Number(read.flag("is_staff")) : optional.is_staff,
    is_active: has("is_active") ? Number(read.flag("is_active")) : optional.is_active,
    date_joined: has("date_joined") ? read.time("date_joined").text : now,
    alternate_id: alternate,
    extra: extra === undefined ? null : JSON.stringify(extra),
  };
  return read.error() ?? (user.username === "" ? `${model.usernameField} is empty` : user);
}

function readAlternate(
  fields: DumpRow["fields"],
  { idField, alternateType }: UserModel,
): string | null | { readonly error: string } {
  const value = idField === undefined ? null : (fields[idField] ?? null);
  if (value === null) return null;
  const type = alternateType ?? "text";
  return readKey(value, type) ?? { error: `${idField} is not ${keyWords[type]}` };
}

/**
 * The user as the row is to be: of a user who is here, columns that the dump has no values for stay as they are, the later
 * last_login of both counts, and members of `extra` that did not come from the dump stay.
 */
export function merged(
  user: DumpUser,
  { here, row }: { readonly here: UserRow | undefined; readonly row: DumpRow },
  model: UserModel | undefined,
  keepPassword: boolean,
): DumpUser {
  if (!here) return user;
  const kept: Partial<UserColumns> = {};
  for (const name of ownFields) if (row.fields[name] === undefined) Object.assign(kept, { [name]: here[name] });
  const times = [user.last_login, here.last_login].filter((time) => time !== null);
  return {
    ...user,
    ...kept,
    last_login: times.sort().at(-1) ?? null,
    alternate_id: model?.idField === undefined ? here.alternate_id : user.alternate_id,
    extra: mergedExtra(here.extra, user.extra),
    ...(keepPassword ? { password: here.password } : {}),
  };
}

function mergedExtra(here: string | null, next: string | null): string | null {
  if (here === null || next === null || here === next) return next ?? here;
  try {
    return JSON.stringify({ ...(parseJson(here) as object), ...(parseJson(next) as object) });
  } catch {
    return next;
  }
}
