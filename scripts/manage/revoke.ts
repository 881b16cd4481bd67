// `revoke`: blacklists one refresh or sliding token, as the blacklist endpoint does.
import { type Bindings, storesOf } from "../database/bindings.ts";
import { findToken } from "../database/token-rows.ts";
import { EXIT, Failure, reasonOf, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { isoTime } from "../shared/terminal.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

const help = `npm run manage -- revoke ID [flags]

Blacklists the refresh or sliding token with this id (jti), first in the database, then in KV. npm run manage -- tokens
lists the ids. If the token is already blacklisted, only KV is updated. Access tokens issued from a refresh token stay
valid until they expire, as with Simple JWT.

${placeHelp}

  npm run manage -- revoke 2e5f3d4c6b7a49818f0e1d2c3b4a5968`;

/** Blacklists the token in D1, then in KV. Returns the sentence to print. Fails if there is no such token. */
export async function revokeToken(bindings: Bindings, jti: string, nowSeconds: number): Promise<string> {
  const { place } = bindings.database;
  const row = await findToken(bindings.database, jti);
  if (row === null) {
    throw new Failure(
      `There is no token with the id '${jti}' in the ${place} database. npm run manage -- tokens lists them.`,
    );
  }
  const token = {
    jti,
    type: row.token_type,
    userId: row.user_id ?? undefined,
    createdAtSeconds: row.created_at,
    expiresAtSeconds: row.expires_at,
  };
  const { tokens, announce } = storesOf(bindings);
  const done = await tokens.blacklist("no user", token, nowSeconds);
  await announce?.(jti, row.expires_at, nowSeconds).catch((error: unknown) => {
    throw new Failure(
      `'${jti}' is blacklisted in the ${place} database, but KV could not be updated: ${reasonOf(error)} Run the command again.`,
    );
  });
  if (done) {
    const expired = row.expires_at <= nowSeconds ? "; it had already expired" : "";
    return `Blacklisted '${jti}' in the ${place} database${expired}.`;
  }
  const since = row.blacklisted_at === null ? "" : ` since ${isoTime(row.blacklisted_at)}`;
  return `'${jti}' was already blacklisted in the ${place} database${since}.`;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, placeFlags, 1);
  checkPlace(values);
  const [jti] = positionals;
  if (jti === undefined || jti === "") throw usage("ID is missing: npm run manage -- revoke ID");
  const nowSeconds = Math.floor(Date.now() / 1000);
  console.log(await withBindings(values, (bindings) => revokeToken(bindings, jti, nowSeconds)));
  return EXIT.ok;
}

export const revokeCommand: Command = { summary: "blacklist one token by its id", help, run };
