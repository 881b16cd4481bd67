// Workers that know old lists, clocks that differ, replies that are lost, commands that are ended: a model says of each
// session what may become of it. Everything happens in an order that a seed decides.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Databases, spreadSessions as spreadCommand } from "../../scripts/database/spread-sessions.ts";
import { d1AdminUsers } from "../../src/stores/d1/admin-users.ts";
import { d1Provisioning } from "../../src/stores/d1/provisioning.ts";
import { sessionDatabases } from "../../src/stores/spread/databases.ts";
import { spreadProvisioning } from "../../src/stores/spread/provisioning.ts";
import { spreadTokens } from "../../src/stores/spread/tokens.ts";
import { spreadAdminUsers } from "../../src/stores/spread/users.ts";
import type { User } from "../../src/users/user.ts";
import { DB } from "../support/bindings.ts";
import { boundDatabases, placeSessions, sessionNames } from "../support/session-databases.ts";
import { settingsOf } from "../support/settings.ts";
import { statementsOf } from "../support/statements.ts";
import { addUser, baseUser } from "../support/users.ts";

// The command reads the file, which a Worker does not have.
vi.mock("../../scripts/database/tables.ts", async () => {
  const { env } = await import("cloudflare:workers");
  const { statementsOf: statements } = await import("../support/statements.ts");
  return { sessionsStatements: statements((env as unknown as Record<string, string>).TEST_SESSIONS_SCHEMA ?? "") };
});

const settings = settingsOf();
const root = { isSuperuser: true, namesAreIds: false };
const start = 1_700_000_000;
const lifetime = 86_400;

/** Numbers that look random and are the same for the same seed (mulberry32). */
function numbersOf(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (count: number) => Math.floor(next() * count);
  return {
    next,
    below,
    one: <T>(of: readonly T[]): T => of[below(of.length)] as T,
    is: (share: number) => next() < share,
  };
}

/** One call of a database at a time, in an order that the numbers decide. */
function schedulerOf(numbers: ReturnType<typeof numbersOf>, lost: number) {
  const waiting: (() => Promise<void>)[] = [];
  const turn = <T>(work: () => Promise<T>, mayBeLost: boolean): Promise<T> =>
    new Promise((resolve, reject) => {
      waiting.push(async () => {
        const fate = mayBeLost ? numbers.next() : 1;
        if (fate < lost / 2) return reject(new Error("D1_ERROR: Network connection lost (before)"));
        try {
          const done = await work();
          if (fate < lost) reject(new Error("D1_ERROR: Network connection lost (after)"));
          else resolve(done);
        } catch (error) {
          reject(error);
        }
      });
    });
  /** The database as one of the actors reaches it. */
  const reached = (db: D1Database): D1Database => {
    const originals = new WeakMap<object, D1PreparedStatement>();
    const statement = (original: D1PreparedStatement): D1PreparedStatement => {
      const wrapped = {
        bind: (...values: unknown[]) => statement(original.bind(...values)),
        first: (...asked: []) => turn(() => original.first(...asked), true),
        all: () => turn(() => original.all(), true),
        run: () => turn(() => original.run(), true),
      } as unknown as D1PreparedStatement;
      originals.set(wrapped, original);
      return wrapped;
    };
    const batch = (statements: D1PreparedStatement[]) =>
      turn(() => db.batch(statements.map((one) => originals.get(one) ?? one)), true);
    const one = { prepare: (sql: string) => statement(db.prepare(sql)), batch, withSession: () => one };
    return one as unknown as D1Database;
  };
  /** Until all tasks have ended. */
  const run = async (tasks: readonly Promise<unknown>[]): Promise<void> => {
    let running = tasks.length;
    for (const task of tasks) void task.finally(() => running--).catch(() => {});
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (waiting.length > 0) await waiting.splice(numbers.below(waiting.length), 1)[0]?.();
      else if (running === 0) break;
    }
    await Promise.all(tasks);
  };
  return { reached, run, turn };
}

