// No statement of the stores reads a whole table: each one's plan, as SQLite tells it.
import { expect, test, vi } from "vitest";
import type { TokenMarks } from "../../src/stores/contract.ts";
import { d1Families } from "../../src/stores/d1-families.ts";
import { d1Tokens } from "../../src/stores/d1-tokens.ts";
import { d1Users } from "../../src/stores/d1-users.ts";
import { DB } from "../support/bindings.ts";
import { listedToken } from "../support/rows.ts";

const now = 1_700_000_000;
const silent = () => {};

/** A database that notes the text of every statement and runs none. */
function notingDatabase() {
  const texts = new Set<string>();
  const statement = {
    bind: () => statement,
    first: async () => null,
    all: async () => ({ results: [] }),
    run: async () => ({ meta: { changes: 0 } }),
  };
  const db = {
    prepare: (sql: string) => {
      texts.add(sql);
      return statement;
    },
    batch: vi.fn(async (all: readonly unknown[]) => all.map(() => ({ results: [] }))),
  };
  return { db: db as unknown as D1Database, texts };
}

/** Every function of the stores, with each argument that changes its SQL. */
async function allStatements(): Promise<readonly string[]> {
  const { db, texts } = notingDatabase();
  const [tokens, families, users] = [d1Tokens(db, silent), d1Families(db, silent), d1Users(db, silent)];
  const lookups = [
    { column: "id", value: 7 },
    { column: "username", value: "ada" },
  ] as const;
  const marks: TokenMarks = { jti: "a", family: "f", user: undefined, issuedAtSeconds: now };
  const token = listedToken();
  await tokens.isBlacklisted("a");
  for (const lookup of lookups) {
    await tokens.standing({ ...marks, user: lookup }, lookup, false);
    await tokens.tokenAndUser("a", lookup);
    await users.byLookup(lookup);
  }
  await users.byUsername("ada");
  await tokens.recordLogin({ userId: 7, token, newHash: { checked: "a", better: "b" }, lastLogin: "now" });
  await tokens.list(token);
  await tokens.blacklist(token, now);
  await tokens.rotate(token, listedToken(), now);
  await tokens.deleteExpired(now, 10);
  await families.endFamily("f", now, now);
  await families.endFamilyOf(token, now, now);
  await families.endUser(7, now, now, now);
  await families.liveTokens(7, 10, now);
  await families.forgetEndings(now);
  return [...texts];
}

const statements = await allStatements();

test("the stores have statements to look at", () => {
  expect(statements.length).toBeGreaterThan(20);
});

test.each(statements.map((sql) => [sql.replaceAll(/\s+/g, " ").trim(), sql]))("%s", async (_, sql) => {
  const { results } = await DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...Array.from({ length: new Set(sql.match(/\?\d+/g)).size }, () => 1))
    .all<{ detail: string }>();
  const plan = results.map(({ detail }) => detail);
  const scans = plan.filter((detail) => detail.startsWith("SCAN") && !/^SCAN (CONSTANT ROW|asked)$/.test(detail));
  expect(scans).toEqual([]);
});
