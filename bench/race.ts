// One shape: its contestants in turn, round after round, each window with its own warm-up.
// Must never report a contestant that answered otherwise than it should.
import type { Contestant, Runner } from "./contestants.ts";
import { examine } from "./examine.ts";
import type { Ground } from "./ground.ts";
import type { WindowPlan, WindowResult } from "./load/window.ts";
import type { Load } from "./processes.ts";
import { NOTES } from "./requests.ts";
import type { Shape, Work } from "./shapes.ts";
import { quantile } from "./statistics.ts";

export interface RaceOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Into how many turns a round is cut: whatever else the machine does for a while meets all contestants alike. */
  readonly turns: number;
  readonly connections: number;
  /** Names of contestants; empty for all. */
  readonly only: readonly string[];
}

/** One window, in figures. */
export interface RoundFigures {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Of the server process; null where the system does not tell. */
  readonly cpuMicroseconds: number | null;
  /** Of the process with D1 and KV; null without one. */
  readonly storeCpuMicroseconds: number | null;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

export interface ContestantResult {
  readonly name: string;
  readonly about: string;
  readonly rounds: readonly RoundFigures[];
}

export interface ShapeResult {
  readonly name: string;
  readonly about: string;
  readonly contestants: readonly ContestantResult[];
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

export interface RaceTools {
  readonly ground: Ground;
  readonly load: Load;
  readonly besideLoad: Load;
  readonly progress: (text: string) => void;
}

type Entrant = { readonly contestant: Contestant; readonly runner: Runner; readonly rounds: RoundFigures[] };

export async function race(shape: Shape, asked: RaceOptions, tools: RaceTools): Promise<ShapeResult> {
  const options = { ...asked, turns: shape.turns ?? asked.turns };
  const { entrants, skipped } = await start(shape, options, tools);
  try {
    for (let round = 0; round < options.rounds; round++) {
      tools.progress(`${shape.name}: round ${round + 1} of ${options.rounds}`);
      const workFor = workOfRound(shape, options, tools.ground);
      const results = new Map(entrants.map((entrant) => [entrant, [] as WindowResult[]]));
      for (let turn = 0; turn < options.turns; turn++) {
        for (const entrant of turned(entrants, round + turn)) {
          const work = workOfTurn(workFor(entrant.contestant), turn, options.turns);
          const window = { ...options, ...lengthOfTurn(options, turn) };
          results.get(entrant)?.push(await oneWindow(shape, entrant, work, window, tools));
        }
      }
      for (const [entrant, windows] of results) entrant.rounds.push(figuresOf(windows));
    }
  } finally {
    for (const { runner } of entrants) await runner.close();
  }
  const contestants = entrants.map(({ contestant: { name, about }, rounds }) => ({ name, about, rounds }));
  return { name: shape.name, about: shape.about, contestants, skipped };
}

async function start(shape: Shape, { only }: RaceOptions, { ground, progress }: RaceTools) {
  const entrants: Entrant[] = [];
  const skipped: { name: string; why: string }[] = [];
  for (const contestant of shape.contestants) {
    if (only.length > 0 && !only.includes(contestant.name)) continue;
    progress(`${shape.name}: starting ${contestant.name}`);
    const runner = await contestant.start(ground);
    if (typeof runner === "string") skipped.push({ name: contestant.name, why: runner });
    else {
      await examine(contestant, runner, ground);
      entrants.push({ contestant, runner, rounds: [] });
    }
  }
  return { entrants, skipped };
}

/** The first turn of a round has the warm-up; before the others there is time enough to connect. */
function lengthOfTurn({ seconds, warmUpSeconds, turns }: RaceOptions, turn: number) {
  return {
    seconds: seconds / turns,
    warmUpSeconds: turn === 0 ? warmUpSeconds : Math.min(warmUpSeconds, CONNECT_SECONDS),
  };
}
const CONNECT_SECONDS = 0.1;

/** Requests that may not be sent twice are shared out among the turns. */
function workOfTurn(work: Work, turn: number, turns: number): Work {
  if (work.order === "again") return work;
  const each = Math.floor(work.requests.length / turns);
  return { ...work, requests: work.requests.slice(turn * each, (turn + 1) * each) };
}

/** Each round begins with another, so that nobody always runs after the same. */
function turned<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** More than any contestant answers, where no request may be sent twice; a window that runs out of them ends early. */
const REQUESTS_PER_SECOND_AT_MOST = 3000;

/**
 * The same requests for all contestants of a round, as each is a process of its own: a token that one has seen is new to
 * the next. Made once, since signing takes longer than the window.
 */
export function workOfRound(shape: Shape, options: RaceOptions, ground: Ground): (contestant: Contestant) => Work {
  const seconds = options.seconds + options.warmUpSeconds + options.turns * CONNECT_SECONDS;
  const count = Math.ceil(seconds * REQUESTS_PER_SECOND_AT_MOST);
  const made = new Map<string, Work>();
  return ({ path = NOTES }) => {
    const work = made.get(path) ?? shape.work(ground, { count, path });
    made.set(path, work);
    return work;
  };
}

/** A window of one contestant; throws when it answers otherwise than it should. */
export async function oneWindow(
  shape: Shape,
  { contestant, runner }: Pick<Entrant, "contestant" | "runner">,
  work: Work,
  options: RaceOptions,
  tools: RaceTools,
): Promise<WindowResult> {
  const beside = shape.beside?.(contestant);
  const status = contestant.checks ? shape.status : 200;
  const running = tools.load.run(planOf(work, runner, status, options));
  const besideIt = beside && tools.besideLoad.run(planOf(beside, runner, 200, options));
  const result = await running;
  const other = await besideIt;
  for (const wrong of [result.wrong, other?.wrong ?? {}]) {
    const [why, times] = Object.entries(wrong)[0] ?? [];
    if (why !== undefined) throw new Error(`${shape.name}: ${contestant.name} ${why} (${times} times)`);
  }
  return result;
}

function planOf(work: Work, runner: Runner, status: number, options: RaceOptions): WindowPlan {
  return {
    ...{ port: runner.port, pids: runner.pids, storePids: runner.storePids, status },
    connections: work.connections ?? options.connections,
    warmUpMilliseconds: options.warmUpSeconds * 1000,
    milliseconds: options.seconds * 1000,
    requests: work.requests,
    order: work.order,
  };
}

function figuresOf(windows: readonly WindowResult[]): RoundFigures {
  const sum = (value: (window: WindowResult) => number) => windows.reduce((total, window) => total + value(window), 0);
  const requests = sum((window) => window.requests);
  if (requests === 0) throw new Error("no request was answered within the window");
  const each = (name: "cpuMicroseconds" | "storeCpuMicroseconds") =>
    windows.some((window) => window[name] === undefined) ? null : sum((window) => window[name] ?? 0) / requests;
  const latencies = windows.flatMap(({ latencyMilliseconds }) => latencyMilliseconds);
  return {
    requests,
    requestsPerSecond: requests / sum(({ seconds }) => seconds),
    cpuMicroseconds: each("cpuMicroseconds"),
    storeCpuMicroseconds: each("storeCpuMicroseconds"),
    p50Milliseconds: quantile(latencies, 0.5) ?? 0,
    p99Milliseconds: quantile(latencies, 0.99) ?? 0,
  };
}
