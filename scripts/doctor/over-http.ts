// What a client can see of a gateway: whether it is there and ready, its clock, its public keys, and what it refuses.
// Must never send a token or a body, nor a request that could change something.
import type { Configuration } from "../../src/configuration.ts";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { internalRouteOf, internalRoutes } from "../../src/internal-routes/table.ts";
import { matchRule } from "../../src/proxy/routes/match.ts";
import { canonicalPath } from "../../src/proxy/routes/path.ts";
import type { Rule } from "../../src/proxy/routes/rule.ts";
import { publishesKeys } from "../configuration/which-flags.ts";
import { reasonOf } from "../shared/failure.ts";
import { endpointFindings } from "./endpoints.ts";
import { type Finding, reporting } from "./findings.ts";

/** Sends a GET that follows no redirect and ends after a few seconds. */
export type Get = (url: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;

/** How long one request may take. */
const waitMilliseconds = 10_000;

export const getOverNetwork: Get = (url, headers = {}) =>
  fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(waitMilliseconds) });

export interface Gateway {
  readonly url: string;
  readonly get: Get;
  /** HEALTH_KEY of the deployed gateway; undefined if it was not given. */
  readonly healthKey: string | undefined;
  /** This machine's clock, in milliseconds. */
  readonly now: () => number;
  /** As the files here say; undefined while they have errors. */
  readonly configuration: Configuration | undefined;
  /** Whether its signing key is the real one, and not a placeholder. */
  readonly knowsKeys: boolean;
}

/** Clocks may differ by this much: an answer takes its time, and `Date` has whole seconds. */
const clockSeconds = 5;

/** Looks at the gateway; the rest is left out where it does not answer. */
export async function lookOverHttp(gateway: Gateway): Promise<readonly Finding[]> {
  const { url, get, now } = gateway;
  const reach = reporting("reachable");
  const path = "/_gateway/health/live";
  const began = now();
  let response: Response;
  try {
    response = await get(url + path);
  } catch (error) {
    return [
      reach.error(
        `${url} does not answer: ${whyFailed(error)}`,
        "Look at the address, its DNS record and the Worker's routes.",
      ),
    ];
  }
  const body = await jsonOf(response);
  if (response.status === 503) {
    return [
      reach.error(
        `${url}${path} answers 503: ${String(body?.detail ?? "the gateway does not work")}`,
        "The settings have errors if the text says misconfigured: the errors are in the log (settings_faults) and in npm run manage -- check --remote. Correct them, or go back: npx wrangler rollback",
      ),
    ];
  }
  if (response.status !== 200 || body?.status !== "ok") {
    return [
      reach.error(
        `${url}${path} answers ${response.status}, and not as the gateway does: something else answers at this address`,
        "Look at the Worker's routes and custom domains, and at what stands before them.",
      ),
    ];
  }
  return [
    reach.ok(`${url} answers.`),
    ...clockFindings(response.headers.get("date"), began, now()),
    ...(await readyFindings(gateway)),
    ...(await keySetFindings(gateway)),
    ...(await documentFindings(gateway)),
    ...(await routeFindings(gateway)),
  ];
}

function clockFindings(date: string | null, beganMilliseconds: number, endedMilliseconds: number): readonly Finding[] {
  const clock = reporting("clock");
  const there = Date.parse(date ?? "");
  if (Number.isNaN(there)) return [clock.skipped("The response has no Date header.")];
  const early = Math.floor(beganMilliseconds / 1000) - clockSeconds;
  const late = Math.ceil(endedMilliseconds / 1000) + clockSeconds;
  const seconds = there / 1000;
  if (seconds >= early && seconds <= late) return [clock.ok("The clocks of the gateway and of this machine agree.")];
  const here = Math.round((beganMilliseconds + endedMilliseconds) / 2000);
  const by = `${Math.abs(here - seconds)} s ${here < seconds ? "behind" : "ahead of"}`;
  return [
    clock.warning(
      `The clock of this machine is ${by} the gateway's.`,
      "Set the clock that is wrong. Signed requests of provisioning are refused from 300 s on, and tokens that other machines issue from LEEWAY on.",
    ),
  ];
}

