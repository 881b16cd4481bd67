// The services that wire.ts makes once per isolate. Each use case names the ones that it needs.
// Must never name a concrete store or a platform.

import type { Hooks } from "./hooks.ts";
import type { Log } from "./log-events.ts";
import type { Settings } from "./settings/settings.ts";
import type {
  LoginLimiter,
  RateLimiter,
  RevocationCache,
  SessionStore,
  TokenStore,
  UserStore,
} from "./stores/contract.ts";
import type { ApiUserStore, LoginApi } from "./stores/login-contract.ts";
import type { Metrics } from "./stores/metrics-contract.ts";
import type { Codec } from "./tokens/codec.ts";
import type { UserEvents } from "./users/user-events.ts";

export interface Services {
  readonly settings: Settings;
  readonly codec: Codec;
  readonly users: UserStore;
  readonly apiUsers: ApiUserStore;
  /** Undefined while LOGIN is `gateway`. */
  readonly loginApi: LoginApi | undefined;
  readonly tokens: TokenStore;
  readonly sessions: SessionStore;
  readonly revocationCache: RevocationCache;
  /** Until when tokens of a user that end now could still be used. */
  readonly endedUntilSeconds: (nowSeconds: number) => number;
  /** Undefined where LOGIN_LIMITER is not bound. */
  readonly loginLimiter: LoginLimiter | undefined;
  /** By the names of their bindings: those that limits name. */
  readonly limiters: ReadonlyMap<string, RateLimiter>;
  readonly hooks: Hooks;
  /** Events for the API; none are written while they are off. */
  readonly userEvents: UserEvents;
  /** A new random id: 32 hexadecimal characters. */
  readonly newId: () => string;
  /** A random UUID, with dashes, for a new user. */
  readonly newUuid: () => string;
  /** A new random salt for a password hash. */
  readonly newSalt: () => string;
  /** Lets work go on after the answer was sent; it must not throw. */
  readonly later: (work: Promise<void>) => void;
  /** Resolves after that time. */
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly log: Log;
  /** Undefined where METRICS is not bound. */
  readonly metrics: Metrics | undefined;
  readonly nowMilliseconds: () => number;
  /** Milliseconds, to measure durations by; undefined while none are recorded. */
  readonly stopwatch: (() => number) | undefined;
}
