// A request told check by check, in the Worker's order, with what the client and the API would get.
// Must never say anything of the outcome that the Worker's own pipeline has not said.

import type { Identity } from "../../src/auth/authenticate.ts";
import { readBearerToken } from "../../src/auth/bearer-token.ts";
import { createRequestContext } from "../../src/context.ts";
import { type Reason, Refusal, refusals } from "../../src/errors.ts";
import { answerRefusal } from "../../src/http/refusal.ts";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { openUploads } from "../../src/http/uploads.ts";
import { internalRouteOf } from "../../src/internal-routes/table.ts";
import { createProxy } from "../../src/proxy/pipeline.ts";
import { matchRule } from "../../src/proxy/routes/match.ts";
import { canonicalPath } from "../../src/proxy/routes/path.ts";
import { meetsClaim, type Rule } from "../../src/proxy/routes/rule.ts";
import { type DescribedRoute, ruleInWords } from "../configuration/routes.ts";
import { type Check, classChecks, codecChecks, notReached, userChecks } from "./checks.ts";
import { explainRevocation } from "./explain-revocation.ts";
import { ambiguity, unmatched } from "./explain-route.ts";
import { explainToken, refusalOf } from "./explain-token.ts";
import { shown } from "./peek.ts";
import { shownHeaders } from "./shown-headers.ts";
import type { Wired } from "./wired.ts";

export interface RequestInput {
  readonly method: string;
  /** Path and query as a client would send them. */
  readonly path: string;
  /** The value of AUTH_HEADER_NAME; undefined for a request without one. */
  readonly header: string | undefined;
  readonly nowSeconds: number;
  readonly offline: boolean;
  readonly unsigned: string | undefined;
  readonly internalRoutes: readonly DescribedRoute[];
}

/** What becomes of the request. */
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

/** Host of the made-up request: no rule looks at it. */
const BASE = "https://gateway.example";

export async function explainRequest(wired: Wired, input: RequestInput): Promise<Explanation> {
  const { deps } = wired;
  const request = madeUp(input, deps.headerPlan.authHeader);
  const checks: Check[] = [];
  const path = await refusalOf(() => canonicalPath(readRequestUrl(request.url)));
  if (path instanceof Refusal) {
    checks.push({ check: "path", verdict: "failed", detail: "could be read in two ways", reason: path.reason });
    return finish(wired, input, request, null, [...checks, notReached("route"), ...allNotReached()]);
  }
  checks.push({ check: "path", verdict: "passed", detail: `can be read in one way: ${shown(path.decoded)}` });
  const own = internalRouteOf(input.internalRoutes, input.method, path.decoded);
  if (own) {
    checks.push({ check: "route", verdict: "passed", detail: `${own.path} is the gateway's own` });
    return { rule: null, checks, outcome: { kind: "own", path: own.path, what: own.what } };
  }
  const rule = await refusalOf(() => matchRule(wired.rules, input.method, path, deps.stricterPaths));
  if (rule instanceof Refusal) {
    const ambiguous = rule.reason === "path_ambiguous";
    const detail = ambiguous ? await ambiguity(wired, input.method, path) : unmatched(wired.rules, path.decoded);
    checks.push({ check: "route", verdict: "failed", detail, reason: rule.reason });
    return finish(wired, input, request, null, [...checks, ...allNotReached()]);
  }
  const index = wired.rules.indexOf(rule);
  const found = { index, path: rule.path, auth: rule.auth };
  // Each claim of `require` has a row of its own.
  const detail = `ROUTES[${index}]: ${ruleInWords(rule, ["require"])}`;
  checks.push({ check: "route", verdict: "passed", detail });
  checks.push(...(await tokenChecks(wired, input, request, rule)));
  return finish(wired, input, request, found, checks);
}

/** The request as a client would send it, with a path that no parser has repaired, and any method. */
function madeUp({ method, path, header }: RequestInput, authHeader: string): Request {
  const request = new Request(`${BASE}/`, { headers: header === undefined ? {} : { [authHeader]: header } });
  Object.defineProperty(request, "url", { value: `${BASE}${path}` });
  Object.defineProperty(request, "method", { value: method });
  return request;
}

