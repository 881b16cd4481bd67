// `tokens`: lists the refresh and sliding tokens that were issued.

import { normalUsername } from "../../src/users/user-rules.ts";
import { listTokens, type TokenRow } from "../database/token-rows.ts";
import { requireUser } from "../database/users.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { isoTime, textTable } from "../shared/terminal.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withDatabase } from "./command.ts";

const DEFAULT_LIMIT = 100;

const flags = {
  user: { type: "string" },
  blacklisted: { type: "boolean" },
  limit: { type: "string" },
  json: { type: "boolean" },
  ...placeFlags,
} as const;

const help = `npm run manage -- tokens [flags]

Lists the refresh and sliding tokens that were issued, the newest first. Access tokens are not stored.
The database has ids and no tokens, so nothing that is listed can be used to log in.

  --user NAME        only tokens of this user
  --blacklisted      only tokens that were used or revoked
  --limit N          at most N; default ${DEFAULT_LIMIT}
  --json             as JSON, for programs, with times in seconds since 1970:
                     npm run --silent manage -- tokens --json
${placeHelp}`;

const head = ["id (jti)", "type", "user", "created", "expires", "blacklisted"];

function cells(token: TokenRow): string[] {
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

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  checkPlace(values);
  const limit = readLimit(values.limit);
  const username = values.user === undefined ? undefined : normalUsername(values.user);
  const { tokens, more } = await withDatabase(values, async (database) => {
    const user = username === undefined ? undefined : await requireUser(database, username);
    return listTokens(database, { userId: user?.id, blacklisted: values.blacklisted === true, limit });
  });
  if (values.json === true) console.log(JSON.stringify(tokens, null, 2));
  else if (tokens.length === 0) console.log("There are no such tokens.");
  else for (const line of textTable(head, tokens.map(cells))) console.log(line);
  if (more) console.error(`There are more. These are the newest ${limit}. --limit shows more.`);
  return EXIT.ok;
}

export const tokensCommand: Command = { summary: "list the refresh and sliding tokens", help, run };
