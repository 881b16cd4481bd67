// A reply that is lost before or after the commit, in a user's session database or in DB, at each trip of each operation:
// what it leaves, and what doing it again comes to.
import { beforeEach, describe, expect, it } from "vitest";
import { d1AdminUsers } from "../../src/stores/d1/admin-users.ts";
import { d1Provisioning } from "../../src/stores/d1/provisioning.ts";
import { withRetries } from "../../src/stores/d1/retry.ts";
import { sessionDatabases } from "../../src/stores/spread/databases.ts";
import { spreadProvisioning } from "../../src/stores/spread/provisioning.ts";
import { spreadSessions } from "../../src/stores/spread/sessions.ts";
import { spreadTokens } from "../../src/stores/spread/tokens.ts";
import { spreadAdminUsers } from "../../src/stores/spread/users.ts";
import type { User } from "../../src/users/user.ts";
import { DB } from "../support/bindings.ts";
import { retriesAtOnce } from "../support/lost-reply.ts";
import { freshId } from "../support/rows.ts";
import { boundDatabases, placeSessions, sessionNames, userIn } from "../support/session-databases.ts";
import { settingsOf } from "../support/settings.ts";

const now = 1_700_000_000;
const log = () => {};
const settings = settingsOf();
const root = { isSuperuser: true, namesAreIds: false };
const ending = { issuedBeforeSeconds: now + 1, untilSeconds: now + 9000, nowSeconds: now };
/** Where the user's sessions are in these tests. */
const home = "SESSIONS_2";

type When = "before the commit" | "after the commit";

/** A database that loses the reply of one trip. @param trip which, from 0 */
function losing(db: D1Database, trip: number, when: When) {
  let trips = 0;
  const originals = new WeakMap<object, D1PreparedStatement>();
  const travel = async <T>(work: () => Promise<T>): Promise<T> => {
    const isLost = trips++ === trip;
    if (isLost && when === "before the commit") throw new Error("D1_ERROR: Network connection lost");
    const reply = await work();
    if (isLost) throw new Error("D1_ERROR: Network connection lost");
    return reply;
  };
  const statement = (original: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => statement(original.bind(...values)),
      first: (...asked: []) => travel(() => original.first(...asked)),
      all: () => travel(() => original.all()),
      run: () => travel(() => original.run()),
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, original);
    return wrapped;
  };
  const one = {
    prepare: (sql: string) => statement(db.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) =>
      travel(() => db.batch(statements.map((given) => originals.get(given) ?? given))),
    withSession: () => one,
  };
  return { db: one as unknown as D1Database, wasLost: () => trips > trip };
}

function storesOn(bound: ReadonlyMap<string, D1Database> = boundDatabases) {
  const users = bound.get("DB") ?? DB;
  const spread = { users, databases: sessionDatabases(bound, log), nowSeconds: () => now, log };
  return {
    tokens: spreadTokens(spread),
    sessions: spreadSessions(spread),
    admin: spreadAdminUsers(spread, settings, d1AdminUsers(users, log)),
    provisioning: spreadProvisioning(spread, settings, d1Provisioning(users, log)),
  };
}
type Stores = ReturnType<typeof storesOn>;

const ownerOf = ({ id }: Pick<User, "id">) => ({ column: "id", value: id }) as const;
const tokenOf = (user: User) =>
  ({
    jti: `${freshId().slice(0, 24)}00000000`,
    type: "refresh",
    userId: user.id,
    createdAtSeconds: now,
    expiresAtSeconds: now + 900,
    sessionVersion: user.session_version,
  }) as const;
type Token = ReturnType<typeof tokenOf>;

const logIn = ({ tokens }: Stores, user: User, token: Token) =>
  tokens.recordLogin(ownerOf(user), { userId: user.id, user, token, newHash: undefined, lastLogin: undefined });
const termsOf = (used: Token) => ({
  nowSeconds: now,
  used,
  successor: { createdAtSeconds: now, expiresAtSeconds: now + 900 },
  newKey: freshId().slice(0, 24),
  mark: freshId().slice(0, 24),
  user: { mustBeActive: true, versionMustBeKnown: false },
});
/** The id of the token's successor; undefined where the token is not good. */
const refresh = async ({ tokens }: Stores, user: User, used: Token) =>
  (await tokens.rotate(ownerOf(user), termsOf(used))).successorJti;

