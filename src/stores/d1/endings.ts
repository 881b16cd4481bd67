// Whether a token was ended by anything, in D1: by its own id, its session, or all tokens of
// its user or of everybody up to a second.
import type { RevocationKeys } from "../contract.ts";
import { everyonesCutoff } from "./cutoffs.ts";
import { earlierEndings } from "./earlier-tokens.ts";
import { createParameters } from "./parameters.ts";
import { namedEnd, tokenPlace } from "./session-state.ts";
import { allInOne, type SessionTables } from "./session-tables.ts";

/**
 * The statement that asks for everything that can have ended a token at once: `ended` is 1 or 0. A session of the token
 * itself decides the last second before all of the user's tokens were ended: it is revoked, or it was begun afterwards.
 */
export function selectEnded(
  db: Pick<D1Database, "prepare">,
  revocationKeys: RevocationKeys,
  { accounts, hasEarlier, isHere = "1" }: SessionTables = allInOne,
): D1PreparedStatement {
  const { jti, session, user, issuedAtSeconds } = revocationKeys;
  const parameters = createParameters();
  const place = jti === undefined ? undefined : tokenPlace(jti, parameters);
  const id = jti === undefined || !hasEarlier ? undefined : parameters.add(jti);
  const name = session === undefined ? undefined : parameters.add(session);
  const ways: string[] = [];
  if (place) ways.push(`EXISTS (SELECT 1 FROM sessions WHERE ${place.isEnded})`);
  if (name) ways.push(`${namedEnd(name)} IS NOT NULL`);
  if (hasEarlier) ways.push(...earlierEndings(id, name));
  const issuedBefore = user ? accounts.sql(user, parameters.add(user.value)).issuedBefore : everyonesCutoff;
  const issued = parameters.add(issuedAtSeconds);
  const isKnown = [
    ...(place ? [`EXISTS (SELECT 1 FROM sessions WHERE ${place.row})`] : []),
    ...(id ? [`EXISTS (SELECT 1 FROM outstanding_tokens WHERE jti = ${id})`] : []),
  ];
  const when = isKnown.length === 0 ? issued : `${issued} + (${isKnown.join(" OR ")})`;
  ways.push(`${issuedBefore} > ${when}`);
  return db.prepare(`SELECT ${isHere} AS here, ${ways.join(" OR ")} AS ended`).bind(...parameters.values);
}
