// `npm run test:upgrade`: 0.1.0 and this version on one local D1, while it is expanded and while ids become text; and, with
// --users N, how long that takes with so many users. Needs the repository's history. Not part of `npm test`.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { updateTables } from "../../scripts/database/tables.ts";
import { rewriteIds, storedIds } from "../../scripts/database/text-ids.ts";
import { djangoScrypt } from "../support/gateway-over-http.ts";
import { root, startBoth, workerAt } from "./workers.ts";

/** The last commit whose package.json says 0.1.0 before the second version was begun. */
const COMMIT_OF_0_1_0 = "717d4b7";

const schemaOf010 = readFileSync(join(root, "test/support/fixtures/schema-0.1.0.sql"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "upgrade-"));
const at = process.argv.indexOf("--users");
const manyUsers = at === -1 ? 0 : Number(process.argv[at + 1]);

interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

let checks = 0;
function expectEqual(what: string, actual: unknown, expected: unknown): void {
  checks++;
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const both = await startBoth(await workerAt(COMMIT_OF_0_1_0, folder), folder);
const { d1, database } = both;

try {
  const urls = { "0.1.0": both.urls.former, "this version": both.urls.present } as const;
  type Version = keyof typeof urls;

  /** A client repeats what 0.1.0 answers 503 to, a token of a session that is in the new table, and comes to this version. */
  const post = async (version: Version, path: string, body: object) => {
    const answer = await postTo(version, path, body);
    return answer.status === 503 ? postTo("this version", path, body) : answer;
  };
  const postTo = async (version: Version, path: string, body: object) => {
    const response = await fetch(new URL(path, urls[version]), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Partial<Tokens> };
  };
  const protectedRoute = async (version: Version, access: string | undefined) => {
    const response = await fetch(new URL("/notes/", urls[version]), {
      headers: { authorization: `Bearer ${access}` },
    });
    return `${response.status} ${await response.text()}`;
  };

  /** A session that begins at one version and goes on at the other, and back; and how a used token ends. */
  const walk = async (first: Version, second: Version) => {
    const name = `${first} → ${second}`;
    const login = await post(first, "/api/token/", { username: "ada", password: "correct horse" });
    expectEqual(`${name}: obtain`, login.status, 200);
    expectEqual(`${name}: route at the same`, await protectedRoute(first, login.body.access), "200 7");
    expectEqual(`${name}: route`, await protectedRoute(second, login.body.access), "200 7");
    expectEqual(
      `${name}: verify`,
      (await post(second, "/api/token/verify/", { token: login.body.access })).status,
      200,
    );
    const refreshed = await post(second, "/api/token/refresh/", { refresh: login.body.refresh });
    expectEqual(`${name}: refresh`, refreshed.status, 200);
    expectEqual(
      `${name}: a used token`,
      (await post(first, "/api/token/refresh/", { refresh: login.body.refresh })).status,
      401,
    );
    const again = await post(first, "/api/token/refresh/", { refresh: refreshed.body.refresh });
    expectEqual(`${name}: refresh back`, again.status, 200);
    expectEqual(`${name}: route after it`, await protectedRoute(second, again.body.access), "200 7");
    const logout = await post(second, "/api/token/blacklist/", { refresh: again.body.refresh });
    expectEqual(`${name}: log-out`, logout.status, 200);
    expectEqual(
      `${name}: after it`,
      (await post(first, "/api/token/refresh/", { refresh: again.body.refresh })).status,
      401,
    );
    const wrong = await post(first, "/api/token/", { username: "ada", password: "wrong" });
    expectEqual(`${name}: a wrong password`, wrong.status, 401);
  };
  /** A log-out everywhere at one version ends the session of the other. */
  const logOutEverywhere = async (first: Version, second: Version) => {
    const login = await post(first, "/api/token/", { username: "ada", password: "correct horse" });
    const response = await fetch(new URL("/api/token/logout-all/", urls[second]), {
      method: "POST",
      headers: { authorization: `Bearer ${login.body.access}` },
    });
    expectEqual(`${first} → ${second}: log-out everywhere`, response.ok, true);
    const after = await post(first, "/api/token/refresh/", { refresh: login.body.refresh });
    expectEqual(`${first} → ${second}: refresh after it`, after.status, 401);
    // What is issued within the same second is ended as well.
    await new Promise((done) => setTimeout(done, 1100));
  };
  const walkBoth = async () => {
    await walk("0.1.0", "this version");
    await walk("this version", "0.1.0");
  };

  await database.write(schemaOf010);
  await d1
    .prepare("INSERT INTO users (id, username, password, date_joined) VALUES (?, 'ada', ?, '2026-01-02T03:04:05Z')")
    .bind(7, djangoScrypt("correct horse"))
    .run();
  if (manyUsers > 0) await fill(d1, manyUsers);

  let began = performance.now();
  await updateTables(database);
  console.log(`expanded in ${seconds(began)}`);
  await walkBoth();
  await logOutEverywhere("0.1.0", "this version");
  await logOutEverywhere("this version", "0.1.0");
  console.log("0.1.0 and this version answer rightly on the expanded database");

  began = performance.now();
  let [longest, step, walking] = [0, "", 0];
  const timed =
    <T extends unknown[], R>(work: (...args: T) => Promise<R>) =>
    async (...args: T): Promise<R> => {
      const since = performance.now();
      const result = await work(...args);
      if (performance.now() - since > longest)
        [longest, step] = [performance.now() - since, String(args[0]).slice(0, 90)];
      // While it is under way, both versions go on.
      const walks = performance.now();
      if ((await storedIds(database)) === "integer" && checks < 200 && Math.random() < (manyUsers > 0 ? 0.02 : 0.5))
        await walkBoth();
      walking += performance.now() - walks;
      return result;
    };
  await rewriteIds(
    { read: timed(database.read), write: timed(database.write) },
    { step: (text) => console.log(`  ${seconds(began)} ${text}`), at: () => {} },
    manyUsers > 0 ? undefined : 1,
  );
  const spent = ((performance.now() - began - walking) / 1000).toFixed(1);
  console.log(`ids are text after ${spent} s; the longest statement took ${(longest / 1000).toFixed(2)} s: ${step}`);

  expectEqual("ids", await storedIds(database), "text");
  await walk("this version", "this version");
  await logOutEverywhere("this version", "this version");
  const late = await postTo("0.1.0", "/api/token/", { username: "ada", password: "correct horse" });
  console.log(`0.1.0 on text ids: obtain ${late.status}, route ${await protectedRoute("0.1.0", late.body.access)}`);
  console.log(`OK: ${checks} answers`);
} finally {
  await both.close();
  rmSync(folder, { recursive: true, force: true });
}

/** So many users, and as many tokens. */
async function fill(d1: D1Database, users: number): Promise<void> {
  const began = performance.now();
  const numbers = "WITH RECURSIVE number (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1 + ?2)";
  const batch = 25_000;
  const now = Math.floor(Date.now() / 1000);
  for (let first = 1000; first < users + 1000; first += batch) {
    await d1
      .prepare(
        `${numbers} INSERT INTO users (id, username, password, email, date_joined) SELECT n, 'user' || n, '!' || hex(randomblob(40)), 'user' || n || '@example.com', '2026-01-02T03:04:05Z' FROM number`,
      )
      .bind(first, batch)
      .run();
    await d1
      .prepare(
        `${numbers} INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at, blacklisted_at, family, session_started_at)
         SELECT lower(hex(randomblob(16))), 'refresh', n, ?3 - n % 600000, ?3 + 600000 - n % 600000, CASE WHEN n % 5 > 0 THEN ?3 END, 'f' || n, ?3 FROM number`,
      )
      .bind(first, batch, now)
      .run();
  }
  console.log(`${users} users and as many tokens in ${seconds(began)}`);
}
