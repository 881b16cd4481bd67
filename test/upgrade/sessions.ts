// `npm run test:upgrade`: sessions of the version before this one, which had a row for each token, while both Workers run
// on one D1, while they are adopted, and after a way back. Needs the repository's history. Not part of `npm test`.
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adoptSessions } from "../../scripts/database/adopt-sessions.ts";
import type { Database } from "../../scripts/database/database.ts";
import { updateTables } from "../../scripts/database/tables.ts";
import { djangoScrypt } from "../support/gateway-over-http.ts";
import { fileAt, startBoth, workerAt } from "./workers.ts";

/** The last commit with schema version 4. */
const FORMER = "1e3ad7d";
const RACERS = 25;

type Version = "former" | "present";
interface Answer {
  readonly status: number;
  readonly body: { readonly access?: string; readonly refresh?: string; readonly token?: string };
}

let checks = 0;
function expectEqual(what: string, actual: unknown, expected: unknown): void {
  checks++;
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "upgrade-sessions-"));
const former = await workerAt(FORMER, folder);
const both = await startBoth(former, folder, {
  REFRESH_REUSE_GRACE: "20s",
  REVOKE_FAMILY_ON_REUSE: true,
  BLACKLIST_ENDS_SESSION: true,
  TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions"],
});
const { d1, database, urls } = both;

