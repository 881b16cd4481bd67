// `explain`: what the gateway does with a request, check by check.
// Must never print the token, take it from the command line, or send the request anywhere.

import { apiKeyFrom, prefixOf } from "../../src/auth/api-key-header.ts";
import type { Configuration } from "../../src/configuration.ts";
import { Refusal } from "../../src/errors.ts";
import { subprotocolHeader } from "../../src/http/subprotocols.ts";
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
import { asPlaceFailure } from "../database/session-stores.ts";
import { timeClaims } from "../explain/checks.ts";
import { type DecodedToken, decodeToken, shown, shownMembers, timeInWords } from "../explain/decode-token.ts";
import { type Explanation, explainRequest, type RequestInput } from "../explain/explain-request.ts";
import { refusalOf } from "../explain/explain-token.ts";
import { reportLines } from "../explain/report.ts";
import { type ExplainStores, setUpExplain } from "../explain/services.ts";
import { headerValue, readToken, signAgain, unsignedNote } from "../explain/token-input.ts";
import { EXIT, Failure, settingsFailure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { isoTime } from "../shared/terminal.ts";
import type { Command } from "./command.ts";

/** The request would be refused: another code than that of a command that failed. */
const REFUSED = 3;

const flags = {
  method: { type: "string" },
  path: { type: "string" },
  host: { type: "string" },
  websocket: { type: "boolean" },
  header: { type: "string", multiple: true },
  now: { type: "string" },
  offline: { type: "boolean" },
  json: { type: "boolean" },
  ...whichFlags,
} as const;

const help = `npm run manage -- explain --path PATH [flags] < TOKEN

Explains how the gateway handles a request with the token on standard input: every check in the Worker's order, with its
result, the rule of ROUTES that matched, and what the client and the API would get. The checks are made by the Worker's
own code. Nothing is sent or written, and the token is never printed. Empty standard input means a request without a
token. On a terminal, the token is prompted for and not shown. With API_KEYS, "Api-Key PREFIX.SECRET" is an API key.

  --path PATH        the request's path, optionally with a query; required
  --method NAME      the request's method; default GET
  --host NAME        the host that the client asks, for $subdomain; default gateway.example
  --websocket        the request opens a WebSocket; with WEBSOCKET_TOKEN, the token is offered as a subprotocol
  --header NAME:VALUE  another header of the request, for $header.Name; can be repeated
  --now TIME         a time other than now: seconds since 1970, or ISO 8601 such as 2026-01-31T12:00:00Z
  --offline          use no database: skips user, blacklist and revocation
  --json             as JSON, for programs: npm run --silent manage -- explain --json
${whichHelp}

Without flags, it uses the gateway of npm start and its database. With --remote, it uses the deployed database, through
wrangler, and does not see what KV currently returns. Provide the key with --secrets-file; otherwise everything but the
signature is checked.

Exit codes: 0 forwarded to the API or answered by the gateway itself, 3 would be refused, 1 could not be determined,
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

/** A header out of `--header`. The token comes on standard input alone. */
export function readHeader(line: string, { headerPlan }: Configuration): readonly [name: string, value: string] {
  const [, name = "", value = ""] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x20-\x7e]*)$/.exec(line) ?? [];
  if (name === "") throw usage(`--header must be a name, a colon and a value, such as "X-Tenant: acme".`);
  if (["authorization", "cookie", headerPlan.authHeader].includes(name.toLowerCase())) {
    throw usage("Do not put a token on the command line, where other users of this machine can read it.");
  }
  return [name, value];
}

/** The token as a subprotocol. It is never offered alone: a browser would not open the WebSocket. */
function offering(
  token: string,
  headers: ReadonlyArray<readonly [name: string, value: string]>,
): readonly [name: string, value: string] {
  const isOffered = headers.some(([name]) => name.toLowerCase() === subprotocolHeader);
  return [subprotocolHeader, `${isOffered ? "" : "example, "}bearer.${token.split(" ").at(-1)}`];
}

/** A request to explain. */
export interface Question {
  readonly method: string;
  readonly path: string;
  /** Empty for a request without a token. */
  readonly token: string;
  readonly nowSeconds: number;
  readonly host?: string | undefined;
  /** `Name: value`, as `--header` has them. */
  readonly headers?: readonly string[] | undefined;
  readonly websocket?: boolean | undefined;
}

/** @param stores undefined with --offline */
export async function explainWith(
  reading: WhichReading,
  stores: ExplainStores | undefined,
  { method, path, token, nowSeconds, host, headers = [], websocket = false }: Question,
): Promise<Explanation> {
  const { configuration, errors, hasPlaceholderKey } = reading;
  if (errors.length > 0 || configuration === undefined) throw settingsFailure(errors);
  const { settings } = configuration;
  const asked = hasPlaceholderKey ? await withPlaceholderSignature(token, reading) : token;
  const others = headers.map((line) => readHeader(line, configuration));
  const isOffered = websocket && settings.WEBSOCKET_TOKEN !== null && asked !== "";
  const input: RequestInput = {
    method,
    path,
    header: isOffered ? undefined : headerValue(asked, settings.AUTH_HEADER_TYPES),
    host,
    headers: [
      ...others,
      ...(websocket ? [["upgrade", "websocket"] as const] : []),
      ...(isOffered ? [offering(asked, others)] : []),
    ],
    nowSeconds,
    offline: stores === undefined,
    unsigned: hasPlaceholderKey && settings.JWK_URL === null ? unsignedNote : undefined,
    internalRoutes: describedRoutes(settings, publishesKeys(configuration)),
  };
  if (stores === undefined && apiKeyFrom(token) !== undefined) {
    throw usage("API keys are in the database: --offline cannot explain a request with one.");
  }
  const setup = setUpExplain(configuration, reading.defaultOrigin, stores);
  const explanation = await refusalOf(() => explainRequest(setup, input));
  const isDown =
    explanation instanceof Refusal ||
    [...explanation.checks, explanation.outcome].some((one) => "reason" in one && one.reason === "store_unavailable");
  if (isDown) throw new Failure(`The database did not respond: ${setup.lastError() ?? "no reason was given"}`);
  return explanation;
}

/** With JWK_URL, tokens are verified with its keys, so the token stays as it is. */
async function withPlaceholderSignature(token: string, { configuration }: WhichReading): Promise<string> {
  if (configuration === undefined || token === "" || configuration.settings.JWK_URL !== null) return token;
  const words = token.split(" ");
  const raw = words.at(-1) ?? "";
  return [...words.slice(0, -1), await signAgain(raw, configuration)].join(" ");
}

/** Header and claims of the token, for the head of the report. */
function tokenLines({ header, claims }: DecodedToken, nowSeconds: number): string[] {
  const says = (name: string, value: unknown): string =>
    timeClaims.some((time) => time === name) && typeof value === "number"
      ? `${name} ${timeInWords(value, nowSeconds)}`
      : `${name} ${shown(value)}`;
  const list = (members: Readonly<Record<string, unknown>>): string =>
    Object.entries(members)
      .map(([name, value]) => says(name, value))
      .join(", ") || "cannot be decoded";
  return [`header  ${list(header)}`, `claims  ${list(claims)}`];
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  const { path } = values;
  const method = (values.method ?? "GET").toUpperCase();
  if (path === undefined) throw usage("--path is missing: npm run manage -- explain --path /api/notes/ < TOKEN");
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw usage("--path must begin with a slash and be ASCII, percent-encoded.");
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method))
    throw usage("--method must be the name of a method, such as GET.");
  const { host } = values;
  if (host !== undefined && !/^[A-Za-z0-9._-]+(:\d{1,5})?$/.test(host)) {
    throw usage("--host must be a host such as acme.example.com, optionally with a port.");
  }
  const nowSeconds = readNow(values.now);
  const reading = await readWhich(values);
  const token = await readToken();
  const explanation = await withStores(values.offline === true, reading.whose, values.env, (stores) =>
    explainWith(reading, stores, {
      method,
      path,
      token,
      nowSeconds,
      host,
      headers: values.header,
      websocket: values.websocket,
    }),
  );
  const key = apiKeyFrom(token);
  const isToken = token !== "" && key === undefined;
  const seen = !isToken ? null : shownMembers(decodeToken(token.split(" ").at(-1) ?? ""), reading.settings);
  if (values.json === true) {
    const asked = { now: nowSeconds, request: { method, path } };
    console.log(JSON.stringify({ ...asked, token: seen, ...explanation }, null, 2));
  } else {
    const about = `${method} ${path} at ${isoTime(nowSeconds)}, ${reading.whose} configuration`;
    const without = key === undefined ? "no token" : `API key ${prefixOf(key) ?? "(malformed)"}`;
    const lines = seen === null ? [without] : tokenLines(seen, nowSeconds);
    for (const line of reportLines(explanation, [about, ...lines])) console.log(line);
    const forwarded = explanation.outcome.kind === "forwarded" && explanation.outcome.url.startsWith(LOCAL_API);
    if (reading.hasLocalApi && forwarded) console.log(`${LOCAL_API} stands for the API behind npm start.`);
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
    const sessions = new Map([...bindings.sessions].map(([name, { d1 }]) => [name, d1] as const));
    return await work({ d1: bindings.d1, sessions, kv: isLocal ? bindings.kv : undefined });
  } catch (error) {
    throw asPlaceFailure(error);
  } finally {
    await bindings.database.close();
  }
}

export const explainCommand: Command = { summary: "explain how a request with a token is handled", help, flags, run };
