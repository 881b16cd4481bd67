// Refresh and sliding tokens in D1: written down, revoked, rotated, flushed. A session has one row, its last token's.
// Must never decide anything in two statements that are not one transaction.
import type { OutstandingToken, Owner, RevocationKeys, TokenStatus, TokenStore, UserLookup } from "../contract.ts";
import { hasNotes, type Notes } from "../events-contract.ts";
import { accountsInUsers } from "./accounts.ts";
import { everyonesCutoff } from "./cutoffs.ts";
import { adoptSessionOf, earlierEndings } from "./earlier-tokens.ts";
import { selectEnded } from "./endings.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { loginEvent, loginWrites } from "./login-writes.ts";
import { noteOwner } from "./note.ts";
import { noteStatements } from "./notes.ts";
import { createParameters } from "./parameters.ts";
import { selectLoggedOut } from "./retried-endings.ts";
import { retried } from "./retry.ts";
import { rotate } from "./rotation.ts";
import { withdrawRotation } from "./rotation-sql.ts";
import { blacklistToken, extendToken, insertToken } from "./session-rows.ts";
import { tokenPlace } from "./session-state.ts";
import { allInOne, type SessionPlace } from "./session-tables.ts";
import { accountOf, isEarlier, selectAccount, selectState, tokenAndUser } from "./token-and-user.ts";
import { selectUser, userFrom } from "./users.ts";

type Row = Record<string, unknown>;

/** @param notes written with the next change */
export function d1Tokens(db: D1Database, log: StoreLog, notes: Notes = {}): TokenStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  const place = { db, tables: allInOne };
  const store: TokenStore = {
    ...tokensAt(place, log, notes),
    withNotes: (next) => (hasNotes(next) ? d1Tokens(db, log, next) : store),
    parts: async () => [store],
    tokenStatus: (revocationKeys, lookup, mayBeStale) =>
      on(() => tokenStatus(place, revocationKeys, lookup, mayBeStale)),
    // One batch because it is one round trip; the contract asks for less.
    recordLogin: (_owner, record) =>
      on(async () => {
        const lookup = { column: "id", value: record.userId } as const;
        const write = async (lost?: unknown) => {
          const token = record.token ? [insertToken(db, record.token, allInOne)] : [];
          const writes = [...token, ...loginWrites(db, record)];
          const event = loginEvent(db, record, notes, lost !== undefined);
          // By the session that is there before it, a retry knows whether the event is written down.
          const all = lost === undefined ? [...writes, ...event] : [...event, ...writes];
          const results = await db.batch<Row>([...all, ...accountsInUsers.select(db, lookup)]);
          const { wholeUser, issuedBeforeSeconds } = accountsInUsers.from(results.slice(-accountsInUsers.statements));
          return { user: wholeUser, issuedBeforeSeconds };
        };
        return record.token || !hasNotes(notes) ? retried(db, write) : write();
      }),
  };
  return store;
}

/** What concerns the sessions of one database alone. */
export type TokensAt = Omit<TokenStore, "withNotes" | "tokenStatus" | "recordLogin" | "parts">;

export function tokensAt(place: SessionPlace, log: StoreLog, notes: Notes = {}): TokensAt {
  const { db } = place;
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  return {
    isBlacklisted: (_owner, jti, issuedAtSeconds) => on(() => isBlacklisted(place, jti, issuedAtSeconds)),
    tokenAndUser: (owner, jti, question = {}) => on(() => tokenAndUser(place, owner, jti, question)),
    insert: (owner, token) =>
      on(async () => {
        const write = () => db.batch<Row>([insertToken(db, token, place.tables), ...selectAccount(place, owner)]);
        return accountOf(place, owner, await retried(db, write));
      }),
    extend: (owner, token) => on(() => retried(db, () => extend(place, owner, token))),
    blacklist: (owner, token, nowSeconds) =>
      on(() =>
        retried(db, (lost) => blacklist(place, owner, token, { nowSeconds, notes, isRetry: lost !== undefined })),
      ),
    rotate: (owner, terms) => on(() => rotate(place, log, owner, terms)),
    withdraw: (owner, successorJti, nowSeconds) =>
      on(async () => {
        const withdraw = () => withdrawRotation(db, { tables: place.tables, owner }, successorJti, nowSeconds);
        await retried(db, () => db.batch([withdraw()]));
      }),
    deleteExpired: (beforeSeconds, limit) => on(() => deleteExpired(place, beforeSeconds, limit)),
  };
}

