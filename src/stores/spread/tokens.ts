// Refresh and sliding tokens over several session databases, each owner's in one; users stay in DB.
// Must never begin a session while its user is being changed, nor answer for an owner's session from another database.
import { Refusal } from "../../errors.ts";
import type { User } from "../../users/user.ts";
import type { LoginRecord, Owner, RevocationKeys, TokenStatus, TokenStore, UserLookup } from "../contract.ts";
import { accountsInUsers, withFingerprint } from "../d1/accounts.ts";
import { issuedBeforeFrom, selectIssuedBefore } from "../d1/cutoffs.ts";
import { selectEnded } from "../d1/endings.ts";
import { onD1 } from "../d1/errors.ts";
import { eventOwner, eventStatements } from "../d1/events.ts";
import { loginEvent, loginWrites } from "../d1/login-writes.ts";
import { keepOwner } from "../d1/owners.ts";
import { beginSession, insertToken } from "../d1/session-rows.ts";
import type { SessionPlace } from "../d1/session-tables.ts";
import { tokensAt } from "../d1/tokens.ts";
import { selectUser, userFrom } from "../d1/users.ts";
import type { NewEvent } from "../events-contract.ts";
import type { LoginAccount } from "../token-state.ts";
import type { SpreadStores } from "./databases.ts";
import { giveToOwner, learnOwner as learn } from "./learn-owner.ts";

type Row = Record<string, unknown>;

/** @param event written with the next change */
export function spreadTokens(stores: SpreadStores, event?: NewEvent): TokenStore {
  const { users, databases, log } = stores;
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  /** Without the event, which belongs to the database of users and follows the change. */
  const at = <T>(owner: Owner, work: (tokens: ReturnType<typeof tokensAt>) => Promise<T>) =>
    on(() => databases.at(owner, (place) => work(tokensAt(place, log))));
  const learnOwner = (owner: UserLookup) => on(() => learn(stores, owner));
  const tell = async (owner: Owner) => {
    const statements = eventStatements(users, event, eventOwner(owner), { sql: "true" });
    if (statements.length > 0) await on(() => users.batch(statements));
  };
  const store: TokenStore = {
    withEvent: (next) => (next ? spreadTokens(stores, next) : store),
    isBlacklisted: (owner, jti) => at(owner, (tokens) => tokens.isBlacklisted(owner, jti)),
    tokenStatus: (keys, lookup, mayBeStale) => on(() => tokenStatus(stores, keys, lookup, mayBeStale)),
    async tokenAndUser(owner, jti, question) {
      const [found, wholeUser] = await Promise.all([
        at(owner, (tokens) => tokens.tokenAndUser(owner, jti, question)),
        owner !== "no user" && question?.wholeUser ? on(() => readUser(users, owner)) : undefined,
      ]);
      if (found.user || owner === "no user") return { ...found, wholeUser };
      return { ...found, ...(await learnOwner(owner)), wholeUser };
    },
    recordLogin: (owner, record) => on(() => recordLogin(stores, owner, record, event)),
    async insert(owner, token) {
      const account = await at(owner, (tokens) => tokens.insert(owner, token));
      return account.user || owner === "no user" ? account : learnOwner(owner);
    },
    async extend(owner, token) {
      const extended = await at(owner, (tokens) => tokens.extend(owner, token));
      if (extended.account.user || owner === "no user") return extended;
      return { ...extended, account: await learnOwner(owner) };
    },
    async blacklist(owner, token, nowSeconds) {
      const did = await at(owner, (tokens) => tokens.blacklist(owner, token, nowSeconds));
      if (did) await on(() => giveToOwner(stores, owner, token.jti));
      if (did) await tell(owner);
      return did;
    },
    async rotate(owner, terms) {
      const rotation = await at(owner, (tokens) => tokens.rotate(owner, terms));
      if (rotation.found.user || owner === "no user" || !terms.user) return rotation;
      const { user } = await learnOwner(owner);
      return user ? at(owner, (tokens) => tokens.rotate(owner, terms)) : rotation;
    },
    withdraw: (owner, ...asked) => at(owner, (tokens) => tokens.withdraw(owner, ...asked)),
    async deleteExpired(beforeSeconds, limit) {
      const deleted = await on(() =>
        databases.inAll((place) => tokensAt(place, log).deleteExpired(beforeSeconds, limit)),
      );
      return deleted.reduce((sum, rows) => sum + rows, 0);
    },
  };
  return store;
}

