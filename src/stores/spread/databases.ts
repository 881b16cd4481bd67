// Finds an owner's session database, and moves the owner there first while sessions are being spread.
// Must never work on an owner's sessions in two databases.
import { Refusal } from "../../errors.ts";
import type { Owner } from "../contract.ts";
import { isWrongDatabase, type StoreLog } from "../d1/errors.ts";
import { sessionsAlone } from "../d1/owners.ts";
import { type SessionPlace, withUsers } from "../d1/session-tables.ts";
import { guarded } from "./guard.ts";
import { moveOwners } from "./move-owner.ts";
import { ownerText, type Placement, placeOf } from "./placement.ts";

/** The bindings by their names: DB, SESSIONS_1, SESSIONS_2 and so on. */
export type BoundDatabases = ReadonlyMap<string, D1Database>;

export type SpreadLog = StoreLog & ((event: "session_databases_mismatch", fields: { readonly name: string }) => void);

export interface SessionDatabases {
  /** Runs work where the owner's sessions are. Work can be repeated: nothing was written when it failed by the guard. */
  at<T>(owner: Owner, work: (place: SessionPlace) => Promise<T>): Promise<T>;
  /** Runs work where the sessions of several owners are: once in each database, for its owners. It may be repeated. */
  atEach<Each extends Exclude<Owner, "no user">>(
    owners: readonly Each[],
    work: (place: SessionPlace, owners: readonly Each[]) => Promise<unknown>,
  ): Promise<void>;
  /** Runs work in each database that has sessions, one after another. It may be repeated. */
  inAll<T>(work: (place: SessionPlace, name: string) => Promise<T>): Promise<readonly T[]>;
  /**
   * Runs work that every database is to have in each one that is bound, DB first: in use or not, and whatever it takes
   * itself for. One that has no tables yet is left out. Where one fails, the others are tried before this fails.
   */
  inEachBound(work: (db: D1Database) => Promise<void>): Promise<void>;
  /** The same for what one of them has: where one fails, the others are asked, and the first failure is given along. */
  inReach<T>(
    work: (place: SessionPlace) => Promise<T>,
  ): Promise<{ readonly done: readonly T[]; readonly failure: unknown }>;
  /** The databases that have sessions, or are to have some, as DB says it now. */
  names(): Promise<readonly string[]>;
  /** Runs work in one of them. It may be repeated. */
  in<T>(name: string, work: (place: SessionPlace) => Promise<T>): Promise<T>;
}

/** What the stores over several databases work with. */
export interface SpreadStores {
  /** The database of users. */
  readonly users: D1Database;
  readonly databases: SessionDatabases;
  readonly nowSeconds: () => number;
  readonly log: SpreadLog;
}

/** How often the placement may change under one operation. */
const mostAttempts = 4;

