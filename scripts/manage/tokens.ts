// `tokens`, `revoke` and `flushexpiredtokens`: the refresh and sliding tokens that were issued.
// Must never delete the row of a session with a token that is still accepted.
import type { TokenStore } from "../../src/stores/contract.ts";
import { spreadTokens } from "../../src/stores/spread/tokens.ts";
import { foreignKey } from "../../src/tokens/foreign-key.ts";
import { type Bindings, settingsOf, storesOf } from "../database/bindings.ts";
import { withNotes } from "../database/command-notes.ts";
import { endForeignToken, requireIssuer } from "../database/end-foreign.ts";
import { hasSessionDatabases, overDatabases, ownerOfId } from "../database/session-stores.ts";
import { findToken, listTokens, type TokenRow } from "../database/token-rows.ts";
import { userNamed } from "../database/users.ts";
import { EXIT, Failure, reasonOf, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openProgress, type Progress } from "../shared/progress.ts";
import { isoTime, textTable } from "../shared/terminal.ts";
import { type Command, checkPlace, placeFlags, placeHelp, readUser, userModelOf, withBindings } from "./command.ts";

const DEFAULT_LIMIT = 100;

const tokensFlags = {
  user: { type: "string" },
  "user-id": { type: "string" },
  blacklisted: { type: "boolean" },
  limit: { type: "string" },
  json: { type: "boolean" },
  ...placeFlags,
} as const;

const tokensHelp = `npm run manage -- tokens [flags]

Lists the last refresh or sliding token of each session, the newest first; those that it replaced are used up. Access
tokens are not stored. The database has ids and no tokens, so nothing that is listed can be used to log in.

  --user NAME        only tokens of this user
  --user-id ID       the same, by the user's id
  --blacklisted      only tokens that were revoked
  --limit N          at most N; default ${DEFAULT_LIMIT}
  --json             as JSON, for programs, with times in seconds since 1970:
                     npm run --silent manage -- tokens --json
${placeHelp}

  npm run manage -- tokens --user ada
  npm run manage -- tokens --blacklisted --limit 20 --remote`;

const tokensHead = ["id (jti)", "type", "user", "created", "expires", "blacklisted"];

function tokensCells(token: TokenRow): string[] {
  return [
    token.jti,
    token.token_type,
    token.username ?? "-",
    isoTime(token.created_at),
    isoTime(token.expires_at),
    token.blacklisted_at === null ? "-" : isoTime(token.blacklisted_at),
  ];
}

/** Reads --limit; fails on anything but a positive integer. */
export function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw usage(`--limit must be a whole number above 0; it is '${text}'.`);
  return Number(text);
}

async function runTokens(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, tokensFlags);
  checkPlace(values);
  const limit = readLimit(values.limit);
  const { user: name, "user-id": id } = values;
  if (name !== undefined && id !== undefined) throw usage("Name the user by --user or by --user-id, not by both.");
  const word =
    name === undefined && id === undefined
      ? undefined
      : readUser(name === undefined ? [] : [name], { id }, "tokens --user");
  const { tokens, more } = await withBindings(values, async (bindings) => {
    const { database } = bindings;
    const user = word === undefined ? undefined : await userNamed(database, userModelOf(bindings), word);
    return listTokens(bindings, { userId: user?.id, blacklisted: values.blacklisted === true, limit });
  });
  if (values.json === true) console.log(JSON.stringify(tokens, null, 2));
  else if (tokens.length === 0) console.log("There are no such tokens.");
  else for (const line of textTable(tokensHead, tokens.map(tokensCells))) console.log(line);
  if (more) console.error(`There are more. These are the newest ${limit}. --limit shows more.`);
  return EXIT.ok;
}

export const tokensCommand: Command = {
  summary: "list the sessions' refresh and sliding tokens",
  help: tokensHelp,
  flags: tokensFlags,
  run: runTokens,
};

// revoke blacklists one token, as the blacklist endpoint does.
const revokeHelp = `npm run manage -- revoke ID [flags]

Blacklists the refresh or sliding token with this id (jti), first in the database, then in KV. npm run manage -- tokens
lists the ids. If the token is used up or already blacklisted, only KV is updated. Access tokens issued from a refresh
token stay valid until they expire, as with Simple JWT.

With --issuer, it is a token of that issuer of ISSUERS, on routes that check revocation (docs/issuers.md).

  --issuer ISSUER    the iss of the token
  --subject SUBJECT  with --issuer: whose it is, for the audit log
${placeHelp}

  npm run manage -- revoke 2e5f3d4c6b7a49818f0e1d2c3b4a5968
  npm run manage -- revoke 5f7c8ec7c33c6c004bbafe82 --issuer https://sso.example.com/realms/main`;

const revokeFlags = { issuer: { type: "string" }, subject: { type: "string" }, ...placeFlags } as const;

