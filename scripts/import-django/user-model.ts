// Finds the user model in a dump, and which of its fields are name and id: by flags and settings, else by the dump.
// Must never guess between two answers: what is not clear is asked for.
import type { Settings } from "../../src/settings/settings.ts";
import type { UserIdType } from "../../src/users/new-user-ids.ts";
import { readKey } from "../../src/users/primary-key.ts";
import { type UserIdColumn, userIdColumn } from "../../src/users/user-id.ts";
import { Failure, usage } from "../shared/failure.ts";
import { type Dump, type DumpModel, standardFields } from "./dump.ts";
import { typeOfKeys } from "./keys.ts";

/** The flags that describe the user model. */
export interface ModelFlags {
  readonly userModel: string | undefined;
  readonly usernameField: string | undefined;
  readonly idField: string | undefined;
}

/** What the settings say; a name is undefined where wrangler.toml does not set it. */
export interface ModelSettings {
  readonly settings: Pick<Settings, "USER_ID_FIELD" | "USERNAME_FIELD" | "USER_ID_TYPE" | "USERNAME_CASE">;
  readonly usernameField: string | undefined;
  readonly userIdField: string | undefined;
}

/** The row of user_imports: what the last import said. */
export interface LastImport {
  readonly userModel: string;
  readonly usernameField: string;
  readonly idField: string | null;
  readonly idType: UserIdType;
  readonly fields: readonly unknown[];
}

/** The user model of an import. */
export interface UserModel {
  /** As dumpdata writes it. */
  readonly name: string;
  readonly rows: DumpModel["rows"];
  readonly fields: ReadonlySet<string>;
  readonly usernameField: string;
  /** The field that `alternate_id` holds; undefined when there is none. */
  readonly idField: string | undefined;
  readonly idType: UserIdType;
  /** The type of `alternate_id` where tokens name users by it; undefined: text as it is in the dump. */
  readonly alternateType: UserIdType | undefined;
  /** The column by which tokens name users. */
  readonly named: UserIdColumn;
}

/** Asks for a field on a terminal; undefined where there is none. */
export type AskField = ((question: string) => Promise<string>) | undefined;

/**
 * Conflicts between flags and settings, before the dump is read.
 *
 * @throws a usage error that names both
 */
export function checkModelFlags(flags: ModelFlags, { usernameField, userIdField, settings }: ModelSettings): void {
  if (usernameField !== undefined && flags.usernameField !== undefined && usernameField !== flags.usernameField) {
    throw usage(
      `--username-field is "${flags.usernameField}", but USERNAME_FIELD in wrangler.toml is "${usernameField}".`,
    );
  }
  const id = flags.idField;
  if (id === undefined || userIdField === undefined || id === userIdField) return;
  if (userIdColumn(settings) === "id" && isPrimaryKey(id)) return;
  throw usage(`--id-field is "${id}", but USER_ID_FIELD in wrangler.toml is "${userIdField}".`);
}

const isPrimaryKey = (field: string): boolean => field === "id" || field === "pk";

/** The user model of the dump; undefined when no model has users. */
export async function findUserModel(
  path: string,
  dump: Dump,
  flags: ModelFlags,
  given: ModelSettings,
  last: LastImport | undefined,
  ask: AskField,
): Promise<UserModel | undefined> {
  const nameField = flags.usernameField ?? given.usernameField;
  const model = chooseModel(path, dump, flags.userModel, nameField, last);
  if (model === undefined) return undefined;
  const { settings } = given;
  const known = last?.userModel.toLowerCase() === model.name.toLowerCase() ? last : undefined;
  const usernameField = nameField ?? (await fieldOfNames(path, model, known?.usernameField, ask));
  if (!model.fields.has(usernameField)) {
    const source = flags.usernameField === undefined ? "USERNAME_FIELD" : "--username-field";
    throw new Failure(`${source} is "${usernameField}", but ${model.name} in ${path} has no such field.`);
  }
  const named = userIdColumn({ ...settings, USERNAME_FIELD: usernameField });
  const idField = fieldOfIds(path, model, flags, named === "alternate_id" ? settings.USER_ID_FIELD : undefined);
  const keys = model.rows.flatMap(({ pk }) => (pk === undefined ? [] : [pk]));
  const idType =
    named === "id"
      ? checkedType(model.name, keys, settings.USER_ID_TYPE)
      : (typeOfKeys(keys) ?? known?.idType ?? "integer");
  const alternateType = named === "alternate_id" ? settings.USER_ID_TYPE : undefined;
  const { name, rows, fields } = model;
  return { name, rows, fields, usernameField, idField, idType, alternateType, named };
}

