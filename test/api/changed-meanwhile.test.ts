// A user who is changed while a log-in or a refresh is under way: between what it reads and what it writes.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Hooks } from "../../src/hooks.ts";
import { d1AdminUsers } from "../../src/stores/d1/admin-users.ts";
import { endAllStatements } from "../../src/stores/d1/sessions.ts";
import type { User } from "../../src/users/user.ts";
import { adminApp, visitorOf } from "../support/admin.ts";
import { appWith, claimsOf, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { craft } from "../support/craft.ts";
import { interposed } from "../support/interposed.ts";
import { oldHash, password, preferredHash } from "../support/passwords.ts";
import { freshId, rowOf } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

const vars = {
  ...{ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, UPGRADE_PASSWORD_HASHES: false },
  TOKEN_ENDPOINTS: ["obtain", "refresh", "sliding", "blacklist", "sessions"],
};
const nowSeconds = Math.floor(Date.now() / 1000);
const users = d1AdminUsers(DB, () => {});
const root = { isSuperuser: true, namesAreIds: false };
const ending = { issuedBeforeSeconds: nowSeconds + 1, untilSeconds: nowSeconds + 9999, nowSeconds };
const endingNow = () => {
  const seconds = Math.floor(Date.now() / 1000);
  return { issuedBeforeSeconds: seconds + 1, untilSeconds: seconds + 9999, nowSeconds: seconds };
};
const run = (sql: string, ...values: unknown[]) =>
  DB.prepare(sql)
    .bind(...values)
    .run();

type Change = (user: User) => Promise<unknown>;
/** What ends a log-in that is under way, and a refresh. */
const changes: Readonly<Record<string, Change>> = {
  "the admin page sets a password": ({ id }) => users.setPassword(id, preferredHash, root, ending),
  "the admin page sets a password and keeps sessions": ({ id }) =>
    users.setPassword(id, preferredHash, root, undefined),
  "the admin page closes the account": (user) => users.change(user.id, { ...user, is_active: false }, root, ending),
  "the account is closed and opened again": async (user) => {
    await users.change(user.id, { ...user, is_active: false }, root, undefined);
    await users.change(user.id, user, root, undefined);
  },
  "the account is deleted": ({ id }) => users.remove(id, root, ending),
  "something else closes the account": ({ id }) => run("UPDATE users SET is_active = 0 WHERE id = ?", id),
};
/** What changes nothing for them. */
const harmless: Readonly<Record<string, Change>> = {
  "another log-in stores a better hash": ({ id }) =>
    run("UPDATE users SET password = ? WHERE id = ?", preferredHash, id),
  "the admin page changes another field": (user) =>
    users.change(user.id, { ...user, email: "x@example.com" }, root, undefined),
  "the admin page renames the user": (user) => users.change(user.id, { ...user, username: freshId() }, root, undefined),
  "last_login is written": ({ id }) => run("UPDATE users SET last_login = '2026-01-01T00:00:00Z' WHERE id = ?", id),
};
const entries = (table: Readonly<Record<string, Change>>) => Object.entries(table);

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

async function setUp(change: Change, more: object = {}, hooks: Hooks = {}) {
  const user = await addUser({ password: oldHash });
  const { db, happened } = interposed("sessions", () => change(user));
  const app = await appWith({ ...vars, ...more, DB: db }, hooks);
  const plain = await appWith({ ...vars, ...more }, hooks);
  const postTo = async (to: typeof app, path: string, body: object) => {
    const answer = await to.fetch(postJson(`/api/token/${path}`, body));
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const live = async () => {
    const sql = "SELECT COUNT(*) AS n FROM sessions WHERE user_id = ? AND blacklisted_at IS NULL AND ended_at IS NULL";
    return DB.prepare(sql).bind(user.id).first("n");
  };
  return {
    ...{ user, happened, live, credentials: { username: user.username, password } },
    post: (path: string, body: object) => postTo(app, path, body),
    undisturbed: (path: string, body: object) => postTo(plain, path, body),
  };
}
const made = (user: User, token_type: string, more: object = {}) => {
  const times = { iat: nowSeconds - 60, exp: nowSeconds + 600, refresh_exp: nowSeconds + 6000 };
  return craft({ claims: { token_type, jti: freshId(), user_id: String(user.id), ...times, ...more } });
};
const noAccount = { detail: "No active account found with the given credentials" };
const ended = { detail: "Token is blacklisted", code: "token_not_valid" };

describe.each(["", "sliding/"])("a log-in at /api/token/%s", (path) => {
  it.each([
    ...entries(changes),
    ["something else sets a password", ({ id }: User) => run("UPDATE users SET password = '!' WHERE id = ?", id)],
  ] as const)("is refused, and what it wrote is ended, when %s meanwhile", async (_, change) => {
    const { post, credentials, happened, live } = await setUp(change);
    expect(await post(path, credentials)).toEqual({ status: 401, body: noAccount });
    expect([happened(), await live()]).toEqual([true, 0]);
  });

  it.each(entries(harmless))("goes on when %s meanwhile", async (_, change) => {
    const { post, credentials, happened, live } = await setUp(change);
    expect((await post(path, credentials)).status).toBe(200);
    expect([happened(), await live()]).toEqual([true, 1]);
  });

  it("is refused when the user gets another name meanwhile, where tokens name users by it", async () => {
    const rename: Change = (user) =>
      users.change(user.id, { ...user, username: freshId() }, { ...root, namesAreIds: true }, undefined);
    const { post, credentials } = await setUp(rename, { USER_ID_FIELD: "username" });
    expect(await post(path, credentials)).toEqual({ status: 401, body: noAccount });
  });

  it("tells the log and the hook why", async () => {
    const onLoginFailed = vi.fn();
    const lines: unknown[] = [];
    vi.spyOn(console, "log").mockImplementation((text: string) => void lines.push(JSON.parse(text)));
    const user = await addUser({ password: oldHash });
    const { db } = interposed("sessions", () => users.setPassword(user.id, "!", root, ending));
    const app = await appWith({ ...vars, LOG: "all", DB: db }, { onLoginFailed });
    await app.fetch(postJson(`/api/token/${path}`, { username: user.username, password }));
    expect(onLoginFailed.mock.calls.map(([, reason]) => reason)).toEqual(["login_user_changed"]);
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "login_failed", user_id: user.id, reason: "login_user_changed" }),
    );
    expect(lines).not.toContainEqual(expect.objectContaining({ event: "login" }));
  });

  it("does not put a better hash of the former password over the new one", async () => {
    const change: Change = ({ id }) => users.setPassword(id, "!", root, ending);
    const { post, credentials, user } = await setUp(change, { UPGRADE_PASSWORD_HASHES: true });
    expect((await post(path, credentials)).status).toBe(401);
    expect(await DB.prepare("SELECT password FROM users WHERE id = ?").bind(user.id).first("password")).toBe("!");
  });
});

