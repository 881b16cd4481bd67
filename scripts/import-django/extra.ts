// The fields of --extra: what of a user's row goes into the column `extra`, and how it finds its way back.
// Must never change a number's digits.

import { usage } from "../shared/failure.ts";
import type { Dump, DumpRow } from "./dump.ts";
import { keyNumber } from "./keys.ts";
import type { Tallies } from "./tally.ts";

/** Longer ones would not fit into a row of a statement. */
const LONGEST_EXTRA = 4000;

/** One member of the column, as user_imports keeps it for an export. */
export interface ExtraField {
  /** The name in the column, as --extra gave it. */
  readonly extra: string;
  /** The field in the dump: `tenant` for `tenant_id`. */
  readonly field: string;
  /** "names": the names of groups, or of permissions as Django's has_perm() takes them. */
  readonly kind: "value" | "names";
  /** Of permissions: codename, app and model by name. */
  readonly permissions?: Readonly<Record<string, readonly string[]>>;
}

/** Reads the extra fields of users. */
export interface ExtraReader {
  readonly fields: readonly ExtraField[];
  /** The members of one user, or what is wrong with them. */
  read(row: DumpRow): Readonly<Record<string, unknown>> | string;
}

/** The words of --extra. */
export function extraNames(flag: string | undefined): readonly string[] {
  if (flag === undefined) return [];
  const names = flag.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === "__proto__");
  if (wrong !== undefined) throw usage(`--extra takes names of fields, separated by commas; "${wrong}" is none.`);
  return [...new Set(names)];
}

/** The fields of the dump that these names may mean: dumpdata calls the field of `tenant_id` `tenant`. */
export const fieldsOfExtras = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => (name.endsWith("_id") ? [name, name.slice(0, -3)] : [name]));

/** @throws a usage error for a name that the model has no field for */
export function openExtras(
  names: readonly string[],
  model: { readonly name: string; readonly fields: ReadonlySet<string> },
  dump: Dump,
  notes: Tallies,
): ExtraReader {
  const known: Readonly<Record<string, ReadonlyMap<string, readonly string[]>>> = {
    groups: groupNames(dump.groups),
    user_permissions: permissionNames(dump.permissions, dump.contentTypes),
  };
  const readers = names.map((name) => {
    const field = fieldsOfExtras([name]).find((one) => model.fields.has(one));
    if (field === undefined) {
      const others = [...model.fields].sort().slice(0, 40).join(", ");
      throw usage(`--extra ${name}: ${model.name} has no such field. Its fields: ${others}.`);
    }
    const table = Object.hasOwn(known, field) ? known[field] : undefined;
    return { name, field, table };
  });
  const used: Record<string, readonly string[]> = Object.create(null);
  const fields = readers.map(({ name, field, table }): ExtraField => {
    if (table === undefined) return { extra: name, field, kind: "value" };
    return { extra: name, field, kind: "names", ...(field === "user_permissions" ? { permissions: used } : {}) };
  });
  const namesOf = (field: string, table: ReadonlyMap<string, readonly string[]>, value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    return value.map((one: unknown) => {
      const parts = Array.isArray(one) ? naturalParts(one) : table.get(keyNumber(one) ?? "");
      if (parts === undefined) {
        notes.add(
          field === "groups"
            ? "groups as keys: the dump does not have the rows of auth.group; add it to the models of dumpdata"
            : "user_permissions as keys: the dump does not have the rows of auth.permission and contenttypes; add them to the models of dumpdata",
        );
        return one;
      }
      const name = field === "groups" ? (parts[0] ?? "") : `${parts[1]}.${parts[0]}`;
      if (field !== "groups") used[name] = parts;
      return name;
    });
  };
  return {
    fields,
    read(row) {
      const values: Record<string, unknown> = {};
      for (const { name, field, table } of readers) {
        const value = row.fields[field] ?? null;
        values[name] = table === undefined ? value : namesOf(field, table, value);
      }
      return isShort(values) ? values : `the fields of --extra have more than ${LONGEST_EXTRA} characters`;
    },
  };
}

function isShort(values: Readonly<Record<string, unknown>>): boolean {
  try {
    return JSON.stringify(values).length <= LONGEST_EXTRA;
  } catch {
    // Lists in lists beyond what the stack holds: JSON.parse takes more of them than JSON.stringify.
    return false;
  }
}

/** A natural key: the name of a group; codename, app and model of a permission. */
const naturalParts = (value: readonly unknown[]): readonly string[] | undefined =>
  value.every((part) => typeof part === "string") ? (value as readonly string[]) : undefined;

function groupNames(rows: readonly DumpRow[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    rows.flatMap(({ pk, fields }) => {
      const key = keyNumber(pk);
      return key !== undefined && typeof fields.name === "string" ? [[key, [fields.name]] as const] : [];
    }),
  );
}

function permissionNames(rows: readonly DumpRow[], types: readonly DumpRow[]): ReadonlyMap<string, readonly string[]> {
  const models = new Map<string, readonly string[]>();
  for (const { pk, fields } of types) {
    const key = keyNumber(pk);
    const { app_label: app, model } = fields;
    if (key !== undefined && typeof app === "string" && typeof model === "string") models.set(key, [app, model]);
  }
  const names = new Map<string, readonly string[]>();
  for (const { pk, fields } of rows) {
    const key = keyNumber(pk);
    const type = Array.isArray(fields.content_type)
      ? naturalParts(fields.content_type)
      : models.get(keyNumber(fields.content_type) ?? "");
    if (key !== undefined && type?.length === 2 && typeof fields.codename === "string")
      names.set(key, [fields.codename, ...type]);
  }
  return names;
}