async function readUser(users: D1Database, lookup: UserLookup) {
  return userFrom(await selectUser(users, lookup).first());
}

/**
 * 1. In the session database, unless the user is being changed: the owner as they were read, and the session. 2. In the
 * database of users: the better hash, the last log-in, the event, and a second look at the user, by which the caller
 * withdraws the session if they have changed. 3. If they have, or tokens of theirs were ended: the owner as they are now.
 */
async function recordLogin(
  { users, databases }: SpreadStores,
  owner: Owner,
  record: LoginRecord,
  event: NewEvent | undefined,
): Promise<LoginAccount> {
  const { token, user, userId } = record;
  const nowSeconds = token?.createdAtSeconds ?? 0;
  const read = user && withHash(user, record.newHash?.better);
  if (token && read) {
    await databases.at(owner, async ({ db, tables }) => {
      if (owner === "no user" || tables.hasEarlier) return void (await db.batch([insertToken(db, token, tables)]));
      const keep = keepOwner(db, owner, withFingerprint(read), { issuedBeforeSeconds: 0, nowSeconds });
      const [, begun] = await db.batch<Row>([keep, beginSession(db, { tables, owner, token })]);
      if (begun?.results.length === 0) throw new Refusal("store_unavailable");
    });
  }
  const results = await users.batch<Row>([
    ...loginWrites(users, record),
    ...loginEvent(users, record, event),
    ...accountsInUsers.select(users, { column: "id", value: userId }),
  ]);
  const now = accountsInUsers.from(results.slice(-accountsInUsers.statements));
  const { wholeUser, issuedBeforeSeconds } = now;
  const differs = wholeUser && (wholeUser.password !== read?.password || wholeUser.is_active !== read.is_active);
  if (token && now.user && (differs || issuedBeforeSeconds > 0)) {
    const { user: current } = now;
    await databases.at(owner, async ({ db, tables }) => {
      if (owner === "no user" || tables.hasEarlier) return;
      await db.batch([keepOwner(db, owner, current, { issuedBeforeSeconds, nowSeconds })]);
    });
  }
  return { user: wholeUser, issuedBeforeSeconds };
}

const withHash = (user: User, password: string | undefined): User =>
  password === undefined ? user : { ...user, password };

/**
 * The session's database says whether the token has ended. The users' database says who the user is, and of one whom the
 * other does not know yet, up to which second all tokens were ended.
 */
async function tokenStatus(
  { users, databases }: SpreadStores,
  keys: RevocationKeys | undefined,
  lookup: UserLookup | undefined,
  mayBeStale: boolean,
): Promise<TokenStatus> {
  const reader = mayBeStale ? users.withSession("first-unconstrained") : users;
  const owner = keys?.user;
  const statements = [
    ...(owner ? [selectIssuedBefore(reader, owner)] : []),
    ...(lookup ? [selectUser(reader, lookup)] : []),
  ];
  const [inSessions, inUsers] = await Promise.all([
    keys && databases.at(owner ?? "no user", (place) => endedIn(place, keys)),
    statements.length === 0 ? [] : reader.batch<Row>(statements),
  ]);
  const issuedBeforeSeconds = owner && !inSessions?.isKnown ? issuedBeforeFrom(inUsers[0]?.results[0]) : 0;
  return {
    ended: inSessions?.isEnded === true || (keys !== undefined && keys.issuedAtSeconds < issuedBeforeSeconds),
    user: lookup && userFrom(inUsers.at(-1)?.results[0]),
  };
}

async function endedIn({ db, tables }: SessionPlace, keys: RevocationKeys) {
  const owner = keys.user ? tables.accounts.select(db, keys.user) : [];
  const [ended, known] = await db.batch<Row>([selectEnded(db, keys, tables), ...owner]);
  return { isEnded: ended?.results[0]?.ended === 1, isKnown: known?.results[0] !== undefined };
}
