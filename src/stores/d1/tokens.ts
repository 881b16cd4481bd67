// Refresh and sliding tokens in D1: written down, revoked, rotated, flushed. A session has one row, its last token's.
// Must never decide anything in two statements that are not one transaction.

import { writeTokenId } from "../../tokens/token-id.ts";
import type {
  Account,
  LoginRecord,
  OutstandingToken,
  Owner,
  RevocationKeys,
  Rotation,
  RotationTerms,
  TokenAndUser,
  TokenQuestion,
  TokenStatus,
  TokenStore,
  UserLookup,
} from "../contract.ts";
import type { NewEvent } from "../events-contract.ts";
import { accountsInUsers } from "./accounts.ts";
import { adoptSessionOf, isEarlierToken, readEarlierToken } from "./earlier-tokens.ts";
import { selectEnded } from "./endings.ts";
import { onD1, type StoreLog, WrongDatabase } from "./errors.ts";
import { eventOwner, eventStatements, eventUser } from "./events.ts";
import { createParameters } from "./parameters.ts";
import {
  blacklistToken,
  extendToken,
  insertToken,
  rotateToken,
  type SessionPlace,
  withdrawRotation,
} from "./session-rows.ts";
import { selectSession, stateFrom, tokenPlace } from "./session-state.ts";
import { allInOne } from "./session-tables.ts";
import { selectUser, userFrom } from "./users.ts";

type Row = Record<string, unknown>;
type Results = readonly D1Result<Row>[];

/** Nobody's account. */
const noAccount = { user: undefined, wholeUser: undefined, issuedBeforeSeconds: 0 } as const;

/** @param event written with the next change */
export function d1Tokens(db: D1Database, log: StoreLog, event?: NewEvent): TokenStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  const place = { db, tables: allInOne };
  const store: TokenStore = {
    ...tokensAt(place, log, event),
    withEvent: (next) => (next ? d1Tokens(db, log, next) : store),
    tokenStatus: (revocationKeys, lookup, mayBeStale) =>
      on(() => tokenStatus(place, revocationKeys, lookup, mayBeStale)),
    // One batch because it is one round trip; the contract asks for less.
    recordLogin: (_owner, record) =>
      on(async () => {
        const lookup = { column: "id", value: record.userId } as const;
        const token = record.token ? [insertToken(db, record.token, allInOne)] : [];
        const writes = [...token, ...loginWrites(db, record), ...loginEvent(db, record, event)];
        const results = await db.batch<Row>([...writes, ...accountsInUsers.select(db, lookup)]);
        const { wholeUser, issuedBeforeSeconds } = accountsInUsers.from(results.slice(-accountsInUsers.statements));
        return { user: wholeUser, issuedBeforeSeconds };
      }),
  };
  return store;
}

/** What concerns the sessions of one database alone. */
export type TokensAt = Omit<TokenStore, "withEvent" | "tokenStatus" | "recordLogin">;

export function tokensAt(place: SessionPlace, log: StoreLog, event?: NewEvent): TokensAt {
  const { db } = place;
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  return {
    isBlacklisted: (_owner, jti) => on(() => isBlacklisted(place, jti)),
    tokenAndUser: (owner, jti, question = {}) => on(() => tokenAndUser(place, owner, jti, question)),
    insert: (owner, token) =>
      on(async () => {
        const results = await db.batch<Row>([insertToken(db, token, place.tables), ...selectAccount(place, owner)]);
        return accountOf(place, owner, results);
      }),
    extend: (owner, token) => on(() => extend(place, owner, token)),
    blacklist: (owner, token, nowSeconds) => on(() => blacklist(place, owner, token, { nowSeconds, event })),
    rotate: (owner, terms) => on(() => rotate(place, log, owner, terms)),
    withdraw: (owner, successorJti, nowSeconds) =>
      on(async () => {
        await db.batch([withdrawRotation(db, { tables: place.tables, owner }, successorJti, nowSeconds)]);
      }),
    deleteExpired: (beforeSeconds, limit) => on(() => deleteExpired(place, beforeSeconds, limit)),
  };
}