/** The user as DB has them. */
const rowOf = ({ id }: User) =>
  DB.prepare("SELECT password, is_active, session_version FROM users WHERE id = ?").bind(id).first<{
    password: string;
    is_active: number;
    session_version: number;
  }>();

interface Case {
  readonly user: User;
  /** Of a session that there was before. */
  readonly token: Token;
  /** What the operation came to; "503" if its reply was lost. */
  readonly outcome: unknown;
  /** At which trip to the database. */
  readonly trip: number;
}

/**
 * Does the operation once for each of its trips to the database, whose reply is lost, each time with a new user.
 *
 * @returns how many trips there are
 */
async function atEachTrip(
  name: string,
  when: When,
  operation: (stores: Stores, user: User, token: Token) => Promise<unknown>,
  look: (one: Case) => Promise<void>,
): Promise<number> {
  for (let trip = 0; ; trip++) {
    const user = await userIn(home, { password: "!first" });
    const token = tokenOf(user);
    await logIn(storesOn(), user, token);
    const { db, wasLost } = losing(boundDatabases.get(name) as D1Database, trip, when);
    const stores = storesOn(new Map([...boundDatabases, [name, db]]));
    const outcome = await operation(stores, user, token).catch((error: Error) =>
      error.message.includes("store_unavailable") ? "503" : Promise.reject(error),
    );
    if (!wasLost()) return trip;
    await look({ user, token, outcome, trip });
  }
}

beforeEach(() => placeSessions(sessionNames));

const times = ["before the commit", "after the commit"] as const;
const places = times.flatMap((when) => [home, "DB"].map((name) => [when, name] as const));

describe("a log-in whose reply is lost", () => {
  it.each(places)("%s in %s is 503; the next one succeeds, and no other session is touched", async (when, name) => {
    const trips = await atEachTrip(
      name,
      when,
      (stores, user) => logIn(stores, user, tokenOf(user)),
      async ({ user, token, outcome }) => {
        expect(outcome).toBe("503");
        const next = tokenOf(user);
        expect((await logIn(storesOn(), user, next)).user?.id).toBe(user.id);
        expect(await refresh(storesOn(), user, next)).toBeDefined();
        expect(await refresh(storesOn(), user, token)).toBeDefined();
      },
    );
    // In DB the first asks where sessions are.
    expect(trips).toBe(name === "DB" ? 2 : 1);
  });
});

describe("a refresh whose reply is lost", () => {
  it("before the commit is 503, and succeeds when it is repeated", async () => {
    const trips = await atEachTrip(home, "before the commit", refresh, async ({ user, token, outcome }) => {
      expect(outcome).toBe("503");
      expect(await refresh(storesOn(), user, token)).toBe(`${token.jti.slice(0, 24)}00000001`);
    });
    expect(trips).toBe(1);
  });

  it("after the commit finds its successor, which is the only one", async () => {
    const trips = await atEachTrip(home, "after the commit", refresh, async ({ user, token, outcome }) => {
      expect(outcome).toBe(`${token.jti.slice(0, 24)}00000001`);
      expect(await refresh(storesOn(), user, token)).toBeUndefined();
      const next = { ...token, jti: String(outcome) as Token["jti"] };
      expect(await refresh(storesOn(), user, next)).toBe(`${token.jti.slice(0, 24)}00000002`);
    });
    expect(trips).toBe(1);
  });

  it.each(times)("%s in DB, by a Worker that has just begun and asks where sessions are, is 503", async (when) => {
    const trips = await atEachTrip("DB", when, refresh, async ({ user, token, outcome }) => {
      expect(outcome).toBe("503");
      expect(await refresh(storesOn(), user, token)).toBe(`${token.jti.slice(0, 24)}00000001`);
    });
    expect(trips).toBe(1);
  });
});

