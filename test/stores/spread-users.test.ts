// Changes of users whose sessions are in other databases: in which order they are written, and what a lost half leaves.
import { beforeEach, describe, expect, it } from "vitest";
import type { RotationTerms } from "../../src/stores/contract.ts";
import { d1AdminUsers } from "../../src/stores/d1/admin-users.ts";
import { d1Provisioning } from "../../src/stores/d1/provisioning.ts";
import { sessionDatabases } from "../../src/stores/spread/databases.ts";
import { spreadProvisioning } from "../../src/stores/spread/provisioning.ts";
import { sessionStores } from "../../src/stores/spread/session-stores.ts";
import { spreadSessions } from "../../src/stores/spread/sessions.ts";
import { spreadTokens } from "../../src/stores/spread/tokens.ts";
import { spreadAdminUsers } from "../../src/stores/spread/users.ts";
import type { User } from "../../src/users/user.ts";
import { DB } from "../support/bindings.ts";
import { freshId } from "../support/rows.ts";
import { boundDatabases, placeSessions, sessionNames } from "../support/session-databases.ts";
import { settingsOf } from "../support/settings.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
const log = () => {};
const settings = settingsOf();
const root = { isSuperuser: true, namesAreIds: false };
const ending = { issuedBeforeSeconds: now + 1, untilSeconds: now + 9000, nowSeconds: now };

/** @param users the database of users, which may be one that fails */
function storesOn(users: D1Database = DB) {
  const spread = { users, databases: sessionDatabases(boundDatabases, log), nowSeconds: () => now, log };
  return {
    tokens: spreadTokens(spread),
    sessions: spreadSessions(spread),
    admin: spreadAdminUsers(spread, settings, d1AdminUsers(users, log)),
    provisioning: spreadProvisioning(spread, settings, d1Provisioning(users, log)),
  };
}

/** A database that fails at each batch that changes a user. */
const failingAtUsers = new Proxy(DB, {
  get(db, property) {
    if (property === "prepare") {
      return (sql: string) =>
        db.prepare(/^(UPDATE|DELETE FROM|INSERT INTO) users/.test(sql) ? "SELECT * FROM lost" : sql);
    }
    const value: unknown = Reflect.get(db, property, db);
    return typeof value === "function" ? value.bind(db) : value;
  },
});

const ownerOf = ({ id }: User) => ({ column: "id", value: id }) as const;

async function withSession() {
  const user = await addUser();
  const { tokens } = storesOn();
  const jti = `${freshId().slice(0, 24)}00000000`;
  const token = { jti, type: "refresh", userId: user.id, createdAtSeconds: now, expiresAtSeconds: now + 900 } as const;
  await tokens.recordLogin(ownerOf(user), { userId: user.id, user, token, newHash: undefined, lastLogin: undefined });
  return { user, token };
}

const rotation = (used: RotationTerms["used"], change: Partial<RotationTerms> = {}): RotationTerms => ({
  nowSeconds: now,
  used,
  successor: { createdAtSeconds: now, expiresAtSeconds: now + 900 },
  newKey: freshId().slice(0, 24),
  mark: freshId(),
  user: { mustBeActive: true, versionMustBeKnown: false },
  ...change,
});

/** Says in the session databases that everybody is being changed, for so many seconds by their own clock. */
async function changingFor(seconds: number): Promise<void> {
  for (const name of sessionNames) {
    const sql = "UPDATE owners SET changing_until = unixepoch() + ?1";
    await boundDatabases.get(name)?.prepare(sql).bind(seconds).run();
  }
}

/** Logs in as the user who was read. */
function begin(user: User, jti: string) {
  const token = { jti, type: "refresh", userId: user.id, createdAtSeconds: now, expiresAtSeconds: now + 900 } as const;
  const record = { userId: user.id, user, token, newHash: undefined, lastLogin: undefined };
  return storesOn().tokens.recordLogin(ownerOf(user), record);
}

/** Whether the session can be refreshed. */
async function goesOn({ user, token }: Awaited<ReturnType<typeof withSession>>): Promise<boolean> {
  const { successorJti } = await storesOn().tokens.rotate(ownerOf(user), rotation(token));
  return successorJti !== undefined;
}