function chooseModel(
  path: string,
  { models, others }: Dump,
  wanted: string | undefined,
  nameField: string | undefined,
  last: LastImport | undefined,
): DumpModel | undefined {
  if (wanted !== undefined) {
    const model = models.get(wanted.toLowerCase());
    const seen = [...[...models.values()].map(({ name }) => name), ...others.keys()];
    if (model === undefined && seen.some((name) => !name.startsWith("token_blacklist.")))
      throw new Failure(`${path} has no rows of --user-model ${wanted}. Its models: ${seen.slice(0, 20).join(", ")}.`);
    return model;
  }
  const known = last && models.get(last.userModel.toLowerCase());
  if (known) return known;
  const all = [...models.values()];
  if (last && all.length > 0) {
    const names = all.map(({ name }) => name).sort();
    throw usage(
      `The last import was of ${last.userModel}, of which ${path} has no rows, and it has passwords in ${names.join(", ")}. If these are the users now, name AUTH_USER_MODEL with --user-model.`,
    );
  }
  const likely = all.filter(({ fields }) => [nameField ?? "username", "email"].some((field) => fields.has(field)));
  const candidates = likely.length > 0 ? likely : all.filter((model) => nameFields(model).length > 0);
  if (candidates.length > 1) {
    const names = candidates.map(({ name }) => name).sort();
    throw usage(
      `${path} has several models with passwords: ${names.join(", ")}. Name AUTH_USER_MODEL with --user-model.`,
    );
  }
  const [only] = candidates;
  if (only === undefined && all.length > 0) {
    throw new Failure(
      `${all.map(({ name }) => name).join(", ")} in ${path} has no field that users could log in with.`,
    );
  }
  return only;
}

/** Fields of texts that differ from row to row. */
function nameFields({ rows, fields }: DumpModel): readonly string[] {
  const some = rows.slice(0, 1000);
  return [...fields].filter((field) => {
    if ((standardFields as readonly string[]).includes(field) && field !== "username" && field !== "email")
      return false;
    const values = some.map((row) => row.fields[field]);
    return values.every((value) => typeof value === "string" && value !== "") && new Set(values).size === some.length;
  });
}

async function fieldOfNames(path: string, model: DumpModel, last: string | undefined, ask: AskField): Promise<string> {
  if (last !== undefined) return last;
  const usual = ["username", "email"].find((field) => model.fields.has(field));
  if (usual !== undefined) return usual;
  const choices = nameFields(model);
  if (choices.length === 0) throw new Failure(`${model.name} in ${path} has no field that users could log in with.`);
  const list = choices.join(", ");
  if (ask === undefined) {
    throw usage(
      `${model.name} in ${path} has neither username nor email. Name USERNAME_FIELD with --username-field: ${list}.`,
    );
  }
  return (await ask(`Which field of ${model.name} do users log in with (USERNAME_FIELD: ${list})? `)).trim();
}

function fieldOfIds(
  path: string,
  model: DumpModel,
  flags: ModelFlags,
  setting: string | undefined,
): string | undefined {
  const field = flags.idField !== undefined && isPrimaryKey(flags.idField) ? undefined : (flags.idField ?? setting);
  if (field !== undefined && !model.fields.has(field) && model.rows.length > 0) {
    const [source, cure] =
      flags.idField === undefined ? ["USER_ID_FIELD", 'set "pk"'] : ["--id-field", "leave out the flag"];
    throw new Failure(
      `${source} is "${field}", but ${model.name} in ${path} has no such field. If it is the primary key, ${cure}.`,
    );
  }
  return field;
}

/** USER_ID_TYPE, unless all keys are of another type. */
function checkedType(model: string, keys: readonly unknown[], type: UserIdType): UserIdType {
  const found = typeOfKeys(keys);
  if (found === undefined || keys.some((key) => readKey(key, type) !== undefined)) return type;
  throw new Failure(
    `The ids of ${model} are of the type ${found}, but USER_ID_TYPE is "${type}". Set USER_ID_TYPE = "${found}" in wrangler.toml.`,
  );
}