async function isBlacklisted({ db, tables }: SessionPlace, jti: string, issuedAtSeconds: number): Promise<boolean> {
  const parameters = createParameters();
  const { row, isEnded } = tokenPlace(jti, parameters);
  const earlier = tables.hasEarlier ? earlierEndings(parameters.add(jti), undefined) : [];
  const known = `EXISTS (SELECT 1 FROM sessions WHERE ${row})`;
  const withAll = `${everyonesCutoff} > ${parameters.add(issuedAtSeconds)} + ${known}`;
  const ways = [`EXISTS (SELECT 1 FROM sessions WHERE ${isEnded})`, ...earlier, withAll].join(" OR ");
  const here = tables.isHere ?? "1";
  const sql = `SELECT ${here} AS here, ${ways} AS ended`;
  const [found] = await db.batch<Row>([db.prepare(sql).bind(...parameters.values)]);
  return found?.results[0]?.ended === 1;
}

async function tokenStatus(
  { db }: SessionPlace,
  revocationKeys: RevocationKeys | undefined,
  lookup: UserLookup | undefined,
  mayBeStale: boolean,
): Promise<TokenStatus> {
  const reader = mayBeStale ? db.withSession("first-unconstrained") : db;
  const statements = [
    ...(revocationKeys === undefined ? [] : [selectEnded(reader, revocationKeys)]),
    ...(lookup === undefined ? [] : [selectUser(reader, lookup)]),
  ];
  const results = statements.length === 0 ? [] : await reader.batch<Row>(statements);
  const row = revocationKeys === undefined ? undefined : results[0]?.results[0];
  return {
    ended: row?.ended === 1,
    user: lookup === undefined ? undefined : userFrom(results.at(-1)?.results[0]),
  };
}

async function extend(place: SessionPlace, owner: Owner, token: OutstandingToken) {
  const { db, tables } = place;
  const written = { tables, owner, token };
  const write = () => db.batch<Row>([...extendToken(db, written), ...selectAccount(place, owner)]);
  let results = await write();
  if (results[1]?.results.length === 0 && tables.hasEarlier) {
    // Another user's, or in the table of an earlier version.
    await adoptSessionOf(db, token.jti).run();
    results = await write();
  }
  const row = results[1]?.results[0];
  return {
    blacklisted: row === undefined || row.blacklisted_at !== null || row.ended_at !== null,
    account: accountOf(place, owner, results),
  };
}

interface Blacklisting {
  readonly nowSeconds: number;
  readonly notes: Notes;
  /** Whether an attempt before this one may have done it. */
  readonly isRetry: boolean;
}

async function blacklist(
  place: SessionPlace,
  owner: Owner,
  token: OutstandingToken,
  { nowSeconds, notes, isRetry }: Blacklisting,
) {
  const { db, tables } = place;
  const written = { tables, owner, token };
  const write = async () => {
    const [update, insert] = blacklistToken(db, written, { nowSeconds });
    const before = isRetry ? [selectLoggedOut(db, written, { nowSeconds })] : [];
    const tells = () => noteStatements(db, notes, noteOwner(owner));
    const writes = [update, ...tells(), insert, ...tells()];
    const results = await db.batch<Row>([...before, ...writes, selectState(place, token.jti)]);
    const did = results.some((result) =>
      result.results.some((row) => typeof row.session === "string" && row.id === undefined),
    );
    return { did, row: results.at(-1)?.results[0] };
  };
  const first = await write();
  if (first.did || !isEarlier(first.row)) return first.did;
  await adoptSessionOf(db, token.jti).run();
  return (await write()).did;
}

/** Rows of sessions first; those of an earlier version, if the limit allows. */
async function deleteExpired({ db, tables }: SessionPlace, beforeSeconds: number, limit: number): Promise<number> {
  const deletion = async (table: string, key: string, expired: string, rows: number) => {
    const sql = `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${expired} LIMIT ?2)`;
    const [result] = await db.batch([db.prepare(sql).bind(beforeSeconds, rows)]);
    return result?.meta.changes ?? 0;
  };
  const deleted = await deletion("sessions", "id", "expires_at < ?1 AND COALESCE(kept_until < ?1, true)", limit);
  if (deleted === limit || !tables.hasEarlier) return deleted;
  return deleted + (await deletion("outstanding_tokens", "jti", "expires_at < ?1", limit - deleted));
}
