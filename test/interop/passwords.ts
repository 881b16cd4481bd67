// Passwords: set by one side, typed at the other, after the row was carried over.
// Must never hash a password here: each hash is made by Django or by what `npm run manage` uses.
import { match, notEqual } from "node:assert/strict";
import { passwordHash } from "../../scripts/database/users.ts";
import type { NewUser } from "./django.ts";
import type { Meeting } from "./meeting.ts";
import type { Report } from "./report.ts";
import { passwordOf, putRows, takeRows } from "./rows.ts";
import { loginRefused, obtain } from "./side.ts";

const PASSWORD = "ünï 密码 🔑 $1$ correct horse";
const WRONG = "ünï 密码 🔑 $1$ correct house";
const NEW_PASSWORD = "battery $taple ñ";

const userOf = (hasher: string) => `by-${hasher.replaceAll("_", "-")}`;

/** One user for each hasher, one who is inactive, one whose password is unusable, one for the gateway's own hash. */
export const usersForPasswords = (hashers: readonly string[]): NewUser[] => [
  ...hashers.map((hasher) => ({ username: userOf(hasher), password: PASSWORD, hasher })),
  { username: "sleeping", password: PASSWORD, is_active: false },
  { username: "unusable", password: null },
  { username: "changing", password: PASSWORD },
];

export async function provePasswords(report: Report, meeting: Meeting, hashers: readonly string[]): Promise<void> {
  const { gateway, django, djangoDatabase } = meeting;
  const atDjango = hashers.includes("scrypt") ? "at Django" : "at Django with the scrypt hasher added";
  for (const hasher of hashers) {
    await report.prove(`passwords: what Django's set_password stores as ${hasher} logs in at the gateway`, async () => {
      match(await passwordOf(gateway.database, userOf(hasher)), new RegExp(`^${hasher}\\$`));
      await loginRefused(gateway, userOf(hasher), WRONG);
      await obtain(gateway, userOf(hasher), PASSWORD);
      // UPGRADE_PASSWORD_HASHES: a good login leaves the preferred format.
      match(await passwordOf(gateway.database, userOf(hasher)), /^scrypt\$16384\$/);
    });
  }
  await report.prove(`passwords: a hash that the gateway upgraded to scrypt logs in ${atDjango}`, async () => {
    await djangoDatabase.load(await takeRows(gateway.database));
    for (const hasher of hashers) {
      await loginRefused(django, userOf(hasher), WRONG);
      await obtain(django, userOf(hasher), PASSWORD);
    }
  });
  await report.prove(`passwords: what "npm run manage -- changepassword" stores logs in ${atDjango}`, async () => {
    await changePassword(meeting, "changing", NEW_PASSWORD);
    await obtain(gateway, "changing", NEW_PASSWORD);
    await djangoDatabase.load(await takeRows(gateway.database));
    await loginRefused(django, "changing", PASSWORD);
    await obtain(django, "changing", NEW_PASSWORD);
  });
  await report.prove("passwords: a hash that Django rewrote at that login logs in at the gateway again", async () => {
    const before = await passwordOf(gateway.database, "changing");
    await putRows(gateway.database, await djangoDatabase.rows());
    notEqual(await passwordOf(gateway.database, "changing"), before);
    await loginRefused(gateway, "changing", PASSWORD);
    await obtain(gateway, "changing", NEW_PASSWORD);
  });
  await report.prove("passwords: an inactive user and an unusable password are refused alike by both", async () => {
    for (const side of [gateway, django]) {
      for (const username of ["sleeping", "unusable", "nobody"]) await loginRefused(side, username, PASSWORD);
    }
  });
}

/** What changepassword does to the row. */
export async function changePassword({ gateway }: Meeting, username: string, password: string): Promise<void> {
  const update = gateway.database.prepare("UPDATE users SET password = ? WHERE username = ?");
  await update.bind(await passwordHash(password), username).run();
}
