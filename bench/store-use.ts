// What one request of each kind asks of D1 and KV: counted on the wire, outside any measured window.
// Must never be timed: the counting costs more than what it counts.
import { gateway } from "./contestants.ts";
import { benchUser, fillStores, noRows } from "./fill-stores.ts";
import { type Ground, openGround } from "./ground.ts";
import { NOTES } from "./requests.ts";
import type { StoreCounts } from "./serve/store-door.ts";
import { type Stores, startStores } from "./serve/stores.ts";

/** Per request. */
export interface StoreUse extends StoreCounts {
  readonly kind: "known" | "new" | "none" | "refresh" | "login";
}

const REPEATS = 5;

/**
 * Each kind is asked for a few times; the rows are those that D1 itself says it read and wrote.
 *
 * @param checkout the folder of another checkout, whose gateway is looked at; this one without it
 */
export async function countStoreUse(checkout?: string): Promise<StoreUse[]> {
  const stores = await startStores({ counting: true, checkout });
  const ground = await openGround(noRows, () => {}, { stores, checkout });
  await fillStores(stores, noRows, () => {});
  const runner = await gateway("gateway", "").start(ground, { checkout });
  if (typeof runner === "string") throw new Error(runner);
  try {
    const uses: StoreUse[] = [];
    for (const [kind, send] of Object.entries(requestsOf(ground, `http://127.0.0.1:${runner.port}`))) {
      // The first of its kind may read what later ones need not.
      await send();
      const before = await settled(stores);
      for (let time = 0; time < REPEATS; time++) await send();
      const after = await settled(stores);
      uses.push({ kind: kind as StoreUse["kind"], ...perRequest(before, after) });
    }
    return uses;
  } finally {
    await runner.close();
    await ground.close();
  }
}

function requestsOf(ground: Ground, url: string): Record<StoreUse["kind"], () => Promise<void>> {
  const maker = ground.maker("HS256");
  const known = maker.make("access");
  const get = async (token: string | undefined, status: number) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    await answered(fetch(url + NOTES, { headers }), status);
  };
  const post = (path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    return answered(fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) }), 200);
  };
  let refresh = maker.make("refresh");
  return {
    known: () => get(known, 200),
    new: () => get(maker.make("access"), 200),
    none: () => get(undefined, 401),
    async refresh() {
      refresh = (JSON.parse(await post("/api/token/refresh/", { refresh })) as { refresh: string }).refresh;
    },
    async login() {
      await post("/api/token/", { username: benchUser.username, password: benchUser.password });
    },
  };
}

async function answered(asked: Promise<Response>, status: number): Promise<string> {
  const response = await asked;
  const text = await response.text();
  if (response.status !== status) throw new Error(`counting the stores' work: answered ${response.status}: ${text}`);
  return text;
}

async function countsOf({ address }: Stores): Promise<StoreCounts> {
  return (await (await fetch(`http://${address}/counts`)).json()) as StoreCounts;
}

/** KV is told after the answer: the counts are taken when they have stood still for a while. */
async function settled(stores: Stores): Promise<StoreCounts> {
  for (let last = await countsOf(stores); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = await countsOf(stores);
    if (JSON.stringify(now) === JSON.stringify(last)) return now;
    last = now;
  }
}

function perRequest(before: StoreCounts, after: StoreCounts): StoreCounts {
  const each = (name: keyof StoreCounts) => (after[name] - before[name]) / REPEATS;
  return {
    kvReads: each("kvReads"),
    kvWrites: each("kvWrites"),
    roundTrips: each("roundTrips"),
    rowsRead: each("rowsRead"),
    rowsWritten: each("rowsWritten"),
  };
}
