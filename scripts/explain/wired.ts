// The Worker's parts wired for `explain`: its codec, stores, rules and headers, with an origin that only takes notes.
// Must never write to a store, and never send anything to the API.
import { randomBytes, randomUUID } from "node:crypto";
import { createAuthentication } from "../../src/auth/authenticate.ts";
import type { TokenCache } from "../../src/auth/token-cache.ts";
import type { Configuration } from "../../src/configuration.ts";
import { hooks } from "../../src/hooks.ts";
import type { Origin } from "../../src/proxy/forward.ts";
import type { ProxyDependencies } from "../../src/proxy/pipeline.ts";
import type { Rule } from "../../src/proxy/routes/rule.ts";
import type { Services } from "../../src/services.ts";
import type { TokenStore, UserStore } from "../../src/stores/contract.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { d1Users } from "../../src/stores/d1/users.ts";
import { fetchJwkSet } from "../../src/stores/jwk-set-source.ts";
import { kvRevocationCache, noRevocationCache } from "../../src/stores/kv/revocations.ts";
import { assertionSigner } from "../../src/tokens/assertion.ts";
import { createCodec } from "../../src/tokens/codec.ts";
import type { Keys } from "../../src/tokens/keys.ts";
import { remoteKeys } from "../../src/tokens/remote-keys.ts";

/** What the stores are made of: real ones, or none with --offline. */
export interface ExplainStores {
  readonly d1: D1Database;
  /** Undefined where KV cannot be read from here: the gateway then asks D1, as it does while KV is down. */
  readonly kv: KVNamespace | undefined;
}

/** A request that would have gone on. */
export interface Forwarded {
  readonly url: string;
  readonly headers: Headers;
}

/** What the Worker answers requests with, without a memory of tokens: each check is made each time. */
export type ExplainServices = Services & ProxyDependencies & Pick<Configuration, "acceptedTokenTypes">;

export const noTokenCache: TokenCache = { recall: () => undefined, keep: () => {} };

export interface Wired {
  readonly deps: ExplainServices;
  /** As ROUTES has them; those of `deps` ask no store with --offline, and note what they would send. */
  readonly rules: readonly Rule[];
  /** What the origin would have got; undefined as long as nothing did. */
  readonly forwarded: () => Forwarded | undefined;
  /** What a store or the source of keys said when it failed. */
  readonly complaint: () => string | undefined;
}

/** @param stores undefined with --offline: then no route reads a user or asks for revocation */
export function wireForExplain(
  configuration: Configuration,
  defaultOrigin: Pick<Origin, "base" | "audience"> | undefined,
  stores: ExplainStores | undefined,
): Wired {
  const { settings, keys } = configuration;
  let forwarded: Forwarded | undefined;
  let complaint: string | undefined;
  const log = (_event: string, fields: Readonly<Record<string, unknown>>): void => {
    if (typeof fields.error === "string") complaint = fields.error;
  };
  const noting = (origin: Pick<Origin, "base" | "audience">): Origin => ({
    ...origin,
    send: async (url, init) => {
      forwarded = { url, headers: new Headers(init.headers as Headers) };
      return new Response(null, { status: 204 });
    },
  });
  const rules = configuration.rules.map((rule) => (stores === undefined ? offlineRule(rule) : rule));
  const revocationCache = stores?.kv === undefined ? noRevocationCache() : kvRevocationCache(stores.kv, 0, log);
  const services = {
    ...configuration,
    rules: rules.map((rule) => ({ ...rule, destination: rule.destination && noting(rule.destination) })),
    codec: createCodec(settings, { ...keys, ...remoteKeysFor(configuration, log) }, JSON.stringify),
    users: stores === undefined ? nobody : d1Users(stores.d1, log),
    tokens: stores === undefined ? nothingListed : d1Tokens(stores.d1, log),
    sessions: d1Sessions(stores?.d1 ?? noDatabase, log),
    revocationCache,
    loginLimiter: undefined,
    hooks,
    newId: () => randomUUID().replaceAll("-", ""),
    newSalt: () => randomBytes(16).toString("hex"),
    later: () => {},
    log,
    metrics: undefined,
    stopwatch: undefined,
    origin: defaultOrigin && noting(defaultOrigin),
    signAssertion: assertionSigner(settings, keys),
  };
  const deps = { ...services, authentication: createAuthentication({ ...services, tokenCache: noTokenCache }) };
  return { deps, rules: configuration.rules, forwarded: () => forwarded, complaint: () => complaint };
}

/** What can be asked of a route without a store. */
const offlineRule = (rule: Rule): Rule => ({
  ...rule,
  auth: rule.auth === "user" ? "token" : rule.auth,
  revocation: "off",
});

/** Asked with --offline only for what `offlineRule` leaves: the blacklist of listed classes. */
const unavailable = (): never => {
  throw new TypeError("there is no store with --offline");
};
const nobody: UserStore = { byUsername: unavailable, byLookup: unavailable };
const nothingListed: TokenStore = {
  isBlacklisted: async () => false,
  tokenStatus: async () => ({ ended: false, user: undefined }),
  tokenAndUser: unavailable,
  recordLogin: unavailable,
  insert: unavailable,
  extend: unavailable,
  blacklist: unavailable,
  rotate: unavailable,
  deleteExpired: unavailable,
};
const noDatabase = { prepare: unavailable, batch: unavailable } as unknown as D1Database;

/** As wire.ts does it: JWK_URL takes the place of VERIFYING_KEY, but for HMAC. */
function remoteKeysFor(
  { settings }: Configuration,
  log: (event: string, fields: Readonly<Record<string, unknown>>) => void,
): Pick<Keys, "remote" | "remoteVersion"> {
  const { JWK_URL } = settings;
  if (JWK_URL === null || settings.ALGORITHM.startsWith("HS")) return {};
  const failed = (error: unknown) => log("jwks_failed", { error: error instanceof Error ? error.message : "unknown" });
  const source = remoteKeys(settings, {
    load: () => fetchJwkSet(JWK_URL),
    loaded: () => {},
    failed,
    keepAlive: () => {},
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  });
  return { remote: source.find, remoteVersion: source.version };
}
