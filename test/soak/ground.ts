// What a soak runs on: the gateway, its stores and the API, however they were started.
// Must never be a gateway of its own kind: it is the Worker as it is bundled for a deploy.

import { maxBody } from "./actions/routes.ts";
import type { OriginCounts } from "./origin.ts";

export interface Ground {
  /** `127.0.0.1:port` of the gateway. */
  readonly host: string;
  readonly signingKey: string;
  readonly provisioningKey: string;
  readonly db: D1Database;
  readonly kv: KVNamespace;
  /** Runs the cron trigger. */
  flush(): Promise<void>;
  originCounts(): Promise<OriginCounts>;
  /** Lines of the gateway's log that say of a fault. */
  complaints(): readonly string[];
  /** Of the gateway's process alone; undefined where it has none of its own. */
  readonly memory: MemoryProbe | undefined;
  close(): Promise<void>;
}

export interface MemoryProbe {
  residentBytes(): number;
  /** What the isolate holds after a garbage collection. */
  heapBytes(): Promise<number>;
}

export interface SoakSettings {
  /** REFRESH_REUSE_GRACE. */
  readonly graceSeconds: number;
  /** REVOCATION_CACHE_SECONDS. */
  readonly rememberSeconds: number;
  /** ORIGIN_TIMEOUT. */
  readonly timeoutSeconds: number;
}

export const soakSettings: SoakSettings = { graceSeconds: 20, rememberSeconds: 5, timeoutSeconds: 30 };

/** Local KV has a value at once, so that a route with "cached" is late by what it remembers, and by a second of rounding. */
export const cachedSeconds = ({ rememberSeconds }: SoakSettings): number => rememberSeconds + 1;

/**
 * Beside wrangler.toml. Lifetimes are short, so that tokens and sessions expire within the run.
 *
 * @param originUrl the API
 * @param deadUrl where nobody listens
 */
export function varsOf(
  { graceSeconds, rememberSeconds, timeoutSeconds }: SoakSettings,
  { originUrl, deadUrl, signingKey, provisioningKey }: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const route = (path: string, more: object) => ({ path: `/${path}/*`, ...more });
  return {
    ...{ ORIGIN_URL: originUrl, SIGNING_KEY: signingKey, PROVISIONING_KEY: provisioningKey },
    ...{ ACCESS_TOKEN_LIFETIME: "60s", REFRESH_TOKEN_LIFETIME: "10m", SESSION_ABSOLUTE_LIFETIME: "20m" },
    ...{ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true },
    ...{ REFRESH_REUSE_GRACE: graceSeconds, REVOKE_FAMILY_ON_REUSE: true, BLACKLIST_ENDS_SESSION: true },
    ...{ REVOCATION_CACHE_SECONDS: rememberSeconds, ORIGIN_TIMEOUT: timeoutSeconds, MAX_BODY: maxBody },
    ROUTES: [
      route("public", { auth: "public" }),
      route("dead", { auth: "public", origin: deadUrl }),
      route("off", { auth: "token", revocation: "off" }),
      route("cached", { auth: "token", revocation: "cached" }),
      route("strict", { auth: "token", revocation: "strict" }),
      route("user", { auth: "user" }),
    ],
  };
}
