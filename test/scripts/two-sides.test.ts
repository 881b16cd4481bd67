// The ids of users who are made at the gateway and in Django for a simulated year: no two of them are the same.
import { describe, expect, it } from "vitest";
import { withLiterals } from "../../scripts/database/d1-over-text.ts";
import { deleteAndEndTokens } from "../../scripts/database/end-user.ts";
import { insertUser, listUsers, type UserModel } from "../../scripts/database/users.ts";
import { forgetEndedUsers } from "../../src/stores/d1/users.ts";
import { textDatabase } from "../support/text-database.ts";
import { djangoUsers } from "../support/user-model.ts";

const day = 86_400;

/** The same numbers each time. */
function randomNumbers(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}

/** How Django gives ids: a sequence that only goes upwards, random UUIDs, a text of its own. */
const djangoIds = {
  integer: (count: number) => String(count),
  uuid: () => crypto.randomUUID(),
  text: (count: number) => `usr_${count}`,
};

async function aYear(type: keyof typeof djangoIds, model: UserModel) {
  const { bindings, db } = textDatabase({ USER_ID_TYPE: type });
  const { database } = bindings;
  const random = randomNumbers(14);
  const inDjango = new Map<string, string>();
  const givenByDjango = new Set<string>();
  const givenHere = new Set<string>();
  let [count, repeated] = [0, 0];
  db.prepare(
    "INSERT INTO user_imports (id, imported_at, user_model, username_field, id_type, fields) VALUES (1, 1, 'auth.user', 'username', ?, '[]')",
  ).run(type);
  for (let today = 0; today < 365; today++) {
    const nowSeconds = 1_800_000_000 + today * day;
    for (let made = random(4); made > 0; made--) {
      count++;
      const id = djangoIds[type](count);
      inDjango.set(id, `django${count}`);
      givenByDjango.add(id);
    }
    // The gateway is imported to once a week: until then it knows nothing of Django's new users.
    if (today % 7 === 0) {
      for (const [id, username] of inDjango) {
        db.prepare(
          "INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, 'x', 'now') ON CONFLICT (id) DO NOTHING",
        ).run(id, username);
      }
    }
    for (let made = random(4); made > 0; made--) {
      const username = `here${today}-${made}`;
      await insertUser(
        database,
        { username, email: "", passwordHash: "x", isStaff: false, isSuperuser: false },
        "now",
        model,
      );
      const [user] = await listUsers(database, username);
      if (user === undefined || givenHere.has(user.id)) repeated++;
      givenHere.add(user?.id ?? "");
    }
    // People leave on both sides, also the last who came; and what ended their tokens is forgotten.
    const users = await listUsers(database, undefined);
    const leaving = [users[random(users.length)], ...(today % 5 === 0 ? [users[0], users.at(-1)] : [])];
    for (const user of new Set(leaving)) {
      if (user === undefined) continue;
      inDjango.delete(user.id);
      await deleteAndEndTokens(bindings, user, nowSeconds);
    }
    await database.write(withLiterals(forgetEndedUsers, [nowSeconds - 30 * day]));
  }
  const meeting = [...givenHere].filter((id) => givenByDjango.has(id));
  return { meeting, repeated, here: [...givenHere], django: givenByDjango.size };
}

describe("a year of users on both sides", () => {
  it.each([
    ["integer", /^-[1-9][0-9]*$/],
    ["uuid", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ["text", /^edge-[0-9a-f]{20}$/],
  ] as const)("gives no id twice where they are of the type %s", async (type, form) => {
    const { meeting, repeated, here, django } = await aYear(type, { ...djangoUsers, USER_ID_TYPE: type });
    expect([meeting, repeated]).toEqual([[], 0]);
    expect(here.filter((id) => !form.test(id))).toEqual([]);
    expect(Math.min(here.length, django)).toBeGreaterThan(400);
  });

  it("gives the alternate id of a deleted user to nobody, whose tokens would name them", async () => {
    const model: UserModel = { ...djangoUsers, USER_ID_FIELD: "number", USER_ID_TYPE: "integer" };
    const { bindings, db } = textDatabase({});
    const given: unknown[] = [];
    for (const username of ["ada", "bob", "eve"]) {
      const user = { username, email: "", passwordHash: "!", isStaff: false, isSuperuser: false };
      await insertUser(bindings.database, user, "now", model);
      given.push(db.prepare("SELECT alternate_id FROM users").get()?.alternate_id);
      db.exec("DELETE FROM users");
    }
    expect(new Set(given).size).toBe(3);
    expect(given.filter((id) => !/^-[1-9][0-9]{0,9}$/.test(String(id)))).toEqual([]);
  });

  it("takes the type of the last import where tokens name users by name", async () => {
    const model: UserModel = { ...djangoUsers, USER_ID_FIELD: "username", USER_ID_TYPE: "integer" };
    const { meeting, repeated, here } = await aYear("uuid", model);
    expect([meeting, repeated, here.filter((id) => !/^[0-9a-f-]{36}$/.test(id))]).toEqual([[], 0, []]);
  });
});
