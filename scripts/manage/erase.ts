// `erase`: takes a person out of everything that the gateway stores.
import type { Bindings } from "../database/bindings.ts";
import { erasedUntil, eraseUser, tablesWith } from "../database/erase-user.ts";
import { sqlText } from "../database/sql.ts";
import { type UserWord, userNamed } from "../database/users.ts";
import { confirm, requireTerminal } from "../shared/confirm.ts";
import { EXIT, Failure } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { isoTime } from "../shared/terminal.ts";
import {
  type Command,
  checkPlace,
  placeFlags,
  placeHelp,
  readUser,
  userFlags,
  userHelp,
  userModelOf,
  withBindings,
} from "./command.ts";

const flags = { yes: { type: "boolean" }, ...userFlags, ...placeFlags } as const;

const help = `npm run manage -- erase USERNAME [flags]

Deletes a user, ends all tokens, and takes the person out of every table: sessions (client and network), events that have
not been sent, log-ins to the admin page, the audit log (entries stay, without whose they were). Erase the person in the
API first: a user whom the API still has comes back with its next change. This cannot be undone.

What is left is the id with a time, in one table and in KV, until the access tokens that are out have expired; the cron
trigger and KV delete it. If the command fails half-way, run it again with --id. Logs, exports, and earlier states of the
database (Time Travel) are not touched (docs/incidents.md).

${userHelp}
  --yes              do not ask for confirmation
${placeHelp}

  npm run manage -- erase ada --remote
  npm run manage -- erase --id 7 --yes`;

/** Whom the words mean; by id also somebody whose row is gone, but who is still elsewhere. */
async function personOf(bindings: Bindings, word: UserWord) {
  const model = userModelOf(bindings);
  if (!("id" in word)) {
    const user = await userNamed(bindings.database, model, word);
    return { id: user.id, user, label: `'${user.username}' (id ${user.id})` };
  }
  const user = await userNamed(bindings.database, model, word).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  if (user) return { id: user.id, user, label: `'${user.username}' (id ${user.id})` };
  return { id: word.id, user: undefined, label: `the user with the id ${word.id}` };
}

/** Returns the lines to print. @param ask fails if the answer is no */
export async function erase(
  bindings: Bindings,
  word: UserWord,
  ask: (question: string) => Promise<void>,
  nowSeconds: number,
): Promise<readonly string[]> {
  const { database } = bindings;
  const { id, user, label } = await personOf(bindings, word);
  if (user === undefined && (await tablesLeft(database, id)).length === 0) {
    const sessions = await Promise.all([...bindings.sessions.values()].map((one) => isInSessions(one.database, id)));
    if (!sessions.some(Boolean))
      throw new Failure(`Nothing is stored about ${label} in the ${database.place} database.`);
  }
  await ask(`Erase ${label} from the ${database.place} database, for ever?`);
  await eraseUser(bindings, { id, user }, nowSeconds);
  const left = await tablesLeft(database, id);
  if (left.length > 0)
    throw new Failure(`${label} is still in ${left.join(", ")}. Run the command again with --id ${id}.`);
  return [
    `Erased ${label} from the ${database.place} database. All tokens are ended.`,
    `The id alone stays in user_cutoffs and in KV, and an alternate id in deleted_alternate_ids, until ${isoTime(erasedUntil(bindings, nowSeconds))}, to refuse tokens that are still out.`,
  ];
}

/** The tables that have more of the person than what refuses tokens that are still out. */
async function tablesLeft(database: Bindings["database"], id: string): Promise<readonly string[]> {
  const tables = await tablesWith(database, id);
  return tables.filter((table) => table !== "user_cutoffs" && table !== "deleted_alternate_ids");
}

async function isInSessions(database: Pick<Bindings["database"], "read">, id: string): Promise<boolean> {
  const quoted = sqlText(id);
  const [row] = await database.read(
    `SELECT EXISTS (SELECT 1 FROM sessions WHERE user_id = ${quoted}) OR EXISTS (SELECT 1 FROM owners WHERE user_id = ${quoted}) AS found`,
  );
  return row?.found === 1;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const word = readUser(positionals, values, "erase");
  if (values.yes !== true) requireTerminal("erase");
  const ask = async (question: string) => {
    if (values.yes !== true) await confirm(question, "Nobody was erased.");
  };
  const nowSeconds = Math.floor(Date.now() / 1000);
  for (const line of await withBindings(values, (bindings) => erase(bindings, word, ask, nowSeconds)))
    console.log(line);
  return EXIT.ok;
}

export const eraseCommand: Command = { summary: "take a person out of everything that is stored", help, flags, run };
