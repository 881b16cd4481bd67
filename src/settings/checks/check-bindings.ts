// Checks the bindings of a Worker by their names: `npm run deploy` and `npm run manage -- check` have no more of them.

import { type PlacedLimit, placedLimits } from "../limits.ts";
import type { Settings } from "../settings.ts";
import { type LoginSettings, loginOriginErrors } from "./check-log-in.ts";

/** Bound as what it has to be, or as something else. */
type Binding = "right" | "other" | undefined;

/** What is bound under a name that a limit could have. */
export interface BoundLimiter {
  readonly binding: Binding;
  /** Seconds, where wrangler.toml says them: the Worker does not learn them. */
  readonly period?: number | undefined;
}

/** What is bound under which name. */
export interface Bound {
  readonly DB: boolean;
  readonly BLACKLIST: boolean;
  readonly LOGIN_LIMITER: Binding;
  readonly METRICS: Binding;
  readonly EVENTS: Binding;
  /** A service binding, or "zone": the server behind the Worker's own route. */
  readonly ORIGIN: "service" | "zone" | undefined;
  /** Databases for sessions alone, by their names. Left out: none. */
  readonly SESSIONS?: ReadonlyMap<string, Binding>;
  /** Rate limit bindings, and what else is bound under a name of a limit. Left out: none. */
  readonly LIMITERS?: ReadonlyMap<string, BoundLimiter>;
}

/** Whether a binding of this name is a database for sessions alone. */
export const isSessionsBinding = (name: string): boolean => /^SESSIONS_[1-9][0-9]*$/.test(name);

/** Bindings without which the Worker does not work. */
export function bindingErrors(
  bound: Bound,
  settings: Pick<Settings, "TOKEN_BLACKLIST_ENABLED" | "PROVISIONING_KEY" | "ROUTES" | "TOKEN_LIMITS"> & LoginSettings,
): string[] {
  const errors: string[] = [];
  if (!bound.DB) errors.push("DB is missing: a D1 database must be bound under this name.");
  if (!bound.BLACKLIST && settings.TOKEN_BLACKLIST_ENABLED) {
    errors.push(
      "BLACKLIST is missing: a KV namespace must be bound under this name while TOKEN_BLACKLIST_ENABLED is true.",
    );
  }
  // Any other binding under this name would limit nothing.
  if (bound.LOGIN_LIMITER === "other") errors.push("LOGIN_LIMITER must be a rate limit binding.");
  if (bound.METRICS === "other") errors.push("METRICS must be an Analytics Engine dataset.");
  if (bound.EVENTS === "other") errors.push("EVENTS must be a queue.");
  if (bound.EVENTS === "right" && settings.PROVISIONING_KEY === "") {
    errors.push("EVENTS is bound, but PROVISIONING_KEY, which signs events, is not set.");
  }
  return [
    ...errors,
    ...sessionsErrors(bound.SESSIONS ?? new Map()),
    ...limitErrors(bound.LIMITERS ?? new Map(), placedLimits(settings)),
    ...loginOriginErrors(bound, settings),
  ];
}

/** Each limit has its binding, and that one's period where it is known: `Retry-After` would be wrong. */
function limitErrors(bound: ReadonlyMap<string, BoundLimiter>, limits: readonly PlacedLimit[]): string[] {
  return limits.flatMap(({ place, binding: name, period }) => {
    const found = bound.get(name);
    if (found?.binding === undefined) {
      return [`${place} needs ${name}, which is not bound: add [[ratelimits]] with name = "${name}" (docs/limits.md).`];
    }
    if (found.binding === "other") return [`${place} needs ${name} to be a rate limit binding.`];
    if (found.period === undefined || found.period === period) return [];
    return [`${place} has period ${period}s, but the period of ${name} in wrangler.toml is ${found.period}.`];
  });
}

/** Numbered from 1 without a gap, so that none is left out by mistake. */
function sessionsErrors(bound: ReadonlyMap<string, Binding>): string[] {
  const errors = [...bound]
    .filter(([, binding]) => binding === "other")
    .map(([name]) => `${name} must be a D1 database.`);
  for (let number = 1; number <= bound.size; number++) {
    const name = `SESSIONS_${number}`;
    if (!bound.has(name)) return [...errors, `${name} is missing, while databases with higher numbers are bound.`];
  }
  return errors;
}

/**
 * What is not an error, but hardly intended.
 *
 * @param routes the rules of ROUTES, of which it matters which have an origin of their own
 */
export function bindingWarnings(
  bound: Bound,
  settings: Pick<Settings, "ORIGIN_URL" | "LOGIN_LIMIT_PERIOD" | "API_KEYS">,
  routes: ReadonlyArray<{ readonly origin: unknown }>,
): string[] {
  const warnings: string[] = [];
  if (!bound.LOGIN_LIMITER) warnings.push("LOGIN_LIMITER is not bound: nothing here slows down password guessing.");
  if (!bound.LOGIN_LIMITER && settings.API_KEYS) {
    warnings.push(
      "API_KEYS without LOGIN_LIMITER: nothing here slows down guessing of keys, nor limits what that costs.",
    );
  }
  const period = bound.LIMITERS?.get("LOGIN_LIMITER")?.period;
  if (period !== undefined && period !== settings.LOGIN_LIMIT_PERIOD) {
    warnings.push(
      `The period of LOGIN_LIMITER in wrangler.toml is ${period}, and Retry-After says ${settings.LOGIN_LIMIT_PERIOD}: set LOGIN_LIMIT_PERIOD = "${period}s".`,
    );
  }
  if (!bound.ORIGIN && settings.ORIGIN_URL === null && !routes.every((route) => route.origin)) {
    const which = routes.some((route) => route.origin) ? "requests of routes without an origin" : "requests that pass";
    warnings.push(`Neither ORIGIN nor ORIGIN_URL is set: ${which} are answered 502.`);
  }
  if (bound.ORIGIN && settings.ORIGIN_URL !== null) {
    warnings.push(`ORIGIN is ${bound.ORIGIN === "zone" ? '"zone"' : "bound"}, so ORIGIN_URL is not used.`);
  }
  return warnings;
}
