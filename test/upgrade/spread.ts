// `npm run test:spread`: sessions are moved to databases of their own while this version and the one that had a row
// for each token serve them, and the command that moves them is killed again and again. Needs the repository's history.
// Not part of `npm test`.
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../scripts/database/database.ts";
import { type Databases, spreadSessions } from "../../scripts/database/spread-sessions.ts";
import { updateTables } from "../../scripts/database/tables.ts";
import { djangoScrypt } from "../support/gateway-over-http.ts";
import { fileAt, startBoth, workerAt } from "./workers.ts";

/** The last commit with schema version 4. */
const FORMER = "1e3ad7d";
const RACERS = 25;
const SESSIONS = 6;
const KILLS = 20;

type Version = "former" | "present";
interface Answer {
  readonly status: number;
  readonly body: { readonly refresh?: string };
}

let checks = 0;
function expectEqual(what: string, actual: unknown, expected: unknown): void {
  checks++;
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "upgrade-spread-"));
const three = ["SESSIONS_1", "SESSIONS_2", "SESSIONS_3"];
const both = await startBoth(await workerAt(FORMER, folder), folder, { REFRESH_REUSE_GRACE: "60s" }, three.length);
const { d1, database, databases, urls } = both;

const post = async (version: Version, path: string, body: object): Promise<Answer> => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(new URL(`/api/token/${path}`, urls[version]), {
    ...{ method: "POST", headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : {} };
};
const jtiOf = (token = "") =>
  (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { jti: string }).jti;

let repeated = 0;
/** A client that begins at one Worker and repeats what is 503 at the present one. */
async function refresh(version: Version, token: string): Promise<Answer> {
  let answer = await post(version, "refresh/", { refresh: token });
  while (answer.status === 503) {
    repeated++;
    answer = await post("present", "refresh/", { refresh: token });
  }
  return answer;
}

/** All racers of a session with its one token, at either Worker: one successor, which all of them get. */
async function race(token: string): Promise<string> {
  const answers = await Promise.all(
    Array.from({ length: RACERS }, (_, index) => refresh(index % 2 === 0 ? "present" : "former", token)),
  );
  expectEqual("racers", [...new Set(answers.map(({ status }) => status))], [200]);
  expectEqual("successors of one token", new Set(answers.map(({ body }) => jtiOf(body.refresh))).size, 1);
  return answers[0]?.body.refresh ?? "";
}

/** The databases of a process that is killed at some statement: before it was sent, or before its answer came. */
function killedAfter(statements: number): Databases {
  let left = statements;
  const on = <T>(work: () => Promise<T>): Promise<T> => {
    if (left-- > 0) return work();
    const sent = left === -1 && randomInt(2) === 0 ? work() : Promise.resolve();
    return sent.then(() => Promise.reject(new Error("killed")));
  };
  return new Map(
    [...databases].map(([name, one]: readonly [string, Database]) => [
      name,
      {
        read: (sql: string) => on(() => one.read(sql)),
        batch: (sqls: readonly string[]) => on(() => one.batch(sqls)),
        write: (sql: string) => on(() => one.write(sql)),
      },
    ]),
  );
}

const spread = (target: readonly string[], reached: Databases) =>
  spreadSessions({
    ...{ databases: reached, target, column: "id" as const, remote: false },
    nowSeconds: Math.floor(Date.now() / 1000),
    step: () => {},
    at: () => {},
  });

/** Moves the sessions there, in commands that are killed later and later until one comes to its end. */
async function spreadInPieces(target: readonly string[]): Promise<number> {
  for (let kills = 0; ; kills++) {
    try {
      await spread(target, killedAfter(kills * 4 + randomInt(4)));
      return kills;
    } catch (error) {
      if (!(error instanceof Error) || error.message !== "killed") throw error;
    }
  }
}

const countIn = async (name: string, table: string) =>
  Number((await databases.get(name)?.read(`SELECT COUNT(*) AS rows FROM ${table}`))?.[0]?.rows);

try {
  await database.write(fileAt(FORMER, "schema.sql"));
  await updateTables(database);
  for (let id = 1; id <= SESSIONS; id++) {
    const insert = "INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, ?, '2026-01-02T03:04:05Z')";
    await d1.prepare(insert).bind(String(id), `user${id}`, djangoScrypt("correct horse")).run();
  }
  const logIn = (version: Version, id: number) =>
    post(version, "", { username: `user${id}`, password: "correct horse" });
  const tokens: string[] = [];
  for (let id = 1; id <= SESSIONS; id++) tokens.push((await logIn("present", id)).body.refresh ?? "");

  const began = performance.now();
  let moving = true;
  let races = 0;
  // One session after the other: with 150 racers at once, the databases would do nothing else.
  const racing = (async () => {
    const last = [...tokens];
    for (let index = 0; moving || index < SESSIONS; index++) {
      const which = index % SESSIONS;
      last[which] = await race(last[which] ?? "");
      races++;
    }
    return last;
  })();
  // A race that fails keeps the moves from going on in vain.
  let failure: unknown;
  racing.catch((error: unknown) => {
    failure ??= error;
  });
  let kills = 0;
  for (let target = three; kills < KILLS || target === three; target = target === three ? three.slice(0, 2) : three) {
    kills += await spreadInPieces(target);
    if (failure !== undefined) throw failure;
    console.log(`over ${target.length} databases; killed ${kills} times so far, ${races} races`);
  }
  moving = false;
  const last = await racing;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${SESSIONS} sessions, ${races} races of ${RACERS} at both Workers, in ${seconds} s; the move killed ${kills} times, ${repeated} requests repeated`,
  );

  // None lost, none doubled.
  const counts = await Promise.all(three.map((name) => countIn(name, "sessions")));
  expectEqual("sessions in DB", await countIn("DB", "sessions"), 0);
  expectEqual(
    "sessions in three databases",
    counts.reduce((sum, count) => sum + count),
    SESSIONS,
  );
  expectEqual("tokens of the former version", await countIn("DB", "outstanding_tokens"), 0);
  for (const token of last) {
    expectEqual("at the former Worker", (await post("former", "refresh/", { refresh: token })).status, 503);
    expectEqual("at the present one", (await post("present", "refresh/", { refresh: token })).status, 200);
  }
  expectEqual("a log-in at the former Worker", (await logIn("former", 1)).status, 503);
  expectEqual("and at the present one", (await logIn("present", 1)).status, 200);
  console.log(`OK: ${checks} answers`);
} finally {
  await both.close();
  rmSync(folder, { recursive: true, force: true });
}
