// Bindings, secrets and vars → Services. The only importer of concrete stores.
// Must never run per request: it is called once per isolate.
import { waitUntil } from "cloudflare:workers";
import { Buffer } from "node:buffer";
import { createAdministration } from "./administration/administration.ts";
import type { AppServices } from "./app.ts";
import { createApiKeys } from "./auth/api-keys.ts";
import { type Authentication, createAuthentication } from "./auth/authenticate.ts";
import { type ForeignTokenDependencies, type KnownForeignToken, withForeignTokens } from "./auth/foreign-tokens.ts";
import { createTokenCache } from "./auth/token-cache.ts";
import { type Configuration, readConfiguration } from "./configuration.ts";
import type { Hooks } from "./hooks.ts";
import { foreignIssuers, jwkUrlSource } from "./key-sources.ts";
import { alarms, type EventName, type Log } from "./log-events.ts";
import { boundOrigin, type Origin, urlOrigin, zoneOrigin } from "./proxy/forward.ts";
import { loginSender } from "./proxy/login-target.ts";
import type { Shown } from "./router.ts";
import type { Services } from "./services.ts";
import { userEndedUntilSeconds } from "./sessions/end-sessions.ts";
import { createTokenUseCases } from "./sessions/use-cases.ts";
import { bindingErrors, bindingWarnings } from "./settings/checks/check-bindings.ts";
import { provisioningKeys } from "./settings/derived.ts";
import { placedLimits } from "./settings/limits.ts";
import type { Settings } from "./settings/settings.ts";
import { joinSettings, type SettingsInCode } from "./settings/settings-in-code.ts";
import type { AdminStores } from "./stores/admin-contract.ts";
import { analyticsMetrics } from "./stores/analytics-metrics.ts";
import type { ApiKeyAdminStore } from "./stores/api-keys-contract.ts";
import { boundIn } from "./stores/bound.ts";
import { d1AdminAudit } from "./stores/d1/admin-audit.ts";
import { d1AdminSessions } from "./stores/d1/admin-sessions.ts";
import { d1ApiKeyAdministration, d1ApiKeys } from "./stores/d1/api-keys.ts";
import { d1Audit } from "./stores/d1/audit.ts";
import { d1Events } from "./stores/d1/events.ts";
import { d1ForeignUsers } from "./stores/d1/foreign-users.ts";
import { d1LastFlush } from "./stores/d1/last-flush.ts";
import { withRetries } from "./stores/d1/retry.ts";
import { d1Schema } from "./stores/d1/schema.ts";
import { d1Users } from "./stores/d1/users.ts";
import { queueTarget, urlTarget } from "./stores/event-targets.ts";
import { kvRevocationCache, noRevocationCache } from "./stores/kv/revocations.ts";
import { loginApi } from "./stores/login-at-api.ts";
import type { LoginApi } from "./stores/login-contract.ts";
import type { ProvisioningStore } from "./stores/provisioning-contract.ts";
import { rateLimiter } from "./stores/ratelimit-binding.ts";
import { usersDatabase } from "./stores/spread/databases.ts";
import { spreadSchema } from "./stores/spread/schema.ts";
import { type SessionStores, sessionBindings, sessionStores } from "./stores/spread/session-stores.ts";
import { assertionSigner } from "./tokens/assertion.ts";
import { createCodec } from "./tokens/codec.ts";
import { eventSigner } from "./tokens/event-token.ts";
import type { ForeignIssuer } from "./tokens/foreign-issuer.ts";
import { usersOpener } from "./tokens/gateway-users.ts";
import { type KeySource, type Keys, publicJwksOf } from "./tokens/keys.ts";
import { signedRequestOpener } from "./tokens/provisioning-request.ts";
import { apiKeyRandomBytes, newApiKey } from "./users/new-api-key.ts";
import { newSalt, SALT_RANDOM_BYTES } from "./users/new-salt.ts";
import { schemaNeeds } from "./users/new-user-ids.ts";
import { createProvisioning } from "./users/provisioning.ts";
import { createUserEvents, noUserEvents, type UserEvents } from "./users/user-events.ts";
import { type Clock, createTakeUsers } from "./users/users-header.ts";

/** The bindings of wrangler.toml; vars and secrets are read by settings/read.ts. */
export interface Env {
  readonly DB?: D1Database;
  readonly BLACKLIST?: KVNamespace;
  readonly ORIGIN?: Fetcher | "zone";
  readonly LOGIN_LIMITER?: RateLimit;
  readonly METRICS?: AnalyticsEngineDataset;
  readonly EVENTS?: Queue<string>;
  /** And SESSIONS_1, SESSIONS_2 and so on: D1 databases for sessions alone. */
  readonly [name: string]: unknown;
}

/** Wired, or the errors that keep the Worker from working. */
export type Wiring =
  | { readonly deps: AppServices & Services; readonly shown: Shown }
  | { readonly errors: readonly string[] };

