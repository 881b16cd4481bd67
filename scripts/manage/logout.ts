// `logout`: ends all tokens of a user, or one session.

import { namesSession } from "../../src/settings/derived.ts";
import { normalUsername } from "../../src/users/user-rules.ts";
import { type Bindings, settingsOf } from "../database/bindings.ts";
import { endSession, endUserTokens } from "../database/end-user.ts";
import { openSessions } from "../database/token-rows.ts";
import { requireUser, type User } from "../database/users.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

const flags = { session: { type: "string" }, ...placeFlags } as const;

const help = `npm run manage -- logout USERNAME [flags]

Ends all tokens of the user issued so far: refresh and sliding tokens at once, access tokens on routes that check
revocation (docs/revocation.md says how soon). The user can log in again; use deactivate to prevent that.

  --session ID       end only this session (npm run manage -- sessions USERNAME lists the ids). Its access tokens end
                     only if they name it: with BLACKLIST_ENDS_SESSION or REVOKE_FAMILY_ON_REUSE
${placeHelp}

  npm run manage -- logout ada
  npm run manage -- logout ada --session 5e1f0c1a3b9d4d0d8a0f2f0f6c9b7a11`;

/** Returns the sentence to print. */
export async function logout(
  bindings: Bindings,
  user: User,
  session: string | undefined,
  nowSeconds: number,
): Promise<string> {
  const { database, vars } = bindings;
  const { TOKEN_BLACKLIST_ENABLED } = settingsOf(vars, ["TOKEN_BLACKLIST_ENABLED"]);
  if (!TOKEN_BLACKLIST_ENABLED) {
    throw new Failure("TOKEN_BLACKLIST_ENABLED is false: tokens are not stored and cannot be ended.");
  }
  const open = await openSessions(database, user, nowSeconds);
  const of = `of '${user.username}' in the ${database.place} database`;
  if (session === undefined) {
    await endUserTokens(bindings, user, undefined, nowSeconds);
    const count = open.length === 1 ? "1 open session" : `${open.length} open sessions`;
    return `All tokens ${of} are ended; there were ${count}.`.replace("were 1 ", "was 1 ");
  }
  if (!open.some((one) => one.session === session)) {
    throw new Failure(`There is no open session '${session}' ${of}. npm run manage -- sessions lists them.`);
  }
  await endSession(bindings, session, nowSeconds);
  const named = namesSession(settingsOf(vars, ["BLACKLIST_ENDS_SESSION", "REVOKE_FAMILY_ON_REUSE"]));
  const rest = named ? "" : " Its access tokens do not name it and stay valid until they expire.";
  return `The session '${session}' ${of} is ended.${rest}`;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const [given] = positionals;
  if (given === undefined) throw usage("USERNAME is missing: npm run manage -- logout USERNAME");
  if (values.session === "") throw usage("--session needs the id of a session.");
  const username = normalUsername(given);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const sentence = await withBindings(values, async (bindings) =>
    logout(bindings, await requireUser(bindings.database, username), values.session, nowSeconds),
  );
  console.log(sentence);
  return EXIT.ok;
}

export const logoutCommand: Command = { summary: "end all tokens of a user, or one session", help, run };
