// What the database says of API keys: those that end soon, and those whose hash is still a costly one.
// Must never show more of a key than its prefix.
import type { Database } from "../database/database.ts";
import { sqlInteger } from "../database/sql.ts";
import { isoTime } from "../shared/terminal.ts";
import { type Finding, reporting } from "./findings.ts";

/** Time enough to give a client another key. */
const soonSeconds = 14 * 86_400;

export async function apiKeyFindings(database: Database, nowSeconds: number): Promise<readonly Finding[]> {
  const keys = reporting("API keys");
  const [row] = await database.read(
    `SELECT COUNT(*) AS good, SUM(hashed_key NOT LIKE 'sha512$$%') AS costly,
       SUM(expires_at <= ${sqlInteger(nowSeconds + soonSeconds)}) AS ending, MIN(expires_at) AS first_end
     FROM api_keys WHERE revoked_at IS NULL AND COALESCE(expires_at > ${sqlInteger(nowSeconds)}, true)`,
  );
  const { good, costly, ending } = {
    good: Number(row?.good),
    costly: Number(row?.costly),
    ending: Number(row?.ending),
  };
  const findings: Finding[] = [];
  if (ending > 0) {
    const first = isoTime(Number(row?.first_end));
    findings.push(
      keys.warning(
        `${ending === 1 ? "1 key expires" : `${ending} keys expire`} within two weeks, the first at ${first}.`,
        "npm run manage -- apikeys list shows which. Create another one for each client.",
      ),
    );
  }
  if (costly > 0) {
    const which = costly === 1 ? "1 imported key has" : `${costly} imported keys have`;
    findings.push(keys.ok(`${which} a password hash, which the first use replaces.`));
  }
  return findings.length > 0 ? findings : [keys.ok(`${good === 1 ? "1 key is" : `${good} keys are`} good.`)];
}