/** The statements of a look at an owner's account, to stand last in a batch; none without a user. */
function selectAccount({ db, tables }: SessionPlace, owner: Owner): readonly D1PreparedStatement[] {
  return owner === "no user" ? [] : tables.accounts.select(db, owner);
}

/** What they say, out of the results of the whole batch. */
function accountOf(
  { tables: { accounts } }: SessionPlace,
  owner: Owner,
  results: Results,
): Account & Pick<TokenAndUser, "wholeUser"> {
  return owner === "no user" ? noAccount : accounts.from(results.slice(-accounts.statements));
}

async function isBlacklisted({ db, tables }: SessionPlace, jti: string): Promise<boolean> {
  const parameters = createParameters();
  const { isEnded } = tokenPlace(jti, parameters);
  const earlier = tables.hasEarlier
    ? `OR EXISTS (SELECT 1 FROM outstanding_tokens WHERE jti = ${parameters.add(jti)} AND blacklisted_at IS NOT NULL)`
    : "";
  const here = tables.isHere ?? "1";
  const sql = `SELECT ${here} AS here, EXISTS (SELECT 1 FROM sessions WHERE ${isEnded}) ${earlier} AS ended`;
  const [found] = await db.batch<Row>([db.prepare(sql).bind(...parameters.values)]);
  return found?.results[0]?.ended === 1;
}

/** The statement that reads a token's session. */
function selectState({ db, tables }: SessionPlace, jti: string): D1PreparedStatement {
  const parameters = createParameters();
  const earlier = tables.hasEarlier ? isEarlierToken(parameters.add(jti)) : "0";
  return selectSession(db, jti, parameters, { earlier, here: tables.isHere ?? "1" });
}

/** That a token is in the table of an earlier version only, as the row of selectState() says. */
const isEarlier = (row: Row | undefined): boolean => row?.id === null && row.earlier === 1;

async function tokenAndUser(
  place: SessionPlace,
  owner: Owner,
  jti: string | undefined,
  { usedSinceSeconds }: TokenQuestion,
): Promise<TokenAndUser> {
  const statements = [...(jti === undefined ? [] : [selectState(place, jti)]), ...selectAccount(place, owner)];
  const results = statements.length === 0 ? [] : await place.db.batch<Row>(statements);
  const row = jti === undefined ? undefined : results[0]?.results[0];
  return foundIn(place, { owner, jti, row, results, usedSinceSeconds });
}

interface Found {
  readonly owner: Owner;
  readonly jti: string | undefined;
  /** Of selectState(). */
  readonly row: Row | undefined;
  readonly results: Results;
  readonly usedSinceSeconds: number | undefined;
}

/** What the rows say; asks once more about a token that is in the table of an earlier version only. */
async function foundIn(place: SessionPlace, found: Found): Promise<TokenAndUser> {
  const { owner, jti, row, results, usedSinceSeconds } = found;
  const { user, wholeUser, issuedBeforeSeconds } = accountOf(place, owner, results);
  if (jti === undefined) return { user, wholeUser, issuedBeforeSeconds: 0, blacklisted: false, state: undefined };
  const state = isEarlier(row)
    ? await readEarlierToken(place.db, jti, usedSinceSeconds)
    : stateFrom(jti, row, usedSinceSeconds);
  return { user, wholeUser, issuedBeforeSeconds, blacklisted: state?.blacklistedAtSeconds !== undefined, state };
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
  readonly event: NewEvent | undefined;
}

