// `logout`: ends all tokens of a user, one session, or the tokens of everybody.
import { namesSession } from "../../src/settings/derived.ts";
import { foreignKey } from "../../src/tokens/foreign-key.ts";
import { type Bindings, settingsOf } from "../database/bindings.ts";
import { withNotes } from "../database/command-notes.ts";
import { countOpenSessions, endTokensOfEveryone, mostCounted } from "../database/end-everyone.ts";
import { endForeignUser, requireIssuer } from "../database/end-foreign.ts";
import { endSession, endUserTokens } from "../database/end-user.ts";
import { openSessions } from "../database/token-rows.ts";
import { type User, userNamed } from "../database/users.ts";
import { confirm, requireTerminal } from "../shared/confirm.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
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

const logoutFlags = {
  session: { type: "string" },
  all: { type: "boolean" },
  issuer: { type: "string" },
  subject: { type: "string" },
  "dry-run": { type: "boolean" },
  yes: { type: "boolean" },
  ...userFlags,
  ...placeFlags,
} as const;

const logoutHelp = `npm run manage -- logout USERNAME [flags]
npm run manage -- logout --all [--dry-run] [--yes] [--remote]
npm run manage -- logout --issuer ISSUER --subject SUBJECT [--remote]

Ends all tokens of the user issued so far: refresh and sliding tokens at once, access tokens on routes that check
revocation (docs/revocation.md says how soon). The user can log in again; use deactivate to prevent that.

With --all, the tokens of everybody end, and all log-ins to the admin page: after a leak, or after a database was restored,
which makes used tokens good again (docs/incidents.md). If it fails half-way, run it again.

With --issuer and --subject, the tokens that an issuer of ISSUERS has issued to somebody end, on routes that check revocation
(docs/issuers.md).

${userHelp}
  --session ID       end only this session (npm run manage -- sessions USERNAME lists the ids). Its access tokens end
                     only if they name it: with BLACKLIST_ENDS_SESSION or REVOKE_FAMILY_ON_REUSE
  --all              end the tokens of everybody
  --issuer ISSUER    the iss of the tokens
  --subject SUBJECT  whom the issuer names, as in X-Token-Subject
  --dry-run          with --all: write nothing; say what would end
  --yes              with --all: do not ask for confirmation
${placeHelp}

  npm run manage -- logout ada
  npm run manage -- logout ada --session 5e1f0c1a3b9d4d0d8a0f2f0f6c9b7a11
  npm run manage -- logout --all --remote
  npm run manage -- logout --issuer https://sso.example.com/realms/main --subject f3b1c6e0-8a4d`;

/** Returns the sentence to print. */
export async function logout(
  bindings: Bindings,
  user: User,
  session: string | undefined,
  nowSeconds: number,
): Promise<string> {
  const { database, vars } = bindings;
  requireBlacklist(bindings);
  const open = await openSessions(bindings, user, nowSeconds);
  const of = `of '${user.username}' in the ${database.place} database`;
  if (session === undefined) {
    const event = { type: "logout", data: { all: true } } as const;
    const telling = withNotes(bindings, { action: "user_logged_out", user, event }, nowSeconds);
    await endUserTokens(telling, user, undefined, nowSeconds);
    const count = open.length === 1 ? "1 open session" : `${open.length} open sessions`;
    return `All tokens ${of} are ended; there were ${count}.`.replace("were 1 ", "was 1 ");
  }
  if (!open.some((one) => one.session === session)) {
    throw new Failure(`There is no open session '${session}' ${of}. npm run manage -- sessions lists them.`);
  }
  const event = { type: "logout", data: { all: false } } as const;
  const detail = { session: session.slice(0, 8) };
  const telling = withNotes(bindings, { action: "session_ended", user, detail, event }, nowSeconds);
  await endSession(telling, user, session, nowSeconds);
  const named = namesSession(settingsOf(vars, ["BLACKLIST_ENDS_SESSION", "REVOKE_FAMILY_ON_REUSE"]));
  const rest = named ? "" : " Its access tokens do not name it and stay valid until they expire.";
  return `The session '${session}' ${of} is ended.${rest}`;
}

/** Ends what an issuer has issued to somebody until now. Returns the sentence to print. */
export async function logOutForeign(
  bindings: Bindings,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
  nowSeconds: number,
): Promise<string> {
  requireBlacklist(bindings);
  requireIssuer(bindings, issuer);
  const name = { issuer, subject };
  const user = { id: foreignKey(issuer, subject) };
  const telling = withNotes(bindings, { action: "user_logged_out", user, detail: { issuer } }, nowSeconds);
  await endForeignUser(telling, name, nowSeconds);
  return `All tokens of '${subject}' from ${issuer} are ended in the ${bindings.database.place} database.`;
}

