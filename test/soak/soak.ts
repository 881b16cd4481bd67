// A soak: simulated users who act side by side, each after the model, and the comparison at the end.
// Must never go on with a user whom the model could not explain.
import { setTimeout as sleep } from "node:timers/promises";
import { djangoScrypt } from "../support/gateway-over-http.ts";
import { choiceOf, nextAction } from "./actions/all.ts";
import { firstLoad } from "./actions/by-api.ts";
import { logIn } from "./actions/tokens.ts";
import { openClient } from "./client.ts";
import { type Comparison, compareAtEnd } from "./comparison.ts";
import { cachedSeconds, type Ground, type SoakSettings } from "./ground.ts";
import { newUser, type SimulatedUser } from "./model.ts";
import { type Random, randomOf } from "./random.ts";
import { type KindFigures, openFigures } from "./report/figures.ts";
import { type SoakContext, type Turn, turnOf, Unexplained } from "./turn.ts";

/** How long users act: so many turns of each, one after the other. */
interface TurnsEach {
  readonly turnsEach: number;
}

/** How long users act: by the clock. */
interface ByClock {
  readonly seconds: number;
  /** Turns of all users together. */
  readonly turnsPerSecond: number;
  /** Called about once a second. */
  readonly tick: (secondsNow: number) => void;
}

export interface SoakPlan {
  readonly seed: number;
  readonly users: number;
  /** The number of a user who acts alone; undefined for all. */
  readonly alone: number | undefined;
  /** The names of what users do, beside logging in; all of it where there are none. */
  readonly only: readonly string[];
  readonly length: TurnsEach | ByClock;
  readonly settings: SoakSettings;
  readonly pieceSeconds: number;
  /** What the gateway's log has about a fault. */
  readonly linesAbout: (says: string) => readonly string[];
}

/** What the model could not explain, and how to have it again. */
export interface Fault {
  readonly user: number | undefined;
  readonly turn: number | undefined;
  readonly action: string;
  readonly says: string;
  /** Of the gateway's log. */
  readonly lines: readonly string[];
}

export interface SoakResult {
  readonly seconds: number;
  readonly turns: number;
  /** Turns that were due while every user was busy. */
  readonly missedTurns: number;
  readonly requests: number;
  readonly leavings: number;
  readonly kinds: readonly KindFigures[];
  readonly actions: Readonly<Record<string, number>>;
  readonly comparison: Comparison | undefined;
  readonly faults: readonly Fault[];
}

const mostFaults = 10;
const passwords = ["correct horse", "battery staple", "another one"];
const drainSeconds = 60;
/** After so long, what the gateway has written about a request has come. */
const lineMilliseconds = 200;

export async function soak(ground: Ground, plan: SoakPlan): Promise<SoakResult> {
  const { seed, settings, length } = plan;
  const client = openClient(ground.host);
  const users = Array.from({ length: plan.users }, (_, index) =>
    newUser(String(index + 1), `user${index + 1}`, passwords[0] ?? ""),
  );
  const before: SoakContext = {
    reached: ground,
    ...{ client, users, figures: openFigures(() => 0, 1) },
    settings: { graceSeconds: settings.graceSeconds, cachedSeconds: cachedSeconds(settings) },
    hashes: new Map(passwords.map((password) => [password, djangoScrypt(password)])),
  };
  await load(before, users);
  const began = performance.now();
  const secondsNow = () => (performance.now() - began) / 1000;
  const figures = openFigures(secondsNow, plan.pieceSeconds);
  const context: SoakContext = { ...before, figures };
  const pool = openUserPool(context, plan);
  const missedTurns =
    "turnsEach" in length ? await actEach(pool, length) : await actByClock(pool, seed, length, secondsNow);
  let comparison: Comparison | undefined;
  try {
    const turnFor = (user: SimulatedUser): Turn => turnOf(context, user, randomOf(seed, -2), pool.turns());
    const explained = [...pool.idle].map(({ user }) => user);
    comparison = await compareAtEnd(ground, explained, turnFor, { ...settings, drainSeconds });
  } catch (error) {
    const says = textOf(error);
    const lines = plan.linesAbout(says);
    pool.faults.push({ user: undefined, turn: undefined, action: "comparison at the end", says, lines });
  }
  client.close();
  return {
    seconds: secondsNow(),
    ...{ turns: pool.turns(), missedTurns, requests: figures.requests(), leavings: figures.leavings() },
    kinds: figures.ofKinds(),
    actions: Object.fromEntries(pool.actions),
    ...{ comparison, faults: pool.faults },
  };
}