it("a log-in is refused when its user is closed meanwhile where no token is written down, too", async () => {
  const user = await addUser({ password: oldHash });
  let asked = 0;
  const db = new Proxy(DB, {
    get: (one, property) => {
      const value: unknown = Reflect.get(one, property, one);
      if (property !== "batch") return typeof value === "function" ? value.bind(one) : value;
      return async (statements: D1PreparedStatement[]) => {
        if (asked++ === 0) await changes["the admin page sets a password"]?.(user);
        return one.batch(statements);
      };
    },
  });
  const app = await appWith({ DB: db, TOKEN_BLACKLIST_ENABLED: false, UPGRADE_PASSWORD_HASHES: false });
  expect((await app.fetch(postJson("/api/token/", { username: user.username, password }))).status).toBe(401);
});

/** With a hook that looks at the user, what is read and what is written are two round trips. */
const looking: Hooks = { userMayAuthenticate: (user) => user.is_active };

describe.each<[string, object, (one: Awaited<ReturnType<typeof setUp>>) => Promise<string>, Hooks?]>([
  [
    "a token from here",
    {},
    async ({ undisturbed, credentials }) => (await undisturbed("", credentials)).body.refresh ?? "",
    looking,
  ],
  ["a token that Django made", {}, async ({ user }) => made(user, "refresh"), looking],
  [
    "a token from here, in one round trip,",
    {},
    async ({ undisturbed, credentials }) => (await undisturbed("", credentials)).body.refresh ?? "",
  ],
  ["a token that Django made, in one round trip,", {}, async ({ user }) => made(user, "refresh")],
  [
    "a token from here, that rotation leaves good,",
    { BLACKLIST_AFTER_ROTATION: false },
    async ({ undisturbed, credentials }) => (await undisturbed("", credentials)).body.refresh ?? "",
  ],
  [
    "a token that Django made and that rotation leaves good",
    { BLACKLIST_AFTER_ROTATION: false },
    async ({ user }) => made(user, "refresh"),
  ],
])("a refresh of %s", (name, more, tokenOf, hooks) => {
  // In one trip what happens before it has happened before the refresh. A token that Django made has no version yet, so
  // an account that is open again is open to it.
  const unseen =
    name === "a token that Django made, in one round trip," ? "the account is closed and opened again" : "";
  it.each(entries(changes).filter(([change]) => !change.endsWith("keeps sessions") && change !== unseen))(
    "is refused, and its successor is no use, when %s meanwhile",
    async (_, change) => {
      const one = await setUp(change, more, hooks);
      const refresh = await tokenOf(one);
      const answer = await one.post("refresh/", { refresh });
      expect([answer.status, one.happened()]).toEqual([401, true]);
      expect(answer.body.access).toBeUndefined();
      const sql = `SELECT id FROM sessions WHERE (id = substr(?1, 1, 24) OR other_jti = ?1 OR session = ?1)
        AND (counter > 0 OR session = ?1) AND blacklisted_at IS NULL AND ended_at IS NULL`;
      expect((await DB.prepare(sql).bind(claimsOf(refresh).jti).all()).results).toEqual([]);
    },
  );

  it.each(entries(harmless))("goes on when %s meanwhile", async (_, change) => {
    const one = await setUp(change, more, hooks);
    expect((await one.post("refresh/", { refresh: await tokenOf(one) })).status).toBe(200);
    expect(one.happened()).toBe(true);
  });

  it("is refused when all tokens of the user are ended meanwhile", async () => {
    const one = await setUp(
      async ({ id }) => {
        await DB.batch(
          endAllStatements({ column: "id", value: id }, endingNow()).map(([sql, values]) =>
            DB.prepare(sql).bind(...values),
          ),
        );
      },
      more,
      hooks,
    );
    expect((await one.post("refresh/", { refresh: await tokenOf(one) })).status).toBe(401);
  });
});

