// Reads one line in which the API describes a user: the columns of `users`, or which field of it is wrong.
// Must never put a value into an error, nor let a misspelled field pass for one that was left out.
import { createHash } from "node:crypto";
import type { Settings } from "../settings/settings.ts";
import { isVersion } from "../tokens/provisioning-request.ts";
import { type FieldReader, fieldReader } from "./model-fields.ts";
import type { UserIdType } from "./new-user-ids.ts";
import { keyWords, readKey } from "./primary-key.ts";
import type { UserId } from "./user.ts";
import { userIdColumn } from "./user-id.ts";

/** The settings that say which fields a line has. */
export type LineSettings = Pick<Settings, "USERNAME_FIELD" | "USER_ID_FIELD" | "USER_ID_TYPE">;

/** A change of a user by the API, as the store takes it; flags are 0 or 1. What is left out stays as it is. */
export interface UserChange {
  readonly id: UserId;
  readonly version: number;
  /** Then there is nothing else. */
  readonly deleted: boolean;
  /** The hash has another form, of the same password. */
  readonly rehash: boolean;
  readonly columns: Readonly<Partial<Record<ChangedColumn, string | number | null>>>;
}

/** The columns that a line can set. `hash` is the SHA-256 of `password`, for `imported_hash`. */
export type ChangedColumn =
  | ("password" | "hash" | "last_login" | "username" | "first_name" | "last_name" | "email")
  | ("is_superuser" | "is_staff" | "is_active" | "date_joined" | "alternate_id" | "extra");

/** What is wrong with a line: the first field that is, and a sentence that begins with its name. */
export interface LineError {
  readonly field: string;
  readonly text: string;
}

/** A line that was read. Id and version also of one with an error, as far as they can be read. */
export type LineReading =
  | { readonly change: UserChange }
  | { readonly error: LineError; readonly id: UserId | undefined; readonly version: number | undefined };

/** Longer ones would not fit beside the others into what one statement takes; as for `import-django --extra`. */
const longestExtra = 4000;

/** The kind of the primary key; text where tokens name users by another field, since the settings do not say. */
export const primaryKeyType = (settings: LineSettings): UserIdType =>
  userIdColumn(settings) === "id" ? settings.USER_ID_TYPE : "text";

/**
 * A user's id in a path or a line; undefined for what is none. An import takes true for the key 1, as loaddata does: here
 * it would change the first user, who is mostly an admin.
 */
export const readLineId = (settings: LineSettings, value: unknown): UserId | undefined =>
  typeof value === "boolean" ? undefined : readKey(value, primaryKeyType(settings));

/** The name of a user who has none: nobody can log in with it where names are Django's, whose rule has no colon. */
export const nameWithout = (id: UserId): string => `id:${id}`;

const versionError = "version is not an integer below 2^53 (microseconds)";

type Read = (value: unknown, read: FieldReader, name: string) => string | number | null;

const text: Read = (_, read, name) => read.textOrNothing(name);
const flag: Read = (_, read, name) => Number(read.flag(name));

/** Fields by Django's names, each with its column of the same name. */
const ownFields: Readonly<Record<string, Read>> = {
  password: (_, read, name) => read.text(name),
  last_login: (_, read, name) => read.timeOrNull(name)?.text ?? null,
  first_name: text,
  last_name: text,
  email: text,
  is_superuser: flag,
  is_staff: flag,
  is_active: flag,
  date_joined: (_, read, name) => read.time(name).text,
};

/**
 * @param value the line's JSON, with exact numbers
 * @param pathId the user whom the request's path names: the line may leave the id out, or names the same
 */
