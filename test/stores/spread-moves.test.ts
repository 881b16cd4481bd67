// Owners who move between session databases, each fault by itself; spread-model.test.ts has them together.
import { beforeEach, describe, expect, it } from "vitest";
import { d1AdminUsers } from "../../src/stores/d1/admin-users.ts";
import { d1Provisioning } from "../../src/stores/d1/provisioning.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { spreadAdminTokens } from "../../src/stores/spread/admin-tokens.ts";
import { type BoundDatabases, sessionDatabases } from "../../src/stores/spread/databases.ts";
import { homeOf } from "../../src/stores/spread/placement.ts";
import { spreadProvisioning } from "../../src/stores/spread/provisioning.ts";
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
const ending = { issuedBeforeSeconds: now - 100, untilSeconds: now + 9000, nowSeconds: now };
const two = ["SESSIONS_1", "SESSIONS_2"];

/** A Worker, which knows the lists as they were when it first asked. */
function worker(bound: BoundDatabases = boundDatabases) {
  const users = bound.get("DB") ?? DB;
  const spread = { users, databases: sessionDatabases(bound, log), nowSeconds: () => now, log };
  return {
    tokens: spreadTokens(spread),
    admin: spreadAdminUsers(spread, settings, d1AdminUsers(users, log)),
    listed: spreadAdminTokens(spread, settings),
    provisioning: spreadProvisioning(spread, settings, d1Provisioning(users, log)),
  };
}

const ownerOf = ({ id }: User) => ({ column: "id", value: id }) as const;
const newJti = () => `${freshId().slice(0, 24)}00000000`;

/** A user whose sessions are in one database, and in another one after the move. */
async function userBetween(from: string, to: string) {
  for (;;) {
    const user = await addUser();
    const owner = ownerOf(user);
    if (homeOf(owner, two) === from && homeOf(owner, sessionNames) === to) return user;
  }
}

async function logIn(user: User, { tokens } = worker()) {
  const token = {
    jti: newJti(),
    type: "refresh",
    userId: user.id,
    sessionVersion: user.session_version,
    createdAtSeconds: now,
    expiresAtSeconds: now + 900,
  } as const;
  await tokens.recordLogin(ownerOf(user), { userId: user.id, user, token, newHash: undefined, lastLogin: undefined });
  return token;
}

type Used = Awaited<ReturnType<typeof logIn>>;
const termsOf = (used: Omit<Used, "userId">) => ({
  nowSeconds: now,
  used: { ...used, userId: undefined },
  successor: { createdAtSeconds: now, expiresAtSeconds: now + 900 },
  newKey: freshId().slice(0, 24),
  mark: freshId().slice(0, 24),
  user: { mustBeActive: true, versionMustBeKnown: false },
});
const refresh = async (user: User, used: Used, { tokens } = worker()) =>
  (await tokens.rotate(ownerOf(user), termsOf(used))).successorJti;

let version = 1000;
/** As the command leaves it behind: with the last step, the notes of who has moved go along. */
async function moveTo(current: readonly string[], next: readonly string[] | null): Promise<void> {
  await placeSessions(current, next, ++version, false);
  if (next !== null) return;
  for (const db of boundDatabases.values()) await db.prepare("DELETE FROM moved_owners").run();
}

/** The databases, in one of which something happens before its next batch that has a statement of that kind. */
function interposing(name: string, kind: RegExp, event: () => Promise<unknown>): BoundDatabases {
  let isTold = false;
  const marked = new WeakSet<object>();
  const db = boundDatabases.get(name) as D1Database;
  const proxy = {
    prepare: (sql: string) => {
      const statement = db.prepare(sql);
      if (!kind.test(sql)) return statement;
      marked.add(statement);
      return {
        bind: (...values: unknown[]) => {
          const given = statement.bind(...values);
          marked.add(given);
          return given;
        },
      };
    },
    batch: async (statements: D1PreparedStatement[]) => {
      if (!isTold && statements.some((one) => marked.has(one))) {
        isTold = true;
        await event();
      }
      return db.batch(statements);
    },
    withSession: () => proxy,
  };
  return new Map([...boundDatabases, [name, proxy as unknown as D1Database]]);
}

beforeEach(async () => {
  await placeSessions(two, null, ++version);
  await DB.prepare("DELETE FROM sessions").run();
});

