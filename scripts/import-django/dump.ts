// Reads the output of `manage.py dumpdata`, row by row: what an import needs of each row is kept, the rest is forgotten.
// Must never quote the text in an error: it contains password hashes and tokens.
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { isExactNumber, numberText } from "../../src/json/exact-number.ts";
import { parseJson } from "../../src/json/parse.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import { type DumpToken, readToken, type TokenSettings } from "./dump-tokens.ts";
import { keyNumber } from "./keys.ts";
import { type DumpFormat, openRowSplitter } from "./row-splitter.ts";

/** One row of a dump. */
export interface DumpRow {
  /** Its number in the dump, from 1. */
  readonly row: number;
  /** Undefined with --natural-primary. */
  readonly pk: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The rows of a model that may be the user model: those whose rows have a password. */
export interface DumpModel {
  /** As dumpdata writes it: `auth.user`. */
  readonly name: string;
  readonly rows: DumpRow[];
  /** The names of all fields that a row had, also of those whose values are not kept. */
  readonly fields: Set<string>;
}

/** A row of the token blacklist app's OutstandingToken that has not expired, or that cannot be read. */
export interface OutstandingRow {
  readonly row: number;
  readonly pk: string | undefined;
  readonly user: unknown;
  /** Or what is wrong with the row. */
  readonly token: DumpToken | string;
}

/** What is kept of a dump. */
export interface Dump {
  /** By their names in lower case. */
  readonly models: ReadonlyMap<string, DumpModel>;
  readonly outstanding: readonly OutstandingRow[];
  /** The keys of tokens that are no longer accepted and not needed. */
  readonly expired: ReadonlySet<string>;
  readonly expiredCount: number;
  readonly blacklisted: readonly DumpRow[];
  /** Rows of groups, permissions and content types, where --extra asks for their names. */
  readonly groups: readonly DumpRow[];
  readonly permissions: readonly DumpRow[];
  readonly contentTypes: readonly DumpRow[];
  /** The number of rows of every other model. */
  readonly others: ReadonlyMap<string, number>;
}

/** What has to be known before the first row. */
export interface DumpTerms {
  readonly format?: DumpFormat | undefined;
  /** AUTH_USER_MODEL where it is known; otherwise each model with passwords is kept. */
  readonly userModel?: string | undefined;
  /** Fields of users that are needed in addition to those of AbstractUser. */
  readonly userFields: readonly string[];
  /** Whether names of groups and permissions are needed. */
  readonly withNames: boolean;
  readonly settings: TokenSettings;
  readonly nowSeconds: number;
}

/** The fields of AbstractUser that an import copies. */
export const standardFields = [
  ...(["password", "last_login", "is_superuser", "username", "first_name"] as const),
  ...(["last_name", "email", "is_staff", "is_active", "date_joined"] as const),
] as const;

/** Longer texts of other fields are no names to log in with. */
const LONGEST_NAME = 320;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** Takes the JSON texts of rows, one after the other. */
export function openDump(
  path: string,
  terms: DumpTerms,
): { readonly add: (text: string, row: number) => void; readonly dump: Dump } {
  const wanted = new Set<string>([...standardFields, ...terms.userFields]);
  const userModel = terms.userModel?.toLowerCase();
  const models = new Map<string, DumpModel>();
  const outstanding: OutstandingRow[] = [];
  const expired = new Set<string>();
  const lists = {
    blacklisted: [] as DumpRow[],
    groups: [] as DumpRow[],
    permissions: [] as DumpRow[],
    contentTypes: [] as DumpRow[],
  };
  const others = new Map<string, number>();
  const dump = { models, outstanding, expired, expiredCount: 0, ...lists, others };
  const named = new Map([
    ["token_blacklist.blacklistedtoken", lists.blacklisted],
    ...(terms.withNames
      ? ([
          ["auth.group", lists.groups],
          ["auth.permission", lists.permissions],
          ["contenttypes.contenttype", lists.contentTypes],
        ] as const)
      : []),
  ]);

  const addToken = (one: DumpRow): void => {
    const pk = keyNumber(one.pk);
    const token = readToken(one.fields, terms.settings, terms.nowSeconds);
    if (token !== "expired") outstanding.push({ row: one.row, pk, user: one.fields.user, token });
    else {
      dump.expiredCount++;
      if (pk !== undefined) expired.add(pk);
    }
  };
  const addUser = (name: string, one: DumpRow): void => {
    const key = name.toLowerCase();
    const model = models.get(key) ?? { name, rows: [], fields: new Set<string>() };
    models.set(key, model);
    const fields: Record<string, unknown> = {};
    for (const field of Object.keys(one.fields)) {
      model.fields.add(field);
      const value = one.fields[field];
      if (wanted.has(field) || mayBeName(value)) setField(fields, field, value);
    }
    model.rows.push({ ...one, fields });
  };

  return {
    dump,
    add(text, row) {
      const { model, ...one } = parseRow(path, text, row);
      const name = model.toLowerCase();
      const list = named.get(name);
      if (name === "token_blacklist.outstandingtoken") addToken(one);
      else if (list) list.push(one);
      else if (userModel === undefined ? typeof one.fields.password === "string" : name === userModel)
        addUser(model, one);
      else others.set(model, (others.get(model) ?? 0) + 1);
    },
  };
}

/** Whether users could log in with the value, as far as a single row tells. */
const mayBeName = (value: unknown): boolean =>
  typeof value === "string" ? value.length <= LONGEST_NAME : numberText(value) !== undefined;

/** `__proto__` is a name like any other. */
function setField(fields: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") Object.defineProperty(fields, name, { value, enumerable: true });
  else fields[name] = value;
}

/**
 * A row with its model.
 *
 * @throws a Failure that names the row
 */
export function parseRow(path: string, text: string, row: number): DumpRow & { readonly model: string } {
  let item: unknown;
  try {
    item = parseJson(text);
  } catch {
    // The message may quote the text.
    throw new Failure(`${path} is not JSON: row ${row}.`);
  }
  if (!isRecord(item) || typeof item.model !== "string" || !isRecord(item.fields)) {
    throw new Failure(`${path} is not the output of dumpdata: row ${row} has no model or no fields.`);
  }
  return { model: item.model, row, pk: item.pk ?? undefined, fields: item.fields };
}

/** Reads a whole dump out of its bytes. @param read is called with the number of bytes so far */
export async function readDump(
  path: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  terms: DumpTerms,
  read: (bytes: number) => void = () => {},
): Promise<Dump> {
  const { add, dump } = openDump(path, terms);
  await readRows(path, bytes, terms.format, add, read);
  return dump;
}

/** Hands over the text of each row of a dump, with its number. */
export async function readRows(
  path: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  format: DumpFormat | undefined,
  add: (text: string, row: number) => void,
  read: (bytes: number) => void,
): Promise<void> {
  const rows = openRowSplitter(path, format);
  let count = 0;
  try {
    for await (const piece of bytes) {
      rows.push(piece, add);
      count += piece.length;
      read(count);
    }
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`Cannot read ${path}: ${systemReason(error)}.`);
  }
  rows.end(add);
}

/** The bytes of a file, whose path is relative to the shell's folder; `-` is standard input. */
export async function openDumpFile(
  path: string,
): Promise<{ readonly bytes: AsyncIterable<Uint8Array>; readonly size: number | undefined }> {
  if (path === "-") return { bytes: process.stdin, size: undefined };
  try {
    const file = await open(resolve(process.env.INIT_CWD ?? process.cwd(), path));
    const stats = await file.stat();
    if (stats.isDirectory()) await file.read();
    return {
      bytes: file.createReadStream({ highWaterMark: 1024 * 1024 }),
      size: stats.isFile() ? stats.size : undefined,
    };
  } catch (error) {
    throw new Failure(`Cannot read ${path}: ${systemReason(error)}.`);
  }
}

const systemReason = (error: unknown): string => reasonOf(error).replace(/, \w+( '.*')?$/, "");