it.each([
  ["one trip", {}],
  ["two", looking],
])(
  "a refresh in %s goes on when a password is set meanwhile that is to end no session, and so does what comes after it",
  async (_, hooks) => {
    const one = await setUp(changes["the admin page sets a password and keeps sessions"] as Change, {}, hooks);
    const { refresh } = (await one.undisturbed("", one.credentials)).body;
    const second = await one.post("refresh/", { refresh });
    expect([second.status, one.happened()]).toEqual([200, true]);
    expect((await one.undisturbed("refresh/", { refresh: second.body.refresh })).status).toBe(200);
  },
);

describe("a slide of a sliding token that Django made", () => {
  it.each(entries(changes))("is refused, and the token is ended, when %s meanwhile", async (_, change) => {
    const one = await setUp(change);
    const token = made(one.user, "sliding");
    expect(await one.post("sliding/refresh/", { token })).toEqual({ status: 401, body: ended });
    expect(one.happened()).toBe(true);
    expect(await rowOf(String(claimsOf(token).jti))).toMatchObject({ blacklisted_at: expect.any(Number) });
  });

  it.each(entries(harmless))("goes on when %s meanwhile", async (_, change) => {
    const one = await setUp(change);
    expect((await one.post("sliding/refresh/", { token: made(one.user, "sliding") })).status).toBe(200);
  });
});

