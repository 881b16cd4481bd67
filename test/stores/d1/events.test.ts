// The outbox of events in a real D1: written in the transaction of the change that each tells of, and only with it.
import { beforeEach, describe, expect, it } from "vitest";
import { d1AdminUsers } from "../../../src/stores/d1/admin-users.ts";
import { d1Events } from "../../../src/stores/d1/events.ts";
import { d1Sessions } from "../../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../../src/stores/d1/tokens.ts";
import type { NewEvent } from "../../../src/stores/events-contract.ts";
import { DB } from "../../support/bindings.ts";
import { outstandingToken, rowOf } from "../../support/rows.ts";
import { addUser } from "../../support/users.ts";

const now = 1_700_000_100;
const until = now + 86_400;
const log = () => {
  throw new Error("nothing was to be logged");
};
const events = d1Events(DB, log);
const tokens = d1Tokens(DB, log);
const sessions = d1Sessions(DB, log);
const users = d1AdminUsers(DB, log);

const event = (type: NewEvent["type"], data: NewEvent["data"] = {}): NewEvent => ({
  type,
  createdAtSeconds: now,
  data,
});
const ofUser = (id: string) => ({ column: "id", value: id }) as const;
const told = async () =>
  (await events.pending(undefined, 100)).map(({ userId, type, data }) => ({ userId, type, data }));

beforeEach(async () => {
  await DB.prepare("DELETE FROM events").run();
});

describe("a log-in", () => {
  const record = (userId: string, sessionVersion = 0) => {
    const token = outstandingToken({ userId, sessionVersion });
    return { userId, token, newHash: undefined, lastLogin: undefined };
  };

  it("is told of with its token", async () => {
    const { id } = await addUser();
    const login = record(id);
    await tokens.withNotes({ event: event("login") }).recordLogin(ofUser(id), login);
    expect(await told()).toEqual([{ userId: id, type: "login", data: {} }]);
    expect(await rowOf(login.token.jti)).toMatchObject({ user_id: id });
  });

  it("is not where the user was changed while it was under way, for it is refused", async () => {
    const { id } = await addUser();
    await DB.prepare("UPDATE users SET session_version = 1 WHERE id = ?").bind(id).run();
    await tokens.withNotes({ event: event("login") }).recordLogin(ofUser(id), record(id, 0));
    const closed = await addUser({ is_active: false });
    await tokens.withNotes({ event: event("login") }).recordLogin(ofUser(closed.id), record(closed.id));
    expect(await told()).toEqual([]);
  });

  it("is told of where tokens are not written down", async () => {
    const { id } = await addUser();
    await tokens.withNotes({ event: event("login") }).recordLogin(ofUser(id), { ...record(id), token: undefined });
    expect(await told()).toEqual([{ userId: id, type: "login", data: {} }]);
  });

  it("writes neither where the transaction fails", async () => {
    const { id } = await addUser();
    const bad = { ...record(id), lastLogin: 7 as unknown as string };
    const failing = d1Tokens(
      {
        ...DB,
        prepare: (sql: string) => DB.prepare(sql.includes("last_login =") ? "no SQL" : sql),
        batch: DB.batch.bind(DB),
      } as D1Database,
      () => {},
      { event: event("login") },
    );
    await expect(failing.recordLogin(ofUser(id), bad)).rejects.toThrow("store_unavailable");
    expect(await told()).toEqual([]);
    expect(await rowOf(bad.token.jti)).toBeNull();
  });
});

describe("a log-out", () => {
  it("is told of by the one call that did it", async () => {
    const { id } = await addUser();
    const token = outstandingToken({ userId: id });
    await tokens.insert(ofUser(id), token);
    const telling = tokens.withNotes({ event: event("logout") });
    expect(await telling.blacklist(ofUser(id), token, now)).toBe(true);
    expect(await telling.blacklist(ofUser(id), token, now)).toBe(false);
    expect(await told()).toEqual([{ userId: id, type: "logout", data: {} }]);
  });

  it("of a token without a user is nobody's event", async () => {
    const token = outstandingToken();
    expect(await tokens.withNotes({ event: event("logout") }).blacklist("no user", token, now)).toBe(true);
    expect(await told()).toEqual([]);
  });

  it("names the user's id, also where tokens name the user by another column", async () => {
    const { id, username } = await addUser();
    const owner = { column: "username", value: username } as const;
    const token = outstandingToken({ userId: id });
    await tokens.withNotes({ event: event("logout") }).blacklist(owner, token, now);
    expect(await told()).toEqual([{ userId: id, type: "logout", data: {} }]);
    expect(await events.pending(owner, 10)).toHaveLength(1);
  });

  it("of a session is told of once, however often it is ended", async () => {
    const { id } = await addUser();
    const token = outstandingToken({ userId: id });
    await tokens.insert(ofUser(id), token);
    const telling = sessions.withNotes({ event: event("refresh_reuse") });
    expect(await telling.endSession(ofUser(id), token.jti, until, now)).toBe(true);
    expect(await telling.endSession(ofUser(id), token.jti, until, now)).toBe(false);
    expect(await told()).toEqual([{ userId: id, type: "refresh_reuse", data: {} }]);
  });

  it("of a token with its session is told of once", async () => {
    const { id } = await addUser();
    const token = outstandingToken({ userId: id });
    await tokens.insert(ofUser(id), token);
    const telling = sessions.withNotes({ event: event("logout") });
    expect(await telling.endSessionOf(ofUser(id), token, until, now)).toBe(token.jti);
    expect(await telling.endSessionOf(ofUser(id), token, until, now)).toBeUndefined();
    expect(await told()).toEqual([{ userId: id, type: "logout", data: {} }]);
  });

  it("of all sessions is told of", async () => {
    const { id } = await addUser();
    await sessions.withNotes({ event: event("logout", { all: true }) }).endAll(ofUser(id), now + 1, until, now);
    expect(await told()).toEqual([{ userId: id, type: "logout", data: { all: true } }]);
  });
});

