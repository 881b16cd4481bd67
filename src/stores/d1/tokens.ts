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
import { accountStatements } from "./accounts.ts";
import { adoptSessionOf, isEarlierToken, readEarlierToken } from "./earlier-tokens.ts";
import { selectEnded } from "./endings.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { eventOwner, eventStatements, eventUser } from "./events.ts";
import { createParameters } from "./parameters.ts";
import { blacklistToken, extendToken, insertToken, rotateToken, withdrawRotation } from "./session-rows.ts";
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
  const store: TokenStore = {
    withEvent: (next) => (next ? d1Tokens(db, log, next) : store),
    isBlacklisted: (_owner, jti) => on(() => isBlacklisted(db, jti)),
    tokenStatus: (revocationKeys, lookup, mayBeStale) => on(() => tokenStatus(db, revocationKeys, lookup, mayBeStale)),
    tokenAndUser: (owner, jti, question = {}) => on(() => tokenAndUser(db, owner, jti, question)),
    // One batch because it is one round trip; the contract asks for less.
    recordLogin: (_owner, record) =>
      on(async () => {
        const lookup = { column: "id", value: record.userId } as const;
        const writes = [...loginStatements(db, record), ...loginEvent(db, record, event)];
        const results = await db.batch<Row>([...writes, ...allInOne.accounts.select(db, lookup)]);
        const { wholeUser, issuedBeforeSeconds } = allInOne.accounts.from(results.slice(-accountStatements));
        return { user: wholeUser, issuedBeforeSeconds };
      }),
    insert: (owner, token) =>
      on(async () => accountOf(owner, await db.batch<Row>([insertToken(db, token), ...selectAccount(db, owner)]))),
    extend: (owner, token) => on(() => extend(db, owner, token)),
    blacklist: (owner, token, nowSeconds) => on(() => blacklist(db, owner, token, { nowSeconds, event })),
    rotate: (owner, terms) => on(() => rotate(db, log, owner, terms)),
    withdraw: (owner, successorJti, nowSeconds) =>
      on(async () => void (await withdrawRotation(db, { tables: allInOne, owner }, successorJti, nowSeconds).run())),
    deleteExpired: (beforeSeconds, limit) => on(() => deleteExpired(db, beforeSeconds, limit)),
  };
  return store;
}

/** The statements of a look at an owner's account, to stand last in a batch; none without a user. */
function selectAccount(db: D1Database, owner: Owner): readonly D1PreparedStatement[] {
  return owner === "no user" ? [] : allInOne.accounts.select(db, owner);
}

/** What they say, out of the results of the whole batch. */
function accountOf(owner: Owner, results: Results): Account & Pick<TokenAndUser, "wholeUser"> {
  return owner === "no user" ? noAccount : allInOne.accounts.from(results.slice(-accountStatements));
}

async function isBlacklisted(db: D1Database, jti: string): Promise<boolean> {
  const parameters = createParameters();
  const { isEnded } = tokenPlace(jti, parameters);
  const id = parameters.add(jti);
  const sql = `SELECT EXISTS (SELECT 1 FROM sessions WHERE ${isEnded})
    OR EXISTS (SELECT 1 FROM outstanding_tokens WHERE jti = ${id} AND blacklisted_at IS NOT NULL) AS ended`;
  const row = await db
    .prepare(sql)
    .bind(...parameters.values)
    .first<Row>();
  return row?.ended === 1;
}

/** The statement that reads a token's session. */
function selectState(db: D1Database, jti: string): D1PreparedStatement {
  const parameters = createParameters();
  return selectSession(db, jti, parameters, isEarlierToken(parameters.add(jti)));
}

/** That a token is in the table of an earlier version only, as the row of selectState() says. */
const isEarlier = (row: Row | undefined): boolean => row?.id === null && row.earlier === 1;

