// `sessions`: lists a user's open sessions.

import type { LiveToken } from "../../src/stores/contract.ts";
import { normalUsername } from "../../src/users/user-rules.ts";
import { openSessions } from "../database/token-rows.ts";
import { requireUser } from "../database/users.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { isoTime, textTable } from "../shared/terminal.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withDatabase } from "./command.ts";

const flags = { json: { type: "boolean" }, ...placeFlags } as const;

const help = `npm run manage -- sessions USERNAME [flags]

Lists the user's sessions that can still be refreshed, the most recently refreshed first. A session is a log-in and every
token issued from it (docs/sessions.md). Client and address need SESSION_METADATA.

  --json             as JSON, for programs: npm run --silent manage -- sessions ada --json
${placeHelp}

  npm run manage -- sessions ada
  npm run manage -- logout ada --session ID`;

const head = ["id", "logged in", "last refreshed", "expires", "client", "address"];

const row = (session: LiveToken): string[] => [
  session.session,
  isoTime(session.sessionStartedAtSeconds),
  isoTime(session.createdAtSeconds),
  isoTime(session.expiresAtSeconds),
  session.client.name ?? "-",
  session.client.address ?? "-",
];

/** The fields of the sessions endpoint; null if unknown. */
const entry = (session: LiveToken) => ({
  id: session.session,
  created_at: isoTime(session.sessionStartedAtSeconds),
  last_refreshed_at: isoTime(session.createdAtSeconds),
  expires_at: isoTime(session.expiresAtSeconds),
  client: session.client.name,
  address: session.client.address,
});

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const [given] = positionals;
  if (given === undefined) throw usage("USERNAME is missing: npm run manage -- sessions USERNAME");
  const username = normalUsername(given);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const sessions = await withDatabase(values, async (database) =>
    openSessions(database, await requireUser(database, username), nowSeconds),
  );
  if (values.json === true) console.log(JSON.stringify(sessions.map(entry), null, 2));
  else if (sessions.length === 0) console.log(`'${username}' has no open session.`);
  else for (const line of textTable(head, sessions.map(row))) console.log(line);
  return EXIT.ok;
}

export const sessionsCommand: Command = { summary: "list a user's open sessions", help, run };