function requireBlacklist({ vars }: Bindings): void {
  const { TOKEN_BLACKLIST_ENABLED } = settingsOf(vars, ["TOKEN_BLACKLIST_ENABLED"]);
  if (!TOKEN_BLACKLIST_ENABLED) {
    throw new Failure("TOKEN_BLACKLIST_ENABLED is false: tokens are not stored and cannot be ended.");
  }
}

/** How long KV can take to tell every location, at most, as far as Cloudflare says: docs/revocation.md. */
const kvSeconds = 90;

/** What logging everybody out is to do. */
interface LogoutAll {
  readonly dryRun: boolean;
  /** Asks a person; fails if the answer is no. */
  readonly ask: (question: string) => Promise<void>;
}

/** Returns the lines to print. */
export async function logoutAll(bindings: Bindings, { dryRun, ask }: LogoutAll): Promise<readonly string[]> {
  requireBlacklist(bindings);
  const place = `the ${bindings.database.place} database`;
  const open = await countOpenSessions(bindings);
  const count = `${open?.toLocaleString("en") ?? `more than ${mostCounted.toLocaleString("en")}`} open session${open === 1 ? "" : "s"}`;
  const ends = `${count} and all log-ins to the admin page`;
  if (dryRun) return [`Nothing was written (--dry-run). In ${place}, ${ends} would end.`];
  await ask(`Log everybody out? In ${place}, ${ends} end.`);
  const before = await endTokensOfEveryone(bindings);
  const { REVOCATION_CACHE_SECONDS } = settingsOf(bindings.vars, ["REVOCATION_CACHE_SECONDS"]);
  return [
    `Everybody is logged out: in ${place}, tokens issued before ${isoTime(before)} are ended. ${open === 1 ? "There was" : "There were"} ${count}.`,
    `Routes with revocation = "cached" refuse access tokens within ${kvSeconds + REVOCATION_CACHE_SECONDS} s; with "off", not before they expire.`,
  ];
}

async function runLogout(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, logoutFlags, 1);
  checkPlace(values);
  if (values.all === true) return runLogoutAll(values, positionals);
  if (values.issuer !== undefined || values.subject !== undefined) return runLogoutForeign(values, positionals);
  if (values.yes === true || values["dry-run"] === true) throw usage("--yes and --dry-run require --all.");
  const word = readUser(positionals, values, "logout");
  if (values.session === "") throw usage("--session needs the id of a session.");
  const nowSeconds = Math.floor(Date.now() / 1000);
  const sentence = await withBindings(values, async (bindings) =>
    logout(bindings, await userNamed(bindings.database, userModelOf(bindings), word), values.session, nowSeconds),
  );
  console.log(sentence);
  return EXIT.ok;
}

async function runLogoutAll(
  values: ReturnType<typeof readFlags<typeof logoutFlags>>["values"],
  positionals: readonly string[],
): Promise<number> {
  const { id, session, issuer, subject } = values;
  if (positionals.length > 0 || [id, session, issuer, subject].some((value) => value !== undefined))
    throw usage("--all ends the tokens of everybody: it takes neither a user nor --session.");
  const dryRun = values["dry-run"] === true;
  if (!dryRun && values.yes !== true) requireTerminal("log everybody out");
  const ask = async (question: string) => {
    if (values.yes !== true) await confirm(question, "Nobody was logged out.");
  };
  for (const line of await withBindings(values, (bindings) => logoutAll(bindings, { dryRun, ask }))) console.log(line);
  return EXIT.ok;
}

async function runLogoutForeign(
  values: ReturnType<typeof readFlags<typeof logoutFlags>>["values"],
  positionals: readonly string[],
): Promise<number> {
  const { issuer, subject } = values;
  if (positionals.length > 0 || values.id !== undefined || values.session !== undefined)
    throw usage("--issuer and --subject say whose tokens end: they go with neither a user nor --session.");
  if (!issuer || !subject) throw usage("--issuer and --subject go together.");
  const nowSeconds = Math.floor(Date.now() / 1000);
  const whose = { issuer, subject };
  console.log(await withBindings(values, (bindings) => logOutForeign(bindings, whose, nowSeconds)));
  return EXIT.ok;
}

export const logoutCommand: Command = {
  summary: "end all tokens of a user or of everybody, or one session",
  help: logoutHelp,
  flags: logoutFlags,
  run: runLogout,
};
