// Health for load balancers and people: live (the Worker runs), ready (it can do its work).
// Must never show everybody more than whether each dependency works, nor anyone where the origin is.
import { createHash, timingSafeEqual } from "node:crypto";
import type { RequestContext } from "../context.ts";
import { answerJson } from "../http/answer.ts";
import type { Log } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { LoginLimiter, RevocationCache, SchemaState, SchemaStore } from "../stores/contract.ts";
import type { Metrics } from "../stores/metrics-contract.ts";
import type { Codec } from "../tokens/codec.ts";
import type { KeySourceState } from "../tokens/keys.ts";
import { type IssuerHealthDependencies, lookAtIssuers } from "./issuer-health.ts";

/** What readiness depends on, and what is shown beside it. */
export interface HealthDependencies extends IssuerHealthDependencies {
  readonly settings: Settings;
  readonly codec: Codec;
  readonly revocationCache: RevocationCache;
  readonly loginLimiter: LoginLimiter | undefined;
  readonly metrics: Metrics | undefined;
  readonly log: Log;
  readonly schema: SchemaStore;
  /** Whether the keys of JWK_URL can be had; undefined where there is no such source. */
  readonly keySource: ((nowSeconds: number) => Promise<KeySourceState>) | undefined;
}

export function answerLive(context: RequestContext): Response {
  return answerJson(context, 200, { status: "ok" });
}

/** What was found about each dependency. */
interface Checks {
  readonly settings: "ok";
  readonly database: SchemaState;
  readonly blacklist: "ok" | "off" | "failed";
  readonly keys: "ok" | "failed";
  readonly jwks: KeySourceState | "off";
  readonly limiter: "ok" | "off" | "failed";
  readonly metrics: "on" | "off";
}

const off = "off" as const;
/** Why the database is not what this version or its settings need. */
const outdated: Readonly<Partial<Record<SchemaState, string>>> = {
  outdated:
    "The database lacks what this version needs: run `npm run manage -- migrate --remote`, or run schema.sql, and before it the ALTER TABLE lines of CHANGELOG.md.",
  integer_ids:
    "The database stores user ids as integers, and USER_ID_TYPE or the last import says that they are not: run `npm run manage -- migrate --finish --remote`.",
  name_index_missing:
    'The database lacks the unique index on names that USERNAME_CASE = "insensitive" needs: run `npm run manage -- migrate --remote`.',
};
const limiterFailed = "LOGIN_LIMITER does not work: log-ins continue uncounted.";
const lastGood = "JWK_URL cannot be read: the last good keys are used, for at most six hours.";

/**
 * 200 when everything that a request may need works, 503 otherwise. Everybody learns whether each dependency works, as
 * it was found within the last five seconds. Whoever sends HEALTH_KEY in `X-Health-Key` gets a new look, all checks in
 * full, and the warnings: those of the settings, and what stops nothing but should be looked at. Log-ins go on while the
 * limiter fails, so that is a warning. So is an issuer of ISSUERS whose keys cannot be read: only its own tokens need them.
 * Issuers are looked at for HEALTH_KEY alone, and so nobody else can make the gateway send requests to them. A look is one
 * round trip to D1 and one to KV; one signature is made per isolate.
 *
 * @param warnings of the settings, without their values
 */
export function readiness(
  deps: HealthDependencies,
  warnings: readonly string[],
): (context: RequestContext, presentedKey: string | null) => Promise<Response> {
  const look = lookAt(deps);
  const remembered = remembering(look);
  const isHealthKey = secretComparison(deps.settings.HEALTH_KEY);
  return async (context, presentedKey) => {
    if (presentedKey !== null && isHealthKey(presentedKey)) {
      const [checks, issuers] = await Promise.all([look(context.nowSeconds), lookAtIssuers(deps, context.nowSeconds)]);
      return answer(context, isReady(checks), {
        checks: withStatus({ ...full(checks), issuers: issuers.status }),
        warnings: [...warnings, ...warningsOf(checks), ...issuers.warnings],
      });
    }
    const checks = await remembered(context.nowSeconds);
    return answer(context, checks !== undefined && isReady(checks), {
      checks: checks ? withStatus(open(checks)) : {},
    });
  };
}

function answer(context: RequestContext, ready: boolean, more: object): Response {
  const body = { status: ready ? "ok" : "failed", ...more };
  return answerJson(context, ready ? 200 : 503, body, {
    headers: ready ? {} : { "retry-after": String(rememberedSeconds) },
  });
}

