// `sessions spread` and what follows it as a shell sees them, on local databases of D1.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dumpRows } from "../support/django-dump.ts";
import { copyProject } from "../support/projects.ts";

const { folder, manage, remove } = copyProject();
const nowSeconds = Math.floor(Date.now() / 1000);
// Token n is of userN with N = n + 1; those with even numbers are blacklisted.
const dump = JSON.stringify([...dumpRows({ users: 6, tokens: 6, nowSeconds })]);
const jti = (number: number) => String(number).padStart(32, "0");

/** What a command prints; it has to go well. */
async function said(words: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await manage(words, input);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining("rror")]);
  return stdout;
}

const listed = async (...words: string[]) =>
  (JSON.parse(await said(["tokens", "--json", ...words])) as { readonly jti: string }[]).map((token) => token.jti);

beforeAll(() => {
  for (const name of ["SESSIONS_1", "SESSIONS_2"]) {
    appendFileSync(
      join(folder, "wrangler.toml"),
      `\n[[d1_databases]]\nbinding = "${name}"\ndatabase_name = "${name.toLowerCase()}"\n`,
    );
  }
});
afterAll(remove);

it("sessions move to their databases, where the other commands find them", async () => {
  await said(["import-django", "-", "--quiet"], dump);
  const before = await listed();
  expect(before).toHaveLength(6);
  expect((await manage(["check"])).stdout).toContain("SESSIONS_1, SESSIONS_2 are bound and have no sessions.");
  const { stdout, stderr } = await manage(["sessions", "spread"]);
  expect([stdout, stderr]).toEqual([
    "Moved the sessions of 6 users. All local sessions are now in SESSIONS_1, SESSIONS_2.\n",
    "Announcing where sessions are to be\nMoving sessions out of DB\nWriting down where sessions are\n",
  ]);
  expect(await listed()).toEqual(before);
  expect(await said(["revoke", jti(1)])).toBe(`Blacklisted '${jti(1)}' in the local database.\n`);
  await said(["deactivate", "user4"]);
  expect((await listed("--blacklisted")).toSorted()).toEqual([1, 2, 3, 4, 6].map(jti));
  expect(await said(["import-django", "-", "--quiet"], dump)).toContain("tokens  0 new");
  expect((await manage(["check"])).stdout).not.toContain("SESSIONS");
  expect(await said(["sessions", "spread", "--quiet", "--over", "SESSIONS_2"])).toMatch(
    /All local sessions are now in SESSIONS_2\. SESSIONS_1 must stay there, because the numbers may have no gap\.\n$/,
  );
  expect(await listed()).toEqual(before);
});