describe("a change on the admin page", () => {
  const superuser = { isSuperuser: true, namesAreIds: false };
  const staff = { isSuperuser: false, namesAreIds: false };
  const ending = { issuedBeforeSeconds: now + 1, untilSeconds: until, nowSeconds: now };

  it("is told of, with what changed", async () => {
    const user = await addUser();
    const fields = { ...user, first_name: "Ada" };
    const telling = users.withNotes({ event: event("user_changed", { first_name: "Ada" }) });
    expect(await telling.change(user.id, fields, superuser, undefined)).toBe("done");
    expect(
      await users.withNotes({ event: event("user_changed", { is_active: false }) }).deactivate(user.id, staff, ending),
    ).toBe("done");
    expect(await users.withNotes({ event: event("logout", { all: true }) }).end(user.id, staff, ending)).toBe("done");
    expect(await users.withNotes({ event: event("user_deleted") }).remove(user.id, staff, ending)).toBe("done");
    expect(await told()).toEqual([
      { userId: user.id, type: "user_changed", data: { first_name: "Ada" } },
      { userId: user.id, type: "user_changed", data: { is_active: false } },
      { userId: user.id, type: "logout", data: { all: true } },
      { userId: user.id, type: "user_deleted", data: {} },
    ]);
  });

  it("that may not be made is not told of", async () => {
    const boss = await addUser({ is_superuser: true });
    const telling = users.withNotes({ event: event("user_changed") });
    expect(await telling.deactivate(boss.id, staff, ending)).toBe("gone");
    expect(await telling.setPassword(boss.id, "hash", staff, ending)).toBe("gone");
    expect(await telling.end(boss.id, staff, ending)).toBe("gone");
    expect(await telling.remove("987654321", superuser, ending)).toBe("gone");
    expect(await told()).toEqual([]);
  });

  it("that makes a user names the new id", async () => {
    const user = { ...(await addUser()), username: "made-here", password: "!" };
    const ids = {
      idType: "integer",
      uuid: "",
      text: "",
      alternateType: undefined,
      alternateUuid: "",
      alternateText: "",
    } as const;
    const created = await users
      .withNotes({ event: event("user_changed", { username: "made-here" }) })
      .create(user, ids);
    if (created === "taken") throw new Error("the name was free");
    expect(await told()).toEqual([{ userId: created.id, type: "user_changed", data: { username: "made-here" } }]);
    expect(await users.withNotes({ event: event("user_changed") }).create(user, ids)).toBe("taken");
    expect(await told()).toHaveLength(1);
    await DB.prepare("DELETE FROM users WHERE id = ?").bind(created.id).run();
  });
});

describe("the outbox", () => {
  it("gives the oldest first, of all or of one user, and forgets what was sent for good", async () => {
    const [ada, bob] = [await addUser(), await addUser()];
    for (const { id } of [ada, bob, ada]) {
      await sessions.withNotes({ event: event("logout") }).endAll(ofUser(id), now + 1, until, now);
    }
    const all = await events.pending(undefined, 10);
    expect(all.map(({ userId }) => userId)).toEqual([ada.id, bob.id, ada.id]);
    const [first, second, third] = all.map(({ sequence }) => sequence) as [number, number, number];
    expect([second - first, third - second]).toEqual([1, 1]);
    expect((await events.pending(ofUser(ada.id), 10)).map(({ sequence }) => sequence)).toEqual([first, third]);
    expect(await events.pending(undefined, 1)).toHaveLength(1);
    await events.remove([first, third]);
    expect((await events.pending(undefined, 10)).map(({ sequence }) => sequence)).toEqual([second]);
    await events.remove([second]);
    await sessions.withNotes({ event: event("logout") }).endAll(ofUser(bob.id), now + 1, until, now);
    // A sequence is never given twice, though the table was empty.
    expect((await events.pending(undefined, 10)).map(({ sequence }) => sequence - third)).toEqual([1]);
  });

  it("gets nothing where a store has no event", async () => {
    const { id } = await addUser();
    expect(tokens.withNotes({ event: undefined })).toBe(tokens);
    await sessions.withNotes({ event: undefined }).endAll(ofUser(id), now + 1, until, now);
    expect(await told()).toEqual([]);
  });
});