export function readLine(settings: LineSettings, value: unknown, pathId?: UserId): LineReading {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return failed("line", "line is not a JSON object", pathId, undefined);
  }
  const line = value as Readonly<Record<string, unknown>>;
  const has = (name: string): boolean => Object.hasOwn(line, name);
  const id = has("id") ? readLineId(settings, line.id) : pathId;
  const version = isVersion(line.version) ? line.version : undefined;
  const wrong = (field: string, error: string) => failed(field, error, id, version);
  if (id === undefined) return wrong("id", `id is not ${keyWords[primaryKeyType(settings)]}`);
  if (pathId !== undefined && id !== pathId) return failed("id", "id is not that of the path", pathId, version);
  if (version === undefined) return wrong("version", versionError);
  for (const name of ["deleted", "rehash"]) {
    if (has(name) && typeof line[name] !== "boolean") return wrong(name, `${name} is not a boolean`);
  }
  const names = Object.keys(line).filter((name) => !["id", "version", "deleted", "rehash"].includes(name));
  const change = { id, version, deleted: line.deleted === true, rehash: line.rehash === true };
  if (change.deleted) {
    const other = has("rehash") ? "rehash" : names[0];
    if (other === undefined) return { change: { ...change, columns: {} } };
    return wrong("deleted", "deleted goes with id and version alone");
  }
  const columns = readColumns(settings, line, names, id);
  return "error" in columns ? wrong(columns.error.field, columns.error.text) : { change: { ...change, columns } };
}

const failed = (field: string, text: string, id: UserId | undefined, version: number | undefined): LineReading => ({
  error: { field, text },
  id,
  version,
});

function readColumns(
  settings: LineSettings,
  line: Readonly<Record<string, unknown>>,
  names: readonly string[],
  id: UserId,
): UserChange["columns"] | { readonly error: LineError } {
  const { USERNAME_FIELD, USER_ID_FIELD } = settings;
  const columns: Partial<Record<ChangedColumn, string | number | null>> = {};
  const read = fieldReader(line);
  const error = (field: string, problem: string) => ({ error: { field, text: `${field} ${problem}` } });
  for (const name of names) {
    const own = Object.hasOwn(ownFields, name) ? ownFields[name] : undefined;
    const isName = name === USERNAME_FIELD;
    const isAlternate = userIdColumn(settings) === "alternate_id" && name === USER_ID_FIELD;
    if (own) columns[name as ChangedColumn] = own(line[name], read, name);
    if (isName) {
      const username = read.textOrNumber(name);
      if (username === "" && read.error() === undefined) return error(name, "is empty");
      if (username.startsWith("id:") && username !== nameWithout(id)) return error(name, 'begins with "id:"');
      columns.username = username;
    }
    if (isAlternate) {
      const key = line[name] === null ? null : readKey(line[name], settings.USER_ID_TYPE);
      if (key === undefined) return error(name, `is not ${keyWords[settings.USER_ID_TYPE]}`);
      columns.alternate_id = key;
    }
    if (name === "extra") {
      const extra = extraText(line.extra);
      if (extra === undefined) return error(name, `is not a JSON object of at most ${longestExtra} characters`);
      columns.extra = extra;
    } else if (!own && !isName && !isAlternate) {
      return {
        error: {
          field: shortName(name),
          text: `${shortName(name)} is not a field that is kept here; further fields go into extra`,
        },
      };
    }
    const first = read.error();
    if (first !== undefined) return { error: { field: name, text: first } };
  }
  if (typeof columns.password === "string") columns.hash = sha256(columns.password);
  return columns;
}

/** A field's name as a line has it: any text. */
const shortName = (name: string): string => (/^[A-Za-z0-9_]{1,60}$/.test(name) ? name : "a field");

function extraText(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  try {
    const json = JSON.stringify(value);
    return json.length <= longestExtra && json.isWellFormed() && json.startsWith("{") ? json : undefined;
  } catch {
    // Lists in lists beyond what the stack holds: JSON.parse takes more of them than JSON.stringify.
    return undefined;
  }
}

/** As import-django makes it. */
const sha256 = (of: string): string => createHash("sha256").update(of, "utf8").digest("hex");