async function tokenAndUser(
  db: D1Database,
  owner: Owner,
  jti: string | undefined,
  { usedSinceSeconds }: TokenQuestion,
): Promise<TokenAndUser> {
  const statements = [...(jti === undefined ? [] : [selectState(db, jti)]), ...selectAccount(db, owner)];
  const results = statements.length === 0 ? [] : await db.batch<Row>(statements);
  const row = jti === undefined ? undefined : results[0]?.results[0];
  return foundIn(db, { owner, jti, row, results, usedSinceSeconds });
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
async function foundIn(db: D1Database, found: Found): Promise<TokenAndUser> {
  const { owner, jti, row, results, usedSinceSeconds } = found;
  const { user, wholeUser, issuedBeforeSeconds } = accountOf(owner, results);
  if (jti === undefined) return { user, wholeUser, issuedBeforeSeconds: 0, blacklisted: false, state: undefined };
  const state = isEarlier(row)
    ? await readEarlierToken(db, jti, usedSinceSeconds)
    : stateFrom(jti, row, usedSinceSeconds);
  return { user, wholeUser, issuedBeforeSeconds, blacklisted: state?.blacklistedAtSeconds !== undefined, state };
}

async function tokenStatus(
  db: D1Database,
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

async function extend(db: D1Database, owner: Owner, token: OutstandingToken) {
  const written = { tables: allInOne, owner, token };
  const write = () => db.batch<Row>([...extendToken(db, written), ...selectAccount(db, owner)]);
  let results = await write();
  if (results[1]?.results.length === 0) {
    // Another user's, or in the table of an earlier version.
    await adoptSessionOf(db, token.jti).run();
    results = await write();
  }
  const row = results[1]?.results[0];
  return {
    blacklisted: row === undefined || row.blacklisted_at !== null || row.ended_at !== null,
    account: accountOf(owner, results),
  };
}

interface Blacklisting {
  readonly nowSeconds: number;
  readonly event: NewEvent | undefined;
}

async function blacklist(db: D1Database, owner: Owner, token: OutstandingToken, { nowSeconds, event }: Blacklisting) {
  const write = async () => {
    const [update, insert] = blacklistToken(db, { tables: allInOne, owner, token }, { nowSeconds });
    const tells = () => eventStatements(db, event, eventOwner(owner));
    const results = await db.batch<Row>([update, ...tells(), insert, ...tells(), selectState(db, token.jti)]);
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
async function rotate(db: D1Database, log: StoreLog, owner: Owner, terms: RotationTerms): Promise<Rotation> {
  const { jti } = terms.used;
  const look = () => [selectState(db, jti), ...selectAccount(db, owner)];
  const attempt = async (): Promise<Rotation & { readonly earlier: boolean }> => {
    const looks = look();
    const results = await db.batch<Row>([...looks, ...rotateToken(db, { tables: allInOne, owner, terms })]);
    const row = results[0]?.results[0];
    const written = results.slice(looks.length).flatMap((result) => result.results)[0];
    const found = {
      owner,
      jti,
      row,
      results: results.slice(0, looks.length),
      usedSinceSeconds: terms.usedSinceSeconds,
    };
    return {
      successorJti: written && writeTokenId(String(written.id), Number(written.counter)),
      found: await foundIn(db, found),
      earlier: isEarlier(row),
    };
  };
  try {
    const { earlier, ...rotation } = await attempt();
    if (!earlier || rotation.found.blacklisted) return rotation;
    await adoptSessionOf(db, jti, terms.newKey).run();
    return await attempt();
  } catch (error) {
    const results = await db.batch<Row>(look());
    const row = results[0]?.results[0];
    const found = await foundIn(db, { owner, jti, row, results, usedSinceSeconds: terms.usedSinceSeconds });
    if (!found.blacklisted) throw error;
    log("store_failed", { store: "d1", error: error instanceof Error ? error.message : String(error) });
    if (row?.mark !== terms.mark || found.state?.sessionEnded) return { successorJti: undefined, found };
    return { successorJti: writeTokenId(String(row.id), Number(row.counter)), found: beforeItsUse(found) };
  }
}

/** What is known of a token that this very rotation has used up, as it was before. */
function beforeItsUse(found: TokenAndUser): TokenAndUser {
  const unused = { blacklistedAtSeconds: undefined, successorJti: undefined, newest: undefined };
  return { ...found, blacklisted: false, state: found.state && { ...found.state, ...unused } };
}

/** Rows of sessions first, then those of an earlier version. */
async function deleteExpired(db: D1Database, beforeSeconds: number, limit: number): Promise<number> {
  const deletion = (table: string, key: string, expired: string) =>
    db
      .prepare(`DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${expired} LIMIT ?2)`)
      .bind(beforeSeconds, limit);
  const results = await db.batch([
    deletion("sessions", "id", "expires_at < ?1 AND COALESCE(kept_until < ?1, true)"),
    deletion("outstanding_tokens", "jti", "expires_at < ?1"),
  ]);
  return results.reduce((sum, { meta }) => sum + meta.changes, 0);
}

/** None for a log-in whose user was changed while it was under way: it is refused. */
function loginEvent(db: D1Database, { userId, token }: LoginRecord, event: NewEvent | undefined) {
  const unchanged =
    "EXISTS (SELECT 1 FROM users WHERE id = ?4 AND is_active = 1 AND session_version = COALESCE(?5, session_version))";
  return eventStatements(db, event, eventUser(userId), { sql: unchanged, values: [token?.sessionVersion ?? null] });
}

function loginStatements(db: D1Database, record: LoginRecord): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  if (record.token) statements.push(insertToken(db, record.token));
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