describe("a session that began before a change of its user", () => {
  const begun = async (more: object = {}) => {
    const one = await setUp(async () => {}, more);
    const { body } = await one.undisturbed("", one.credentials);
    const sliding = (await one.undisturbed("sliding/", one.credentials)).body.token ?? "";
    return { ...one, refresh: body.refresh ?? "", access: body.access ?? "", sliding };
  };
  /** A change that raises the version and ends nothing else, as an import does. */
  const raised: Change = ({ id }) =>
    run("UPDATE users SET password = ?, session_version = session_version + 1 WHERE id = ?", preferredHash, id);

  it.each([
    ["with rotation", {}],
    ["without", { ROTATE_REFRESH_TOKENS: false, BLACKLIST_AFTER_ROTATION: false }],
  ])("is refreshed no more, nor slid, %s", async (_, more) => {
    const { undisturbed, user, refresh, sliding, credentials } = await begun(more);
    await raised(user);
    expect(await undisturbed("refresh/", { refresh })).toEqual({ status: 401, body: ended });
    expect(await undisturbed("sliding/refresh/", { token: sliding })).toEqual({ status: 401, body: ended });
    const again = await undisturbed("", credentials);
    expect((await undisturbed("refresh/", { refresh: again.body.refresh })).status).toBe(200);
  });

  it("is not listed", async () => {
    const { user, access, credentials, undisturbed } = await begun();
    await raised(user);
    await undisturbed("", credentials);
    const app = await appWith(vars);
    const answer = await app.fetch(
      new Request("https://gateway.example/api/token/sessions/", { headers: { authorization: `Bearer ${access}` } }),
    );
    expect(await answer.json()).toHaveLength(1);
  });

  it("is not taken for one in two hands when one of its used tokens comes again", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((text: string) => void lines.push(String(JSON.parse(text).event)));
    const { undisturbed, user, refresh } = await begun({ REVOKE_FAMILY_ON_REUSE: true, REFRESH_REUSE_GRACE: 10 });
    await undisturbed("refresh/", { refresh });
    await raised(user);
    expect(await undisturbed("refresh/", { refresh })).toEqual({ status: 401, body: ended });
    expect(lines).not.toContain("refresh_reuse");
  });

  it("goes on with a password that was set to keep sessions; one that had ended before does not come back", async () => {
    const { undisturbed, user, refresh, credentials } = await begun();
    await raised(user);
    const second = await undisturbed("", credentials);
    await users.setPassword(user.id, oldHash, root, undefined);
    expect((await undisturbed("refresh/", { refresh: second.body.refresh })).status).toBe(200);
    expect((await undisturbed("refresh/", { refresh })).status).toBe(401);
  });

  it("goes on when the version is not known: a row of before, or one that Django wrote", async () => {
    const { undisturbed, user, refresh } = await begun();
    await run("UPDATE sessions SET session_version = NULL WHERE user_id = ?", user.id);
    await raised(user);
    const { status, body } = await undisturbed("refresh/", { refresh });
    expect(status).toBe(200);
    expect(await rowOf(String(claimsOf(body.refresh ?? "").jti))).toMatchObject({ session_version: 1 });
    await raised(user);
    expect(await undisturbed("refresh/", { refresh: body.refresh })).toEqual({ status: 401, body: ended });
  });
});

describe("a log-in to the admin page", () => {
  const staff = { is_staff: true, is_superuser: true, password: oldHash };
  it.each([
    ...entries(changes),
    ["something else sets a password", ({ id }: User) => run("UPDATE users SET password = '!' WHERE id = ?", id)],
  ] as const)("is refused, and leaves no session behind, when %s meanwhile", async (_, change) => {
    const user = await addUser(staff);
    const { db, happened } = interposed("admin_sessions", () => change(user));
    const visitor = visitorOf(await adminApp({ DB: db }));
    const answer = await visitor.post("/login", { username: user.username, password });
    expect([answer.status, visitor.cookie, happened()]).toEqual([401, undefined, true]);
    expect(await DB.prepare("SELECT user_id FROM admin_sessions WHERE user_id = ?").bind(user.id).first()).toBeNull();
  });

  it("goes on when another log-in stores a better hash, and ends when the version is raised", async () => {
    const user = await addUser(staff);
    const visitor = visitorOf(await adminApp());
    await visitor.post("/login", { username: user.username, password });
    expect((await visitor.get("/users/")).status).toBe(200);
    await users.change(user.id, { ...user, is_active: false }, root, undefined);
    await users.change(user.id, user, root, undefined);
    expect((await visitor.get("/users/")).status).not.toBe(200);
  });
});
