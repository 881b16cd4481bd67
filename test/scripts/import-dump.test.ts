// scripts/import-django/dump.ts and times.ts: what is a dump, and what is a time.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openDump, openDumpFile, readDump } from "../../scripts/import-django/dump.ts";
import { openRowSplitter } from "../../scripts/import-django/row-splitter.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { readTime } from "../../src/python/django-time.ts";
import { dumpOf, dumpTerms, parseDump, userRow } from "../support/dump-rows.ts";

describe("a dump", () => {
  it("is sorted by model, in any case of letters; other models are counted", () => {
    const dump = parseDump(
      "dump.json",
      `[{"model": "auth.User", "pk": 7, "fields": {"password": "!"}},
      {"model": "token_blacklist.OutstandingToken", "pk": 1, "fields": {}},
      {"model": "token_blacklist.blacklistedtoken", "pk": 2, "fields": {"token": 1}},
      {"model": "auth.group", "pk": 3, "fields": {}}, {"model": "auth.group", "pk": 4, "fields": {}}]`,
    );
    expect([...dump.models.values()].map(({ name, rows }) => [name, rows])).toEqual([
      ["auth.User", [{ row: 1, pk: 7, fields: { password: "!" } }]],
    ]);
    expect(dump.outstanding.map(({ row, pk }) => [row, pk])).toEqual([[2, "1"]]);
    expect(dump.blacklisted).toEqual([{ row: 3, pk: 2, fields: { token: 1 } }]);
    expect([...dump.others]).toEqual([["auth.group", 2]]);
  });

  it("keeps of a user what an import may need, and knows the names of the other fields", () => {
    const fields = { password: "!", phone: "+49", bio: "x".repeat(5000), tenant: 7, more: { a: 1 } };
    const [model] = dumpOf({ model: "accounts.member", pk: 1, fields }).models.values();
    expect(model?.rows[0]?.fields).toEqual({ password: "!", phone: "+49", tenant: 7 });
    expect([...(model?.fields ?? [])]).toEqual(["password", "phone", "bio", "tenant", "more"]);
  });

  it("may be empty, and may be JSONL", () => {
    expect(dumpOf().models.size).toBe(0);
    const lines = '{"model": "auth.user", "pk": 1, "fields": {"password": "!"}}\n';
    for (const text of [lines + lines, `${lines}\n  \r\n${lines}`, `\ufeff${lines}${lines.trim()}`])
      expect(parseDump("dump.jsonl", text).models.get("auth.user")?.rows.length).toBe(2);
    expect(parseDump("dump.jsonl", "", { format: "jsonl" }).models.size).toBe(0);
  });

  it("is the same in pieces of any size", () => {
    const text = JSON.stringify([userRow(1, 'a"]}\\'), userRow(2, "zoë{"), userRow(3, "[")], undefined, 1);
    for (const size of [1, 2, 3, 7, 64]) {
      const { add, dump } = openDump("dump.json", dumpTerms);
      const rows = openRowSplitter("dump.json");
      const bytes = Buffer.from(`\ufeff${text}`);
      for (let at = 0; at < bytes.length; at += size) rows.push(bytes.subarray(at, at + size), add);
      rows.end(add);
      expect(dump.models.get("auth.user")?.rows.map(({ row, fields }) => [row, fields.username])).toEqual([
        [1, 'a"]}\\'],
        [2, "zoë{"],
        [3, "["],
      ]);
    }
  });

  it.each([
    ["", "dump.json is empty: dumpdata writes at least []."],
    ["  ", "dump.json is empty: dumpdata writes at least []."],
    ["hunter2", "dump.json is not JSON: use dumpdata --format json or jsonl."],
    ["7", "dump.json is not JSON: use dumpdata --format json or jsonl."],
    ['[{"pk": "hunter2"x}]', "dump.json is not JSON: row 1."],
    ['{"model": "auth.user", "fields": {}}\n{"model": "auth', "dump.json is not JSON: row 2."],
    ['{"model": "auth.user"}', "dump.json is not the output of dumpdata: row 1 has no model or no fields."],
    [
      '[{"model": "auth.user", "fields": {}}, 7]',
      "dump.json is not the output of dumpdata: row 2 is not a JSON object.",
    ],
    [
      '[{"model": "auth.user", "fields": []}]',
      "dump.json is not the output of dumpdata: row 1 has no model or no fields.",
    ],
    ['[{"model": 7, "fields": {}}]', "dump.json is not the output of dumpdata: row 1 has no model or no fields."],
    ['[{"model": "a.b", "fields": {}} {"model": "a.b", "fields": {}}]', "dump.json is not JSON after row 1."],
    ['[{"model": "a.b", "fields": {}}]]', "dump.json is not JSON after row 1."],
    ['[{"model": "auth.user", "fiel', "dump.json ends in the middle of row 1: the dump is not complete."],
    [
      '[{"model": "a.b", "fields": {}}, {"model": "a.b", "fields": {"x": "}]',
      "dump.json ends in the middle of row 2: the dump is not complete.",
    ],
    [
      '[{"model": "a.b", "fields": {}}',
      "dump.json ends after row 1 without the end of the list: the dump is not complete.",
    ],
    ["[", "dump.json ends after row 0 without the end of the list: the dump is not complete."],
  ])("is refused: %j", (text, message) => {
    expect(() => parseDump("dump.json", text)).toThrow(new Failure(message));
  });

  it("is refused when it is not in the format that --format says", () => {
    expect(() => parseDump("dump", "[]", { format: "jsonl" })).toThrow(
      "is not JSONL but a JSON list: use --format json.",
    );
    expect(() => parseDump("dump", "{}", { format: "json" })).toThrow(
      "is not a JSON list of rows: use --format jsonl.",
    );
  });

  it("is refused when a row has more than 16 MB, or brackets without an end", () => {
    const long = `[{"model": "auth.user", "fields": {"password": "${"x".repeat(17_000_000)}"}}]`;
    expect(() => parseDump("dump.json", long)).toThrow("cannot be read: row 1 is longer than 16 MB.");
    expect(() => parseDump("dump.json", `[{"a": ${"[".repeat(1_000_000)}`)).toThrow("ends in the middle of row 1");
    const deep = `{"model": "a.b", "fields": {"x": ${"[".repeat(200_000)}1.0${"]".repeat(200_000)}}}`;
    expect(() => parseDump("dump.json", `[${deep}]`)).toThrow("dump.json is not JSON: row 1.");
  });
});

