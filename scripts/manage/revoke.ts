// `revoke`: puts one refresh or sliding token out of use, as the blacklist endpoint does.
// Must never say that it is done before the database has it.
import { type Bindings, storesOf } from "../database/bindings.ts";
import { findToken } from "../database/token-rows.ts";
import { EXIT, Failure, reasonOf, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { isoTime } from "../shared/iso-time.ts";
import { type Command, checkPlace, placeFlags, placeHelp } from "./command.ts";
import { withBindings } from "./with-bindings.ts";

const help = `npm run manage -- revoke ID [flags]

Blacklists the refresh or sliding token with this id (jti): in the database, which is the truth, and in KV, which
tells every edge. npm run manage -- tokens lists the ids. A token that is blacklisted already stays so, and KV is
told once more. Access tokens that were made from a refresh token live on until they expire, as with Simple JWT.

${placeHelp}

  npm run manage -- revoke 2e5f3d4c6b7a49818f0e1d2c3b4a5968`;

/** Blacklists the token and tells KV; gives the sentence to print. Fails when there is no such token. */
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
      `'${jti}' is blacklisted in the ${place} database, but KV could not be told: ${reasonOf(error)} Run it again.`,
    );
  });
  if (done) {
    const expired = row.expires_at <= nowSeconds ? "; it had expired before" : "";
    return `'${jti}' is blacklisted in the ${place} database now${expired}.`;
  }
  const since = row.blacklisted_at === null ? "" : ` since ${isoTime(row.blacklisted_at)}`;
  return `'${jti}' was blacklisted in the ${place} database already${since}.`;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, placeFlags, 1);
  checkPlace(values);
  const [jti] = positionals;
  if (jti === undefined || jti === "") throw usage("Which token? npm run manage -- revoke ID");
  const nowSeconds = Math.floor(Date.now() / 1000);
  console.log(await withBindings(values, (bindings) => revokeToken(bindings, jti, nowSeconds)));
  return EXIT.ok;
}

export const revokeCommand: Command = { summary: "blacklist one token by its id", help, run };
