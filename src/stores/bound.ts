// What is bound to a Worker, as the checks of bindings want to know it.
import type { Bound } from "../settings/checks/check-bindings.ts";
import { sessionBindings } from "./spread/session-stores.ts";

/** Each binding by what it can do: its own type is not there to be asked. */
export function boundIn(env: Readonly<Record<string, unknown>>): Bound {
  const named = (name: string, method: string) =>
    env[name] ? (can(env[name], method) ? "right" : "other") : undefined;
  return {
    DB: Boolean(env.DB),
    BLACKLIST: Boolean(env.BLACKLIST),
    LOGIN_LIMITER: named("LOGIN_LIMITER", "limit"),
    METRICS: named("METRICS", "writeDataPoint"),
    EVENTS: named("EVENTS", "sendBatch"),
    ORIGIN: env.ORIGIN ? (env.ORIGIN === "zone" ? "zone" : "service") : undefined,
    LIMITERS: new Map(
      Object.entries(env).map(([name, value]) => [name, { binding: can(value, "limit") ? "right" : "other" }]),
    ),
    SESSIONS: new Map([...sessionBindings(env)].map(([name, db]) => [name, can(db, "prepare") ? "right" : "other"])),
  };
}

const can = (binding: unknown, method: string): boolean =>
  typeof binding === "object" &&
  binding !== null &&
  method in binding &&
  typeof (binding as Readonly<Record<string, unknown>>)[method] === "function";
