// `limit` of a route, and TOKEN_LIMITS: which rate limit binding counts requests, by what, and in which time.
import { isRecord, parsedJson, type ReadResult, readDuration } from "./readers.ts";

/** What has a count of its own. */
export const limitKinds = ["user", "address", "issuer", "key"] as const;
export type LimitKind = (typeof limitKinds)[number];

export interface Limit {
  /** The name of a rate limit binding. */
  readonly binding: string;
  readonly by: LimitKind;
  /** Seconds, as wrangler.toml has them for the binding: for `Retry-After`, since a binding does not say its own. */
  readonly period: number;
}

/** A limit as it is written. */
export type LimitInCode = Pick<Limit, "binding" | "by"> & { readonly period?: number | string };

/** A limit and what it is for, for error texts. */
export interface PlacedLimit extends Limit {
  readonly place: string;
}

/** The periods that a rate limit binding can have. */
const periods = [10, 60];

const expectedLimit =
  'a table such as { binding = "API_LIMITER", by = "user", period = "60s" }: binding is the name of a rate limit binding, ' +
  `by one of ${limitKinds.join(", ")}, and period 10s or 60s`;

/** The period of LOGIN_LIMITER, which is no limit of its own here: only the binding's name is fixed. */
export function readLimitPeriod(raw: unknown): ReadResult<number> {
  const period = readDuration(1)(raw);
  return "value" in period && periods.includes(period.value)
    ? period
    : { expected: "10s or 60s, as the binding has it" };
}

/** `period` is 60 s where it is left out. */
export function readLimit(raw: unknown): ReadResult<Limit> {
  if (!isRecord(raw) || Object.keys(raw).some((name) => !["binding", "by", "period"].includes(name))) {
    return { expected: expectedLimit };
  }
  const { binding, by } = raw;
  const kind = limitKinds.find((one) => one === by);
  const period = readLimitPeriod(raw.period ?? 60);
  const isName = typeof binding === "string" && /^[A-Za-z_$][\w$]*$/.test(binding);
  if (!isName || kind === undefined || !("value" in period)) {
    return { expected: expectedLimit };
  }
  return { value: { binding, by: kind, period: period.value } };
}

/** What TOKEN_LIMITS can limit. Log-ins have LOGIN_LIMITER. */
export const limitedEndpoints = ["refresh", "verify", "blacklist", "sliding_refresh", "introspect"] as const;
export type LimitedEndpoint = (typeof limitedEndpoints)[number];
export type TokenLimits = Readonly<Partial<Record<LimitedEndpoint, Limit>>>;
export type TokenLimitsInCode = Readonly<Partial<Record<LimitedEndpoint, LimitInCode>>>;

/** What an endpoint can be limited by: introspection is asked by APIs with keys, all others with a token of our own. */
const kindsOf = (endpoint: string): readonly LimitKind[] =>
  endpoint === "introspect" ? ["key", "address"] : ["user", "address"];

/** A table of endpoint to limit, or its JSON text. */
export function readTokenLimits(raw: unknown): ReadResult<TokenLimits> {
  const table = typeof raw === "string" ? parsedJson(raw) : raw;
  const expected = `a table of ${limitedEndpoints.join(", ")} to limits by user or address (introspect: by key or address), such as { refresh = { binding = "TOKEN_LIMITER", by = "user", period = "60s" } }`;
  if (!isRecord(table)) return { expected };
  const read: Record<string, Limit> = {};
  for (const [name, value] of Object.entries(table)) {
    const limit = readLimit(value);
    const isKnown = limitedEndpoints.some((one) => one === name);
    if (!isKnown || !("value" in limit) || !kindsOf(name).includes(limit.value.by)) return { expected };
    read[name] = limit.value;
  }
  return { value: read };
}

/** Every limit of the routes and of TOKEN_LIMITS, as far as it can be read: also while there are errors elsewhere. */
export function placedLimits({
  ROUTES,
  TOKEN_LIMITS,
}: {
  readonly ROUTES: readonly unknown[];
  readonly TOKEN_LIMITS: TokenLimits;
}): readonly PlacedLimit[] {
  const ofRoutes = ROUTES.flatMap((route, index) => {
    const limit = isRecord(route) ? readLimit(route.limit) : undefined;
    return limit && "value" in limit ? [{ ...limit.value, place: `ROUTES[${index}].limit` }] : [];
  });
  const ofEndpoints = Object.entries(TOKEN_LIMITS).map(([name, limit]) => ({
    ...limit,
    place: `TOKEN_LIMITS.${name}`,
  }));
  return [...ofRoutes, ...ofEndpoints];
}

/** Whether two limits count the same requests in the same way. */
export const isSameLimit = (one: Limit, other: Limit | undefined): boolean =>
  one.binding === other?.binding && one.by === other.by && one.period === other.period;