async function tokenChecks(wired: Wired, input: RequestInput, request: Request, rule: Rule): Promise<Check[]> {
  const { deps } = wired;
  const check = "token";
  if (rule.auth === "public") return [{ check, verdict: "not asked", detail: 'auth = "public" looks at none' }];
  const presented = await refusalOf(() => readBearerToken(deps.settings, deps.headerPlan, request));
  if (presented instanceof Refusal) {
    const detail = "the header has another form than SCHEME TOKEN";
    return [{ check, verdict: "failed", detail, reason: presented.reason }, ...tokenRows()];
  }
  if (presented === undefined && rule.auth === "optional") {
    return [{ check, verdict: "passed", detail: 'there is none, and auth = "optional" needs none' }];
  }
  if (presented === undefined) {
    const accepted = deps.settings.AUTH_HEADER_TYPES.join(" or ");
    const detail = `there is none (accepted: ${deps.headerPlan.authHeader}: ${accepted} TOKEN)`;
    return [{ check, verdict: "failed", detail, reason: "credentials_missing" }, ...tokenRows()];
  }
  const there: Check = { check, verdict: "passed", detail: `in ${deps.headerPlan.authHeader}` };
  const { nowSeconds, offline, unsigned } = input;
  const token = { token: presented.token, rule, nowSeconds, offline, unsigned };
  const { checks, authenticated } = await explainToken(deps, token);
  if (authenticated === undefined) return [there, ...checks, notReached("revocation"), ...requireRows(rule, undefined)];
  const revocation = await explainRevocation(deps, authenticated, token);
  const open = revocation.verdict === "failed" ? undefined : authenticated.identity;
  return [there, ...checks, revocation, ...requireRows(rule, open)];
}

/** @param identity undefined when an earlier check failed */
function requireRows(rule: Rule, identity: Identity | undefined): Check[] {
  let isOpen = identity !== undefined;
  return [...rule.require].map(([name, wanted]): Check => {
    const check = `require ${name}`;
    if (!isOpen || identity === undefined) return notReached(check);
    isOpen = meetsClaim(identity.claims, name, wanted);
    const has = Object.hasOwn(identity.claims, name) ? shown(identity.claims[name]) : "no such claim";
    if (isOpen) return { check, verdict: "passed", detail: `is ${has}` };
    const detail = `must be ${JSON.stringify(wanted)}; the token has ${has}`;
    return { check, verdict: "failed", detail, reason: "permission_denied" };
  });
}

const tokenRows = (): Check[] =>
  [...codecChecks, ...classChecks, ...userChecks, { check: "revocation" }].map(({ check }) => notReached(check));

const allNotReached = (): Check[] => [notReached("token"), ...tokenRows()];

/** What the pipeline itself makes of the request; what it refuses after all these checks gets a row of its own. */
async function finish(
  wired: Wired,
  input: RequestInput,
  request: Request,
  rule: Explanation["rule"],
  checks: readonly Check[],
): Promise<Explanation> {
  const { deps } = wired;
  const context = createRequestContext(request, deps.newId(), input.nowSeconds * 1000, openUploads());
  const outcome = await createProxy(deps)(request, context);
  const forwarded = wired.forwarded();
  const known = checks.some(({ verdict }) => verdict === "failed");
  const late = (reason: Reason): Check => ({
    check: "forwarding",
    verdict: "failed",
    detail: shown(refusals[reason].detail),
    reason,
  });
  if ("response" in outcome && forwarded) {
    const { shadowReason } = outcome.record;
    const headers = shownHeaders(deps, forwarded.headers);
    const rows = shadowReason === undefined || known ? checks : [...checks, late(shadowReason)];
    const shadowed = shadowReason ?? null;
    return { rule, checks: rows, outcome: { kind: "forwarded", url: forwarded.url, headers, shadowed } };
  }
  const failed = "response" in outcome ? { error: undefined } : outcome;
  if (failed.error !== undefined && !(failed.error instanceof Refusal)) throw failed.error;
  const refusal = failed.error ?? new Refusal("internal_error");
  const response = answerRefusal(deps.settings, context, failed);
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
