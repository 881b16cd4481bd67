// The commands on a local database that 0.1 made, as a shell sees them: what they tell, refuse and rewrite.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openLocal } from "../../scripts/database/local.ts";
import { copyProject } from "../support/projects.ts";

const { folder, manage, remove } = copyProject();
const state = join(folder, ".wrangler/state");
const config = readFileSync(join(folder, "wrangler.toml"), "utf8");
const withVars = (vars: string) =>
  writeFileSync(join(folder, "wrangler.toml"), config.replace("[vars]", `[vars]\n${vars}`));
const warnings = async () => (await manage(["check"])).stdout.split("\n").filter((line) => line.includes("database"));

/** Runs SQL as it is. */
async function write(sql: string) {
  const { database } = await openLocal(state, "as they are");
  await database.write(sql);
  await database.close();
}

beforeAll(async () => {
  writeFileSync(join(folder, ".dev.vars"), "SIGNING_KEY=01234567890123456789012345678901\n");
  await write(readFileSync(join(import.meta.dirname, "../support/fixtures/schema-0.1.0.sql"), "utf8"));
  await write(
    "INSERT INTO users (id, username, password, date_joined) VALUES (7, 'ada', '!', 'now'), (8, 'Ada', '!', 'now')",
  );
});
afterAll(remove);

it("check tells what the tables lack, and migrate adds it", async () => {
  expect(await warnings()).toEqual([
    "warning  The local database lacks tables or columns of this version. Run npm run manage -- migrate.",
  ]);
  expect((await manage(["migrate"])).stdout).toBe(
    `The tables of the local database are up to date.
User ids are integers, as 0.1 stored them: fine for USER_ID_TYPE = "integer", and 0.1 still works with this database.
To store other ids: npm run manage -- migrate --finish, after which 0.1 no longer works with it.
`,
  );
});

it("names that differ only in case are named, and renamed by edituser", async () => {
  withVars('USERNAME_CASE = "insensitive"');
  const { code, stderr } = await manage(["migrate"]);
  expect([code, stderr]).toEqual([
    1,
    `manage: The tables of the local database are up to date.
USERNAME_CASE is "insensitive", but these names differ only in case, so that nobody can log in with them: 'Ada', 'ada'. Rename all but one with npm run manage -- edituser --id ID --username NEW, then run npm run manage -- migrate.
`,
  ]);
  expect((await manage(["edituser", "--id", "8", "--username", "grace"])).code).toBe(0);
  expect((await manage(["migrate"])).stdout).toContain("Names are unique without regard to case.");
});

it("ids become text with migrate --finish, where the settings need it", async () => {
  withVars('USERNAME_CASE = "insensitive"\nUSER_ID_TYPE = "uuid"');
  expect(await warnings()).toEqual([
    "warning  The local database stores user ids as integers, as 0.1 did, and USER_ID_TYPE or the last import says that they are not. Run npm run manage -- migrate --finish.",
  ]);
  const { code, stdout } = await manage(["migrate", "--finish", "--yes", "--quiet"]);
  expect([code, stdout.split("\n").at(-2)]).toEqual([
    0,
    "User ids in the local database are text now. 0.1 does not work with it any more; D1's Time Travel has the state of before (docs/upgrading.md).",
  ]);
  const made = await manage(["createuser", "EVE", "--no-input"], "correct horse battery");
  expect(made.stdout).toBe("Created user 'EVE' in the local database.\n");
  const users = JSON.parse((await manage(["users", "--json"])).stdout) as readonly { id: string; username: string }[];
  expect(users.map(({ username }) => username).toSorted()).toEqual(["EVE", "ada", "grace"]);
  expect(users.find(({ username }) => username === "EVE")?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  expect((await manage(["createuser", "eve", "--no-input"], "correct horse battery")).stderr).toBe(
    "manage: There is already a user called 'eve'.\n",
  );
});

it("after an import, a new user's id is shown; users are named by their address where they log in by it", async () => {
  withVars('USERNAME_FIELD = "email"');
  await write("INSERT INTO user_imports VALUES (1, 1, 'auth.user', 'email', NULL, 'integer', '[]')");
  expect((await manage(["createuser", "--email", "Bob@EXAMPLE.com", "--no-input"], "correct horse")).stdout).toBe(
    `Created user 'Bob@example.com' in the local database.
The id is -1: the API counts its own upwards, and never gives one below zero.
`,
  );
  expect((await manage(["deactivate", "Bob@EXAMPLE.com"])).stdout).toBe(
    "'Bob@example.com' is deactivated in the local database. All tokens are ended.\n",
  );
});

it("with USERS_OWNER = origin, commands that create or change users refuse, and others work", async () => {
  withVars('USERS_OWNER = "origin"');
  for (const words of [
    ["createuser", "new"],
    ["createsuperuser", "new"],
    ["changepassword", "ada"],
    ["edituser", "ada", "--staff"],
    ["activate", "ada"],
    ["deleteuser", "ada", "--yes"],
  ]) {
    const { code, stderr } = await manage(words, "correct horse battery");
    expect([words, code]).toEqual([words, 1]);
    expect(stderr).toMatch(
      /^manage: USERS_OWNER is "origin": users are created and changed by the API alone\. .*\. Nothing was changed\.\n$/,
    );
  }
  for (const words of [
    ["users"],
    ["sessions", "ada"],
    ["tokens", "--user-id", "7"],
    ["logout", "ada"],
    ["deactivate", "ada"],
  ])
    expect([words, (await manage(words)).code]).toEqual([words, 0]);
});

it("the user of npm start goes with the file that has the password, whoever owns the users", async () => {
  writeFileSync(join(state, "demo-password"), "x\n");
  await write("INSERT INTO users (id, username, password, date_joined) VALUES ('9', 'demo', '!', 'now')");
  expect((await manage(["deleteuser", "demo", "--yes"])).stdout).toBe(
    "'demo' is deleted from the local database. All tokens are ended. The file with its password is deleted, too.\n",
  );
  expect(existsSync(join(state, "demo-password"))).toBe(false);
});