/** What each check of the ready page means, and what helps. */
const readyTexts: Readonly<Record<string, string>> = {
  database:
    "D1 does not answer, its tables are of another version, or a session database is missing: npm run manage -- doctor --remote looks at them.",
  blacklist:
    "KV cannot be read. Routes with cached revocation ask D1 meanwhile. Look at the binding BLACKLIST and at Cloudflare's status.",
  keys: "SIGNING_KEY does not sign: npm run manage -- check --secrets-file FILE says why.",
  jwks: "The keys of JWK_URL cannot be had: tokens are refused, or soon will be. Look at that address.",
  limiter: "Log-ins are not limited. Look at the binding LOGIN_LIMITER.",
  issuers: "Tokens of an issuer are refused, or soon will be; others are not affected. A warning names the issuer.",
};

async function readyFindings({ url, get, healthKey }: Gateway): Promise<readonly Finding[]> {
  const ready = reporting("ready");
  const response = await get(
    `${url}/_gateway/health/ready`,
    healthKey === undefined ? {} : { "x-health-key": healthKey },
  );
  const body = await jsonOf(response);
  const checks = isRecord(body?.checks) ? body.checks : {};
  const states = Object.entries(checks).map(
    ([name, check]) => [name, isRecord(check) ? String(check.status) : ""] as const,
  );
  const bad = states.filter(([, status]) => !["ok", "off", "on"].includes(status));
  const findings = bad.map(([name, status]) =>
    (["limiter", "issuers"].includes(name) || status === "last_good" ? ready.warning : ready.error)(
      `The ready page says that ${name} is ${status}.`,
      readyTexts[name],
    ),
  );
  if (findings.length === 0 && response.status !== 200) {
    findings.push(
      ready.error(`The ready page answers ${response.status}.`, "Ask again; look at the log (store_failed)."),
    );
  }
  if (findings.length === 0)
    findings.push(ready.ok("The ready page says that everything works that a request may need."));
  if (healthKey === undefined) {
    return [
      ...findings,
      ready.skipped(
        "Without HEALTH_KEY, the ready page shows neither the limiter of log-ins nor warnings.",
        "Pass it in the environment (HEALTH_KEY) or in --secrets-file.",
      ),
    ];
  }
  if (!Object.hasOwn(checks, "limiter")) {
    return [
      ...findings,
      ready.error(
        "The gateway does not know this HEALTH_KEY.",
        "Pass the deployed one, or store this one: npx wrangler secret put HEALTH_KEY",
      ),
    ];
  }
  const warnings = Array.isArray(body?.warnings) ? body.warnings.map(String) : [];
  const off = states.filter(([name, status]) => name === "limiter" && status === "off");
  return [
    ...findings,
    ...off.map(() =>
      ready.warning(
        "Log-ins are not limited: LOGIN_LIMITER is not bound.",
        "Bind it as wrangler.toml of the template does.",
      ),
    ),
    ...warnings.map((text) => reporting("settings").warning(text)),
  ];
}

async function keySetFindings({ url, get, configuration, knowsKeys }: Gateway): Promise<readonly Finding[]> {
  if (configuration === undefined || !publishesKeys(configuration)) return [];
  const keys = reporting("keys");
  const response = await get(`${url}/.well-known/jwks.json`);
  const body = await jsonOf(response);
  const list = Array.isArray(body?.keys) ? body.keys.filter(isRecord) : [];
  if (response.status !== 200 || list.length === 0) {
    return [
      keys.error(
        `${url}/.well-known/jwks.json answers ${response.status} without keys.`,
        "What is deployed has no asymmetric key: npm run deploy",
      ),
    ];
  }
  const { KEY_ID } = configuration.settings;
  if (knowsKeys && KEY_ID !== null && !list.some(({ kid }) => kid === KEY_ID)) {
    return [
      keys.error(
        `The JWK Set does not have the key ${KEY_ID} of your file: another key is deployed.`,
        "Deploy the file, or use the file from which was deployed last.",
      ),
    ];
  }
  return [keys.ok(`The JWK Set has ${list.length === 1 ? "1 key" : `${list.length} keys`}.`)];
}

async function documentFindings({ url, get, configuration, knowsKeys }: Gateway): Promise<readonly Finding[]> {
  if (configuration === undefined) return [];
  const document = await jsonOf(await get(`${url}/_gateway/openapi.json`));
  return endpointFindings(document, configuration, { knowsKeys, publishesKeys: publishesKeys(configuration) });
}

