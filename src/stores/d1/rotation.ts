// Rotates a token in D1, and finds out what became of a rotation whose reply was lost.
// Must never give a successor to two callers.
import { writeTokenId } from "../../tokens/token-id.ts";
import type { Owner, Rotation, RotationTerms } from "../contract.ts";
import type { TokenAndUser } from "../token-state.ts";
import { adoptSessionOf } from "./earlier-tokens.ts";
import { isWrongDatabase, type StoreLog } from "./errors.ts";
import { rotateToken } from "./rotation-sql.ts";
import type { SessionPlace } from "./session-tables.ts";
import { foundIn, isEarlier, selectAccount, selectState } from "./token-and-user.ts";

type Row = Record<string, unknown>;

/**
 * One transaction: what is known of the token and its user, and the successor in its place. When the reply is lost the row
 * is asked once more: it may have been written all the same.
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
  try {
    const { earlier, ...rotation } = await attempt();
    if (!earlier || rotation.found.blacklisted) return rotation;
    await adoptSessionOf(db, jti, terms.newKey).run();
    return await attempt();
  } catch (error) {
    if (isWrongDatabase(error)) throw error;
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
