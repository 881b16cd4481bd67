// Where keys are fetched: JWK_URL, and the issuers of ISSUERS, each with a memory of its own.
import type { Log } from "./log-events.ts";
import type { Settings } from "./settings/settings.ts";
import { discoverJwkSet, fetchJwkSet } from "./stores/jwk-set-source.ts";
import { type ForeignIssuer, foreignIssuer } from "./tokens/foreign-issuer.ts";
import type { IssuerWithKeys } from "./tokens/issuer-keys.ts";
import type { KeySource } from "./tokens/keys.ts";
import { type RemoteKeysDependencies, remoteKeys, type WantedKeys } from "./tokens/remote-keys.ts";

/** Effects that fetching needs. */
export interface KeySourceDependencies extends Pick<RemoteKeysDependencies, "keepAlive" | "pause"> {
  readonly log: Log;
}

/** JWK_URL takes the place of VERIFYING_KEY, but for HMAC (TokenBackend.get_verifying_key). */
export function jwkUrlSource({ JWK_URL, ALGORITHM }: Settings, deps: KeySourceDependencies): KeySource | undefined {
  if (JWK_URL === null || ALGORITHM.startsWith("HS")) return undefined;
  return fetchedKeys({ algorithms: [ALGORITHM] }, () => fetchJwkSet(JWK_URL), deps);
}

/** The issuers of ISSUERS, each with its own keys. */
export const foreignIssuers = (issuers: readonly IssuerWithKeys[], deps: KeySourceDependencies) =>
  issuers.map((issuer): ForeignIssuer => foreignIssuer(issuer, sourceOf(issuer, deps)));

function sourceOf({ issuer, algorithms, keySource }: IssuerWithKeys, deps: KeySourceDependencies) {
  const [first, ...others] = algorithms;
  if (keySource.from === "settings" || first === undefined) return undefined;
  const load = keySource.from === "jwks" ? () => fetchJwkSet(keySource.url) : () => discoverJwkSet(issuer);
  return fetchedKeys({ algorithms: [first, ...others], privateKeys: "unusable" }, load, deps, issuer);
}

/** @param issuer of ISSUERS; left out for JWK_URL */
function fetchedKeys(
  wanted: WantedKeys,
  load: () => Promise<unknown>,
  { log, keepAlive, pause }: KeySourceDependencies,
  issuer?: string,
): KeySource {
  return remoteKeys(wanted, {
    ...{ load, keepAlive, pause },
    loaded: (keys) => log("jwks_loaded", { keys, issuer }),
    failed: (error) => log("jwks_failed", { error: error instanceof Error ? error.message : "unknown", issuer }),
  });
}
