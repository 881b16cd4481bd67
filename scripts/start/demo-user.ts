// Makes the first user, so that there is somebody to log in as.
// Must never write the password where others can read it, or show one that is no longer valid.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Database } from "../database/database.ts";
import { demoName } from "../database/demo-name.ts";
import { countUsers, findUser, hasPassword, insertUser, passwordHash, type UserModel } from "../database/users.ts";
import { DEMO_PASSWORD_FILE } from "../shared/project.ts";

/** What is known of the users after `ensureUser`. */
export interface Users {
  readonly hasDemo: boolean;
  /** The password of the demo user, unless it was changed since. */
  readonly password: string | undefined;
  /** The demo user was made just now. */
  readonly isNew: boolean;
}

/**
 * Makes the superuser `demo` with a random password when there are no users at all; keeps the password in a file. None with
 * USERS_OWNER "origin": users come from the API.
 */
export async function ensureUser(
  database: Database,
  model: UserModel,
  file: string = DEMO_PASSWORD_FILE,
): Promise<Users> {
  if ((await countUsers(database)) > 0 || model.USERS_OWNER === "origin") return existing(database, model, file);
  const password = randomBytes(12).toString("base64url");
  // First the file: a user whose password nobody knows would be of no use.
  rmSync(file, { force: true });
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: "wx" });
  const username = demoName(model);
  const email = model.USERNAME_FIELD === "email" ? username : "";
  const user = { username, email, isStaff: true, isSuperuser: true, passwordHash: await passwordHash(password) };
  await insertUser(database, user, new Date().toISOString(), model);
  return { hasDemo: true, password, isNew: true };
}

async function existing(database: Database, model: UserModel, file: string): Promise<Users> {
  const hasDemo = (await findUser(database, demoName(model))) !== null;
  if (!existsSync(file)) return { hasDemo, password: undefined, isNew: false };
  chmodSync(file, 0o600);
  const kept = readFileSync(file, "utf8").trim();
  if (await hasPassword(database, demoName(model), kept)) return { hasDemo, password: kept, isNew: false };
  rmSync(file);
  return { hasDemo, password: undefined, isNew: false };
}
