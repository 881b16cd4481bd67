// How long the flush of expired sessions takes, among few and among many others.
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { cpuMicroseconds } from "../load/cpu.ts";
import type { Stores } from "../serve/stores.ts";
import { type Spread, spreadOf } from "../statistics.ts";
import type { FlushFigures } from "./result.ts";

/** As many as the cron trigger deletes with one statement. */
const ROWS = 5000;
const LONG_AGO_SECONDS = 1_600_000_000;

/** Sessions anywhere among the others, which ended long ago. */
const expired = `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
  INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at)
  SELECT lower(hex(randomblob(12))), 0, 'refresh', 'gone' || n, ?2, ?2, ?2 + n FROM number`;

/** Alternating; the first round, which only warms up, does not count. */
export async function measureFlush(empty: Stores, full: Stores, rounds: number): Promise<FlushFigures> {
  const all = { empty: [] as Flushed[], full: [] as Flushed[] };
  for (let round = 0; round <= rounds; round++) {
    for (const [name, stores] of [["empty", empty] as const, ["full", full] as const]) {
      const one = await flushOnce(stores);
      if (round > 0) all[name].push(one);
    }
  }
  return { rows: ROWS, empty: spreads(all.empty), full: spreads(all.full) };
}

interface Flushed {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number | undefined;
}

async function flushOnce({ db, pids }: Stores): Promise<Flushed> {
  await db.prepare(expired).bind(ROWS, LONG_AGO_SECONDS).run();
  const tokens = d1Tokens(db, () => {});
  const cpuBefore = cpuMicroseconds(pids);
  const began = performance.now();
  const deleted = await tokens.deleteExpired(LONG_AGO_SECONDS + 2 * ROWS, ROWS);
  const milliseconds = performance.now() - began;
  const cpuAfter = cpuMicroseconds(pids);
  if (deleted !== ROWS) throw new Error(`the flush deleted ${deleted} rows, not ${ROWS}`);
  const known = cpuBefore !== undefined && cpuAfter !== undefined;
  return { milliseconds, cpuMilliseconds: known ? (cpuAfter - cpuBefore) / 1000 : undefined };
}

function spreads(flushes: readonly Flushed[]) {
  const cpu = flushes.flatMap(({ cpuMilliseconds }) => (cpuMilliseconds === undefined ? [] : [cpuMilliseconds]));
  const milliseconds = spreadOf(flushes.map((one) => one.milliseconds)) as Spread;
  return { milliseconds, storeCpuMilliseconds: spreadOf(cpu) ?? null };
}
