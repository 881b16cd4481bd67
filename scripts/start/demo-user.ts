// Makes the first user, so that there is somebody to log in as.
// Must never write the password where others can read it, or show one that is no longer valid.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Database } from "../database/database.ts";
import { countUsers, findUser, hasPassword, insertUser, passwordHash } from "../database/users.ts";
import { DEMO_PASSWORD_FILE } from "../shared/project.ts";

/** The first user's name. */
export const DEMO_USERNAME = "demo";

/** What is known of the users after `ensureUser`. */
export interface Users {
  readonly hasDemo: boolean;
  /** The password of the demo user, unless it was changed since. */
  readonly password: string | undefined;
  /** The demo user was made just now. */
  readonly isNew: boolean;
}

/** Makes the superuser `demo` with a random password when there are no users at all; keeps the password in a file. */
export async function ensureUser(database: Database, file: string = DEMO_PASSWORD_FILE): Promise<Users> {
  if ((await countUsers(database)) > 0) return existing(database, file);
  const password = randomBytes(12).toString("base64url");
  // First the file: a user whose password nobody knows would be of no use.
  rmSync(file, { force: true });
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: "wx" });
  const user = { username: DEMO_USERNAME, email: "", isStaff: true, isSuperuser: true };
  await insertUser(database, { ...user, passwordHash: await passwordHash(password) }, new Date().toISOString());
  return { hasDemo: true, password, isNew: true };
}

async function existing(database: Database, file: string): Promise<Users> {
  const hasDemo = (await findUser(database, DEMO_USERNAME)) !== null;
  if (!existsSync(file)) return { hasDemo, password: undefined, isNew: false };
  chmodSync(file, 0o600);
  const kept = readFileSync(file, "utf8").trim();
  if (await hasPassword(database, DEMO_USERNAME, kept)) return { hasDemo, password: kept, isNew: false };
  rmSync(file);
  return { hasDemo, password: undefined, isNew: false };
}