/** The name of a path that no API has. */
const probeName = "simplejwt-edge-doctor";

/** A path that falls under a rule, and is matched by none before it; undefined where there is none that only reads. */
export function probePathOf(configuration: Configuration, rule: Rule): string | undefined {
  const { rules, settings, stricterPaths } = configuration;
  if (rule.methods && !rule.methods.has("GET")) return undefined;
  const path = rule.isPrefix ? `${rule.decoded === "/" ? "" : rule.decoded}/${probeName}` : rule.decoded;
  try {
    const canonical = canonicalPath(readRequestUrl(`https://gateway.example${encodeURI(path)}`));
    const routes = internalRoutes(settings, true);
    if (internalRouteOf(routes, "GET", canonical.decoded)) return undefined;
    return matchRule(rules, "GET", canonical, stricterPaths) === rule ? encodeURI(path) : undefined;
  } catch {
    return undefined;
  }
}

/** The API is reached through the first public route that only reads, and routes with a token refuse requests without one. */
async function routeFindings({ url, get, configuration }: Gateway): Promise<readonly Finding[]> {
  if (configuration === undefined) return [];
  const routes = reporting("routes");
  const origin = reporting("API");
  const closed: string[] = [];
  const findings: Finding[] = [];
  let reached: Finding | undefined;
  for (const rule of configuration.rules) {
    const path = probePathOf(configuration, rule);
    if (path === undefined) continue;
    const isClosed = (rule.auth === "token" || rule.auth === "user") && rule.enforce;
    if (!isClosed && reached !== undefined) continue;
    const response = await get(url + path).catch((error: unknown) => error);
    if (!(response instanceof Response)) {
      findings.push(routes.error(`GET ${path} does not answer: ${whyFailed(response)}`));
    } else if (isClosed && response.status === 401) closed.push(rule.path);
    else if (isClosed) {
      findings.push(
        routes.error(
          `GET ${path} without a token was not refused: ${response.status}. By the files here, ${rule.path} needs one.`,
          "What is deployed is not what is here, or something else answers at this address: npm run manage -- routes, then npm run deploy",
        ),
      );
    } else reached = reachedFinding(path, response.status);
  }
  if (closed.length > 0) findings.unshift(routes.ok(`Without a token, requests are refused: ${closed.join(", ")}.`));
  return [
    ...findings,
    reached ??
      origin.skipped(
        "No route lets a request without a token through to the API, so whether it can be reached was not tried.",
      ),
  ];
}

function reachedFinding(path: string, status: number): Finding {
  const origin = reporting("API");
  if (status === 502 || status === 504) {
    const what = status === 502 ? "cannot be reached" : "does not answer in time";
    return origin.error(
      `GET ${path} answers ${status}: the API ${what}.`,
      "Look at ORIGIN_URL, and at the API and its tunnel (docs/origins.md).",
    );
  }
  if (status === 503) return origin.warning(`GET ${path} answers 503.`, "Look at the API, and at the gateway's log.");
  return origin.ok(`The API answers through the gateway (GET ${path}: ${status}).`);
}

/**
 * Whether the API answers somebody who does not come through the gateway.
 *
 * @param path one that needs a token at the gateway; the first page if there is none
 */
export async function lookAround(origin: string, path: string, get: Get): Promise<Finding> {
  const around = reporting("around the gateway");
  const address = origin.replace(/\/$/, "") + path;
  let response: Response;
  try {
    response = await get(address);
  } catch (error) {
    return around.ok(`${address} does not answer from here: ${whyFailed(error)}`);
  }
  if (response.status === 401 || response.status === 403) {
    return around.ok(
      `The API answers from here, and refuses a request without the gateway (GET ${address}: ${response.status}).`,
    );
  }
  return around.error(
    `The API answers a request that did not come through the gateway: GET ${address} is ${response.status}. Whoever finds it can send any X-User-Id.`,
    "Close it, or let it check the assertion: docs/securing-your-origin.md",
  );
}

/** Node says "fetch failed" and keeps why in the cause. */
export function whyFailed(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return `${reasonOf(cause).replace(/\.$/, "")}.`;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

async function jsonOf(response: Response): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const body: unknown = await response.json();
    return isRecord(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
