// The user model of a new Django project, which the settings describe by default, and its users by name.
import type { Database } from "../../scripts/database/database.ts";
import { type User, type UserModel, userNamed } from "../../scripts/database/users.ts";

export const djangoUsers: UserModel = {
  USERNAME_FIELD: "username",
  USERNAME_CASE: "exact",
  USER_ID_FIELD: "id",
  USER_ID_TYPE: "integer",
  USERS_OWNER: "gateway",
};

/** The user of this name; fails when there is none. */
export const requireUser = (database: Database, name: string): Promise<User> =>
  userNamed(database, djangoUsers, { name });
