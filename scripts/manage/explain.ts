// `explain`: what the gateway makes of a request with a token, check by check.
// Must never print the token, take it from the command line, or send the request anywhere.

import { Refusal } from "../../src/errors.ts";
import { describedRoutes } from "../configuration/routes.ts";
import {
  LOCAL_API,
  publishesKeys,
  readWhich,
  type WhichReading,
  whichFlags,
  whichHelp,
} from "../configuration/which-flags.ts";
import { localBindings, remoteBindings } from "../database/bindings.ts";
import { timeClaims } from "../explain/checks.ts";
import { type Explanation, explainRequest, type RequestInput } from "../explain/explain-request.ts";
import { refusalOf } from "../explain/explain-token.ts";
import { type Peek, peek, shown, timeInWords, toldOf } from "../explain/peek.ts";
import { reportLines } from "../explain/report.ts";
import { signedAnew, unsignedNote } from "../explain/stand-in-signature.ts";
import { headerValue, readToken } from "../explain/token-input.ts";
import { type ExplainStores, wireForExplain } from "../explain/wired.ts";
import { EXIT, Failure, settingsFailure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { isoTime } from "../shared/iso-time.ts";
import type { Command } from "./command.ts";

/** The request would be refused. Of its own, so that a script can tell it from a command that failed. */
const REFUSED = 3;

const flags = {
  method: { type: "string" },
  path: { type: "string" },
  now: { type: "string" },
  offline: { type: "boolean" },
  json: { type: "boolean" },
  ...whichFlags,
} as const;

const help = `npm run manage -- explain --path PATH [flags] < TOKEN

Says what the gateway makes of a request with the token on standard input: every check in the Worker's order, which
passed, which failed, which rule of ROUTES it was, and what the client and the API would get. The Worker's own code makes
the checks. Nothing is sent anywhere, nothing is written, and the token is never printed. Nothing on standard input is a
request without a token; at a terminal the token is asked for and not shown.

  --path PATH        the request's path, with its query if you like
  --method NAME      its method; without it, GET
  --now TIME         another time than now: seconds since 1970, or ISO 8601 such as 2026-01-31T12:00:00Z
  --offline          ask no database: leaves out user, blacklist and revocation
  --json             as JSON, for programs: npm run --silent manage -- explain --json
${whichHelp}

Without flags it is the gateway of npm start with its database. With --remote it is the deployed one, through wrangler,
which knows D1 but not what KV has said meanwhile; the key comes with --secrets-file, or else all is checked but the
signature.

Exit codes: 0 goes on to the API (or is answered by the gateway itself), 3 would be refused, 1 could not be told,
2 usage error.

  printf %s "$ACCESS" | npm run manage -- explain --path /api/notes/
  npm run manage -- explain --path /api/notes/ --method DELETE --offline < token.txt
  npm run manage -- explain --path /api/notes/ --remote --secrets-file .dev.vars.production < token.txt`;

/** Whole seconds since 1970 out of `--now`. */
export function readNow(text: string | undefined): number {
  if (text === undefined) return Math.floor(Date.now() / 1000);
  const isIso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const seconds = isIso ? Math.floor(Date.parse(text) / 1000) : Number(/^\d{1,12}$/.test(text) ? text : Number.NaN);
  if (!Number.isSafeInteger(seconds)) {
    throw usage(`--now must be seconds since 1970, or a time such as 2026-01-31T12:00:00Z; it is '${text}'.`);
  }
  return seconds;
}

/** What `explain` is asked. */
export interface Question {
  readonly method: string;
  readonly path: string;
  /** Empty for a request without a token. */
  readonly token: string;
  readonly nowSeconds: number;
}

/** @param stores undefined with --offline */
export async function explainWith(
  reading: WhichReading,
  stores: ExplainStores | undefined,
  { method, path, token, nowSeconds }: Question,
): Promise<Explanation> {
  const { configuration, errors, standIn } = reading;
  if (errors.length > 0 || configuration === undefined) throw settingsFailure(errors);
  const { settings } = configuration;
  const asked = standIn ? await presentedAnew(token, reading) : token;
  const input: RequestInput = {
    method,
    path,
    header: headerValue(asked, settings.AUTH_HEADER_TYPES),
    nowSeconds,
    offline: stores === undefined,
    unsigned: standIn && settings.JWK_URL === null ? unsignedNote : undefined,
    internalRoutes: describedRoutes(settings, publishesKeys(configuration)),
  };
  const wired = wireForExplain(configuration, reading.defaultOrigin, stores);
  const explanation = await refusalOf(() => explainRequest(wired, input));
  const isDown =
    explanation instanceof Refusal ||
    [...explanation.checks, explanation.outcome].some((one) => "reason" in one && one.reason === "store_unavailable");
  if (isDown) throw new Failure(`The database does not answer: ${wired.complaint() ?? "no reason was given"}`);
  return explanation;
}

/** A token of JWK_URL's keys is checked with them: there the stand-in has no say. */
async function presentedAnew(token: string, { configuration }: WhichReading): Promise<string> {
  if (configuration === undefined || token === "" || configuration.settings.JWK_URL !== null) return token;
  const words = token.split(" ");
  const raw = words.at(-1) ?? "";
  return [...words.slice(0, -1), await signedAnew(raw, configuration)].join(" ");
}

/** What the token says of itself, for the head of the report. */
function tokenLines({ header, claims }: Peek, nowSeconds: number): string[] {
  const says = (name: string, value: unknown): string =>
    timeClaims.some((time) => time === name) && typeof value === "number"
      ? `${name} ${timeInWords(value, nowSeconds)}`
      : `${name} ${shown(value)}`;
  const list = (members: Readonly<Record<string, unknown>>): string =>
    Object.entries(members)
      .map(([name, value]) => says(name, value))
      .join(", ") || "cannot be read";
  return [`header  ${list(header)}`, `claims  ${list(claims)}`];
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  const { path } = values;
  const method = (values.method ?? "GET").toUpperCase();
  if (path === undefined) throw usage("Which path? npm run manage -- explain --path /api/notes/ < TOKEN");
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw usage("--path must begin with a slash and be ASCII, percent-encoded.");
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method))
    throw usage("--method must be the name of a method, such as GET.");
  const nowSeconds = readNow(values.now);
  const reading = await readWhich(values);
  const token = await readToken();
  const explanation = await withStores(values.offline === true, reading.whose, values.env, (stores) =>
    explainWith(reading, stores, { method, path, token, nowSeconds }),
  );
  const seen = token === "" ? null : toldOf(peek(token.split(" ").at(-1) ?? ""), reading.settings);
  if (values.json === true) {
    const asked = { now: nowSeconds, request: { method, path } };
    console.log(JSON.stringify({ ...asked, token: seen, ...explanation }, null, 2));
  } else {
    const about = `${method} ${path} at ${isoTime(nowSeconds)}, ${reading.whose} configuration`;
    const lines = seen === null ? ["no token"] : tokenLines(seen, nowSeconds);
    for (const line of reportLines(explanation, [about, ...lines])) console.log(line);
    const forwarded = explanation.outcome.kind === "forwarded" && explanation.outcome.url.startsWith(LOCAL_API);
    if (reading.standInOrigin && forwarded)
      console.log(`${LOCAL_API} stands for the API that npm start is in front of.`);
  }
  return explanation.outcome.kind === "refused" ? REFUSED : EXIT.ok;
}

async function withStores<T>(
  offline: boolean,
  whose: WhichReading["whose"],
  environment: string | undefined,
  work: (stores: ExplainStores | undefined) => Promise<T>,
): Promise<T> {
  if (offline) return work(undefined);
  const isLocal = whose === "local";
  const bindings = isLocal ? await localBindings() : await remoteBindings(environment);
  try {
    return await work({ d1: bindings.d1, kv: isLocal ? bindings.kv : undefined });
  } finally {
    await bindings.database.close();
  }
}

export const explainCommand: Command = { summary: "say what becomes of a request with a token", help, run };