describe("an owner who moves", () => {
  it("and comes back is known as they are now, and not as they were when they left", async () => {
    const user = await userBetween("SESSIONS_1", "SESSIONS_3");
    await logIn(user);
    await moveTo(two, sessionNames);
    await refresh(user, await logIn(user));
    await moveTo(sessionNames, null);
    await worker().admin.setPassword(user.id, "!new", root, ending);
    const token = await logIn({ ...user, password: "!new" });
    await moveTo(sessionNames, two);
    expect(await refresh(user, token)).toBeDefined();
    const left = await boundDatabases.get("SESSIONS_3")?.prepare("SELECT owner FROM owners").all();
    expect(left?.results).toEqual([]);
  });

  it("while they are being changed begins no session in the other database either", async () => {
    const user = await userBetween("SESSIONS_1", "SESSIONS_3");
    await logIn(user);
    let refused: unknown;
    const bound = interposing("DB", /^UPDATE users SET password/, async () => {
      await moveTo(two, sessionNames);
      refused = await logIn(user).catch((error: Error) => error.message);
    });
    await worker(bound).admin.setPassword(user.id, "!new", root, ending);
    expect(refused).toContain("store_unavailable");
  });

  it("whose refresh was written and whose reply was lost gets that refresh's successor, where they are now", async () => {
    const user = await userBetween("SESSIONS_1", "SESSIONS_3");
    const token = await logIn(user);
    const { tokens } = worker();
    const terms = termsOf(token);
    const { successorJti } = await tokens.rotate(ownerOf(user), terms);
    await moveTo(two, sessionNames);
    expect((await worker().tokens.rotate(ownerOf(user), terms)).successorJti).toBe(successorJti);
    expect(await refresh(user, token)).toBeUndefined();
  });

  it("has a token of Django's logged out there, too, which no database knew before", async () => {
    const user = await userBetween("SESSIONS_1", "SESSIONS_3");
    const token = {
      jti: freshId(),
      type: "refresh",
      userId: user.id,
      createdAtSeconds: now,
      expiresAtSeconds: now + 900,
    } as const;
    expect(await worker().tokens.blacklist(ownerOf(user), token, now)).toBe(true);
    await moveTo(two, sessionNames);
    expect(await worker().tokens.isBlacklisted(ownerOf(user), token.jti, 0)).toBe(true);
    expect(await refresh(user, token as Used)).toBeUndefined();
  });

  it("from the database of users loses the sessions of a password that the API has just changed", async () => {
    await placeSessions(["DB"], null, ++version);
    const user = await addUser();
    const token = await logIn(user);
    const bound = interposing("DB", /^WITH|INSERT INTO user_cutoffs/, async () => {
      await moveTo(["DB"], sessionNames);
      await worker().tokens.tokenAndUser(ownerOf(user), token.jti);
    });
    const columns = { password: "!api", hash: "0".repeat(64) };
    const change = { id: user.id, version: 5, deleted: false, rehash: false, columns } as const;
    await worker(bound).provisioning.apply([change], { named: "id", names: "exact", ending });
    expect(await refresh(user, token)).toBeUndefined();
  });
});

it("a log-in that has read the user before a change leaves what the change has written", async () => {
  const user = await userBetween("SESSIONS_1", "SESSIONS_1");
  await logIn(user);
  const bound = interposing("SESSIONS_1", /^INSERT INTO sessions/, () =>
    worker().admin.setPassword(user.id, "!new", root, undefined),
  );
  const known = () =>
    boundDatabases
      .get("SESSIONS_1")
      ?.prepare("SELECT fingerprint FROM owners WHERE owner = ?")
      .bind(user.id)
      .first("fingerprint");
  const before = await known();
  await logIn(user, worker(bound));
  const after = await known();
  await logIn({ ...user, password: "!new" });
  expect([after === before, after]).toEqual([false, await known()]);
});

/** Writes down a session in each database, which expired long ago. */
async function expiredInEach(): Promise<void> {
  for (const name of sessionNames) {
    await boundDatabases
      .get(name)
      ?.prepare(
        `INSERT INTO sessions (id, counter, token_type, started_at, created_at, expires_at) VALUES (?1, 0, 'refresh', 1, 1, 2)`,
      )
      .bind(freshId().slice(0, 24))
      .run();
  }
}

it("a revoked token of another issuer stays revoked wherever sessions are moved, until it has expired", async () => {
  const revoked = (jti: string) => ({
    ...({ jti: `https%3A%2F%2Fidp.example ${jti}`, type: "refresh", userId: undefined } as const),
    ...{ createdAtSeconds: now, expiresAtSeconds: now + 900 },
  });
  const endedIn = async (jti: string) => {
    const { tokens } = worker();
    await tokens.isBlacklisted("no user", newJti(), now);
    const subjects = Array.from({ length: 12 }, (_, at) => `https%3A%2F%2Fidp.example u-${at}`);
    const statuses = await Promise.all(
      subjects.map((value) =>
        tokens.tokenStatus(
          { jti: revoked(jti).jti, session: undefined, user: { column: "id", value }, issuedAtSeconds: now },
          undefined,
          false,
        ),
      ),
    );
    return statuses.filter(({ ended }) => ended).length;
  };
  await moveTo(["DB"], null);
  await d1Tokens(DB, log).blacklist("no user", revoked("t-1"), now);
  const lists = [
    [["DB"], null],
    [["DB"], two],
    [two, null],
    [two, sessionNames],
    [sessionNames, null],
    [sessionNames, ["SESSIONS_1"]],
    [["SESSIONS_1"], null],
  ] as const;
  for (const [current, next] of lists) {
    await moveTo(current, next);
    expect([current, next, await endedIn("t-1"), await endedIn("t-2")]).toEqual([current, next, 12, 0]);
  }
  await worker().tokens.deleteExpired(now + 899, 1000);
  expect(await endedIn("t-1")).toBe(12);
  await worker().tokens.deleteExpired(now + 901, 1000);
  expect(await endedIn("t-1")).toBe(0);
});

