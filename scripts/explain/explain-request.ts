// Explains a request check by check, in the order of the Worker, with what the client and the API would get.
// Must never show another outcome than that of the Worker's own proxy.

import { apiKeyFrom } from "../../src/auth/api-key-header.ts";
import type { Identity } from "../../src/auth/authenticate.ts";
import { readBearerToken } from "../../src/auth/bearer-token.ts";
import { createRequestContext } from "../../src/context.ts";
import { type Reason, Refusal, refusals } from "../../src/errors.ts";
import { answerRefusal } from "../../src/http/refusal.ts";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { subprotocolHeader } from "../../src/http/subprotocols.ts";
import { openUploads } from "../../src/http/uploads.ts";
import { internalRouteOf } from "../../src/internal-routes/table.ts";
import { apiKeyHeader } from "../../src/proxy/headers/header-names.ts";
import { createProxy } from "../../src/proxy/pipeline.ts";
import { nameOf } from "../../src/proxy/routes/loose-rules.ts";
import { matchRule, stricterReadingOf } from "../../src/proxy/routes/match.ts";
import { type CanonicalPath, canonicalPath } from "../../src/proxy/routes/path.ts";
import { type Rule, unmet } from "../../src/proxy/routes/rule.ts";
import { type DescribedRoute, ruleInWords } from "../configuration/routes.ts";
import { type Check, classChecks, codecChecks, notReached, userChecks } from "./checks.ts";
import { shown } from "./decode-token.ts";
import { explainApiKey } from "./explain-api-key.ts";
import { explainForeign, explainForeignUser, foreignIssuerOf, unknownIssuerRow } from "./explain-foreign.ts";
import { explainRevocation } from "./explain-revocation.ts";
import { explainToken, refusalOf } from "./explain-token.ts";
import type { ExplainServices, ExplainSetup } from "./services.ts";

export interface RequestInput {
  readonly method: string;
  /** Path and query as a client would send them. */
  readonly path: string;
  /** The value of AUTH_HEADER_NAME; undefined for a request without one. */
  readonly header: string | undefined;
  /** The host that the client asks; a name of no meaning where it is left out. */
  readonly host?: string | undefined;
  /** Headers besides that one. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]> | undefined;
  readonly nowSeconds: number;
  readonly offline: boolean;
  readonly unsigned: string | undefined;
  readonly internalRoutes: readonly DescribedRoute[];
}

/** What happens to the request. */
export type Outcome =
  | { readonly kind: "own"; readonly path: string; readonly what: string }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly reason: Reason;
      readonly challenge: string | null;
      readonly body: unknown;
    }
  | {
      readonly kind: "forwarded";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Why it would have been refused, on a route with enforce = false. */
      readonly shadowed: Reason | null;
    };

export interface Explanation {
  readonly rule: { readonly index: number; readonly path: string; readonly auth: string } | null;
  readonly checks: readonly Check[];
  readonly outcome: Outcome;
}

/** Host of the request, which only `$subdomain` uses. */
const HOST = "gateway.example";

/** Without the outcome. */
type Findings = Omit<Explanation, "outcome">;

export async function explainRequest(setup: ExplainSetup, input: RequestInput): Promise<Explanation> {
  const { services, rules } = setup;
  const request = createRequest(input, services.headerPlan.authHeader);
  const checks: Check[] = [];
  const path = await refusalOf(() => canonicalPath(readRequestUrl(request.url)));
  if (path instanceof Refusal) {
    checks.push({ check: "path", verdict: "failed", detail: "could be read in two ways", reason: path.reason });
    checks.push(notReached("route"), ...allNotReached());
    return withOutcome(setup, input, request, { rule: null, checks });
  }
  checks.push({ check: "path", verdict: "passed", detail: `can be read in one way: ${shown(path.decoded)}` });
  const internal = internalRouteOf(input.internalRoutes, input.method, path.decoded);
  if (internal) {
    checks.push({ check: "route", verdict: "passed", detail: `${internal.path} is an internal route` });
    return { rule: null, checks, outcome: { kind: "own", path: internal.path, what: internal.what } };
  }
  const rule = await refusalOf(() => matchRule(rules, input.method, path, services.stricterPaths));
  if (rule instanceof Refusal) {
    const ambiguous = rule.reason === "path_ambiguous";
    const detail = ambiguous ? await ambiguity(setup, input.method, path) : unmatched(rules, path.decoded);
    checks.push({ check: "route", verdict: "failed", detail, reason: rule.reason }, ...allNotReached());
    return withOutcome(setup, input, request, { rule: null, checks });
  }
  const index = rules.indexOf(rule);
  // Each claim of `require` has a row of its own.
  const detail = `ROUTES[${index}]: ${ruleInWords(rule, ["require"])}`;
  checks.push({ check: "route", verdict: "passed", detail });
  const key =
    rule.auth === "public" ? undefined : await explainApiKey(services, rule, request, contextOf(setup, input, request));
  checks.push(...(key ?? (await tokenChecks(services, input, request, rule))), ...limitRows(rule));
  return withOutcome(setup, input, request, { rule: { index, path: rule.path, auth: rule.auth }, checks });
}

