// Changes a user's password and ends the tokens that were issued before, in one transaction; then tells KV.
// Must never hold SQL or key names of its own about tokens: what it writes is what the Worker writes.
import { endedUntilSeconds } from "../../src/flows/end-sessions.ts";
import { endUserStatements } from "../../src/stores/d1-families.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import { type Bindings, settingsOf, storesOf } from "./bindings.ts";
import { withLiterals } from "./d1-over-text.ts";
import { sqlInteger, sqlText } from "./sql.ts";

/** @param user whose row it is; tokens name the user by id or name, as USER_ID_FIELD says */
export async function changePasswordAndEndTokens(
  bindings: Bindings,
  user: { readonly id: number; readonly username: string },
  passwordHash: string,
  nowSeconds: number,
): Promise<void> {
  const settings = settingsOf(bindings.vars, [
    ...(["ACCESS_TOKEN_LIFETIME", "REFRESH_TOKEN_LIFETIME", "SLIDING_TOKEN_REFRESH_LIFETIME"] as const),
    ...(["LEEWAY", "USER_ID_FIELD"] as const),
  ]);
  const until = endedUntilSeconds(settings, nowSeconds);
  // All tokens up to and including this second.
  const before = nowSeconds + 1;
  const change = `UPDATE users SET password = ${sqlText(passwordHash)} WHERE id = ${sqlInteger(user.id)}`;
  const ending = endUserStatements(user.id, before, until, nowSeconds).map(([sql, values]) =>
    withLiterals(sql, values),
  );
  await bindings.database.write([change, ...ending].join(";\n"));
  const byName = settings.USER_ID_FIELD === "username";
  const lookup = byName
    ? ({ column: "username", value: user.username } as const)
    : ({ column: "id", value: user.id } as const);
  await storesOf(bindings)
    .announceUser?.(lookup, before, until, nowSeconds)
    .catch((error: unknown) => {
      throw new Failure(
        `The password is changed and the refresh tokens are ended, but KV could not be told of it: ${reasonOf(error)} Run it again.`,
      );
    });
}
