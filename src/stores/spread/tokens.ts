// Refresh and sliding tokens over several session databases, each owner's in one; users stay in DB.
// Must never begin a session while its user is being changed, nor answer for an owner's session from another database.
import { Refusal } from "../../errors.ts";
import { isForeignKey } from "../../tokens/foreign-key.ts";
import type {
  LoginRecord,
  OutstandingToken,
  Owner,
  RevocationKeys,
  TokenStatus,
  TokenStore,
  UserLookup,
} from "../contract.ts";
import { accountsInUsers, withFingerprint } from "../d1/accounts.ts";
import { issuedBeforeFrom, selectIssuedBefore } from "../d1/cutoffs.ts";
import { selectEnded } from "../d1/endings.ts";
import { onD1 } from "../d1/errors.ts";
import { loginEvent, loginWrites } from "../d1/login-writes.ts";
import { noteOwner } from "../d1/note.ts";
import { noteStatements } from "../d1/notes.ts";
import { correctOwner, type KnownOwner, knownOwner } from "../d1/owners.ts";
import { retried } from "../d1/retry.ts";
import { beginSession, insertToken, selectSessionOf } from "../d1/session-rows.ts";
import { type SessionPlace, withUsers } from "../d1/session-tables.ts";
import { tokensAt } from "../d1/tokens.ts";
import { selectUser, userFrom } from "../d1/users.ts";
import { hasNotes, type Notes } from "../events-contract.ts";
import type { LoginAccount } from "../token-state.ts";
import { type SpreadStores, usersDatabase } from "./databases.ts";
import { learnOwner } from "./learn-owner.ts";

type Row = Record<string, unknown>;

/** @param notes written with the next change */
export function spreadTokens(stores: SpreadStores, notes: Notes = {}): TokenStore {
  const { users, databases, log } = stores;
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  /** Without the event, which belongs to the database of users and follows the change. */
  const at = <T>(owner: Owner, work: (tokens: ReturnType<typeof tokensAt>) => Promise<T>) =>
    on(() => databases.at(owner, (place) => work(tokensAt(place, log))));
  const learned = (owner: Owner) => on(() => learnOwner(stores, owner));
  const tell = async (owner: Owner) => {
    const statements = noteStatements(users, notes, noteOwner(owner), { sql: "true" });
    if (statements.length > 0) await on(() => users.batch(statements));
  };
  const store: TokenStore = {
    withNotes: (next) => (hasNotes(next) ? spreadTokens(stores, next) : store),
    isBlacklisted: (owner, ...asked) => at(owner, (tokens) => tokens.isBlacklisted(owner, ...asked)),
    tokenStatus: (keys, lookup, mayBeStale) => on(() => tokenStatus(stores, keys, lookup, mayBeStale)),
    async tokenAndUser(owner, jti, question) {
      const [found, wholeUser] = await Promise.all([
        at(owner, (tokens) => tokens.tokenAndUser(owner, jti, question)),
        owner !== "no user" && question?.wholeUser ? on(() => readUser(users, owner)) : undefined,
      ]);
      if (found.user || owner === "no user") return { ...found, wholeUser };
      return { ...found, ...(await learned(owner)).account, wholeUser };
    },
    recordLogin: (owner, record) => on(() => recordLogin(stores, owner, record, notes)),
    async insert(owner, token) {
      const account = await at(owner, (tokens) => tokens.insert(owner, token));
      return account.user || owner === "no user" ? account : (await learned(owner)).account;
    },
    async extend(owner, token) {
      const extended = await at(owner, (tokens) => tokens.extend(owner, token));
      if (extended.account.user || owner === "no user") return extended;
      return { ...extended, account: (await learned(owner)).account };
    },
    async blacklist(owner, token, nowSeconds) {
      const end = () => at(owner, (tokens) => tokens.blacklist(owner, token, nowSeconds));
      const did = (await end()) || ((await learned(owner)).isNew && (await end()));
      if (did) await tell(owner);
      return did;
    },
    async rotate(owner, terms) {
      const rotation = await at(owner, (tokens) => tokens.rotate(owner, terms));
      if (rotation.found.user || owner === "no user" || !terms.user) return rotation;
      const { user } = (await learned(owner)).account;
      return user ? at(owner, (tokens) => tokens.rotate(owner, terms)) : rotation;
    },
    withdraw: (owner, ...asked) => at(owner, (tokens) => tokens.withdraw(owner, ...asked)),
    async parts() {
      const names = (await on(() => databases.names())).filter((name) => name !== usersDatabase);
      const others = names.map((name) => ({
        deleteExpired: (beforeSeconds: number, limit: number) =>
          on(() => databases.in(name, (place) => tokensAt(place, log).deleteExpired(beforeSeconds, limit))),
      }));
      // Always, for the revoked tokens of other issuers.
      return [tokensAt({ db: users, tables: withUsers }, log), ...others];
    },
    async deleteExpired(beforeSeconds, limit) {
      let deleted = 0;
      for (const part of await store.parts()) deleted += await part.deleteExpired(beforeSeconds, limit - deleted);
      return deleted;
    },
  };
  return store;
}

async function readUser(users: D1Database, lookup: UserLookup) {
  return userFrom(await selectUser(users, lookup).first());
}