export function sessionDatabases(bound: BoundDatabases, log: SpreadLog): SessionDatabases {
  // What this isolate knows; each batch tells if it is no longer true.
  let known: Placement | undefined;

  const mismatch = (name: string): Refusal => {
    log("session_databases_mismatch", { name });
    return new Refusal("store_unavailable");
  };
  const database = (name: string): D1Database => {
    const db = bound.get(name);
    if (!db) throw mismatch(name);
    return db;
  };
  const placeIn = (name: string, { version }: Placement, owners: readonly string[]): SessionPlace => ({
    db: guarded(database(name), { name, version, owners }),
    tables: name === usersDatabase ? withUsers : sessionsAlone,
  });

  /** What a database says, if it is the one that is meant. */
  async function placementIn(name: string): Promise<Placement> {
    const row = await database(name)
      .prepare("SELECT name, version, current, next FROM placement WHERE id = 1")
      .first<{ name: string; version: number; current: string; next: string | null }>();
    if (row?.name !== name) throw mismatch(name);
    const list = (text: string) => JSON.parse(text) as string[];
    return { version: row.version, current: list(row.current), next: row.next === null ? undefined : list(row.next) };
  }

  async function placement(): Promise<Placement> {
    known ??= await placementIn(usersDatabase);
    return known;
  }

  /** Where the owners' sessions are, after they were moved there if need be: a few round trips for all of them. */
  async function homesNow<Each extends Owner>(
    owners: readonly Each[],
    current: Placement,
  ): Promise<ReadonlyMap<string, readonly Each[]>> {
    const homes = new Map<string, Each[]>();
    const moves = new Map<string, { readonly from: string; readonly to: string; readonly owners: Each[] }>();
    for (const owner of owners) {
      const { from, to } = placeOf(owner, current);
      const home = to ?? from;
      homes.set(home, [...(homes.get(home) ?? []), owner]);
      if (to === undefined) continue;
      const move = moves.get(`${from} ${to}`) ?? { from, to, owners: [] };
      move.owners.push(owner);
      moves.set(`${from} ${to}`, move);
    }
    for (const { from, to, owners: some } of moves.values()) {
      await moveOwners(some, {
        from: { ...placeIn(from, current, []), name: from },
        placement: current,
        to: { ...placeIn(to, current, some.map(ownerText)), name: to },
      });
    }
    return homes;
  }

  /** The lists are written to DB first: a database may refuse for an owner who has moved, and not know where to yet. */
  async function newestKnown(before: Placement | undefined, name: string): Promise<Placement> {
    const found = newest(before, await placementIn(name));
    return found === before && name !== usersDatabase ? newest(before, await placementIn(usersDatabase)) : found;
  }

  /** Does it again where the placement has changed meanwhile. */
  async function untilPlaced<T>(attempt: (current: Placement) => Promise<T>): Promise<T> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt(await placement());
      } catch (error) {
        if (!isWrongDatabase(error)) throw error;
        if (attempts === mostAttempts) throw mismatch(error.refusedBy);
        known = await newestKnown(known, error.refusedBy);
      }
    }
  }

  const databases: SessionDatabases = {
    at: (owner, work) =>
      untilPlaced(async (current) => {
        const [home = ""] = (await homesNow([owner], current)).keys();
        return work(placeIn(home, current, [ownerText(owner)]));
      }),
    atEach: (owners, work) =>
      untilPlaced(async (current) => {
        for (const [home, some] of await homesNow(owners, current))
          await work(placeIn(home, current, some.map(ownerText)), some);
      }),
    inAll: (work) =>
      untilPlaced(async (current) => {
        const done: Awaited<ReturnType<typeof work>>[] = [];
        for (const name of namesIn(current)) done.push(await work(placeIn(name, current, []), name));
        return done;
      }),
    async inEachBound(work) {
      const failures: unknown[] = [];
      const others = [...bound].filter(([name]) => name !== usersDatabase).map(([, db]) => db);
      for (const db of [database(usersDatabase), ...others]) {
        await work(db).catch((error: unknown) => {
          if (!hasNoTables(error)) failures.push(error);
        });
      }
      if (failures.length > 0) throw failures[0];
    },
    async inReach(work) {
      const done: Awaited<ReturnType<typeof work>>[] = [];
      let failure: unknown;
      for (const name of await databases.names()) {
        try {
          done.push(await databases.in(name, work));
        } catch (error) {
          failure ??= error;
        }
      }
      return { done, failure };
    },
    async names() {
      known = newest(known, await placementIn(usersDatabase));
      return namesIn(known);
    },
    in: (name, work) => untilPlaced((current) => work(placeIn(name, current, []))),
  };
  return databases;
}

/** Bound, and never used: `manage sessions spread` creates its tables. */
const hasNoTables = (error: unknown): boolean => error instanceof Error && error.message.includes("no such table");

/** The database that has users; before sessions were spread, it has them all. */
export const usersDatabase = "DB";

const namesIn = ({ current, next = [] }: Placement): readonly string[] => [...new Set([...current, ...next])];

/** While the lists are being changed, databases say it one after another. */
function newest(one: Placement | undefined, other: Placement): Placement {
  return one === undefined || other.version > one.version ? other : one;
}
