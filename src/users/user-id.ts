// Which of a user's columns tokens name them by, and how a claim is read as its value: as Django's field does.
import { pythonUuid } from "../python/uuid.ts";
import type { Settings } from "../settings/settings.ts";
import { pythonIntExact, pythonNumberText } from "../tokens/claims.ts";
import type { User } from "./user.ts";

/** A unique column of `users` by which a token can name its user. */
export type UserIdColumn = "id" | "username" | "alternate_id";

/** The settings that say which column that is. */
export type UserIdSettings = Pick<Settings, "USER_ID_FIELD" | "USERNAME_FIELD">;

/** The column of USER_ID_FIELD. Django's `pk` is the primary key by whatever name. */
export function userIdColumn({ USER_ID_FIELD, USERNAME_FIELD }: UserIdSettings): UserIdColumn {
  if (USER_ID_FIELD === "id" || USER_ID_FIELD === "pk") return "id";
  return USER_ID_FIELD === "username" || USER_ID_FIELD === USERNAME_FIELD ? "username" : "alternate_id";
}

/** Whether tokens name users by the name they log in with: whoever is renamed is another user to them. */
export const namesAreIds = (settings: UserIdSettings): boolean => userIdColumn(settings) === "username";

/**
 * How a token names its user: `str(user.<USER_ID_FIELD>)`. Undefined for a user whose column has no value: Django would
 * write "None".
 */
export function userIdText(settings: UserIdSettings, user: Pick<User, UserIdColumn>): string | undefined {
  return user[userIdColumn(settings)] ?? undefined;
}

/**
 * The text in the column that a claim means, or undefined when Django's field takes no such value (Simple JWT: a 500 at a
 * route). Names are text; other fields are read by USER_ID_TYPE: integers as IntegerField (int(), 64 bits), UUIDs as
 * UUIDField (any spelling of UUID()), text as CharField (str()).
 */
export function readUserId(
  settings: UserIdSettings & Pick<Settings, "USER_ID_TYPE">,
  value: unknown,
): string | undefined {
  if (userIdColumn(settings) === "username")
    return typeof value === "string" ? storable(value) : pythonNumberText(value);
  switch (settings.USER_ID_TYPE) {
    case "integer": {
      const id = pythonIntExact(value);
      return id === undefined || BigInt.asIntN(64, id) !== id ? undefined : String(id);
    }
    case "uuid":
      return pythonUuid(value);
    case "text":
      if (typeof value === "boolean") return value ? "True" : "False";
      return typeof value === "string" ? storable(value) : pythonNumberText(value);
  }
}

/** D1 would store half a surrogate pair as another character, and find the user of that one. */
const storable = (text: string): string | undefined => (text.isWellFormed() ? text : undefined);
