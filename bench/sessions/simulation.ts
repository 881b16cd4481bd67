// How busy D1 is with so many sessions, how long a refresh waits for it, and what the distance adds: simulated.
// Must never use chance that is not seeded, nor a figure whose origin is not stated here.

/** A session that never pauses refreshes once in this time: ACCESS_TOKEN_LIFETIME. */
export const SECONDS_PER_REFRESH = 900;
/** "Each individual D1 database is inherently single-threaded" and holds 10 GB: Cloudflare's limits of D1. */
export const DATABASE_BYTES = 10_000_000_000;
/** Queues grow fast beyond it. */
export const BUSY_AT_MOST = 0.5;

/** How a version uses D1. */
export interface Design {
  readonly roundTripsPerRefresh: number;
  /** Rows that a session of a week, which never pauses, has in the end. */
  readonly rowsPerSession: number;
  readonly bytesPerRow: number;
}

export interface Load {
  readonly sessions: number;
  /** For which D1 is busy with a round trip. */
  readonly tripMilliseconds: number;
}

/** The share of the time for which one database would be busy; above 1 it cannot keep up. */
export function utilisation({ roundTripsPerRefresh }: Design, { sessions, tripMilliseconds }: Load): number {
  return ((sessions / SECONDS_PER_REFRESH) * roundTripsPerRefresh * tripMilliseconds) / 1000;
}

/** How many databases it takes for none to be busy for more than half of the time. */
export function databasesForLoad(design: Design, load: Load): number {
  return Math.max(Math.ceil(utilisation(design, load) / BUSY_AT_MOST), 1);
}

/** How many it takes for all rows. */
export function databasesForSpace({ rowsPerSession, bytesPerRow }: Design, sessions: number): number {
  return Math.max(Math.ceil((sessions * rowsPerSession * bytesPerRow) / DATABASE_BYTES), 1);
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32, by Tommy Ettinger). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Waiting {
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

const ROUND_TRIPS_SIMULATED = 200_000;

/**
 * How long a round trip waits for the ones before it, in one of so many databases: arrivals at random times (Poisson), one
 * writer, first come first served. Undefined for a database that cannot keep up.
 */
export function waiting(design: Design, load: Load, databases: number, seed = 1): Waiting | undefined {
  const busy = utilisation(design, load) / databases;
  if (busy >= 1) return undefined;
  const random = seeded(seed);
  const between = load.tripMilliseconds / busy;
  const waits = new Float64Array(ROUND_TRIPS_SIMULATED);
  let [now, freeAt] = [0, 0];
  for (let trip = 0; trip < ROUND_TRIPS_SIMULATED; trip++) {
    now += -Math.log(1 - random()) * between;
    waits[trip] = Math.max(freeAt - now, 0);
    freeAt = Math.max(freeAt, now) + load.tripMilliseconds;
  }
  waits.sort();
  const at = (share: number) => waits[Math.ceil(share * ROUND_TRIPS_SIMULATED) - 1] ?? 0;
  return { p50Milliseconds: at(0.5), p99Milliseconds: at(0.99) };
}

/**
 * Typical round-trip times to western Europe, where the database is taken to be: from a cloud provider's tables between
 * its regions, July 2026, the median of a continent's regions. D1 is in no region of Africa or South America.
 */
export const continents = [
  { name: "Europe", roundTripMilliseconds: 3 },
  { name: "North America", roundTripMilliseconds: 91 },
  { name: "Africa", roundTripMilliseconds: 173 },
  { name: "Asia", roundTripMilliseconds: 183 },
  { name: "Oceania", roundTripMilliseconds: 283 },
] as const;

/** Assumed: what D1 itself takes for the reads and the write of a refresh, with its replicas' confirmation. */
export const STORE_MILLISECONDS = 11;

/** What D1 adds to a refresh, in milliseconds. */
export function addedMilliseconds(roundTrips: number, roundTripMilliseconds: number): number {
  return roundTrips * roundTripMilliseconds + STORE_MILLISECONDS;
}