describe("a log-out whose reply is lost", () => {
  const logOut = ({ tokens }: Stores, user: User, token: Token) => tokens.blacklist(ownerOf(user), token, now);
  it.each(places)("%s in %s is 503, and done when it is asked for again", async (when, name) => {
    const trips = await atEachTrip(name, when, logOut, async ({ user, token, outcome }) => {
      expect(outcome).toBe("503");
      const wasDone = name === home && when === "after the commit";
      expect(await logOut(storesOn(), user, token)).toBe(!wasDone);
      expect(await refresh(storesOn(), user, token)).toBeUndefined();
    });
    expect(trips).toBe(1);
  });

  const endAll = ({ sessions }: Stores, user: User) => sessions.endAll(ownerOf(user), now + 1, now + 9000, now);
  it.each(places)("%s in %s, of one everywhere, is 503, and done when it is asked for again", async (when, name) => {
    const trips = await atEachTrip(name, when, endAll, async ({ user, token, outcome, trip }) => {
      expect(outcome).toBe("503");
      const goesOn = name === home ? when === "before the commit" : trip === 0;
      expect((await storesOn().tokens.tokenAndUser(ownerOf(user), token.jti)).blacklisted).toBe(!goesOn);
      await endAll(storesOn(), user);
      expect(await refresh(storesOn(), user, token)).toBeUndefined();
      const cutoff = DB.prepare("SELECT issued_before FROM user_cutoffs WHERE user_id = ?").bind(user.id);
      expect(await cutoff.first("issued_before")).toBe(now + 1);
    });
    expect(trips).toBe(name === "DB" ? 2 : 1);
  });
});

interface Change {
  readonly make: (stores: Stores, user: User) => Promise<unknown>;
  /** What it comes to when it is made again. */
  readonly again: readonly unknown[];
  /** The user's row afterwards; null without one. */
  readonly row: object | null;
}

const provisioned = async ({ provisioning }: Stores, { id }: User, deleted: boolean) => {
  const columns = deleted ? {} : { password: "!second", hash: "0".repeat(64) };
  const change = { id, version: 5, deleted, rehash: false, columns } as const;
  const { outcomes } = await provisioning.apply([change], { named: "id", names: "exact", ending });
  return outcomes[0]?.result;
};

const changes: Readonly<Record<string, Change>> = {
  "a new password": {
    make: ({ admin }, { id }) => admin.setPassword(id, "!second", root, ending),
    again: ["done"],
    row: { password: "!second", is_active: 1 },
  },
  "a deactivation": {
    make: ({ admin }, { id }) => admin.deactivate(id, root, ending),
    again: ["done"],
    row: { password: "!first", is_active: 0 },
  },
  "a deletion": { make: ({ admin }, { id }) => admin.remove(id, root, ending), again: ["done", "gone"], row: null },
  "the API's new password": {
    make: (stores, user) => provisioned(stores, user, false),
    again: ["applied", "unchanged"],
    row: { password: "!second", is_active: 1 },
  },
  "the API's deletion": {
    make: (stores, user) => provisioned(stores, user, true),
    again: ["applied", "unchanged", "stale"],
    row: null,
  },
};

describe.each(Object.entries(changes))("%s whose reply is lost", (_what, { make, again, row }) => {
  it.each(places)(
    "%s in %s is never made while sessions go on, and is made when it is asked for again",
    async (when, name) => {
      const trips = await atEachTrip(name, when, make, async ({ user, token, outcome }) => {
        const before = await rowOf(user);
        const isMade = before?.password !== "!first" || before.is_active === 0;
        const { blacklisted, state, user: known } = await storesOn().tokens.tokenAndUser(ownerOf(user), token.jti);
        const hasEnded = blacklisted || !known?.is_active || state?.sessionVersion !== known.session_version;
        expect([outcome, isMade && !hasEnded]).toEqual(["503", false]);
        expect(again).toContain(await make(storesOn(), user));
        const after = await rowOf(user);
        if (row === null) expect(after).toBeNull();
        else expect(after).toMatchObject(row);
        expect(await refresh(storesOn(), user, token)).toBeUndefined();
        if (after?.is_active !== 1) return;
        // Where the last step was lost, no session begins for a minute.
        const minute = "UPDATE owners SET changing_until = changing_until - 60 WHERE owner = ?";
        await boundDatabases.get(home)?.prepare(minute).bind(user.id).run();
        const next = { ...tokenOf(user), createdAtSeconds: now + 1 };
        const changed = { ...user, password: after.password, session_version: after.session_version };
        await logIn(storesOn(), changed, next as never);
        expect(await refresh(storesOn(), changed, next as never)).toBeDefined();
      });
      expect(trips).toBeGreaterThanOrEqual(2);
    },
  );
});

