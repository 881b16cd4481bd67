// The services of the Worker for `explain`, with an origin that only records what it would get.
// Must never change a session or a user, nor send anything to the API.
import { randomBytes, randomUUID } from "node:crypto";
import { createApiKeys } from "../../src/auth/api-keys.ts";
import { createAuthentication } from "../../src/auth/authenticate.ts";
import { type KnownForeignToken, withForeignTokens } from "../../src/auth/foreign-tokens.ts";
import type { TokenCache } from "../../src/auth/token-cache.ts";
import type { Configuration } from "../../src/configuration.ts";
import { foreignIssuers, jwkUrlSource } from "../../src/key-sources.ts";
import type { Log } from "../../src/log-events.ts";
import type { Origin } from "../../src/proxy/forward.ts";
import type { ProxyDependencies } from "../../src/proxy/pipeline.ts";
import type { Rule } from "../../src/proxy/routes/rule.ts";
import type { Services } from "../../src/services.ts";
import type { TokenStore, UserLookup, UserStore } from "../../src/stores/contract.ts";
import { d1ApiKeys } from "../../src/stores/d1/api-keys.ts";
import { d1ApiUsers } from "../../src/stores/d1/api-users.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { d1Users } from "../../src/stores/d1/users.ts";
import type { ForeignUserStore } from "../../src/stores/foreign-users-contract.ts";
import { kvRevocationCache, noRevocationCache } from "../../src/stores/kv/revocations.ts";
import { type SpreadLog, sessionDatabases, usersDatabase } from "../../src/stores/spread/databases.ts";
import { spreadTokens } from "../../src/stores/spread/tokens.ts";
import { assertionSigner } from "../../src/tokens/assertion.ts";
import { createCodec } from "../../src/tokens/codec.ts";
import type { ForeignIssuer } from "../../src/tokens/foreign-issuer.ts";
import type { KeySource, Keys } from "../../src/tokens/keys.ts";
import type { User } from "../../src/users/user.ts";
import { noUserEvents } from "../../src/users/user-events.ts";

/** The bindings of the stores. */
export interface ExplainStores {
  readonly d1: D1Database;
  /** Databases for sessions alone, by their bindings. While sessions are moved, asking for one can move its user's. */
  readonly sessions: ReadonlyMap<string, D1Database>;
  /** Undefined where KV cannot be read from here: the gateway then asks D1, as it does while KV is down. */
  readonly kv: KVNamespace | undefined;
}

/** A request that would have been forwarded. */
export interface Forwarded {
  readonly url: string;
  readonly headers: Headers;
}

/** The services with which the Worker answers requests, without a token cache: each check is made each time. */
export type ExplainServices = Services & ProxyDependencies & { readonly issuers: readonly ForeignIssuer[] };

export const noTokenCache: TokenCache = { recall: () => undefined, keep: () => {} };
const noForeignTokens: TokenCache<KnownForeignToken> = { recall: () => undefined, keep: () => {} };

export interface ExplainSetup {
  readonly services: ExplainServices;
  /** As in ROUTES; those of `services` use no store with --offline, and record what they would send. */
  readonly rules: readonly Rule[];
  /** What the origin would have got; undefined if nothing was forwarded. */
  readonly forwarded: () => Forwarded | undefined;
  /** The last error of a store or of JWK_URL. */
  readonly lastError: () => string | undefined;
}