/**
 * 1. In the session database, unless the user is being changed: the session. 2. In the database of users: the better hash,
 * the last log-in, the event, and a second look at the user, by which the caller withdraws the session if they have changed.
 * 3. If the session database has them otherwise: the owner as they are now.
 */
async function recordLogin(
  stores: SpreadStores,
  owner: Owner,
  record: LoginRecord,
  notes: Notes,
): Promise<LoginAccount> {
  const { users, databases } = stores;
  const { token, userId } = record;
  const seen = token && owner !== "no user" ? await beginLogin(stores, owner, token) : undefined;
  const write = () =>
    users.batch<Row>([
      ...loginWrites(users, record),
      ...loginEvent(users, record, notes),
      ...accountsInUsers.select(users, { column: "id", value: userId }),
    ]);
  // An event would be written down twice: nothing in this database says that it was.
  const results = await (hasNotes(notes) ? write() : retried(users, write));
  const { wholeUser, issuedBeforeSeconds } = accountsInUsers.from(results.slice(-accountsInUsers.statements));
  if (seen && wholeUser && owner !== "no user") {
    const { id, is_active, session_version, passwordFingerprint } = withFingerprint(wholeUser);
    const now = { id, is_active, session_version, passwordFingerprint, issuedBeforeSeconds };
    if (!isSame(seen, now)) {
      await databases.at(owner, async ({ db, tables }) => {
        if (!tables.hasEarlier) await retried(db, () => db.batch([correctOwner(db, owner, seen, now)]));
      });
    }
  }
  return { user: wholeUser, issuedBeforeSeconds };
}

/** Begins the session; gives the owner as the session database has them, undefined where sessions are with the users. */
async function beginLogin(
  stores: SpreadStores,
  owner: UserLookup,
  token: OutstandingToken,
): Promise<KnownOwner | undefined> {
  const begin = () =>
    stores.databases.at(owner, async ({ db, tables }) => {
      if (tables.hasEarlier) {
        await retried(db, () => db.batch([insertToken(db, token, tables)]));
        return { begun: true, known: undefined };
      }
      const look = tables.accounts.select(db, owner);
      const begins = beginSession(db, { tables, owner, token });
      return retried(db, async (lost) => {
        const there = lost === undefined ? [] : [selectSessionOf(db, token.jti)];
        const results = await db.batch<Row>([begins, ...look, ...there]);
        const wasBegun = lost !== undefined && results.at(-1)?.results.length === 1;
        return { begun: wasBegun || results[0]?.results.length === 1, known: knownOwner(results[1]) };
      });
    });
  const first = await begin();
  if (first.begun) return first.known;
  if (!first.known) {
    const { account } = await learnOwner(stores, owner);
    // The caller's second look says what has become of the user.
    if (!account.user) return undefined;
    const second = await begin();
    if (second.begun) return second.known;
  }
  throw new Refusal("store_unavailable");
}

const isSame = (one: KnownOwner, other: KnownOwner): boolean =>
  one.id === other.id &&
  one.is_active === other.is_active &&
  one.passwordFingerprint === other.passwordFingerprint &&
  one.issuedBeforeSeconds >= other.issuedBeforeSeconds;

/**
 * The session's database says whether the token has ended. The users' database says who the user is, and of one who is no
 * user in the other, up to which second all tokens were ended; and of a token of another issuer, whether it was revoked.
 */
async function tokenStatus(
  { users, databases }: SpreadStores,
  keys: RevocationKeys | undefined,
  lookup: UserLookup | undefined,
  mayBeStale: boolean,
): Promise<TokenStatus> {
  const reader = mayBeStale ? users.withSession("first-unconstrained") : users;
  const owner = keys?.user;
  const isForeign = keys?.jti !== undefined && isForeignKey(keys.jti);
  const statements = [
    ...(owner ? [selectIssuedBefore(reader, owner)] : []),
    ...(isForeign ? [selectEnded(reader, { ...keys, session: undefined, user: undefined }, withUsers)] : []),
    ...(lookup ? [selectUser(reader, lookup)] : []),
  ];
  const [inSessions, inUsers] = await Promise.all([
    keys && databases.at(owner ?? "no user", (place) => endedIn(place, keys)),
    statements.length === 0 ? [] : reader.batch<Row>(statements),
  ]);
  const isRevoked = isForeign && inUsers[owner ? 1 : 0]?.results[0]?.ended === 1;
  const issuedBeforeSeconds = owner && !inSessions?.isKnown ? issuedBeforeFrom(inUsers[0]?.results[0]) : 0;
  return {
    ended:
      isRevoked || inSessions?.isEnded === true || (keys !== undefined && keys.issuedAtSeconds < issuedBeforeSeconds),
    user: lookup && userFrom(inUsers.at(-1)?.results[0]),
  };
}

async function endedIn({ db, tables }: SessionPlace, keys: RevocationKeys) {
  const owner = keys.user ? tables.accounts.select(db, keys.user) : [];
  const [ended, known] = await db.batch<Row>([selectEnded(db, keys, tables), ...owner]);
  return { isEnded: ended?.results[0]?.ended === 1, isKnown: (known?.results[0]?.is_active ?? null) !== null };
}