/** What an isolate remembers of tokens, of the 128 MB that it may use. */
const rememberedTokens = { entries: 5000, bytes: 8 * 1024 * 1024 } as const;

/**
 * @param hooks and `inCode`: what the deployer changed in code, as createGateway() takes it
 * @param codeErrors what is wrong with the names in it
 */
export async function wire(
  env: Env,
  hooks: Hooks = {},
  inCode: SettingsInCode = {},
  codeErrors: readonly string[] = [],
): Promise<Wiring> {
  const joined = joinSettings(inCode, env);
  const reading = await readConfiguration(joined.env);
  const { configuration } = reading;
  const bound = boundIn(env);
  const unbound = bindingErrors(bound, reading.settings);
  const errors = [...codeErrors, ...joined.errors, ...reading.errors, ...unbound];
  if (!configuration || errors.length > 0 || !env.DB) {
    writeLine("settings_faults", { faults: errors });
    return { errors };
  }
  const { settings, keys } = configuration;
  const log = logFor(settings);
  const encode = hooks.encodeClaims ?? JSON.stringify;
  const warnings = [...reading.warnings, ...bindingWarnings(bound, settings, configuration.rules)];
  if (warnings.length > 0) log("settings_warnings", { warnings });
  const later = (work: Promise<void>) => waitUntil(work);
  const fetching = { log, keepAlive: later, pause };
  const keySource = jwkUrlSource(settings, fetching);
  logStart(log, configuration);
  const retrying = (one: D1Database) =>
    withRetries(one, { pause, random: Math.random, nowMilliseconds: () => Date.now(), log });
  const db = retrying(env.DB);
  const sessionDatabases = new Map([...sessionBindings(env)].map(([name, one]) => [name, retrying(one)] as const));
  const stores = sessionStores(db, sessionDatabases, { settings, nowSeconds: clock.nowSeconds, log });
  const admin = settings.ADMIN ? adminStores(db, stores, log) : undefined;
  const services = {
    ...configuration,
    codec: createCodec(settings, { ...keys, ...remoteOf(keySource) }, encode),
    ...stores,
    users: d1Users(db, log),
    loginApi: loginApiFor(env, settings, log),
    revocationCache: env.BLACKLIST
      ? kvRevocationCache(env.BLACKLIST, settings.REVOCATION_CACHE_SECONDS, log)
      : noRevocationCache(),
    endedUntilSeconds: (nowSeconds: number) => userEndedUntilSeconds(settings, nowSeconds),
    loginLimiter: env.LOGIN_LIMITER && rateLimiter(env.LOGIN_LIMITER, log),
    limiters: new Map(
      placedLimits(settings).map(({ binding }) => [binding, rateLimiter(env[binding] as RateLimit, log)]),
    ),
    hooks,
    newUuid: () => crypto.randomUUID(),
    newId: () => crypto.randomUUID().replaceAll("-", ""),
    newApiKey: () => newApiKey(crypto.getRandomValues(new Uint8Array(apiKeyRandomBytes))),
    newSalt: () => newSalt(crypto.getRandomValues(new Uint8Array(SALT_RANDOM_BYTES))),
    pause,
    userEvents: userEventsFor(db, env.EVENTS, settings, { later, log }),
    later,
    log,
    nowMilliseconds: () => Date.now(),
    metrics: env.METRICS && analyticsMetrics(env.METRICS, log),
    stopwatch: isObserved(env, settings) ? () => Date.now() : undefined,
    origin: originFor(env, settings),
    signAssertion: assertionSigner(settings, keys),
  };
  const tokenCache = createTokenCache({ ...rememberedTokens, leewaySeconds: settings.LEEWAY });
  const foreignUsers = d1ForeignUsers(db, log);
  const issuers = foreignIssuers(configuration.issuers, fetching);
  const own = createAuthentication({ ...services, tokenCache, issuer: services.codec.issuer });
  const provisioning = provisioningFor(stores.provisioningStore, services);
  const auditLog = d1Audit(db, log);
  const flushRecord = d1LastFlush(db, log);
  const deps = {
    ...services,
    useCases: createTokenUseCases({ ...services, ...provisioning, admin, auditLog, flushRecord }),
    administration: admin && createAdministration({ ...services, ...provisioning, admin, auditLog }),
    ...provisioning,
    authentication: issuers.length === 0 ? own : withIssuers(own, issuers, { ...services, foreignUsers }),
    apiKeys: settings.API_KEYS ? createApiKeys({ ...services, apiKeys: d1ApiKeys(db, log) }) : undefined,
  };
  const databases = new Map([[usersDatabase, db], ...sessionDatabases]);
  const schema = spreadSchema(d1Schema(db, schemaNeeds(services.settings), log), databases, log);
  const health = { ...services, schema, keySource: keySource?.state, issuers };
  return { deps, shown: { health, warnings, publicJwks: publicJwksOf(keys) } };
}

