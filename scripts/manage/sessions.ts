// `sessions`: lists a user's open sessions, adopts those of an earlier version, or moves them to databases of their own.
import type { LiveToken } from "../../src/stores/contract.ts";
import { adoptSessions } from "../database/adopt-sessions.ts";
import { type Bindings, settingsOf } from "../database/bindings.ts";
import { openSessions } from "../database/token-rows.ts";
import { userNamed } from "../database/users.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openProgress, type Progress } from "../shared/progress.ts";
import { isoTime, textTable } from "../shared/terminal.ts";
import {
  type Command,
  checkPlace,
  type Place,
  placeFlags,
  placeHelp,
  readUser,
  userFlags,
  userHelp,
  userModelOf,
  withBindings,
} from "./command.ts";
import { readOver, spread } from "./spread.ts";

const sessionsFlags = {
  json: { type: "boolean" },
  quiet: { type: "boolean" },
  over: { type: "string" },
  ...userFlags,
  ...placeFlags,
} as const;

const sessionsHelp = `npm run manage -- sessions USERNAME [flags]
npm run manage -- sessions adopt [--quiet] [--remote]
npm run manage -- sessions spread [--over SESSIONS_1,SESSIONS_2] [--quiet] [--remote]

Lists the user's sessions that can still be refreshed, the most recently refreshed first. A session is a log-in and every
token issued from it (docs/sessions.md). Client and address need SESSION_METADATA.

${userHelp}
  --json             as JSON, for programs: npm run --silent manage -- sessions ada --json
${placeHelp}

adopt moves the sessions that 0.2 and earlier versions began into the table of this one, in batches, and ends none. Without
it, each moves when it is refreshed. Run it when this version is deployed: the Worker of an earlier version answers 503 to
the token of such a session. If the command is stopped, run it again.

spread moves sessions to the databases that are bound as SESSIONS_1, SESSIONS_2 and so on, each user's to one of them, or
between these when there are more or fewer (docs/scaling.md). Deploy the Worker with the bindings first. It serves
meanwhile, and moves those that it meets itself. If the command is stopped, run it again. Users called adopt or spread
are named by --id.

  --over NAMES       with spread: to these of them alone, before the others are taken out of wrangler.toml
  --quiet            with adopt and spread: show no progress

  npm run manage -- sessions ada
  npm run manage -- logout ada --session ID`;

const sessionsHead = ["id", "logged in", "last refreshed", "expires", "client", "address"];

const sessionsRow = (session: LiveToken): string[] => [
  session.session,
  isoTime(session.sessionStartedAtSeconds),
  isoTime(session.createdAtSeconds),
  isoTime(session.expiresAtSeconds),
  session.client.name ?? "-",
  session.client.address ?? "-",
];

/** The fields of the sessions endpoint; null if unknown. */
const sessionsEntry = (session: LiveToken) => ({
  id: session.session,
  created_at: isoTime(session.sessionStartedAtSeconds),
  last_refreshed_at: isoTime(session.createdAtSeconds),
  expires_at: isoTime(session.expiresAtSeconds),
  client: session.client.name,
  address: session.client.address,
});

/** Returns the sentence to print. */
export async function adopt({ database, vars }: Bindings, nowSeconds: number, progress: Progress): Promise<string> {
  const { LEEWAY } = settingsOf(vars, ["LEEWAY"]);
  progress.step(`Adopting the sessions of earlier versions in the ${database.place} database`);
  const { adopted, more } = await adoptSessions(database, nowSeconds - LEEWAY, progress.at);
  const what = adopted === 1 ? "1 session of an earlier version is" : `${adopted} sessions of an earlier version are`;
  const rest = more
    ? "More were begun meanwhile: run it again when the Worker of that version has stopped."
    : "Nothing is left to adopt.";
  return `${adopted === 0 ? "" : `${what} adopted in the ${database.place} database. `}${rest}`;
}

interface SpreadValues extends Place {
  readonly quiet?: boolean | undefined;
  readonly over?: string | undefined;
}

async function runInSteps(
  values: SpreadValues,
  work: (bindings: Bindings, nowSeconds: number, progress: Progress) => Promise<string>,
): Promise<number> {
  const progress = openProgress(values.quiet === true);
  const nowSeconds = Math.floor(Date.now() / 1000);
  try {
    const sentence = await withBindings(values, (bindings) => work(bindings, nowSeconds, progress));
    progress.end();
    console.log(sentence);
    return EXIT.ok;
  } finally {
    progress.end();
  }
}

async function runSessions(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, sessionsFlags, 1);
  checkPlace(values);
  const [what] = positionals;
  const inSteps = values.id === undefined && (what === "adopt" || what === "spread");
  if (inSteps && values.json === true) throw usage("--json is for the list of a user's sessions.");
  if (values.over !== undefined && !(inSteps && what === "spread")) throw usage("--over requires spread.");
  if (inSteps && what === "adopt") return runInSteps(values, adopt);
  if (inSteps) {
    const over = readOver(values.over);
    return runInSteps(values, (bindings, nowSeconds, progress) => spread(bindings, over, nowSeconds, progress));
  }
  if (values.quiet === true) throw usage("--quiet requires adopt or spread.");
  const word = readUser(positionals, values, "sessions");
  const nowSeconds = Math.floor(Date.now() / 1000);
  const { sessions, username } = await withBindings(values, async (bindings) => {
    const user = await userNamed(bindings.database, userModelOf(bindings), word);
    return { sessions: await openSessions(bindings, user, nowSeconds), username: user.username };
  });
  if (values.json === true) console.log(JSON.stringify(sessions.map(sessionsEntry), null, 2));
  else if (sessions.length === 0) console.log(`'${username}' has no open session.`);
  else for (const line of textTable(sessionsHead, sessions.map(sessionsRow))) console.log(line);
  return EXIT.ok;
}

export const sessionsCommand: Command = {
  summary: "list a user's open sessions; adopt earlier ones; spread them over databases",
  help: sessionsHelp,
  flags: sessionsFlags,
  words: ["adopt", "spread"],
  run: runSessions,
};
