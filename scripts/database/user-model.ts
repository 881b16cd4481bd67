// What the settings about users need of a database beyond schema.sql: a unique index on names, and ids as text.

import type { SchemaState } from "../../src/stores/contract.ts";
import { modelState, storedModelSql } from "../../src/stores/d1/schema.ts";
import { schemaNeeds } from "../../src/users/new-user-ids.ts";
import type { Database } from "./database.ts";
import { type EqualNames, updateNameIndex } from "./tables.ts";
import type { UserModel } from "./users.ts";

/** How a command is called for the database: with --remote for the deployed one. */
const command = ({ place }: Pick<Database, "place">, words: string): string =>
  `npm run manage -- ${words}${place === "remote" ? " --remote" : ""}`;

/** Brings the index on names up to USERNAME_CASE, and gives what a person has to do. */
export async function prepareModel(database: Database, model: UserModel): Promise<readonly string[]> {
  const groups = await updateNameIndex(database, model.USERNAME_CASE);
  return groups.length > 0
    ? [...equalNamesErrors(database, groups), ...(await integerIdsWarning(database, model))]
    : modelWarnings(database, model);
}

/** Names that keep USERNAME_CASE = "insensitive" from being true, one line for each group. */
export const equalNamesErrors = (database: Pick<Database, "place">, groups: readonly EqualNames[]): readonly string[] =>
  groups.map(
    (names) =>
      `USERNAME_CASE is "insensitive", but these names differ only in case, so that nobody can log in with them: ${names.map((name) => `'${name}'`).join(", ")}. Rename all but one with ${command(database, "edituser --id ID --username NEW")}, then run ${command(database, "migrate")}.`,
  );

/** What the settings need and the tables do not have; nothing is written. */
export async function modelWarnings(database: Database, model: UserModel): Promise<readonly string[]> {
  const [row = {}] = await database.read(storedModelSql);
  return stateWarnings(modelState(row, schemaNeeds(model)), database);
}

/** What a person has to do about a state of the tables. */
export function stateWarnings(state: SchemaState, database: Pick<Database, "place">): readonly string[] {
  const of = `The ${database.place} database`;
  switch (state) {
    case "outdated":
      return [`${of} lacks tables or columns of this version. Run ${command(database, "migrate")}.`];
    case "integer_ids":
      return [
        `${of} stores user ids as integers, as 0.1 did, and USER_ID_TYPE or the last import says that they are not. Run ${command(database, "migrate --finish")}.`,
      ];
    case "name_index_missing":
      return [
        `${of} has no unique index on names, which USERNAME_CASE = "insensitive" needs. Run ${command(database, "migrate")}.`,
      ];
    case "failed":
      return [`${of} could not be read.`];
    case "ok":
      return [];
  }
}

const integerIdsWarning = (database: Database, model: UserModel) =>
  modelWarnings(database, { ...model, USERNAME_CASE: "exact" });
