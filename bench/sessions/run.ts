// `npm run bench:sessions`: what a session costs, among few and among many others, and against another checkout.
// Must never compare figures of two runs.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { EXIT, usage } from "../../scripts/shared/failure.ts";
import { requirePackages } from "../../scripts/shared/project.ts";
import { run } from "../../scripts/shared/run.ts";
import { ofCheckout } from "../contestants.ts";
import { totalCpuRatio } from "../figures.ts";
import { type Ground, openGround } from "../ground.ts";
import { machine } from "../machine.ts";
import { startLoad } from "../processes.ts";
import { race, type ShapeResult } from "../race.ts";
import { reportShape, spreadText } from "../report.ts";
import { type Shape, shapeNamed } from "../shapes.ts";
import { countStoreUse, type StoreUse } from "../store-use.ts";
import { writeSessionDocuments } from "./document.ts";
import { measureFlush } from "./flush.ts";
import { readSessionsBenchOptions, sessionsBenchHelp } from "./options.ts";
import { SESSIONS_FILE, type SessionsResult, type SessionsRun } from "./result.ts";
import { bytesPerSession } from "./space.ts";

// Whatever was started is ended by listeners of "exit".
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

await run("bench:sessions", async (argv) => {
  const asked = readSessionsBenchOptions(argv);
  if (asked.help) {
    console.log(sessionsBenchHelp);
    return EXIT.ok;
  }
  requirePackages();
  const before = asked.before === undefined ? undefined : resolve(asked.before);
  if (before !== undefined && !existsSync(join(before, "wrangler.toml"))) {
    throw usage(`--before: there is no wrangler.toml in ${asked.before}.`);
  }
  const { sessions, users, rounds, seconds } = asked;
  const sizes = { sessions, users, ids: 100 };
  const options = { rounds, seconds, warmUpSeconds: 1.5, turns: 1, connections: 32 };
  const progress = (said: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${said}`);
  };

  const ground = await openGround(sizes, progress);
  const tools = { ground, load: startLoad(), besideLoad: startLoad(), progress };
  let measured: SessionsRun;
  try {
    const space = await filledSpace(ground, sessions);
    const shapes: ShapeResult[] = [];
    for (const name of ["tables-refresh", "tables-obtain"]) {
      const result = await race(oneByOne(withBefore(shapeNamed(name), before)), { ...options, only: [] }, tools);
      console.log(reportShape(result).join("\n"));
      for (const against of ["gateway-empty", ...(before === undefined ? [] : ["before"])]) {
        const ratio = totalCpuRatio(result, "gateway-full", against);
        console.log(`gateway-full / ${against}, Worker and stores: ${spreadText(ratio, 2)}`);
      }
      shapes.push(result);
    }
    const flush = await measureFlush({
      empty: await ground.stores("empty"),
      full: await ground.stores("full"),
      before: before === undefined ? undefined : { stores: await ground.stores("full", before), checkout: before },
      ...{ users: sizes.users, rounds: options.rounds },
    });
    const flushes = [flush.empty, flush.full, flush.before];
    const times = flushes.map((one) => spreadText(one?.milliseconds, 0));
    const cpu = flushes.map((one) => spreadText(one?.storeCpuMilliseconds ?? undefined, 0));
    console.log(`flush of ${flush.rows}: ${times.join(" / ")} ms; ${cpu.join(" / ")} ms of CPU`);
    measured = { machine: machine(), options, users: sizes.users, sessions, ...space, shapes, flush };
  } finally {
    tools.load.close();
    tools.besideLoad.close();
    await ground.close();
  }
  const earlier = existsSync(SESSIONS_FILE)
    ? (JSON.parse(readFileSync(SESSIONS_FILE, "utf8")) as SessionsResult)
    : undefined;
  const others = earlier?.runs.filter((one) => one.sessions !== sessions) ?? [];
  const result: SessionsResult = {
    runs: [...others, measured].sort((one, other) => one.sessions - other.sessions),
    bytesPerSession: bytesPerSession(),
    storeUse: await countStoreUse(),
    storeUseBefore: before === undefined ? (earlier?.storeUseBefore ?? null) : await countStoreUse(before),
  };
  console.log(`${JSON.stringify(result.bytesPerSession)} bytes per session; the database: ${measured.databaseBytes}`);
  reportUse("now", result.storeUse);
  reportUse("before", result.storeUseBefore ?? []);
  if (asked.docs) {
    writeFileSync(SESSIONS_FILE, `${JSON.stringify(result, undefined, 2)}\n`);
    writeSessionDocuments(result);
  }
  return EXIT.ok;
});

/** Log-ins one after the other: of several that hash side by side, a short window would see only some to their end. */
function oneByOne(shape: Shape): Shape {
  if (shape.name !== "tables-obtain") return shape;
  const about = "log-in with Django's scrypt, one after the other";
  return { ...shape, about, work: (...wanted) => ({ ...shape.work(...wanted), connections: 1 }) };
}

function withBefore(shape: Shape, checkout: string | undefined): Shape {
  const full = shape.contestants.find(({ name }) => name === "gateway-full");
  if (checkout === undefined || !full) return shape;
  return { ...shape, contestants: [...shape.contestants, ofCheckout(full, checkout)] };
}

async function filledSpace(ground: Ground, sessions: number) {
  const full = await ground.stores("full");
  const counted = await full.db.prepare("SELECT count(*) AS n FROM sessions").first<number>("n");
  if (counted !== sessions) throw new Error(`${counted} sessions are there, not ${sessions}`);
  return { databaseBytes: (await full.db.prepare("SELECT 1").run()).meta.size_after };
}

function reportUse(name: string, uses: readonly StoreUse[]): void {
  for (const { kind, roundTrips, rowsRead, rowsWritten, kvReads, kvWrites } of uses) {
    console.log(`${name}: ${kind}: ${JSON.stringify({ roundTrips, rowsRead, rowsWritten, kvReads, kvWrites })}`);
  }
}