function withIssuers(
  own: Authentication,
  issuers: readonly ForeignIssuer[],
  services: Services & Pick<ForeignTokenDependencies, "foreignUsers">,
): Authentication {
  const { tokenTypes } = services.codec.issuer;
  const foreignTokenCache = createTokenCache<KnownForeignToken>({ ...rememberedTokens, leewaySeconds: 0 });
  return withForeignTokens(own, { ...services, issuers, tokenTypes, foreignTokenCache });
}

/** Events are written down only where they are sent somewhere. */
function userEventsFor(
  db: D1Database,
  queue: Env["EVENTS"],
  settings: Settings,
  { later, log }: Pick<Services, "later" | "log">,
): UserEvents {
  const [key] = provisioningKeys(settings);
  const { EVENTS_URL } = settings;
  const targets = [...(EVENTS_URL === null ? [] : [urlTarget(EVENTS_URL)]), ...(queue ? [queueTarget(queue)] : [])];
  if (key === undefined || targets.length === 0) return noUserEvents;
  return createUserEvents({ events: d1Events(db, log), targets, sign: eventSigner(key), later, log });
}

function adminStores(db: D1Database, { adminUsers, adminTokens }: SessionStores, log: Log) {
  return {
    sessions: d1AdminSessions(db, log),
    users: adminUsers,
    tokens: adminTokens,
    apiKeys: d1ApiKeyAdministration(db, log),
    audit: d1AdminAudit(db, log),
    newSecret: () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url"),
  } satisfies AdminStores & { readonly apiKeys: ApiKeyAdminStore };
}

/** What PROVISIONING_KEY switches on: the endpoints, and what is done with X-Gateway-Users of the API's answers. */
function provisioningFor(
  provisioningStore: ProvisioningStore,
  { settings, revocationCache, log }: Pick<Services, "settings" | "revocationCache" | "log">,
): Pick<AppServices, "provisioned" | "takeUsers"> {
  if (settings.PROVISIONING_KEY === "") return { provisioned: undefined, takeUsers: undefined };
  const provisioning = createProvisioning({
    settings,
    provisioningStore,
    revocationCache,
    endedUntilSeconds: (nowSeconds) => userEndedUntilSeconds(settings, nowSeconds),
    log,
  });
  return {
    provisioned: { provisioning, openSignedRequest: signedRequestOpener(settings), nowSeconds: clock.nowSeconds },
    takeUsers: createTakeUsers({ settings, provisioning, openUsers: usersOpener(settings), clock, log }),
  };
}

const clock: Clock = {
  nowSeconds: () => Math.floor(Date.now() / 1000),
  until(second) {
    const left = second * 1000 - Date.now();
    return left <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, left));
  },
};

/** Whether anything is recorded of requests; if not, nothing is measured. */
function isObserved(env: Env, { LOG, SERVER_TIMING }: Settings): boolean {
  return LOG !== "off" || SERVER_TIMING || env.METRICS !== undefined;
}

function remoteOf(source: KeySource | undefined): Pick<Keys, "remote" | "remoteVersion"> {
  return source ? { remote: source.find, remoteVersion: source.version } : {};
}

function originFor(env: Env, settings: Settings): Origin | undefined {
  if (env.ORIGIN === "zone") return zoneOrigin;
  if (env.ORIGIN) return boundOrigin(env.ORIGIN);
  return settings.ORIGIN_URL === null ? undefined : urlOrigin(settings.ORIGIN_URL);
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The API's log-in view; undefined while the gateway judges log-ins by itself. */
function loginApiFor(env: Env, settings: Settings, log: Log): LoginApi | undefined {
  const send = settings.LOGIN === "gateway" ? undefined : loginSender(settings, originFor(env, settings));
  return (
    send &&
    loginApi({
      send,
      timeoutSeconds: settings.ORIGIN_TIMEOUT,
      nowSeconds: () => Math.floor(Date.now() / 1000),
      failed: (error, { headers }) =>
        log("origin_failed", { error: error instanceof Error ? error.message : "unknown" }, headers["x-request-id"]),
    })
  );
}

function logFor(settings: Settings): Log {
  return (event, fields, requestId) => {
    if (settings.LOG === "off" && !alarms.has(event)) return;
    writeLine(event, requestId === undefined ? fields : { request_id: requestId, ...fields });
  };
}

/** With which keys and how many rules this isolate works: what a look at the log should find after a deploy. */
function logStart(log: Log, { settings, keys, rules }: Configuration): void {
  log("gateway_started", {
    algorithm: settings.ALGORITHM,
    key_id: settings.KEY_ID ?? undefined,
    verifying_keys: keys.ring?.map(({ kid }) => kid),
    routes: rules.length,
    shadow_routes: rules.filter((rule) => !rule.enforce).map((rule) => rule.path),
  });
}

/** One line of JSON, which Workers Logs takes apart into fields. */
function writeLine(event: EventName, fields: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ event, ...fields }));
}
