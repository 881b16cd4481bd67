// What is counted of requests, as an interface.

/** What the gateway did with a request; `shadow`: let it pass only because its route has `enforce = false`. */
export type Decision = "allow" | "deny" | "shadow";

/** One request, as metrics count it. None of it identifies a person. */
export interface RequestPoint {
  readonly decision: Decision;
  /** Why it was refused, or would have been. */
  readonly reason: string | undefined;
  readonly operation: string;
  /** The pattern of the route that matched. */
  readonly rule: string | undefined;
  readonly method: string;
  /** Two letters, as Cloudflare has it. */
  readonly country: string | undefined;
  readonly status: number;
  readonly totalMilliseconds: number;
  /** Undefined if the origin was not asked. */
  readonly originMilliseconds: number | undefined;
  /** Of a token of ISSUERS; undefined for our own, and without one. */
  readonly issuer: string | undefined;
}

/** Where requests are counted. Takes no time and never throws. */
export interface Metrics {
  add(point: RequestPoint): void;
}