const send = async (version: Version, path: string, init: RequestInit): Promise<Answer> => {
  const response = await fetch(new URL(`/api/token/${path}`, urls[version]), { method: "POST", ...init });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : {} };
};
const post = (version: Version, path: string, body: object) =>
  send(version, path, { headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
/** A client whose 503 is repeated, and comes to the other Worker. */
const repeated = async (version: Version, path: string, body: object): Promise<Answer> => {
  const answer = await post(version, path, body);
  return answer.status === 503 ? post("present", path, body) : answer;
};
const refresh = (version: Version, token: string | undefined) => repeated(version, "refresh/", { refresh: token });
const logoutAll = (version: Version, access: string | undefined) =>
  send(version, "logout-all/", { headers: { authorization: `Bearer ${access}` } });

const claimsOf = (token: string | undefined) =>
  JSON.parse(Buffer.from(token?.split(".")[1] ?? "", "base64url").toString()) as { jti: string; sid?: string };
const login = async (version: Version, username: string) => {
  const { status, body } = await post(version, "", { username, password: "correct horse" });
  expectEqual(`log-in of ${username}`, status, 200);
  return body;
};

/** The tokens that are good, over both tables, by their session: a model of what must be. */
async function goodTokens(): Promise<Map<string, number>> {
  const rows = await database.read(
    `SELECT name, count(*) AS good FROM (
       SELECT COALESCE(session, other_jti, id || '00000000') AS name FROM sessions
       WHERE blacklisted_at IS NULL AND ended_at IS NULL
       UNION ALL SELECT COALESCE(family, jti) FROM outstanding_tokens AS old WHERE blacklisted_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM sessions WHERE other_jti = old.jti)
         AND NOT EXISTS (SELECT 1 FROM ended_families WHERE family = COALESCE(old.family, old.jti)))
     GROUP BY name`,
  );
  return new Map(rows.map(({ name, good }) => [String(name), Number(good)]));
}

/** All racers of a session with its one token, at either Worker: one successor, which all of them get. */
async function race(token: string, versions: readonly Version[]): Promise<string> {
  const answers = await Promise.all(
    Array.from({ length: RACERS }, (_, index) => refresh(versions[index % versions.length] ?? "present", token)),
  );
  expectEqual("racers", [...new Set(answers.map(({ status }) => status))], [200]);
  const successors = new Set(answers.map(({ body }) => claimsOf(body.refresh).jti));
  expectEqual("successors of one token", successors.size, 1);
  return answers[0]?.body.refresh ?? "";
}

/** A database whose process is killed at some batch: before it was sent, or before its answer came. */
function killedAt(batches: number): Database {
  let left = batches;
  return {
    ...database,
    batch: async (statements) => {
      if (left-- > 0) return database.batch(statements);
      if (randomInt(2) === 0) await database.batch(statements);
      throw new Error("killed");
    },
  };
}

try {
  await database.write(fileAt(FORMER, "schema.sql"));
  const names = ["ada", "bob", "eve", "old", "way"];
  for (const [index, name] of names.entries()) {
    const insert = "INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, ?, '2026-01-02T03:04:05Z')";
    await d1
      .prepare(insert)
      .bind(String(index + 1), name, djangoScrypt("correct horse"))
      .run();
  }

  // What the former version leaves: live sessions, used tokens, sliding ones, ended ones.
  const live: string[] = [];
  for (let count = 0; count < 12; count++) live.push((await login("former", "ada")).refresh ?? "");
  for (let count = 0; count < 6; count++) {
    const next = await post("former", "refresh/", { refresh: live[count] });
    live[count] = next.body.refresh ?? "";
  }
  const stale = (await login("former", "eve")).refresh;
  const afterStale = (await post("former", "refresh/", { refresh: stale })).body.refresh;
  const ended = (await login("former", "eve")).refresh;
  expectEqual("log-out", (await post("former", "blacklist/", { refresh: ended })).status, 200);
  const sliding = (await post("former", "sliding/", { username: "eve", password: "correct horse" })).body.token;
  const oldLogin = await login("former", "old");

  expectEqual("columns that were added", (await updateTables(database)).length > 0, true);
  const goesOn = await post("former", "refresh/", { refresh: live[11] });
  expectEqual("the former Worker on the new tables", goesOn.status, 200);
  live[11] = goesOn.body.refresh ?? "";
  console.log(`schema of ${FORMER} expanded; its Worker goes on`);

  // Sliding tokens and ended sessions.
  expectEqual("ended there, asked here", (await refresh("present", ended)).status, 401);
  const slid = await post("present", "sliding/refresh/", { token: sliding });
  expectEqual("a sliding token", slid.status, 200);
  expectEqual("the same again", (await post("present", "sliding/refresh/", { token: sliding })).status, 200);
  expectEqual("the same there", (await post("former", "sliding/refresh/", { token: sliding })).status, 200);

  // Races, at the same time as the adoption, which is killed again and again.
  live.push(...(await Promise.all([1, 2, 3, 4].map(async () => (await login("present", "ada")).refresh ?? ""))));
  let kills = 0;
  let isRacing = true;
  const adopting = (async () => {
    while (isRacing) {
      try {
        await adoptSessions(killedAt(randomInt(4)), Math.floor(Date.now() / 1000), () => {}, 2);
      } catch {
        kills++;
      }
      await new Promise((done) => setTimeout(done, 100));
    }
  })();
  const began = performance.now();
  for (let generation = 0; generation < 3; generation++) {
    for (const [index, token] of live.entries()) {
      live[index] = await race(token, generation === 2 ? ["present", "former", "present"] : ["former", "present"]);
    }
  }
  isRacing = false;
  await adopting;
  const racing = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${live.length} sessions, 3 generations of ${RACERS} racers at both Workers, in ${racing} s; adoption killed ${kills} times`,
  );
  const good = await goodTokens();
  expectEqual(
    "sessions with several good tokens",
    [...good].filter(([, count]) => count !== 1),
    [],
  );

  // Adoption runs to its end.
  const { adopted, more } = await adoptSessions(database, Math.floor(Date.now() / 1000), () => {}, 3);
  expectEqual("left to adopt", more, false);
  expectEqual("adopting again", (await adoptSessions(database, Math.floor(Date.now() / 1000), () => {}, 3)).adopted, 0);
  console.log(`the rest adopted: ${adopted}`);

  // A log-out here is known there.
  const loggedOut = live.pop();
  expectEqual("a log-out", (await post("present", "blacklist/", { refresh: loggedOut })).status, 200);
  for (const version of ["former", "present"] as const)
    expectEqual("after it", (await refresh(version, loggedOut)).status, 401);

  // Reuse, long after it: the session ends, at whichever Worker.
  const past = (jti: string) =>
    d1.prepare("UPDATE outstanding_tokens SET blacklisted_at = blacklisted_at - 600 WHERE jti = ?").bind(jti).run();
  await past(claimsOf(stale).jti);
  expectEqual("reuse at the former Worker", (await post("former", "refresh/", { refresh: stale })).status, 503);
  expectEqual("reuse, repeated", (await refresh("former", stale)).status, 401);
  expectEqual("its session afterwards", (await refresh("former", afterStale)).status, 401);

  // Log-out everywhere at the former Worker reaches all sessions of the user, whoever began them.
  const [begunThere, begunHere] = [await login("former", "bob"), await login("present", "bob")];
  const adoptedThere = await login("former", "bob");
  const used = await refresh("present", adoptedThere.refresh);
  expectEqual("adopted by a refresh", used.status, 200);
  expectEqual("log-out everywhere there", (await logoutAll("former", begunThere.access)).status < 300, true);
  for (const [what, token] of [
    ["begun there", begunThere.refresh],
    ["begun here", begunHere.refresh],
    ["adopted", used.body.refresh],
  ] as const) {
    expectEqual(`${what}, after a log-out everywhere there`, (await refresh("former", token)).status, 401);
    expectEqual(`${what}, here`, (await refresh("present", token)).status, 401);
  }
  await new Promise((done) => setTimeout(done, 1100));
  expectEqual("log-out everywhere here", (await logoutAll("present", oldLogin.access)).status < 300, true);
  for (const version of ["former", "present"] as const)
    expectEqual(`after it, ${version}`, (await refresh(version, oldLogin.refresh)).status, 401);
  console.log("reuse and endings reach the sessions of both");

  // The way back: what docs/upgrading.md says.
  const { refresh: begun } = await login("present", "way");
  expectEqual("a session of this version there", (await post("former", "refresh/", { refresh: begun })).status, 503);
  await database.write(
    `INSERT INTO user_cutoffs (user_id, issued_before, expires_at)
       SELECT user_id, unixepoch() + 1, MAX(expires_at) FROM sessions WHERE user_id IS NOT NULL GROUP BY user_id
       ON CONFLICT (user_id) DO UPDATE SET issued_before = excluded.issued_before, expires_at = MAX(user_cutoffs.expires_at, excluded.expires_at)`,
  );
  for (const token of [begun, ...live])
    expectEqual("after the way back", (await post("former", "refresh/", { refresh: token })).status, 401);
  await new Promise((done) => setTimeout(done, 1100));
  const again = await login("former", "way");
  expectEqual("a log-in there", (await post("former", "refresh/", { refresh: again.refresh })).status, 200);
  console.log(`OK: ${checks} answers`);
} finally {
  await both.close();
  rmSync(folder, { recursive: true, force: true });
}
