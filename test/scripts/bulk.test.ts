// scripts/database/bulk.ts and d1-over-text.ts: how values get into SQL that is nothing but text.
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bulkStatements, plainJson, statementText, writeBulk } from "../../scripts/database/bulk.ts";
import { d1OverText, withLiterals } from "../../scripts/database/d1-over-text.ts";
import { Failure } from "../../scripts/shared/failure.ts";

const sql = "INSERT INTO t (a) SELECT value ->> 0 FROM json_each(?1)";

describe("plainJson()", () => {
  it("writes neither quotes nor semicolons nor anything beyond ASCII", () => {
    expect(plainJson(["'; DROP", "ë\n"])).toBe('["\\u0027\\u003b DROP","\\u00eb\\n"]');
  });
  it("is the same value again for SQLite, whatever the text", () => {
    const db = new DatabaseSync(":memory:");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const json = plainJson([text]);
        expect(json).toMatch(/^[ -~]*$/);
        expect(json).not.toMatch(/[';]/);
        // SQLite's texts end at a NUL; the import leaves such rows out.
        if (!text.includes("\0")) expect(db.prepare(`SELECT '${json}' ->> 0 AS v`).get()).toEqual({ v: text });
      }),
    );
  });
});

describe("bulkStatements()", () => {
  const rows = Array.from({ length: 1000 }, (_, index) => [index, "x".repeat(300)]);

  it("keeps every remote statement below D1's 100 KB, and loses no row", () => {
    const statements = bulkStatements("remote", sql, rows);
    expect(statements.length).toBe(4);
    for (const one of statements) expect(statementText(one).length).toBeLessThan(100_000);
    expect(statements.flatMap(({ json }) => JSON.parse(json))).toEqual(rows);
  });
  it("keeps every local parameter below D1's 2 MB", () => {
    const statements = bulkStatements("local", sql, [...rows, ...rows]);
    expect(statements.map(({ json }) => json.length < 600_000)).toEqual([true, true]);
  });
  it("makes nothing of nothing", () => {
    expect(bulkStatements("local", sql, [])).toEqual([]);
  });
});

describe("statementText()", () => {
  it("puts the rows where the parameter was, dollar signs and all", () => {
    expect(statementText({ sql, json: '[["pbkdf2$1$&"]]' })).toBe(
      `INSERT INTO t (a) SELECT value ->> 0 FROM json_each('[["pbkdf2$1$&"]]');\n`,
    );
  });
});

describe("writeBulk()", () => {
  const d1 = {} as D1Database;
  const database = (write: (text: string) => Promise<void>) =>
    ({ place: "remote", read: async () => [], batch: async () => [], write, close: async () => {} }) as const;

  it("sends a remote database one file", async () => {
    const files: string[] = [];
    const statements = [
      { sql, json: "[[1]]" },
      { sql, json: "[[2]]" },
    ];
    const write = async (text: string) => void files.push(text);
    await writeBulk({ database: database(write), d1 }, statements, () => {});
    expect(files).toEqual([
      "INSERT INTO t (a) SELECT value ->> 0 FROM json_each('[[1]]');\nINSERT INTO t (a) SELECT value ->> 0 FROM json_each('[[2]]');\n",
    ]);
    await writeBulk({ database: database(write), d1 }, [], () => {});
    expect(files.length).toBe(1);
  });

  it.each([
    [
      "Remote database: UNIQUE constraint failed: users.username",
      "The remote database was changed by another process in the meantime. Nothing was written; run the command again.",
    ],
    ["Remote database: no network", "The remote database refused to write: Remote database: no network"],
  ])("says of %j what to do", async (message, expected) => {
    const write = async () => {
      throw new Error(message);
    };
    const writing = writeBulk({ database: database(write), d1 }, [{ sql, json: "[[1]]" }], () => {});
    await expect(writing).rejects.toThrow(new Failure(expected));
  });
});

describe("d1OverText()", () => {
  it("writes values as literals, each where its number stands", () => {
    expect(withLiterals("SELECT ?2, ?1, ?3, ?2", ["O'Brien ?3", 7, null])).toBe("SELECT 7, 'O''Brien ?3', NULL, 7");
    expect(() => withLiterals("SELECT ?1", [undefined])).toThrow(
      "Cannot write a value of the type undefined into SQL.",
    );
  });
  it("gives the first row, or null, and counts what a statement changed", async () => {
    const asked: string[] = [];
    const d1 = d1OverText({
      batch: async (texts) => {
        asked.push(...texts);
        return [asked.length === 1 ? [] : [{ a: 1 }, { a: 2 }]];
      },
    });
    expect(await d1.prepare("SELECT ?1").bind(7).first()).toBeNull();
    expect((await d1.prepare("DELETE FROM t WHERE a < ?1").bind(3).run()).meta.changes).toBe(2);
    expect(asked).toEqual(["SELECT 7", "DELETE FROM t WHERE a < 3 RETURNING 1 AS changed"]);
  });
});