it("a Worker that knows the lists of before flushes and lists all databases", async () => {
  const old = worker();
  expect(await old.tokens.deleteExpired(3, 10)).toBe(0);
  const before = await old.tokens.parts();
  await moveTo(two, sessionNames);
  await moveTo(sessionNames, null);
  await expiredInEach();
  const deleted = async (parts: typeof before) => Promise.all(parts.map((part) => part.deleteExpired(3, 10)));
  // The first is DB, which has nothing but revoked tokens of other issuers.
  expect(await deleted(before)).toEqual([0, 1, 1]);
  expect(await deleted(await old.tokens.parts())).toEqual([0, 0, 0, 1]);
  await expiredInEach();
  expect([await old.tokens.deleteExpired(3, 2), await old.tokens.deleteExpired(3, 2)]).toEqual([2, 1]);
  expect(
    (await old.listed.page({ userId: undefined, state: undefined, nowSeconds: now, from: undefined })).rows,
  ).toEqual([]);
});

it("1,000 users whom the API changes while they are moved take less than 1,000 statements of D1", async () => {
  await placeSessions(["DB"], null, ++version);
  const ids = Array.from({ length: 1000 }, () => freshId());
  const list = JSON.stringify(ids);
  await DB.prepare(
    `INSERT INTO users (id, username, password, is_active, is_staff, is_superuser, first_name, last_name, email, date_joined)
     SELECT value, value, '!', 1, 0, 0, '', '', '', '2024-05-06T07:08:09Z' FROM json_each(?1)`,
  )
    .bind(list)
    .run();
  await DB.prepare(
    `INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at, session_version)
     SELECT substr(value, 1, 24), 0, 'refresh', value, ${now}, ${now}, ${now + 900}, 0 FROM json_each(?1)`,
  )
    .bind(list)
    .run();
  await moveTo(["DB"], sessionNames);
  let statements = 0;
  const counting = new Map(
    [...boundDatabases].map(([name, db]) => {
      const prepare = (sql: string) => {
        statements++;
        return db.prepare(sql);
      };
      const batch = (given: D1PreparedStatement[]) => db.batch(given);
      return [name, { prepare, batch } as unknown as D1Database] as const;
    }),
  );
  const columns = { password: "!api", hash: "0".repeat(64) };
  const changes = ids.map((id) => ({ id, version: 5, deleted: false, rehash: false, columns }) as const);
  const { outcomes } = await worker(counting).provisioning.apply(changes, { named: "id", names: "exact", ending });
  expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(["applied"]));
  expect(statements).toBeLessThan(200);
  const inThree = await Promise.all(
    sessionNames.map((name) =>
      boundDatabases.get(name)?.prepare("SELECT COUNT(*) AS count FROM sessions").first<number>("count"),
    ),
  );
  expect(inThree.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(1000);
});

it("the admin page's list is walked onwards and back over three databases as over one", async () => {
  await placeSessions(sessionNames, null, ++version);
  const user = await addUser();
  for (let index = 0; index < 67; index++) {
    await boundDatabases
      .get(sessionNames[(index * 7 + (index >> 3)) % 3] ?? "")
      ?.prepare(
        `INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at, blacklisted_at)
         VALUES (?1, 0, 'refresh', ?2, 0, 0, ?3, ?4)`,
      )
      .bind(index.toString(16).padStart(24, "0"), user.id, now + ((index * 13) % 20), index % 3 === 0 ? now : null)
      .run();
  }
  const { listed } = worker();
  for (const state of [undefined, "live", "blacklisted"] as const) {
    const page = (from: Parameters<typeof listed.page>[0]["from"]) =>
      listed.page({ userId: undefined, state, nowSeconds: 0, from, rows: 5 });
    const pages = [await page(undefined)];
    for (let next = pages[0]?.next; next; next = pages.at(-1)?.next)
      pages.push(await page({ way: "after", place: next }));
    const seen = pages.flatMap(({ rows }) => rows);
    const sorted = seen.toSorted((one, other) =>
      one.expiresAtSeconds === other.expiresAtSeconds
        ? Number(one.jti < other.jti) - Number(one.jti > other.jti)
        : other.expiresAtSeconds - one.expiresAtSeconds,
    );
    expect(new Set(seen.map(({ jti }) => jti)).size).toBe({ undefined: 67, live: 44, blacklisted: 23 }[String(state)]);
    expect(seen).toEqual(sorted);
    const back = [pages.at(-1)];
    for (let previous = back[0]?.previous; previous; previous = back[0]?.previous) {
      back.unshift(await page({ way: "before", place: previous }));
    }
    expect(back.flatMap((one) => one?.rows ?? [])).toEqual(seen);
  }
});
