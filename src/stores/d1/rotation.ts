// Rotates a token in D1, and finds out what became of a rotation whose reply was lost.
// Must never give a successor to two callers, nor report reuse because a reply was lost.
import { writeTokenId } from "../../tokens/token-id.ts";
import type { Owner, Rotation, RotationTerms } from "../contract.ts";
import type { TokenAndUser } from "../token-state.ts";
import { adoptSessionOf } from "./earlier-tokens.ts";
import { isWrongDatabase, type StoreLog } from "./errors.ts";
import { retried } from "./retry.ts";
import { rotateToken } from "./rotation-sql.ts";
import type { SessionPlace } from "./session-tables.ts";
import { foundIn, isEarlier, selectAccount, selectState } from "./token-and-user.ts";

type Row = Record<string, unknown>;

/** What a rotation came to, and the failure before it; undefined where there was none. */
interface Outcome {
  readonly rotation: Rotation;
  readonly lost: unknown;
}

/**
 * One transaction: what is known of the token and its user, and the successor in its place. When the reply is lost it is
 * tried again, and finds its own mark if it was written all the same; where a retry is not right, the row is read once more.
 */
export async function rotate(
  place: SessionPlace,
  log: StoreLog,
  owner: Owner,
  terms: RotationTerms,
): Promise<Rotation> {
  const { db, tables } = place;
  const { jti } = terms.used;
  const look = () => [selectState(place, jti), ...selectAccount(place, owner)];
  const attempt = async (): Promise<Rotation & { readonly earlier: boolean }> => {
    const looks = look();
    const results = await db.batch<Row>([...looks, ...rotateToken(db, { tables, owner, terms })]);
    const row = results[0]?.results[0];
    const written = results.slice(looks.length).flatMap((result) => result.results)[0];
    const found = {
      owner,
      jti,
      row,
      results: results.slice(0, looks.length),
      usedSinceSeconds: terms.usedSinceSeconds,
    };
    const known = await foundIn(place, found);
    // It was asked before, in the place that the session was in: the reply was lost, and the session has moved since.
    if (!written && isOurRotation(row, terms, known)) return { ...ourRotation(row, known), earlier: false };
    return {
      successorJti: written && writeTokenId(String(written.id), Number(written.counter)),
      found: known,
      earlier: isEarlier(row),
    };
  };
  const attemptAll = async (lost?: unknown): Promise<Outcome> => {
    const { earlier, ...rotation } = await attempt();
    if (!earlier || rotation.found.blacklisted) return { rotation, lost };
    await adoptSessionOf(db, jti, terms.newKey).run();
    return { rotation: await attempt(), lost };
  };
  const lookAgain = async (lost: unknown): Promise<Outcome> => {
    if (isWrongDatabase(lost)) throw lost;
    const results = await db.batch<Row>(look());
    const row = results[0]?.results[0];
    const found = await foundIn(place, { owner, jti, row, results, usedSinceSeconds: terms.usedSinceSeconds });
    if (!found.blacklisted) throw lost;
    log("store_failed", { store: "d1", error: lost instanceof Error ? lost.message : String(lost) });
    const rotation = isOurRotation(row, terms, found) ? ourRotation(row, found) : { successorJti: undefined, found };
    return { rotation, lost };
  };
  const { rotation, lost } = await retried(db, attemptAll).catch(lookAgain);
  return lost !== undefined && looksLikeReuse(rotation) ? withoutSuccessor(rotation) : rotation;
}

/**
 * Whether the token was used up by another rotation than this one, out of the grace. After a lost reply that need not be
 * reuse: the token may have been good when it came, and another call may have used it since.
 */
const looksLikeReuse = ({ successorJti, found: { state } }: Rotation): boolean =>
  successorJti === undefined && state?.successorJti !== undefined && !state.sessionEnded && state.newest === undefined;

/** Refused as one that was logged out, which ends no session. */
const withoutSuccessor = ({ found }: Rotation): Rotation => ({
  successorJti: undefined,
  found: { ...found, state: found.state && { ...found.state, successorJti: undefined } },
});

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
