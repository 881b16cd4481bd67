// The ids of a user who is made here: none that the API ever gives out.
// Must never draw an id that only this side would know to be taken.
import type { Settings } from "../settings/settings.ts";
import { userIdColumn } from "./user-id.ts";

/** Kinds of ids, as USER_ID_TYPE and the table user_imports name them. */
export type UserIdType = Settings["USER_ID_TYPE"];

/** What a new row's `id` and `alternate_id` are made of; integers are counted by the store. */
export interface NewUserIds {
  /** The kind of the primary key; undefined where tokens name users by something else: then the last import knows it. */
  readonly idType: UserIdType | undefined;
  /** Candidates for the primary key, by its kind. */
  readonly uuid: string;
  readonly text: string;
  /** The kind of the alternate id; undefined where there is none. */
  readonly alternateType: UserIdType | undefined;
  readonly alternateUuid: string;
  readonly alternateText: string;
}

type IdSettings = Pick<Settings, "USER_ID_FIELD" | "USERNAME_FIELD" | "USER_ID_TYPE">;

/** What the settings ask of the tables of users (stores/d1/schema.ts). */
export const schemaNeeds = (settings: IdSettings & Pick<Settings, "USERNAME_CASE">) => ({
  idType: userIdColumn(settings) === "id" ? settings.USER_ID_TYPE : undefined,
  foldedNames: settings.USERNAME_CASE === "insensitive",
});

/** @param randomUuid gives a UUID of version 4, in its form with dashes and small letters */
export function newUserIds(settings: IdSettings, randomUuid: () => string): NewUserIds {
  const column = userIdColumn(settings);
  return {
    idType: column === "id" ? settings.USER_ID_TYPE : undefined,
    uuid: randomUuid(),
    text: textId(randomUuid()),
    alternateType: column === "alternate_id" ? settings.USER_ID_TYPE : undefined,
    alternateUuid: randomUuid(),
    alternateText: textId(randomUuid()),
  };
}

/** A prefix that no id of the API's has, and 80 random bits: short enough for most key columns. */
const textId = (uuid: string): string => `edge-${uuid.replaceAll("-", "").slice(-20)}`;
