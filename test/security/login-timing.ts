// Measures whether the time of a failed log-in tells its cause: `npm run measure:login-timing [-- rounds]`.
// Must never be a test: what it prints depends on the machine, and somebody has to look at it.
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";

const rounds = Number(process.argv[2] ?? 200);
if (!Number.isInteger(rounds) || rounds < 2) throw new Error("The number of rounds must be an integer above 1.");
const warmUpRounds = 5;

/** Each has a user of its own, but for the one that must not exist; passwords have one length. */
const tokenTypes = [
  { name: "unknown", username: "nobody", password: "correct horse" },
  { name: "wrong", username: "ada", password: "wrong horse.." },
  { name: "inactive", username: "closed", password: "correct horse" },
  { name: "inactive, wrong", username: "closed", password: "wrong horse.." },
  { name: "unusable", username: "unusable", password: "correct horse" },
] as const;

async function prepared(): Promise<Gateway> {
  const vars = { ORIGIN_URL: "http://127.0.0.1:9" };
  // Bound as in production, and never in the way.
  const gateway = await startGateway(vars, { loginsPerMinute: 1_000_000 });
  await gateway.addUser({ id: 1, username: "ada", password: "correct horse" });
  await gateway.addUser({ id: 2, username: "closed", password: "correct horse" });
  await gateway.addUser({ id: 3, username: "unusable", password: "correct horse" });
  await gateway.env.DB.exec("UPDATE users SET is_active = 0 WHERE id = 2");
  await gateway.env.DB.exec("UPDATE users SET password = '!q9rQ8xV0sN1mZ3cU5tY7wP2kL4jH6gF8dS0aXvB' WHERE id = 3");
  return gateway;
}

/** Milliseconds from the request to the end of the answer. */
async function timed(gateway: Gateway, { username, password }: (typeof tokenTypes)[number]): Promise<number> {
  const began = performance.now();
  const response = await gateway.post("/api/token/", { username, password });
  await response.text();
  const milliseconds = performance.now() - began;
  if (response.status !== 401) throw new Error(`${username} was answered ${response.status}`);
  return milliseconds;
}

/** All kinds in every round, in an order of chance, so that whatever else the machine does meets them all alike. */
async function measured(gateway: Gateway): Promise<ReadonlyMap<string, readonly number[]>> {
  const times = new Map<string, number[]>(tokenTypes.map(({ name }) => [name, []]));
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const kind of shuffled(tokenTypes)) {
      const milliseconds = await timed(gateway, kind);
      if (round >= 0) times.get(kind.name)?.push(milliseconds);
    }
  }
  return times;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((one, other) => one - other);
  return sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
}

/** The chance that one of the first took longer than one of the second: 0.5 when nothing can be told. */
function chanceLonger(first: readonly number[], second: readonly number[]): number {
  let longer = 0;
  for (const one of first) for (const other of second) longer += one > other ? 1 : one === other ? 0.5 : 0;
  return longer / (first.length * second.length);
}

/** Mann and Whitney's test, by its normal approximation: how likely so large a difference is where there is none. */
function likelihood(chance: number, size: number): number {
  const z = Math.abs(chance - 0.5) / Math.sqrt((2 * size + 1) / (12 * size * size));
  // Abramowitz and Stegun 7.1.26, for the two tails together.
  const t = 1 / (1 + (0.3275911 * z) / Math.SQRT2);
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return polynomial * Math.exp((-z * z) / 2);
}

function report(times: ReadonlyMap<string, readonly number[]>): void {
  const cell = (text: string | number, width: number) => String(text).padStart(width);
  console.log(`\nFailed log-ins, ${rounds} of each kind, in milliseconds:`);
  console.log(`${"kind".padEnd(18)}${["10 %", "median", "90 %"].map((head) => cell(head, 9)).join("")}`);
  for (const [name, list] of times) {
    const numbers = [0.1, 0.5, 0.9].map((share) => cell(quantile(list, share).toFixed(1), 9));
    console.log(`${name.padEnd(18)}${numbers.join("")}`);
  }
  console.log("\nThe chance that the first of a pair takes longer (0.5: no difference), and Mann-Whitney's p:");
  const entries = [...times];
  const chances: number[] = [];
  for (const [index, [first, its]] of entries.entries()) {
    for (const [second, others] of entries.slice(index + 1)) {
      const chance = chanceLonger(its, others);
      chances.push(Math.abs(chance - 0.5));
      const pair = `${first} / ${second}`.padEnd(36);
      console.log(`${pair}${cell(chance.toFixed(3), 7)}   p = ${likelihood(chance, rounds).toFixed(3)}`);
    }
  }
  console.log(`\nFarthest from 0.5: ${Math.max(...chances).toFixed(3)}, of ${chances.length} pairs.`);
}

const gateway = await prepared();
try {
  report(await measured(gateway));
} finally {
  await gateway.close();
}