describe("with retries, a reply that is lost", () => {
  /** What it comes to at each trip to that database. */
  async function outcomesOf(
    name: string,
    when: When,
    operation: (stores: Stores, user: User, token: Token) => Promise<unknown>,
    look: (user: User, token: Token) => Promise<unknown>,
  ): Promise<readonly unknown[]> {
    const outcomes: unknown[] = [];
    for (let trip = 0; ; trip++) {
      const user = await userIn(home, { password: "!first" });
      const token = tokenOf(user);
      await logIn(storesOn(), user, token);
      const { db, wasLost } = losing(boundDatabases.get(name) as D1Database, trip, when);
      const all = [...boundDatabases, [name, db] as const].map(
        ([one, bound]) => [one, withRetries(bound, retriesAtOnce())] as const,
      );
      const outcome = await operation(storesOn(new Map(all)), user, token).catch((error: Error) => error.message);
      if (!wasLost()) return outcomes;
      outcomes.push(outcome);
      if (outcome !== "store_unavailable") expect(await look(user, token)).toBe(true);
    }
  }
  // A Worker that has just begun asks DB where sessions are; D1 itself tries reads again.
  const placementRead = "store_unavailable";
  const isOver = async (user: User, token: Token) => (await refresh(storesOn(), user, token)) === undefined;

  it.each(times)(
    "%s in the session database is no failure of a log-in, and there is one session more",
    async (when) => {
      const begin = async (stores: Stores, user: User) =>
        (await logIn(stores, user, tokenOf(user))).user?.id === user.id;
      const hasTwo = async ({ id }: User) => {
        const sql = "SELECT COUNT(*) AS sessions FROM sessions WHERE user_id = ?";
        return (await boundDatabases.get(home)?.prepare(sql).bind(id).first("sessions")) === 2;
      };
      expect(await outcomesOf(home, when, begin, hasTwo)).toEqual([true]);
      expect(await outcomesOf("DB", when, begin, hasTwo)).toEqual([placementRead, true]);
    },
  );

  it.each(times)(
    "%s in the session database is no failure of a refresh, whose successor is the only one",
    async (when) => {
      const rotated = async (stores: Stores, user: User, token: Token) =>
        (await refresh(stores, user, token)) === `${token.jti.slice(0, 24)}00000001`;
      expect(await outcomesOf(home, when, rotated, isOver)).toEqual([true]);
      expect(await outcomesOf("DB", when, rotated, isOver)).toEqual([placementRead]);
    },
  );

  it.each(times)("%s in the session database is no failure of a log-out, which is the caller's", async (when) => {
    const logOut = ({ tokens }: Stores, user: User, token: Token) => tokens.blacklist(ownerOf(user), token, now);
    expect(await outcomesOf(home, when, logOut, isOver)).toEqual([true]);
    const end = ({ sessions }: Stores, user: User, { jti }: Token) =>
      sessions.endSession(ownerOf(user), jti, now + 9000, now);
    expect(await outcomesOf(home, when, end, isOver)).toEqual([true]);
    const endOf = ({ sessions }: Stores, user: User, token: Token) =>
      sessions.endSessionOf(ownerOf(user), token, now + 9000, now).then((session) => session === token.jti);
    expect(await outcomesOf(home, when, endOf, isOver)).toEqual([true]);
  });

  it.each(times)("%s in either is no failure of a log-out everywhere, and one event tells of it", async (when) => {
    const event = { type: "logout", createdAtSeconds: now, data: {} } as const;
    const endAll = ({ sessions }: Stores, user: User) =>
      sessions.withNotes({ event }).endAll(ownerOf(user), now + 1, now + 9000, now);
    const isToldOnce = async (user: User, token: Token) => {
      const events = await DB.prepare("SELECT COUNT(*) AS n FROM events WHERE user_id = ?").bind(user.id).first("n");
      return events === 1 && (await isOver(user, token));
    };
    expect(await outcomesOf(home, when, endAll, isToldOnce)).toEqual([undefined]);
    expect(await outcomesOf("DB", when, endAll, isToldOnce)).toEqual([placementRead, undefined]);
  });

  it.each(times)("%s in DB is no failure of the API's change", async (when) => {
    const outcomes = await outcomesOf("DB", when, (stores, user) => provisioned(stores, user, false), isOver);
    const applied = when === "before the commit" ? "applied" : "unchanged";
    // The looks before and after the change are no part of its transaction.
    expect(outcomes).toContain(applied);
    expect(new Set(outcomes)).toEqual(new Set([placementRead, applied]));
  });
});