beforeEach(() => placeSessions(sessionNames));

describe("sessions in their own database", () => {
  it("go on where nothing has changed", async () => {
    expect(await goesOn(await withSession())).toBe(true);
  });

  it.each<[string, (user: User) => Promise<unknown>]>([
    ["is deactivated", ({ id }) => storesOn().admin.deactivate(id, root, ending)],
    ["gets another password", ({ id }) => storesOn().admin.setPassword(id, "!new", root, ending)],
    ["is deleted", ({ id }) => storesOn().admin.remove(id, root, ending)],
    ["is logged out", ({ id }) => storesOn().admin.end(id, root, ending)],
    ["is logged out by the API", ({ id }) => storesOn().provisioning.logOut(id, ending)],
    [
      "gets another password from the API",
      ({ id }) =>
        storesOn().provisioning.apply(
          [{ id, version: 5, deleted: false, rehash: false, columns: { password: "!api", hash: "0".repeat(64) } }],
          { named: "id", names: "exact", ending },
        ),
    ],
    [
      "is deleted by the API",
      ({ id }) =>
        storesOn().provisioning.apply([{ id, version: 5, deleted: true, rehash: false, columns: {} }], {
          named: "id",
          names: "exact",
          ending,
        }),
    ],
  ])("end when their user %s", async (_, change) => {
    const session = await withSession();
    const other = await withSession();
    await change(session.user);
    expect([await goesOn(session), await goesOn(other)]).toEqual([false, true]);
  });

  it("go on when their user gets another password that is to end none", async () => {
    const session = await withSession();
    await storesOn().admin.setPassword(session.user.id, "!new", root, undefined);
    expect(await goesOn(session)).toBe(true);
  });

  it("go on when a superuser is to be changed by who is none", async () => {
    const session = await withSession();
    await DB.prepare("UPDATE users SET is_superuser = 1 WHERE id = ?").bind(session.user.id).run();
    const staff = { isSuperuser: false, namesAreIds: false };
    expect(await storesOn().admin.deactivate(session.user.id, staff, ending)).toBe("gone");
    expect(await goesOn(session)).toBe(true);
  });

  it("have ended where the change itself is lost, which can then be made again", async () => {
    const session = await withSession();
    const { id } = session.user;
    await expect(storesOn(failingAtUsers).admin.deactivate(id, root, ending)).rejects.toThrow("store_unavailable");
    expect(await goesOn(session)).toBe(false);
    expect(await DB.prepare("SELECT is_active FROM users WHERE id = ?").bind(id).first("is_active")).toBe(1);
    expect(await storesOn().admin.deactivate(id, root, ending)).toBe("done");
    expect(await DB.prepare("SELECT is_active FROM users WHERE id = ?").bind(id).first("is_active")).toBe(0);
  });

  it("begin again for a user who is made anew with the same id, and the former ones do not", async () => {
    const session = await withSession();
    await storesOn().admin.remove(session.user.id, root, { ...ending, issuedBeforeSeconds: now });
    await addUser({ id: session.user.id });
    expect(await goesOn(session)).toBe(false);
    const { user } = session;
    const jti = `${freshId().slice(0, 24)}00000000`;
    const token = { ...session.token, jti };
    const { tokens } = storesOn();
    await tokens.recordLogin(ownerOf(user), { userId: user.id, user, token, newHash: undefined, lastLogin: undefined });
    expect(await goesOn({ user, token: { ...session.token, jti: jti as never } })).toBe(true);
  });

  it("end for a user who was deactivated, once their database has forgotten what users were, and others go on", async () => {
    const session = await withSession();
    const other = await withSession();
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(session.user.id).run();
    for (const name of sessionNames) {
      await boundDatabases.get(name)?.prepare("UPDATE owners SET is_active = NULL").run();
    }
    expect([await goesOn(session), await goesOn(other)]).toEqual([false, true]);
  });

  it("do not begin while their user is being changed, and do so a minute after a change that was lost on its way", async () => {
    const { user } = await withSession();
    const logIn = () => begin(user, `${freshId().slice(0, 24)}00000000`);
    await changingFor(59);
    await expect(logIn()).rejects.toThrow("store_unavailable");
    await changingFor(0);
    expect((await logIn()).user?.id).toBe(user.id);
  });
});