describe("readDump()", () => {
  const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-dump-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "dump.json");
  const read = async (bytes: Uint8Array | string) => {
    writeFileSync(path, bytes);
    return readDump(path, (await openDumpFile(path)).bytes, dumpTerms);
  };

  it("reads a file, and says how far it is", async () => {
    writeFileSync(path, JSON.stringify([userRow(1, "zoë")]));
    const { bytes, size } = await openDumpFile(path);
    const seen: number[] = [];
    const dump = await readDump(path, bytes, dumpTerms, (count) => seen.push(count));
    expect([dump.models.size, seen]).toEqual([1, [size]]);
  });
  it("says what PowerShell did", async () => {
    await expect(read(Buffer.from("\ufeff[]", "utf16le"))).rejects.toThrow(
      `${path} is not UTF-8 text but UTF-16, as PowerShell writes it: use dumpdata --output FILE.`,
    );
  });
  it("refuses other bytes", async () => {
    const bytes = Buffer.from('[{"model": "a.b", "fields": {"x": "\xe9"}}]', "latin1");
    await expect(read(bytes)).rejects.toThrow(`${path} is not UTF-8 text: row 1.`);
  });
  it("says why a file cannot be read", async () => {
    const nowhere = join(folder, "nowhere.json");
    await expect(openDumpFile(nowhere)).rejects.toThrow(`Cannot read ${nowhere}: ENOENT: no such file or directory.`);
    await expect(openDumpFile(folder)).rejects.toThrow(
      `Cannot read ${folder}: EISDIR: illegal operation on a directory.`,
    );
  });
});

describe("readTime()", () => {
  it.each([
    ["2026-01-02T03:04:05.678Z", 1767323045, "2026-01-02T03:04:05.678Z", true],
    ["2026-01-02T03:04:05Z", 1767323045, "2026-01-02T03:04:05Z", true],
    ["2026-01-02T03:04:05.678901+00:00", 1767323045, "2026-01-02T03:04:05.678Z", true],
    ["2026-01-02T03:04:05+05:30", 1767303245, "2026-01-01T21:34:05.000Z", true],
    ["2026-01-02T03:04:05-08:00", 1767351845, "2026-01-02T11:04:05.000Z", true],
    ["2026-01-02T03:04:05.678", 1767323045, "2026-01-02T03:04:05.678Z", false],
    ["2026-01-02 03:04:05Z", 1767323045, "2026-01-02T03:04:05.000Z", true],
    ["2024-02-29T00:00:00Z", 1709164800, "2024-02-29T00:00:00Z", true],
    ["1969-12-31T23:59:59.500Z", -1, "1969-12-31T23:59:59.500Z", true],
    ["0001-01-01T00:00:00Z", -62135596800, "0001-01-01T00:00:00Z", true],
  ])("reads %s", (text, seconds, iso, zoned) => {
    expect(readTime(text)).toEqual({ seconds, text: iso, zoned });
  });

  it.each([
    ...["", "yesterday", "2026-01-02", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-02T24:00:00Z"],
    ...["2026-01-02T03:60:00Z", "2026-01-02T03:04:60Z", "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05z"],
    ...["2026-01-02T03:04:05Z ", 1767323045, null, undefined, ["2026-01-02T03:04:05Z"]],
  ])("takes %j for no time", (value) => {
    expect(readTime(value)).toBeUndefined();
  });
});
