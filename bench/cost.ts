// What a mix of requests costs by Cloudflare's published prices, beyond what the plan includes.
// Must never use a price without the date it was read: docs/performance.md says it.

/** US dollars, Workers Paid. */
export const prices = {
  perMillionRequests: 0.3,
  perMillionCpuMilliseconds: 0.02,
  perMillionKvReads: 0.5,
  perMillionKvWrites: 5,
  perMillionRowsRead: 0.001,
  perMillionRowsWritten: 1,
} as const;

/** What one request of a kind uses. */
export interface Use {
  readonly cpuMicroseconds: number;
  readonly kvReads: number;
  readonly kvWrites: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

/** US dollars for a million requests of the kind. */
export function dollarsPerMillion(use: Use): number {
  return (
    prices.perMillionRequests +
    (use.cpuMicroseconds / 1000) * prices.perMillionCpuMilliseconds +
    use.kvReads * prices.perMillionKvReads +
    use.kvWrites * prices.perMillionKvWrites +
    use.rowsRead * prices.perMillionRowsRead +
    use.rowsWritten * prices.perMillionRowsWritten
  );
}

/** The mix of docs/performance.md: shares of all requests, the shape that has the CPU, the use of the stores. */
export const mix = [
  { name: "proxied, token known", share: 0.9, shape: "warm", contestant: "gateway", use: "known" },
  {
    name: "proxied, token new to the isolate",
    share: 0.08,
    shape: "tables-unseen",
    contestant: "gateway-full",
    use: "new",
  },
  { name: "401 without a token", share: 0.01, shape: "no-token", contestant: "gateway", use: "none" },
  { name: "refresh with rotation", share: 0.009, shape: "tables-refresh", contestant: "gateway-full", use: "refresh" },
  { name: "log-in", share: 0.001, shape: "tables-obtain", contestant: "gateway-full", use: "login" },
] as const;