function lookAt(deps: HealthDependencies): (nowSeconds: number) => Promise<Checks> {
  let signs: boolean | undefined;
  let logged = "";
  return async (nowSeconds) => {
    const [database, revocationCache, keys, jwks, limiter] = await Promise.all([
      deps.schema.check(),
      deps.settings.TOKEN_BLACKLIST_ENABLED ? deps.revocationCache.ping().then(okOrFailed) : off,
      signs ?? canSign(deps),
      deps.keySource?.(nowSeconds) ?? off,
      deps.loginLimiter?.ping().then(okOrFailed) ?? off,
    ]);
    signs = keys;
    const metrics = deps.metrics ? "on" : "off";
    const checks = { database, blacklist: revocationCache, keys: okOrFailed(keys), jwks, limiter, metrics } as const;
    const warnings = warningsOf(checks);
    // Once, and not at each look.
    if (warnings.join() !== logged && warnings.length > 0) deps.log("settings_warnings", { warnings });
    logged = warnings.join();
    return { settings: "ok", ...checks };
  };
}

const okOrFailed = (works: boolean): "ok" | "failed" => (works ? "ok" : "failed");

/** Whether SIGNING_KEY signs: claims that are no token of any class, thrown away. */
function canSign({ codec }: HealthDependencies): Promise<boolean> {
  return codec.sign({}).then(
    () => true,
    () => false,
  );
}

function isReady({ database, blacklist, keys, jwks }: Checks): boolean {
  return database === "ok" && blacklist !== "failed" && keys !== "failed" && jwks !== "failed";
}

function warningsOf({ database, jwks, limiter }: Omit<Checks, "settings">): string[] {
  return [
    ...(outdated[database] === undefined ? [] : [outdated[database]]),
    ...(jwks === "last_good" ? [lastGood] : []),
    ...(limiter === "failed" ? [limiterFailed] : []),
  ];
}

/** For whoever has the key: the warning says in which way a database is outdated. */
const full = (checks: Checks) => ({
  ...checks,
  database: outdated[checks.database] === undefined ? checks.database : "outdated",
});

/** What everybody may know: only what readiness depends on, and only whether it works. A limiter that is off is an invitation. */
function open({ settings, database, blacklist, keys, jwks }: Checks) {
  return {
    settings,
    database: okOrFailed(database === "ok"),
    blacklist,
    keys,
    jwks: jwks === "last_good" ? "ok" : jwks,
  };
}

function withStatus(checks: object): Readonly<Record<string, { readonly status: string }>> {
  return Object.fromEntries(Object.entries(checks).map(([name, status]) => [name, { status }]));
}

/** Compares by digests of one length, in constant time. @param secret null: nothing is equal to it */
function secretComparison(secret: string | null): (presented: string) => boolean {
  if (secret === null) return () => false;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const right = digest(secret);
  return (presented) => timingSafeEqual(digest(presented), right);
}

/** How long a finding is given to everybody who asks. */
const rememberedSeconds = 5;
/** While a new look is under way, or its request has gone, the last finding serves for no longer than this. */
const staleSeconds = 30;
/** Looks that may begin within `rememberedSeconds` while nothing is known, as when a store does not answer. */
const mostLooks = 10;

/**
 * Looks at most once in `rememberedSeconds`, and `mostLooks` times while no look has ended yet. Each request awaits
 * only the look that it began itself.
 *
 * @returns what was found; undefined while nothing is known and as many looks as may be are under way
 */
export function remembering<T>(
  look: (nowSeconds: number) => Promise<T>,
): (nowSeconds: number) => Promise<T | undefined> {
  let known: { readonly found: T; readonly atSeconds: number } | undefined;
  let begun = { sinceSeconds: Number.NEGATIVE_INFINITY, looks: 0 };
  return async (nowSeconds) => {
    const age = known === undefined ? Number.POSITIVE_INFINITY : nowSeconds - known.atSeconds;
    if (known && age < rememberedSeconds) return known.found;
    if (nowSeconds - begun.sinceSeconds >= rememberedSeconds) begun = { sinceSeconds: nowSeconds, looks: 0 };
    if (known && age < staleSeconds && begun.looks > 0) return known.found;
    if (begun.looks >= mostLooks) return undefined;
    begun.looks++;
    const found = await look(nowSeconds);
    if (known === undefined || known.atSeconds <= nowSeconds) known = { found, atSeconds: nowSeconds };
    return found;
  };
}
