// Makes the first user, so that there is somebody to log in as.
// Must never write the password down: it is shown once, and only its hash is stored.
import { randomBytes } from "node:crypto";
import type { Database } from "../database/database.ts";
import { countUsers, findUser, insertUser, passwordHash } from "../database/users.ts";

/** The first user's name. */
export const DEMO_USERNAME = "demo";

/** What is known of the users after `ensureUser`; `password` only when the demo user was made just now. */
export interface Users {
  readonly count: number;
  readonly hasDemo: boolean;
  readonly password: string | undefined;
}

/** Makes the superuser `demo` with a random password when there are no users at all. */
export async function ensureUser(database: Database): Promise<Users> {
  const count = await countUsers(database);
  if (count > 0) return { count, hasDemo: (await findUser(database, DEMO_USERNAME)) !== null, password: undefined };
  const password = randomBytes(12).toString("base64url");
  const user = { username: DEMO_USERNAME, email: "", isStaff: true, isSuperuser: true };
  await insertUser(database, { ...user, passwordHash: await passwordHash(password) }, new Date().toISOString());
  return { count: 1, hasDemo: true, password };
}