describe("tokens of a user who has no row", () => {
  const deletion = { version: 5, deleted: true, rehash: false, columns: {} } as const;
  const terms = { named: "id", names: "exact", ending } as const;
  const isEnded = async (owner: { readonly column: "id"; readonly value: string }, issuedAtSeconds: number) => {
    const keys = { jti: undefined, session: undefined, user: owner, issuedAtSeconds };
    return (await storesOn().tokens.tokenStatus(keys, undefined, false)).ended;
  };
  const noted = ({ id }: User, issuedBeforeSeconds: number) =>
    DB.prepare("INSERT INTO user_cutoffs (user_id, issued_before, expires_at) VALUES (?1, ?2, ?2)")
      .bind(id, issuedBeforeSeconds)
      .run();

  it.each<[string, (user: User) => Promise<unknown>]>([
    ["is deleted", ({ id }) => storesOn().admin.remove(id, root, ending)],
    ["is deleted by the API", ({ id }) => storesOn().provisioning.apply([{ id, ...deletion }], terms)],
  ])("have ended where it %s", async (_, remove) => {
    const { user } = await withSession();
    await remove(user);
    expect([await isEnded(ownerOf(user), now), await isEnded(ownerOf(user), now + 1)]).toEqual([true, false]);
  });

  it("have ended where their database knows only that the row is gone, and the database of users knows of the end", async () => {
    const { user } = await withSession();
    await storesOn().admin.remove(user.id, root, { ...ending, issuedBeforeSeconds: now - 100 });
    await DB.prepare("DELETE FROM user_cutoffs WHERE user_id = ?1").bind(user.id).run();
    await noted(user, now + 1);
    expect([await isEnded(ownerOf(user), now), await isEnded(ownerOf(user), now + 1)]).toEqual([true, false]);
  });

  it("end with a log-out where there never was one, also after one of them was revoked, and before that", async () => {
    for (const order of ["revoked first", "logged out first", "never revoked"]) {
      const owner = { column: "id", value: `https%3A%2F%2Fidp.example%2F ${freshId()}` } as const;
      const token = { jti: freshId(), type: "refresh", userId: undefined } as const;
      const revoke = () =>
        storesOn().tokens.blacklist(owner, { ...token, createdAtSeconds: now, expiresAtSeconds: now + 900 }, now);
      if (order === "revoked first") await revoke();
      await storesOn().sessions.endAll(owner, now + 1, now + 900, now);
      if (order === "logged out first") await revoke();
      const ends = [await isEnded(owner, now), await isEnded(owner, now + 1)];
      expect([order, ...ends]).toEqual([order, true, false]);
    }
  });
});

describe("a Worker without the session databases", () => {
  const without = () => sessionStores(DB, new Map(), { settings, nowSeconds: () => now, log });
  const isActive = ({ id }: User) => DB.prepare("SELECT is_active FROM users WHERE id = ?").bind(id).first("is_active");
  const terms = { named: "id", names: "exact", ending } as const;

  it.each<[string, (user: User) => Promise<unknown>]>([
    ["deactivates nobody", ({ id }) => without().adminUsers.deactivate(id, root, ending)],
    ["deletes nobody", ({ id }) => without().adminUsers.remove(id, root, ending)],
    [
      "takes no change from the API",
      ({ id }) =>
        without().provisioningStore.apply(
          [{ id, version: 5, deleted: false, rehash: false, columns: { is_active: 0 } }],
          terms,
        ),
    ],
    ["takes no log-out from the API", ({ id }) => without().provisioningStore.logOut(id, ending)],
  ])("%s: their sessions would go on", async (_, change) => {
    const session = await withSession();
    await expect(change(session.user)).rejects.toThrow("store_unavailable");
    expect([await isActive(session.user), await goesOn(session)]).toEqual([1, true]);
  });
});
