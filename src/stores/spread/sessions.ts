// Sessions over several session databases, each owner's in one.
// Must never answer before the owner's session database has written it.
import type { Owner, SessionStore } from "../contract.ts";
import { endEveryoneSql } from "../d1/cutoffs.ts";
import { onD1 } from "../d1/errors.ts";
import { noteOwner } from "../d1/note.ts";
import { noteStatements } from "../d1/notes.ts";
import { endOwner } from "../d1/owners.ts";
import { unlessEnded } from "../d1/retried-endings.ts";
import { retried } from "../d1/retry.ts";
import { cutoffStatement, d1Sessions, type SessionsAt, sessionsAt } from "../d1/sessions.ts";
import { hasNotes, type Notes } from "../events-contract.ts";
import type { SpreadStores } from "./databases.ts";
import { learnOwner } from "./learn-owner.ts";

/** @param notes written with the next change */
export function spreadSessions(stores: SpreadStores, notes: Notes = {}): SessionStore {
  const { users, databases, log } = stores;
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  const at = <T>(owner: Owner, work: (sessions: SessionsAt) => Promise<T>) =>
    on(() => databases.at(owner, (place) => work(sessionsAt(place, log))));
  /** After the change, in the database of users: an event that is lost with its Worker tells of nothing that did not happen. */
  const tell = async (owner: Owner) => {
    const statements = noteStatements(users, notes, noteOwner(owner), { sql: "true" });
    if (statements.length > 0) await on(() => users.batch(statements));
  };
  const store: SessionStore = {
    withNotes: (next) => (hasNotes(next) ? spreadSessions(stores, next) : store),
    async endSession(owner, ...asked) {
      const end = () => at(owner, (sessions) => sessions.endSession(owner, ...asked));
      const did = (await end()) || ((await on(() => learnOwner(stores, owner))).isNew && (await end()));
      if (did) await tell(owner);
      return did;
    },
    async endSessionOf(owner, ...asked) {
      const end = () => at(owner, (sessions) => sessions.endSessionOf(owner, ...asked));
      let session = await end();
      if (session === undefined && (await on(() => learnOwner(stores, owner))).isNew) session = await end();
      if (session !== undefined) await tell(owner);
      return session;
    },
    // The sessions first: if the second half is lost, the caller asks again, and ends what is ended.
    endAll: (owner, issuedBeforeSeconds, untilSeconds, nowSeconds) =>
      on(async () => {
        const ending = { issuedBeforeSeconds, untilSeconds, nowSeconds };
        const end = () =>
          databases.at(owner, async ({ db, tables }) => {
            const [first] = await retried(db, () => db.batch(endOwner(db, owner, tables, ending)));
            return tables.hasEarlier || first?.meta.changes === 1;
          });
        if (!(await end()) && (await learnOwner(stores, owner)).isNew) await end();
        const [sql, values] = cutoffStatement(owner, ending);
        const cutoff = users.prepare(sql).bind(...values);
        await retried(users, (lost) => {
          // By the end that is there before it, a retry knows whether the notes are written down.
          const condition = lost === undefined ? { sql: "true" } : unlessEnded(owner, issuedBeforeSeconds);
          const tells = noteStatements(users, notes, noteOwner(owner), condition);
          return users.batch(lost === undefined ? [cutoff, ...tells] : [...tells, cutoff]);
        });
      }),
    // DB first: what `sessions spread` tells a database that it adds, it reads there.
    endEveryone: (issuedBeforeSeconds) =>
      on(() =>
        databases.inEachBound(async (db) => {
          const noted = db === users ? noteStatements(users, notes, undefined, { sql: "true" }) : [];
          await db.batch([db.prepare(endEveryoneSql).bind(issuedBeforeSeconds), ...noted]);
        }),
      ),
    liveTokens: (owner, ...asked) => at(owner, (sessions) => sessions.liveTokens(owner, ...asked)),
    forgetEndings: (beforeSeconds) => d1Sessions(users, log).forgetEndings(beforeSeconds),
  };
  return store;
}