/** The request as a client would send it: any method, and a path that no URL parser has changed. */
function createRequest({ method, path, header, host = HOST, headers = [] }: RequestInput, authHeader: string): Request {
  // API keys are in Authorization, whatever the header of tokens.
  const credentials = isApiKey(header) ? "authorization" : authHeader;
  const request = new Request(`https://${HOST}/`, { headers: header === undefined ? {} : { [credentials]: header } });
  for (const [name, value] of headers) request.headers.append(name, value);
  Object.defineProperty(request, "url", { value: `https://${host}${path}` });
  Object.defineProperty(request, "method", { value: method });
  return request;
}

const isApiKey = (header: string | undefined) => apiKeyFrom(header ?? null) !== undefined;

/** Which other reading of a path there is. */
async function ambiguity({ rules, services }: ExplainSetup, method: string, path: CanonicalPath): Promise<string> {
  const { settings, stricterPaths } = services;
  const rule = await refusalOf(() => matchRule(rules, method, path, undefined));
  const stricter =
    rule instanceof Refusal ? undefined : stricterReadingOf(stricterPaths, rules.indexOf(rule), method, path);
  if (stricter === undefined) return "another reading of the path has another rule";
  const loosely = "without regard to case, a trailing slash or a format suffix the path";
  const reading = settings.PATHS === "loose" ? loosely : "without its parameters, or decoded twice, the path";
  return `${reading} falls under ${nameOf(rules, stricter)} (PATHS = ${JSON.stringify(settings.PATHS)})`;
}

/** Why a path matches no rule. */
function unmatched(rules: readonly Rule[], path: string): string {
  const others = rules.filter(
    ({ decoded, isPrefix }) => path === decoded || (isPrefix && path.startsWith(`${decoded}/`)),
  );
  const methods = [...new Set(others.flatMap((rule) => [...(rule.methods ?? [])]))];
  return methods.length === 0 ? "no rule of ROUTES matches this path" : `this path only allows ${methods.join(", ")}`;
}

async function tokenChecks(
  services: ExplainServices,
  input: RequestInput,
  request: Request,
  rule: Rule,
): Promise<Check[]> {
  const { settings, headerPlan } = services;
  const check = "token";
  if (rule.auth === "public") return [{ check, verdict: "not asked", detail: 'auth = "public" checks no token' }];
  const bearerToken = await refusalOf(() => readBearerToken(settings, headerPlan, request));
  if (bearerToken instanceof Refusal) {
    const detail = bearerToken.reason.startsWith("websocket_")
      ? "a subprotocol bearer.TOKEN must be offered once, next to another one, and without a token in the header"
      : "the header is not of the form SCHEME TOKEN";
    return [{ check, verdict: "failed", detail, reason: bearerToken.reason }, ...tokenRows()];
  }
  if (bearerToken === undefined && rule.auth === "optional") {
    return [{ check, verdict: "passed", detail: 'there is none, and auth = "optional" needs none' }];
  }
  if (bearerToken === undefined) {
    const accepted = settings.AUTH_HEADER_TYPES.join(" or ");
    const detail = `there is none (accepted: ${headerPlan.authHeader}: ${accepted} TOKEN)`;
    return [{ check, verdict: "failed", detail, reason: "credentials_missing" }, ...tokenRows()];
  }
  const found: Check = {
    check,
    verdict: "passed",
    detail: `in ${bearerToken.fromSubprotocol ? subprotocolHeader : headerPlan.authHeader}`,
  };
  const { nowSeconds, offline, unsigned } = input;
  const token = { token: bearerToken.token, rule, nowSeconds, offline, unsigned };
  const foreign = foreignIssuerOf(services, token.token);
  const { checks, authenticated } = await (foreign
    ? explainForeign(services, foreign, token)
    : explainToken(services, token));
  const first = foreign ? [found] : [found, ...unknownIssuerRow(services, token.token)];
  if (authenticated === undefined) {
    return [...first, ...checks, notReached("revocation"), ...requireRows(rule, undefined, request)];
  }
  const revocation = await explainRevocation(services, authenticated, token);
  const identity = revocation.verdict === "failed" ? undefined : authenticated.identity;
  const required = requireRows(rule, identity, request);
  const isReached = [revocation, ...required].every(({ verdict }) => verdict === "passed" || verdict === "not asked");
  return [
    ...first,
    ...checks,
    revocation,
    ...required,
    ...(await explainForeignUser(services, authenticated, isReached)),
  ];
}

