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
  /** Of D1, a gigabyte for a month. */
  storage: { perGigabyte: 0.75, included: 5 },
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

/** US dollars for a month, by resource; `plan` is the plan itself. */
export function monthlyBill(
  requests: number,
  use: Use,
): Readonly<Record<"plan" | "requests" | (typeof metered)[number], number>> {
  const charged = (name: "requests" | (typeof metered)[number], amount: number) =>
    (Math.max(amount - prices[name].included, 0) / 1_000_000) * prices[name].perMillion;
  return {
    plan: prices.monthlyDollars,
    requests: charged("requests", requests),
    cpuMilliseconds: charged("cpuMilliseconds", use.cpuMilliseconds * requests),
    kvReads: charged("kvReads", use.kvReads * requests),
    kvWrites: charged("kvWrites", use.kvWrites * requests),
    rowsRead: charged("rowsRead", use.rowsRead * requests),
    rowsWritten: charged("rowsWritten", use.rowsWritten * requests),
  };
}

/** US dollars for a month's bill. */
export const dollarsPerMonth = (requests: number, use: Use): number =>
  Object.values(monthlyBill(requests, use)).reduce((sum, dollars) => sum + dollars, 0);

/** The three sizes of docs/cost.md. A user in the app sends one request every eight seconds, as in the mix. */
export const sizes = [
  { name: "small", users: 500, hoursPerUser: 20 },
  { name: "medium", users: 10_000, hoursPerUser: 10 },
  { name: "large", users: 200_000, hoursPerUser: 10 },
] as const;

/** The mix of docs/performance.md: shares of all requests, the shape that has the CPU, the use of the stores. */
export const mix = [
  { name: "proxied, token known", share: 0.9, shape: "warm", contestant: "gateway", use: "known" },
  { name: "proxied, token new", share: 0.08, shape: "tables-unseen", contestant: "gateway-full", use: "new" },
  { name: "401 without a token", share: 0.01, shape: "no-token", contestant: "gateway", use: "none" },
  { name: "refresh, rotating", share: 0.009, shape: "tables-refresh", contestant: "gateway-full", use: "refresh" },
  { name: "log-in", share: 0.001, shape: "tables-obtain", contestant: "gateway-full", use: "login" },
] as const;
