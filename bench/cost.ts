// What requests cost by Cloudflare's published prices.
// Must never use a price that docs/performance.md does not date.

/** US dollars, Workers Paid, and what a month of it includes. */
export const prices = {
  monthlyDollars: 5,
  requests: { perMillion: 0.3, included: 10_000_000 },
  cpuMilliseconds: { perMillion: 0.02, included: 30_000_000 },
  kvReads: { perMillion: 0.5, included: 10_000_000 },
  kvWrites: { perMillion: 5, included: 1_000_000 },
  rowsRead: { perMillion: 0.001, included: 25_000_000_000 },
  rowsWritten: { perMillion: 1, included: 50_000_000 },
} as const;

/** What one request uses. */
export interface Use {
  readonly cpuMilliseconds: number;
  readonly kvReads: number;
  readonly kvWrites: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

const metered = ["cpuMilliseconds", "kvReads", "kvWrites", "rowsRead", "rowsWritten"] as const;

/** US dollars for a million requests that use so much each, beyond what a month includes. */
export function dollarsPerMillion(use: Use): number {
  return metered.reduce<number>((sum, name) => sum + use[name] * prices[name].perMillion, prices.requests.perMillion);
}

/** US dollars for a month's bill. */
export function dollarsPerMonth(requests: number, use: Use): number {
  const charged = (name: "requests" | (typeof metered)[number], amount: number) =>
    (Math.max(amount - prices[name].included, 0) / 1_000_000) * prices[name].perMillion;
  const uses = metered.map((name) => charged(name, use[name] * requests));
  return uses.reduce<number>((sum, dollars) => sum + dollars, prices.monthlyDollars + charged("requests", requests));
}

/** The mix of docs/performance.md: shares of all requests, the shape that has the CPU, the use of the stores. */
export const mix = [
  { name: "proxied, token known", share: 0.9, shape: "warm", contestant: "gateway", use: "known" },
  { name: "proxied, token new", share: 0.08, shape: "tables-unseen", contestant: "gateway-full", use: "new" },
  { name: "401 without a token", share: 0.01, shape: "no-token", contestant: "gateway", use: "none" },
  { name: "refresh, rotating", share: 0.009, shape: "tables-refresh", contestant: "gateway-full", use: "refresh" },
  { name: "log-in", share: 0.001, shape: "tables-obtain", contestant: "gateway-full", use: "login" },
] as const;