/** Blacklists the token in D1, then in KV. Returns the sentence to print. Fails if there is no such token. */
export async function revokeToken(bindings: Bindings, jti: string, nowSeconds: number): Promise<string> {
  const { place } = bindings.database;
  const row = await findToken(bindings, jti);
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
  const { userId } = token;
  const user = userId === undefined ? undefined : { id: userId };
  const detail = { jti: jti.slice(0, 8) };
  const event = { type: "logout", data: { all: false } } as const;
  const telling = withNotes(bindings, { action: "token_revoked", user, detail, event }, nowSeconds);
  const { tokens, announce } = storesOf(telling);
  const done = hasSessionDatabases(bindings)
    ? await overDatabases(bindings, async (stores) =>
        spreadTokens(stores, telling.notes).blacklist(await ownerOfId(bindings, stores, userId), token, nowSeconds),
      )
    : await tokens.blacklist(user ? { column: "id", value: user.id } : "no user", token, nowSeconds);
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

async function runRevoke(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, revokeFlags, 1);
  checkPlace(values);
  const [jti] = positionals;
  if (jti === undefined || jti === "") throw usage("ID is missing: npm run manage -- revoke ID");
  const { issuer, subject } = values;
  if (subject !== undefined && issuer === undefined) throw usage("--subject requires --issuer.");
  const nowSeconds = Math.floor(Date.now() / 1000);
  const sentence = await withBindings(values, (bindings) =>
    issuer === undefined
      ? revokeToken(bindings, jti, nowSeconds)
      : revokeForeignToken(bindings, { issuer, subject, jti }, nowSeconds),
  );
  console.log(sentence);
  return EXIT.ok;
}

/** Returns the sentence to print. Whether there is such a token, only its issuer knows. */
export async function revokeForeignToken(
  bindings: Bindings,
  token: Parameters<typeof endForeignToken>[1] & { readonly subject: string | undefined },
  nowSeconds: number,
): Promise<string> {
  requireIssuer(bindings, token.issuer);
  const detail = { issuer: token.issuer, jti: token.jti.slice(0, 8) };
  const user = token.subject === undefined ? undefined : { id: foreignKey(token.issuer, token.subject) };
  const telling = withNotes(bindings, { action: "token_revoked", user, detail }, nowSeconds);
  const done = await endForeignToken(telling, token, nowSeconds);
  const { place } = bindings.database;
  return `'${token.jti}' of ${token.issuer} ${done ? "is" : "was already"} revoked in the ${place} database.`;
}

export const revokeCommand: Command = {
  summary: "blacklist one token by its id",
  help: revokeHelp,
  flags: revokeFlags,
  run: runRevoke,
};

// flushexpiredtokens is Simple JWT's command of that name. The Worker's cron trigger does the same every hour.

/** Rows deleted by one statement: ten times the Worker's batch, because a statement may start wrangler. */
/** As the cron trigger: every refresh waits for one statement. */
const BATCH_ROWS = 1000;

const flushFlags = { quiet: { type: "boolean" }, ...placeFlags } as const;

const flushHelp = `npm run manage -- flushexpiredtokens [flags]

Deletes the rows of expired sessions, ${BATCH_ROWS} at a time, until none is left. A token that expired less than
LEEWAY ago (the setting in wrangler.toml) is still accepted, so its row is kept that long. The deployed Worker does
this once an hour, on the cron trigger in wrangler.toml.

  --quiet            show no progress
${placeHelp}

  npm run manage -- flushexpiredtokens --remote`;

/** Returns the number of deleted rows. */
export async function flushExpired(bindings: Bindings, nowSeconds: number, progress: Progress): Promise<number> {
  const { LEEWAY } = settingsOf(bindings.vars, ["LEEWAY"]);
  const deleteAll = async ({ deleteExpired }: Pick<TokenStore, "deleteExpired">): Promise<number> => {
    let total = 0;
    for (;;) {
      const went = await deleteExpired(nowSeconds - LEEWAY, BATCH_ROWS);
      total += went;
      if (went < BATCH_ROWS) return total;
      progress.step(`${total} rows deleted so far`);
    }
  };
  return hasSessionDatabases(bindings)
    ? overDatabases(bindings, (stores) => deleteAll(spreadTokens(stores)))
    : deleteAll(storesOf(bindings).tokens);
}

async function runFlush(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flushFlags);
  checkPlace(values);
  const progress = openProgress(values.quiet === true);
  const nowSeconds = Math.floor(Date.now() / 1000);
  try {
    const deleted = await withBindings(values, (bindings) => flushExpired(bindings, nowSeconds, progress));
    progress.end();
    const rows = deleted === 1 ? "1 expired row" : `${deleted} expired rows`;
    console.log(`Deleted ${rows} from the ${values.remote === true ? "remote" : "local"} database.`);
    return EXIT.ok;
  } finally {
    progress.end();
  }
}

export const flushExpiredTokensCommand: Command = {
  summary: "delete the rows of expired sessions",
  help: flushHelp,
  flags: flushFlags,
  run: runFlush,
};