/** @param stores undefined with --offline: then no route reads a user or checks revocation */
export function setUpExplain(
  configuration: Configuration,
  defaultOrigin: Pick<Origin, "base" | "audience"> | undefined,
  stores: ExplainStores | undefined,
): ExplainSetup {
  const { settings, keys } = configuration;
  let forwarded: Forwarded | undefined;
  let lastError: string | undefined;
  const log = (_event: string, fields: Readonly<Record<string, unknown>>): void => {
    if (typeof fields.error === "string") lastError = fields.error;
  };
  const fetching = {
    log: ((event, fields) => log(event, fields)) as Log,
    keepAlive: () => {},
    pause: (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
  };
  const recording = (origin: Pick<Origin, "base" | "audience">): Origin => ({
    ...origin,
    send: async (url, init) => {
      forwarded = { url, headers: new Headers(init.headers as Headers) };
      return new Response(null, { status: 204 });
    },
  });
  const rules = configuration.rules.map((rule) => (stores === undefined ? offlineRule(rule) : rule));
  const revocationCache = stores?.kv === undefined ? noRevocationCache() : kvRevocationCache(stores.kv, 0, log);
  const shared = {
    ...configuration,
    rules: rules.map((rule) => ({ ...rule, destination: rule.destination && recording(rule.destination) })),
    codec: createCodec(settings, { ...keys, ...remoteOf(jwkUrlSource(settings, fetching)) }, JSON.stringify),
    users: stores === undefined ? noUsers : d1Users(stores.d1, log),
    // Nor does anybody log in.
    apiUsers: d1ApiUsers(stores?.d1 ?? noDatabase, log),
    loginApi: undefined,
    tokens: tokensFor(stores, log),
    sessions: d1Sessions(stores?.d1 ?? noDatabase, log),
    revocationCache,
    endedUntilSeconds: () => 0,
    loginLimiter: undefined,
    // A request that is only explained is not counted.
    limiters: new Map(),
    // Hooks decide at log-in and refresh, which are not explained.
    hooks: {},
    userEvents: noUserEvents,
    newId: () => randomUUID().replaceAll("-", ""),
    newUuid: randomUUID,
    newSalt: () => randomBytes(16).toString("hex"),
    later: () => {},
    pause: async () => {},
    log,
    metrics: undefined,
    nowMilliseconds: () => Date.now(),
    stopwatch: undefined,
    origin: defaultOrigin && recording(defaultOrigin),
    signAssertion: assertionSigner(settings, keys),
  };
  const { issuer } = shared.codec;
  const own = createAuthentication({ ...shared, issuer, tokenCache: noTokenCache });
  const issuers = foreignIssuers(configuration.issuers, fetching);
  const { tokenTypes } = issuer;
  const foreign = { ...shared, issuers, tokenTypes, foreignUsers: unwrittenUsers, foreignTokenCache: noForeignTokens };
  const apiKeys = { ...d1ApiKeys(stores?.d1 ?? noDatabase, log), keepHash: nothing, noteUse: nothing };
  const services = {
    ...shared,
    issuers,
    authentication: withForeignTokens(own, foreign),
    apiKeys: settings.API_KEYS ? createApiKeys({ ...shared, apiKeys }) : undefined,
  };
  return { services, rules: configuration.rules, forwarded: () => forwarded, lastError: () => lastError };
}

function tokensFor(stores: ExplainStores | undefined, log: SpreadLog): TokenStore {
  if (stores === undefined) return noTokens;
  const { d1: users, sessions } = stores;
  if (sessions.size === 0) return d1Tokens(users, log);
  const databases = sessionDatabases(new Map([[usersDatabase, users], ...sessions]), log);
  return spreadTokens({ users, databases, nowSeconds: () => Math.floor(Date.now() / 1000), log });
}

const nothing = async () => {};

/** What can be checked for a route without a store. */
const offlineRule = (rule: Rule): Rule => ({
  ...rule,
  auth: rule.auth === "user" ? "token" : rule.auth,
  revocation: "off",
});

/** With --offline, `offlineRule` leaves only the blacklist to be asked. */
const unavailable = (): never => {
  throw new TypeError("there is no store with --offline");
};
/** A user for whom nothing says who it is. */
const someUser = (lookup: UserLookup): User => ({
  ...{ id: "(a new id)", password: "!", last_login: null, date_joined: "", session_version: 0, extra: {} },
  ...{ is_superuser: false, is_staff: false, is_active: true, alternate_id: null },
  ...{ username: "", first_name: "", last_name: "", email: "" },
  [lookup.column]: lookup.value,
});
/** With `provision`, the Worker would write a row. */
const unwrittenUsers: ForeignUserStore = {
  ensure: async ({ lookup }) => ({ user: someUser(lookup), created: false }),
};
const noUsers: UserStore = { byUsername: unavailable, byLookup: unavailable };
const noTokens: TokenStore = {
  withNotes: () => noTokens,
  isBlacklisted: async () => false,
  // Only tokens of another issuer have their user looked up: whoever it is.
  tokenStatus: async (_keys, lookup) => ({ ended: false, user: lookup && someUser(lookup) }),
  tokenAndUser: unavailable,
  recordLogin: unavailable,
  insert: unavailable,
  extend: unavailable,
  blacklist: unavailable,
  rotate: unavailable,
  withdraw: unavailable,
  parts: unavailable,
  deleteExpired: unavailable,
};
const noDatabase = { prepare: unavailable, batch: unavailable } as unknown as D1Database;

const remoteOf = (source: KeySource | undefined): Pick<Keys, "remote" | "remoteVersion"> =>
  source ? { remote: source.find, remoteVersion: source.version } : {};
