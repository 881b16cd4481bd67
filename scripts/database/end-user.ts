// Ends all tokens of a user, or one session, in one transaction with whatever else becomes of the user; then tells KV.
// Must never hold SQL or key names of its own about tokens: what it writes is what the Worker writes.

import { endedUntilSeconds, userEndedUntilSeconds } from "../../src/sessions/end-sessions.ts";
import { endAllStatements, endSessionStatements } from "../../src/stores/d1/sessions.ts";
import { spreadSessions } from "../../src/stores/spread/sessions.ts";
import { ownerOf } from "../../src/users/token-user.ts";
import type { UserIdColumn } from "../../src/users/user-id.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import { type Bindings, settingsOf, storesOf } from "./bindings.ts";
import { withLiterals } from "./d1-over-text.ts";
import { hasSessionDatabases, overDatabases, ownerIn, writeUserChange } from "./session-stores.ts";
import { sqlText } from "./sql.ts";
import { setActiveSql, setPasswordSql, type User } from "./users.ts";

/** Whose row it is; tokens name the user by one of these columns, as USER_ID_FIELD says. */
type UserNamed = Pick<User, UserIdColumn>;

/** What becomes of the user in the same transaction. */
export interface UserChange {
  /** One statement, or several. */
  readonly sql: string;
  /** What the user is afterwards; left out where that stays. */
  readonly isActive?: boolean;
  /** In the past tense, for the sentence that says what was done when KV could not be told. */
  readonly done: string;
  /** What helps then; left out where the command can simply be repeated. */
  readonly cure?: string;
}

export const changePasswordAndEndTokens = (
  bindings: Bindings,
  user: UserNamed,
  passwordHash: string,
  nowSeconds: number,
): Promise<void> => {
  const sql = setPasswordSql(user.id, passwordHash);
  return endUserTokens(bindings, user, { sql, done: "the password is changed" }, nowSeconds);
};

/** No more log-ins, refreshes and routes with `auth = "user"`; tokens from before stay ended when it is undone. */
export const deactivateAndEndTokens = (bindings: Bindings, user: UserNamed, nowSeconds: number): Promise<void> => {
  const sql = setActiveSql(user.id, false);
  return endUserTokens(bindings, user, { sql, isActive: false, done: "the user is deactivated" }, nowSeconds);
};

/** The row goes; what ended the tokens stays until they have expired. */
export const deleteAndEndTokens = (bindings: Bindings, user: UserNamed, nowSeconds: number): Promise<void> => {
  const sql = `DELETE FROM users WHERE id = ${sqlText(user.id)}`;
  return endUserTokens(bindings, user, { sql, done: "the user is deleted", cure: deletedCure }, nowSeconds);
};

const deletedCure = 'Routes with revocation = "cached" may accept the access tokens until they expire.';

const lifetimes = [
  ...(["ACCESS_TOKEN_LIFETIME", "REFRESH_TOKEN_LIFETIME", "LEEWAY"] as const),
  ...(["SLIDING_TOKEN_LIFETIME", "SLIDING_TOKEN_REFRESH_LIFETIME"] as const),
] as const;

/** Ends all tokens that were issued up to and including this second. @param remembered until when that is to be known, if not for as long as any of them could be used */
export async function endUserTokens(
  bindings: Bindings,
  user: UserNamed,
  change: UserChange | undefined,
  nowSeconds: number,
  remembered?: number,
): Promise<void> {
  const settings = settingsOf(bindings.vars, [...lifetimes, "ISSUERS", "USER_ID_FIELD", "USERNAME_FIELD"]);
  const until = remembered ?? userEndedUntilSeconds(settings, nowSeconds);
  const before = nowSeconds + 1;
  const moment = { issuedBeforeSeconds: before, untilSeconds: until, nowSeconds };
  const ending = endAllStatements({ column: "id", value: user.id }, moment).map(([sql, values]) =>
    withLiterals(sql, values),
  );
  // Last: the rows of the tokens lose their user when it goes.
  const sql = [...ending, ...(change ? [change.sql] : [])].join(";\n");
  const atSessions = { ends: change !== undefined, isActive: change?.isActive, ending: moment };
  await writeUserChange(bindings, user, atSessions, sql);
  const lookup = ownerOf(settings, user);
  const done = [...(change ? [change.done] : []), "the refresh tokens are ended"].join(" and ");
  await tellKv(done, storesOf(bindings).announceUser?.(lookup, before, until, nowSeconds), change?.cure);
}

/** Ends one session; that it is the user's has to be known already. */
export async function endSession(
  bindings: Bindings,
  user: UserNamed,
  session: string,
  nowSeconds: number,
): Promise<void> {
  const until = endedUntilSeconds(settingsOf(bindings.vars, lifetimes), nowSeconds);
  if (hasSessionDatabases(bindings)) {
    await overDatabases(bindings, (stores) =>
      spreadSessions(stores, bindings.notes).endSession(ownerIn(bindings, user), session, until, nowSeconds),
    );
  } else {
    const ending = endSessionStatements(session, until, nowSeconds).map(([sql, values]) => withLiterals(sql, values));
    await bindings.database.write(ending.join(";\n"));
  }
  await tellKv("the session is ended", storesOf(bindings).announceSession?.(session, until, nowSeconds));
}

export async function tellKv(
  done: string,
  telling: Promise<void> | undefined,
  cure = "Run the command again.",
): Promise<void> {
  await telling?.catch((error: unknown) => {
    const sentence = `${done.charAt(0).toUpperCase()}${done.slice(1)}`;
    throw new Failure(`${sentence}, but KV could not be updated: ${reasonOf(error)} ${cure}`);
  });
}