/** @param identity undefined when an earlier check failed */
function requireRows(rule: Rule, identity: Identity | undefined, request: Request): Check[] {
  const asked = { url: readRequestUrl(request.url), headers: request.headers };
  let isOpen = identity !== undefined;
  return rule.requirements.map((requirement): Check => {
    const { claim: name, wanted } = requirement;
    const check = `require ${name}`;
    if (!isOpen || identity === undefined) return notReached(check);
    const reason = unmet(requirement, identity.claims, asked);
    isOpen = reason === undefined;
    const has = Object.hasOwn(identity.claims, name) ? shown(identity.claims[name]) : "no such claim";
    if (reason === undefined) return { check, verdict: "passed", detail: `is ${has}` };
    const must =
      "value" in wanted ? JSON.stringify(wanted.value) : partInWords(rule.require.get(name), wanted.part(asked));
    return { check, verdict: "failed", detail: `must be ${must}; the token has ${has}`, reason };
  });
}

/** @param value undefined where the request has no such part, or one that could be read in two ways */
function partInWords(name: unknown, value: string | undefined): string {
  return value === undefined
    ? `${name}, which this request does not have in one reading`
    : `${JSON.stringify(value)} (${name})`;
}

function limitRows({ limit }: Rule): Check[] {
  if (limit === undefined) return [];
  const detail = `${limit.binding} counts these requests by ${limit.by}; one that is only explained is not counted`;
  return [{ check: "limit", verdict: "not asked", detail }];
}

const tokenRows = (): Check[] =>
  [...codecChecks, ...classChecks, ...userChecks, { check: "revocation" }].map(({ check }) => notReached(check));

const allNotReached = (): Check[] => [notReached("token"), ...tokenRows()];

const contextOf = ({ services }: Pick<ExplainSetup, "services">, { nowSeconds }: RequestInput, request: Request) =>
  createRequestContext(request, services.newId(), nowSeconds * 1000, openUploads());

/** Adds what the proxy itself does with the request. What it refuses after all these checks gets a row of its own. */
async function withOutcome(
  { services, forwarded: forwardedBy }: ExplainSetup,
  input: RequestInput,
  request: Request,
  { rule, checks }: Findings,
): Promise<Explanation> {
  const context = contextOf({ services }, input, request);
  const outcome = await createProxy(services)(request, context);
  const forwarded = forwardedBy();
  const known = checks.some(({ verdict }) => verdict === "failed");
  const late = (reason: Reason): Check => ({
    check: "forwarding",
    verdict: "failed",
    detail: shown(refusals[reason].detail),
    reason,
  });
  if ("response" in outcome && forwarded) {
    const { shadowReason } = outcome.record;
    const headers = shownHeaders(services, request, forwarded.headers);
    const rows = shadowReason === undefined || known ? checks : [...checks, late(shadowReason)];
    const shadowed = shadowReason ?? null;
    return { rule, checks: rows, outcome: { kind: "forwarded", url: forwarded.url, headers, shadowed } };
  }
  const failed = "response" in outcome ? { error: undefined } : outcome;
  if (failed.error !== undefined && !(failed.error instanceof Refusal)) throw failed.error;
  const refusal = failed.error ?? new Refusal("internal_error");
  const response = answerRefusal(services.settings, context, failed);
  const reason = refusal.more.because ?? refusal.reason;
  return {
    rule,
    checks: known ? checks : [...checks, late(reason)],
    outcome: {
      kind: "refused",
      status: response.status,
      reason,
      challenge: response.headers.get("www-authenticate"),
      body: await response.json(),
    },
  };
}

/** The headers about the caller. Token and assertion are named, not shown: whoever has one can use it. */
function shownHeaders(
  { settings, headerPlan: { authHeader } }: ExplainServices,
  request: Request,
  headers: Headers,
): Readonly<Record<string, string>> {
  const rows: Array<readonly [string, string]> = [];
  for (const header of ["X-Token-Issuer", "X-Token-Subject", ...Object.keys(settings.IDENTITY_HEADERS)]) {
    const value = headers.get(header);
    if (value !== null) rows.push([header, value]);
  }
  if (headers.has(apiKeyHeader)) rows.push(["X-Api-Key-Id", headers.get(apiKeyHeader) ?? ""]);
  if (headers.has("x-forwarded-prefix")) rows.push(["X-Forwarded-Prefix", headers.get("x-forwarded-prefix") ?? ""]);
  const isSent = headers.get(authHeader) === request.headers.get(authHeader);
  const asWhat = isSent ? "(as the client sent it)" : "(a token of the gateway's own, for 60 s)";
  if (headers.has(authHeader)) rows.push([authHeader, asWhat]);
  if (headers.has("x-gateway-assertion")) rows.push(["X-Gateway-Assertion", "(signed anew for each request)"]);
  return Object.fromEntries(rows);
}