/** What the model knows of a session. */
interface Session {
  readonly account: Account;
  readonly password: string;
  /** The id of each token that a client holds or held, the current one last. */
  readonly tokens: string[];
  /** Something has been begun that ends it. */
  mayHaveEnded: boolean;
  /** That has been answered. */
  hasEnded: boolean;
}

interface Account {
  readonly id: string;
  /** Of the change that was answered last. */
  password: string;
  isThere: boolean;
  /** Changes of the user one at a time, as people make them. */
  isBusy: boolean;
  version: number;
  /** The time of what happens to this user: what is asked for later is later. */
  clock: number;
}

interface Run {
  readonly seed: number;
  readonly lost: number;
  readonly users: number;
  readonly steps: number;
}

async function play({ seed, lost, users, steps }: Run): Promise<Readonly<Record<string, number>>> {
  const numbers = numbersOf(seed);
  const { reached, run, turn } = schedulerOf(numbers, lost);
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const history: string[] = [];
  const fail = (what: string, session?: Session): never => {
    const about = session ? ` (user ${session.account.id}, ${session.tokens.join(" ")})` : "";
    const key = session?.tokens[0]?.slice(0, 24) ?? " ";
    const told = session
      ? history.filter(
          (line) => line.includes(` ${session.account.id} `) || line.includes(key) || line.includes("spread"),
        )
      : history;
    throw new Error(`seed ${seed}: ${what}${about}\n${told.slice(-60).join("\n")}`);
  };
  let ids = 0;
  const hex = (digits: number) => {
    ids++;
    return ids.toString(16).padStart(digits, "0");
  };
  const freshKey = () => `${(seed % 65536).toString(16).padStart(4, "0")}${hex(20)}`;

  const bound = new Map([...boundDatabases].map(([name, db]) => [name, reached(db)] as const));
  const usersDb = bound.get("DB") as D1Database;
  const log = () => {};
  /** Workers have clocks up to 90 seconds apart. */
  const worker = () => {
    const skew = numbers.below(91) - 45;
    const nowOf = (account: Account) => account.clock + skew;
    const stores = { users: usersDb, databases: sessionDatabases(bound, log), nowSeconds: () => start + skew, log };
    return {
      nowOf,
      tokens: spreadTokens(stores),
      admin: spreadAdminUsers(stores, settings, d1AdminUsers(usersDb, log)),
      provisioning: spreadProvisioning(stores, settings, d1Provisioning(usersDb, log)),
    };
  };
  const workers = Array.from({ length: 5 }, worker);
  const anyWorker = () => {
    if (numbers.is(0.03)) workers[numbers.below(workers.length)] = worker();
    return numbers.one(workers);
  };
  const ownerOf = ({ id }: Pick<Account, "id">) => ({ column: "id", value: id }) as const;
  const readUser = (id: string) =>
    turn(() => DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first<Record<string, unknown>>(), false);

  const accounts: Account[] = [];
  for (let index = 0; index < users; index++) {
    const { id } = await addUser({ password: "!0" });
    accounts.push({ id, password: "!0", isThere: true, isBusy: false, version: 0, clock: start });
  }
  const sessions: Session[] = [];
  const issuedAt = new Map<string, number>();
  const wins = new Map<string, string>();

  const logIn = async () => {
    const account = numbers.one(accounts);
    const { tokens, nowOf } = anyWorker();
    const row = await readUser(account.id);
    if (row === null || row.is_active !== 1) return;
    const user: User = {
      ...baseUser,
      id: account.id,
      username: String(row.username),
      password: String(row.password),
      session_version: Number(row.session_version),
    };
    const jti = `${freshKey()}00000000`;
    const token = {
      jti,
      type: "refresh",
      userId: user.id,
      createdAtSeconds: nowOf(account),
      expiresAtSeconds: nowOf(account) + lifetime,
      sessionVersion: user.session_version,
    } as const;
    history.push(`log in ${user.id} ${jti} with ${user.password}`);
    const record = { userId: user.id, user, token, newHash: undefined, lastLogin: undefined };
    try {
      const now = await tokens.recordLogin(ownerOf(user), record);
      const isIn = now.user?.is_active === true && now.user.password === user.password;
      // What the log-in would wait for, by a clock that is behind.
      if (!isIn || now.issuedBeforeSeconds > token.createdAtSeconds) {
        count("log-ins refused");
        await tokens.blacklist(ownerOf(user), token, token.createdAtSeconds);
        return;
      }
    } catch {
      count("log-ins 503");
      return;
    }
    count("log-ins");
    history.push(`logged in ${jti}`);
    issuedAt.set(jti, token.createdAtSeconds);
    const isFormer = !account.isThere || account.password !== user.password;
    sessions.push({
      account,
      password: user.password,
      tokens: [jti],
      // A change that is under way may end it, and does where it was the former password's.
      mayHaveEnded: account.isBusy || isFormer,
      hasEnded: isFormer && !account.isBusy,
    });
  };
  const sessionsOf = (account: Account) => sessions.filter((session) => session.account === account);

  /** One refresh with a token, as the use case decides it. */
  const refreshWith = async (session: Session, jti: string) => {
    const { tokens, nowOf } = anyWorker();
    const owner = ownerOf(session.account);
    const now = nowOf(session.account);
    const createdAtSeconds = issuedAt.get(jti) ?? 0;
    const used = {
      jti,
      type: "refresh",
      userId: undefined,
      createdAtSeconds,
      expiresAtSeconds: start + lifetime,
    } as const;
    const terms = () => ({
      nowSeconds: now,
      usedSinceSeconds: start - 1000,
      used,
      successor: { createdAtSeconds: now, expiresAtSeconds: now + lifetime },
      newKey: freshKey(),
      mark: freshKey(),
      user: { mustBeActive: true, versionMustBeKnown: false },
    });
    const rotate = () => tokens.rotate(owner, terms());
    let { successorJti, found } = await rotate();
    const { state, user } = found;
    const isRefused =
      !user?.is_active ||
      createdAtSeconds < found.issuedBeforeSeconds - 1 ||
      (state?.sessionVersion !== undefined && state.sessionVersion !== user.session_version);
    if (isRefused || state === undefined) {
      if (successorJti !== undefined) await tokens.withdraw(owner, successorJti, now);
      return { answer: "refused", why: JSON.stringify(found) } as const;
    }
    if (successorJti === undefined && !found.blacklisted) ({ successorJti, found } = await rotate());
    if (successorJti !== undefined) {
      issuedAt.set(successorJti, now);
      return { answer: "won", jti: successorJti } as const;
    }
    const newest = found.state?.newest;
    if (newest) issuedAt.set(newest.jti, newest.createdAtSeconds);
    if (newest && !newest.blacklisted) return { answer: "repeated", jti: newest.jti } as const;
    return { answer: "refused", why: JSON.stringify(found) } as const;
  };

  const refresh = async () => {
    const alive = sessions.filter(({ hasEnded }) => !hasEnded);
    const session = numbers.is(0.2) ? numbers.one(sessions) : numbers.one(alive);
    if (session === undefined) return;
    const former = session.hasEnded;
    const isReuse = session.tokens.length > 1 && numbers.is(0.1);
    const jti = isReuse ? numbers.one(session.tokens.slice(0, -1)) : (session.tokens.at(-1) ?? "");
    const racers = isReuse ? 1 : 1 + numbers.below(3);
    history.push(`refresh ${jti} x${racers}`);
    const one = async () => {
      try {
        return await refreshWith(session, jti);
      } catch {
        return { answer: "503" } as const;
      }
    };
    const answers = await Promise.all(Array.from({ length: racers }, one));
    for (const answer of answers) {
      count(answer.answer);
      history.push(`${jti}: ${JSON.stringify(answer)}`);
      if (answer.answer === "refused" && !session.mayHaveEnded)
        fail(`logged out without a reason: ${answer.why}`, session);
      if (answer.answer !== "won") continue;
      if (former) fail("a session goes on that has ended", session);
      const before = wins.get(jti);
      if (before !== undefined && before !== answer.jti)
        fail(`two successors of ${jti}: ${before}, ${answer.jti}`, session);
      wins.set(jti, answer.jti);
      if (!session.tokens.includes(answer.jti)) session.tokens.push(answer.jti);
    }
    const repeated = answers.flatMap((answer) => (answer.answer === "repeated" ? [answer.jti] : []));
    for (const next of repeated) if (!session.tokens.includes(next)) session.tokens.push(next);
    session.tokens.sort();
  };

  const logOut = async () => {
    const session = numbers.one(sessions);
    if (session === undefined || numbers.is(0.5)) return;
    const { tokens, nowOf } = anyWorker();
    const jti = session.tokens.at(-1) ?? "";
    history.push(`log out ${jti}`);
    session.mayHaveEnded = true;
    const token = {
      jti,
      type: "refresh",
      userId: undefined,
      createdAtSeconds: start,
      expiresAtSeconds: start + lifetime,
    } as const;
    try {
      // Only while it is the last one does it end the session, here where no log-out ends the others.
      if (await tokens.blacklist(ownerOf(session.account), token, nowOf(session.account))) {
        count("log-outs");
        history.push(`logged out ${jti}`);
        session.hasEnded = true;
      }
    } catch {
      count("log-outs 503");
    }
  };

  let passwords = 0;
  const changeUser = async () => {
    const account = numbers.one(accounts);
    if (account.isBusy) return;
    account.isBusy = true;
    const change = account.isThere ? numbers.one(["password", "deactivate", "end", "remove", "provision"]) : "again";
    const password = `!${++passwords}`;
    if (change === "again") account.clock += 100;
    const version = ++account.version;
    const reason = () => {
      for (const session of sessionsOf(account)) session.mayHaveEnded = true;
    };
    // People ask again until it is answered.
    let before: readonly Session[] = [];
    for (let attempts = 0; ; attempts++) {
      reason();
      before = sessionsOf(account);
      const { admin, provisioning, nowOf } = anyWorker();
      // What ends by a version is looked at here, and what ends by a second only where nothing else can tell.
      const issuedBeforeSeconds = change === "remove" || change === "end" ? account.clock + 46 : start - 100;
      const ending = { issuedBeforeSeconds, untilSeconds: start + lifetime, nowSeconds: nowOf(account) };
      history.push(`${change} ${account.id} ${password} (${attempts})`);
      try {
        if (change === "password") await admin.setPassword(account.id, password, root, ending);
        if (change === "deactivate") await admin.deactivate(account.id, root, ending);
        if (change === "end") await admin.end(account.id, root, ending);
        if (change === "remove") await admin.remove(account.id, root, ending);
        if (change === "provision") {
          const columns = { password, hash: password.padStart(64, "0") };
          const one = { id: account.id, version, deleted: false, rehash: false, columns } as const;
          const { outcomes } = await provisioning.apply([one], { named: "id", names: "exact", ending });
          if (!["applied", "unchanged"].includes(outcomes[0]?.result ?? "")) fail(JSON.stringify(outcomes));
        }
        if (change === "again") {
          const columns = {
            ...{ username: `user-${account.id}`, password, hash: password.padStart(64, "0"), is_active: 1 },
            ...{ is_staff: 0, is_superuser: 0, first_name: "", last_name: "", email: "" },
            date_joined: "2024-05-06T07:08:09Z",
          };
          const one = { id: account.id, version, deleted: false, rehash: false, columns } as const;
          await provisioning.apply([one], { named: "id", names: "exact", ending });
        }
        break;
      } catch (error) {
        count("changes 503");
        history.push(`${change} ${account.id}: ${error instanceof Error ? error.message : error}`);
        if (attempts === 30) fail(`${change} is never answered: ${error}`);
      }
    }
    count(change);
    if (change === "end") account.clock += 100;
    history.push(`${change} ${account.id} done`);
    reason();
    if (change === "password" || change === "provision" || change === "again") account.password = password;
    // What began while it was under way goes on, if it is not under a former password.
    for (const session of sessionsOf(account)) {
      const isGone = change === "deactivate" || change === "remove";
      if (isGone || before.includes(session) || session.password !== account.password) session.hasEnded = true;
    }
    account.isThere = change === "again" || (account.isThere && change !== "deactivate" && change !== "remove");
    account.isBusy = false;
  };

  const spread = async () => {
    const target = numbers.one([
      [...sessionNames],
      ["SESSIONS_1", "SESSIONS_2"],
      ["SESSIONS_2", "SESSIONS_3"],
      ["SESSIONS_1"],
    ]);
    let left = numbers.is(0.6) ? numbers.below(40) : 1000;
    const databases: Databases = new Map(
      [...bound].map(([name, db]) => {
        const batch = async (statements: readonly string[]) => {
          if (left-- <= 0) throw new Error("ended");
          const results = await db.batch<Record<string, unknown>>(statements.map((sql) => db.prepare(sql)));
          return results.map((result) => result.results);
        };
        const read = async (sql: string) => (await batch([sql]))[0] ?? [];
        return [name, { batch, read, write: async (sql: string) => void (await batch(statementsOf(sql))) }] as const;
      }),
    );
    history.push(`spread over ${target}`);
    const says = { step: () => {}, at: () => {} };
    const asked = { databases, target, column: "id", nowSeconds: start, remote: false, ...says } as const;
    try {
      await spreadCommand(asked);
      count("moves");
      history.push(`spread over ${target}: done`);
    } catch (error) {
      count("moves ended");
      history.push(`spread over ${target}: ${error instanceof Error ? error.message : error}`);
    }
  };

  const minutePasses = async () => {
    if (accounts.some(({ isBusy }) => isBusy)) return;
    for (const name of sessionNames) {
      const sql = "UPDATE owners SET changing_until = changing_until - 60";
      await turn(async () => boundDatabases.get(name)?.prepare(sql).run(), false);
    }
  };

  const actions: ReadonlyArray<readonly [share: number, act: () => Promise<void>]> = [
    [0.6, refresh],
    [0.75, logIn],
    [0.8, logOut],
    [0.92, changeUser],
    [0.96, minutePasses],
    [1, spread],
  ];
  const actor = async () => {
    for (let step = 0; step < steps; step++) {
      const share = numbers.next();
      await actions.find(([until]) => share < until)?.[1]();
    }
  };
  await run(Array.from({ length: 8 }, actor));

  // In the end: no session twice, and no owner.
  const rows = new Map<string, number>();
  for (const [, db] of boundDatabases) {
    const { results } = await db.prepare("SELECT id FROM sessions").all<{ id: string }>();
    for (const { id } of results) rows.set(id, (rows.get(id) ?? 0) + 1);
  }
  const isMoving = await DB.prepare("SELECT next IS NOT NULL AS moving FROM placement").first<number>("moving");
  if (isMoving === 0) for (const [id, times] of rows) if (times > 1) fail(`the session ${id} is there ${times} times`);
  return counts;
}

beforeEach(async () => {
  await placeSessions(["DB"]);
  await DB.prepare("DELETE FROM sessions").run();
});

describe("while sessions are moved and users are changed, no session is lost, doubled or revived", () => {
  it.each([1, 3, 4])("in the order of seed %i", async (seed) => {
    const counts = await play({ seed, lost: seed % 3 === 0 ? 0 : 0.05, users: 4, steps: 40 });
    expect(counts.won).toBeGreaterThan(5);
  });
});