/** A user with random numbers of their own, so that what they do depends on nobody else. */
interface PooledUser {
  readonly user: SimulatedUser;
  readonly random: Random;
  turns: number;
}

interface UserPool {
  /** Who is not in the middle of a turn; the model can explain all that they have met. */
  readonly idle: Set<PooledUser>;
  readonly faults: Fault[];
  /** How often each was done. */
  readonly actions: Map<string, number>;
  turns(): number;
  takeTurn(pooledUser: PooledUser): Promise<void>;
  /** Whether there were so many faults that more would say nothing new. */
  hasFailed(): boolean;
}

function openUserPool(context: SoakContext, { seed, alone, only, linesAbout }: SoakPlan): UserPool {
  const pooled = context.users.map((user, index) => ({ user, random: randomOf(seed, index), turns: 0 }));
  const idle = new Set<PooledUser>(pooled.filter(({ user }) => alone === undefined || user.id === String(alone)));
  const choice = choiceOf(only);
  const faults: Fault[] = [];
  const actions = new Map<string, number>();
  let turns = 0;
  return {
    ...{ idle, faults, actions, turns: () => turns, hasFailed: () => faults.length >= mostFaults },
    async takeTurn(pooledUser) {
      idle.delete(pooledUser);
      const number = pooledUser.turns++;
      const turn = turnOf(context, pooledUser.user, pooledUser.random, number);
      const action = nextAction(turn, choice);
      turns++;
      actions.set(action.name, (actions.get(action.name) ?? 0) + 1);
      try {
        await action(turn);
        idle.add(pooledUser);
      } catch (error) {
        const says = textOf(error);
        await sleep(lineMilliseconds);
        const user = Number(pooledUser.user.id);
        faults.push({ user, turn: number, action: action.name, says, lines: linesAbout(says) });
      }
    },
  };
}

/** An error that is not the model's is a fault of the soak itself. */
const textOf = (error: unknown) =>
  error instanceof Unexplained ? error.message : `${error instanceof Error ? error.stack : error}`;

/** Everybody at once, as fast as they can. */
async function actEach({ idle, takeTurn, hasFailed }: UserPool, { turnsEach }: TurnsEach): Promise<0> {
  const turnsOf = async (pooledUser: PooledUser) => {
    while (pooledUser.turns < turnsEach && !hasFailed() && idle.has(pooledUser)) await takeTurn(pooledUser);
  };
  await Promise.all([...idle].map(turnsOf));
  return 0;
}

/** So many turns a second, whoever is idle; gives how many were due while nobody was. */
async function actByClock(
  { idle, takeTurn, hasFailed }: UserPool,
  seed: number,
  { seconds, turnsPerSecond, tick }: ByClock,
  secondsNow: () => number,
): Promise<number> {
  const scheduling = randomOf(seed, -1);
  const working = new Set<Promise<void>>();
  let [due, ticked, missed] = [0, 0, 0];
  while (secondsNow() < seconds && !hasFailed() && idle.size + working.size > 0) {
    if (secondsNow() - ticked >= 1) {
      ticked = secondsNow();
      tick(ticked);
    }
    for (; due < secondsNow() * turnsPerSecond; due++) {
      const pooledUser = anyOf(idle, scheduling);
      if (pooledUser) {
        const work = takeTurn(pooledUser).finally(() => working.delete(work));
        working.add(work);
      } else missed++;
    }
    await sleep(5);
  }
  await Promise.all(working);
  return missed;
}

/** Sends the users, as the API does when it begins, and logs each in: all at once, log-ins would be all that there is. */
async function load(context: SoakContext, users: readonly SimulatedUser[]): Promise<void> {
  const lines = users.map(({ id, username, password }) => ({ id, username, password: context.hashes.get(password) }));
  const answer = await context.client.send(firstLoad(context.reached, lines));
  if (answer.status !== 200) throw new Error(`the users were not loaded: ${answer.status} ${answer.body}`);
  for (const [index, user] of users.entries()) await logIn(turnOf(context, user, randomOf(0, index), 0));
}

function anyOf<T>(set: ReadonlySet<T>, random: Random): T | undefined {
  let at = random.below(set.size);
  for (const one of set) if (at-- === 0) return one;
  return undefined;
}
