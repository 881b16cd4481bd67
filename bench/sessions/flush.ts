// How long the flush of expired rows takes, among few and among many others.
import { join } from "node:path";
import type { TokenStore } from "../../src/stores/contract.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { FIRST_OTHER_USER } from "../fill-stores.ts";
import { cpuMicroseconds } from "../load/cpu.ts";
import type { Stores } from "../serve/stores.ts";
import { type Spread, spreadOf } from "../statistics.ts";
import type { FlushFigures, FlushSpreads } from "./result.ts";

/** Five times as many as the cron trigger deletes with one statement, so that the figures are no noise. */
const ROWS = 5000;
const LONG_AGO_SECONDS = 1_600_000_000;

type Flusher = Pick<TokenStore, "deleteExpired">;

/** Tables with the rows that are to be deleted from among the others, anywhere, as keys and users are. */
interface Flushable {
  readonly stores: Stores;
  readonly flusher: Flusher;
  readonly insert: string;
}

const numbers = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)";
/** ?3 how many users there are. */
const anybody = `CAST(${FIRST_OTHER_USER} + abs(random()) % CAST(?3 AS INTEGER) AS TEXT)`;
const sessions = `${numbers}
  INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at)
  SELECT lower(hex(randomblob(12))), 0, 'refresh', ${anybody}, ?2, ?2, ?2 + n FROM number`;
const tokens = `${numbers}
  INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at)
  SELECT lower(hex(randomblob(16))), 'refresh', ${anybody}, ?2, ?2 + n FROM number`;

/** What is flushed. */
export interface FlushPlan {
  readonly empty: Stores;
  readonly full: Stores;
  /** Of the version before, with the folder of its checkout. */
  readonly before: { readonly stores: Stores; readonly checkout: string } | undefined;
  /** How many users the full tables have. */
  readonly users: number;
  readonly rounds: number;
}

/** Alternating; the first round, which only warms up, does not count. */
export async function measureFlush({ empty, full, before, users, rounds }: FlushPlan): Promise<FlushFigures> {
  const now = (stores: Stores): Flushable => ({ stores, flusher: d1Tokens(stores.db, () => {}), insert: sessions });
  const all = [now(empty), now(full), ...(before ? [await ofCheckout(before.stores, before.checkout)] : [])];
  const flushed = all.map(() => [] as Flushed[]);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, one] of all.entries()) {
      const figures = await flushOnce(one, users);
      if (round > 0) flushed[index]?.push(figures);
    }
  }
  const [ofEmpty, ofFull, ofBefore] = flushed.map(spreads);
  if (!ofEmpty || !ofFull) throw new Error("nothing was flushed");
  return { rows: ROWS, empty: ofEmpty, full: ofFull, before: ofBefore ?? null };
}

async function ofCheckout(stores: Stores, checkout: string): Promise<Flushable> {
  const { d1Tokens: create } = (await import(join(checkout, "src/stores/d1/tokens.ts"))) as {
    d1Tokens: (db: D1Database, log: () => void) => Flusher;
  };
  return { stores, flusher: create(stores.db, () => {}), insert: tokens };
}

interface Flushed {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number | undefined;
}

async function flushOnce({ stores: { db, pids }, flusher, insert }: Flushable, users: number): Promise<Flushed> {
  await db.prepare(insert).bind(ROWS, LONG_AGO_SECONDS, users).run();
  const cpuBefore = cpuMicroseconds(pids);
  const began = performance.now();
  const deleted = await flusher.deleteExpired(LONG_AGO_SECONDS + 2 * ROWS, ROWS);
  const milliseconds = performance.now() - began;
  const cpuAfter = cpuMicroseconds(pids);
  if (deleted !== ROWS) throw new Error(`the flush deleted ${deleted} rows, not ${ROWS}`);
  const known = cpuBefore !== undefined && cpuAfter !== undefined;
  return { milliseconds, cpuMilliseconds: known ? (cpuAfter - cpuBefore) / 1000 : undefined };
}

function spreads(flushes: readonly Flushed[]): FlushSpreads {
  const cpu = flushes.flatMap(({ cpuMilliseconds }) => (cpuMilliseconds === undefined ? [] : [cpuMilliseconds]));
  const milliseconds = spreadOf(flushes.map((one) => one.milliseconds)) as Spread;
  return { milliseconds, storeCpuMilliseconds: spreadOf(cpu) ?? null };
}
