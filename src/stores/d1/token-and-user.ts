// Reads a token together with its user from D1, in one round trip; from the tables of an earlier version in two.
import type { Owner } from "../contract.ts";
import type { Account, TokenAndUser, TokenQuestion } from "../token-state.ts";
import { issuedBeforeFrom, selectEveryonesCutoff } from "./cutoffs.ts";
import { isEarlierToken, readEarlierToken } from "./earlier-tokens.ts";
import { createParameters } from "./parameters.ts";
import { selectSession, stateFrom } from "./session-state.ts";
import type { SessionPlace } from "./session-tables.ts";

type Row = Record<string, unknown>;
type Results = readonly D1Result<Row>[];

/** The statements of a look at an owner's account, to stand last in a batch. Of nobody, up to which second all tokens were ended. */
export function selectAccount({ db, tables }: SessionPlace, owner: Owner): readonly D1PreparedStatement[] {
  return owner === "no user" ? [selectEveryonesCutoff(db)] : tables.accounts.select(db, owner);
}

/** What they say, out of the results of the whole batch. */
export function accountOf(
  { tables: { accounts } }: SessionPlace,
  owner: Owner,
  results: Results,
): Account & Pick<TokenAndUser, "wholeUser"> {
  if (owner !== "no user") return accounts.from(results.slice(-accounts.statements));
  return { user: undefined, wholeUser: undefined, issuedBeforeSeconds: issuedBeforeFrom(results.at(-1)?.results[0]) };
}

/** The statement that reads a token's session. */
export function selectState({ db, tables }: SessionPlace, jti: string): D1PreparedStatement {
  const parameters = createParameters();
  const earlier = tables.hasEarlier ? isEarlierToken(parameters.add(jti)) : "0";
  return selectSession(db, jti, parameters, { earlier, here: tables.isHere ?? "1" });
}

/** That a token is in the table of an earlier version only, as the row of selectState() says. */
export const isEarlier = (row: Row | undefined): boolean => row?.id === null && row.earlier === 1;

export async function tokenAndUser(
  place: SessionPlace,
  owner: Owner,
  jti: string | undefined,
  { usedSinceSeconds }: TokenQuestion,
): Promise<TokenAndUser> {
  const statements = [...(jti === undefined ? [] : [selectState(place, jti)]), ...selectAccount(place, owner)];
  // A token without a user has no account, and without a blacklist no state either.
  const results = jti === undefined && owner === "no user" ? [] : await place.db.batch<Row>(statements);
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
export async function foundIn(place: SessionPlace, found: Found): Promise<TokenAndUser> {
  const { owner, jti, row, results, usedSinceSeconds } = found;
  const { user, wholeUser, issuedBeforeSeconds } = accountOf(place, owner, results);
  if (jti === undefined) return { user, wholeUser, issuedBeforeSeconds: 0, blacklisted: false, state: undefined };
  const state = isEarlier(row)
    ? await readEarlierToken(place.db, jti, usedSinceSeconds)
    : stateFrom(jti, row, usedSinceSeconds);
  return { user, wholeUser, issuedBeforeSeconds, blacklisted: state?.blacklistedAtSeconds !== undefined, state };
}