async function blacklist(
  place: SessionPlace,
  owner: Owner,
  token: OutstandingToken,
  { nowSeconds, event }: Blacklisting,
) {
  const { db, tables } = place;
  const write = async () => {
    const [update, insert] = blacklistToken(db, { tables, owner, token }, { nowSeconds });
    const tells = () => eventStatements(db, event, eventOwner(owner));
    const results = await db.batch<Row>([update, ...tells(), insert, ...tells(), selectState(place, token.jti)]);
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

/**
 * One transaction: what is known of the token and its user, and the successor in its place. When the reply is lost the row
 * is asked once more: it may have been written all the same.
 */
async function rotate(place: SessionPlace, log: StoreLog, owner: Owner, terms: RotationTerms): Promise<Rotation> {
  const { db, tables } = place;
  const { jti } = terms.used;
  const look = () => [selectState(place, jti), ...selectAccount(place, owner)];
  const attempt = async (): Promise<Rotation & { readonly earlier: boolean }> => {
    const looks = look();
    const results = await db.batch<Row>([...looks, ...rotateToken(db, { tables, owner, terms })]);
    const row = results[0]?.results[0];
    const written = results.slice(looks.length).flatMap((result) => result.results)[0];
    const found = await foundIn(place, {
      owner,
      jti,
      row,
      results: results.slice(0, looks.length),
      usedSinceSeconds: terms.usedSinceSeconds,
    });
    // It was asked before, in the place that the session was in: the reply was lost, and the session has moved since.
    if (!written && isOurRotation(row, terms, found)) return { ...ourRotation(row, found), earlier: false };
    return {
      successorJti: written && writeTokenId(String(written.id), Number(written.counter)),
      found,
      earlier: isEarlier(row),
    };
  };
  try {
    const { earlier, ...rotation } = await attempt();
    if (!earlier || rotation.found.blacklisted) return rotation;
    await adoptSessionOf(db, jti, terms.newKey).run();
    return await attempt();
  } catch (error) {
    if (error instanceof WrongDatabase) throw error;
    const results = await db.batch<Row>(look());
    const row = results[0]?.results[0];
    const found = await foundIn(place, { owner, jti, row, results, usedSinceSeconds: terms.usedSinceSeconds });
    if (!found.blacklisted) throw error;
    log("store_failed", { store: "d1", error: error instanceof Error ? error.message : String(error) });
    return isOurRotation(row, terms, found) ? ourRotation(row, found) : { successorJti: undefined, found };
  }
}

/** Whether the last rotation of the session is this very one. */
const isOurRotation = (row: Row | undefined, { mark }: RotationTerms, found: TokenAndUser): row is Row =>
  row?.mark === mark && found.state?.sessionEnded === false;

const ourRotation = (row: Row, found: TokenAndUser): Rotation => ({
  successorJti: writeTokenId(String(row.id), Number(row.counter)),
  found: beforeItsUse(found),
});

/** What is known of a token that this very rotation has used up, as it was before. */
function beforeItsUse(found: TokenAndUser): TokenAndUser {
  const unused = { blacklistedAtSeconds: undefined, successorJti: undefined, newest: undefined };
  return { ...found, blacklisted: false, state: found.state && { ...found.state, ...unused } };
}

/** Rows of sessions first, then those of an earlier version. */
async function deleteExpired({ db, tables }: SessionPlace, beforeSeconds: number, limit: number): Promise<number> {
  const deletion = (table: string, key: string, expired: string) =>
    db
      .prepare(`DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${expired} LIMIT ?2)`)
      .bind(beforeSeconds, limit);
  const results = await db.batch([
    deletion("sessions", "id", "expires_at < ?1 AND COALESCE(kept_until < ?1, true)"),
    ...(tables.hasEarlier ? [deletion("outstanding_tokens", "jti", "expires_at < ?1")] : []),
  ]);
  return results.reduce((sum, { meta }) => sum + meta.changes, 0);
}

/** None for a log-in whose user was changed while it was under way: it is refused. */
export function loginEvent(db: D1Database, { userId, token }: LoginRecord, event: NewEvent | undefined) {
  const unchanged =
    "EXISTS (SELECT 1 FROM users WHERE id = ?4 AND is_active = 1 AND session_version = COALESCE(?5, session_version))";
  return eventStatements(db, event, eventUser(userId), { sql: unchanged, values: [token?.sessionVersion ?? null] });
}

/** What a log-in writes in the database of users. */
export function loginWrites(db: D1Database, record: LoginRecord): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  if (record.newHash) {
    statements.push(
      db
        .prepare("UPDATE users SET password = ?1 WHERE id = ?2 AND password = ?3")
        .bind(record.newHash.better, record.userId, record.newHash.checked),
    );
  }
  if (record.lastLogin !== undefined) {
    statements.push(db.prepare("UPDATE users SET last_login = ?1 WHERE id = ?2").bind(record.lastLogin, record.userId));
  }
  return statements;
}
