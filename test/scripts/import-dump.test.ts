// scripts/import-django/dump.ts and times.ts: what is a dump, and what is a time.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseDump, readDumpText } from "../../scripts/import-django/dump.ts";
import { readTime } from "../../scripts/import-django/times.ts";
import { Failure } from "../../scripts/shared/failure.ts";

const parse = (text: string) => parseDump("dump.json", text, "auth.user");

describe("parseDump()", () => {
  it("sorts rows by model, in any case of letters, and counts the others", () => {
    const dump = parse(`[{"model": "auth.User", "pk": 7, "fields": {}},
      {"model": "token_blacklist.OutstandingToken", "pk": 1, "fields": {}},
      {"model": "token_blacklist.blacklistedtoken", "pk": 2, "fields": {"token": 1}},
      {"model": "auth.group", "pk": 3, "fields": {}}, {"model": "auth.group", "pk": 4, "fields": {}}]`);
    expect(dump).toEqual({
      users: [{ pk: 7, fields: {} }],
      outstanding: [{ pk: 1, fields: {} }],
      blacklisted: [{ pk: 2, fields: { token: 1 } }],
      others: new Map([["auth.group", 2]]),
    });
  });

  it("takes another model for the users", () => {
    const text = '[{"model": "accounts.member", "pk": 1, "fields": {}}]';
    expect(parseDump("dump.json", text, "accounts.Member").users).toEqual([{ pk: 1, fields: {} }]);
  });

  it("takes an empty dump", () => {
    expect(parse("[]")).toEqual({ users: [], outstanding: [], blacklisted: [], others: new Map() });
  });

  it.each([
    ["", "dump.json is not JSON."],
    ['[{"pk": "hunter2"x}]', "dump.json is not JSON (line 1 column 18)."],
    [
      '{"model": "auth.user"}\n{"model": "auth.user"}',
      "dump.json is not JSON (line 2 column 1); use dumpdata --format json.",
    ],
    ['{"model": "auth.user"}', "dump.json is not the output of dumpdata, which is a list of rows."],
    ["7", "dump.json is not the output of dumpdata, which is a list of rows."],
    [
      '[{"model": "auth.user", "fields": {}}, 7]',
      "dump.json is not the output of dumpdata: item 2 has no model or no fields.",
    ],
    [
      '[{"model": "auth.user", "fields": []}]',
      "dump.json is not the output of dumpdata: item 1 has no model or no fields.",
    ],
    ['[{"model": 7, "fields": {}}]', "dump.json is not the output of dumpdata: item 1 has no model or no fields."],
  ])("refuses %j", (text, message) => {
    expect(() => parse(text)).toThrow(new Failure(message));
  });
});

describe("readDumpText()", () => {
  const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-dump-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (bytes: Uint8Array | string) => {
    const path = join(folder, "dump.json");
    writeFileSync(path, bytes);
    return path;
  };

  it("reads UTF-8, with a byte order mark or without", async () => {
    expect(await readDumpText(file('\ufeff["ë"]'))).toBe('["ë"]');
  });
  it("says what PowerShell did", async () => {
    const path = file(Buffer.from("\ufeff[]", "utf16le"));
    await expect(readDumpText(path)).rejects.toThrow(
      `${path} is not UTF-8 text but UTF-16, as PowerShell writes it: use dumpdata --output FILE.`,
    );
  });
  it("refuses other bytes", async () => {
    const path = file(Buffer.from([0x5b, 0xe9, 0x5d]));
    await expect(readDumpText(path)).rejects.toThrow(`${path} is not UTF-8 text.`);
  });
  it("says why a file cannot be read", async () => {
    const path = join(folder, "nowhere.json");
    await expect(readDumpText(path)).rejects.toThrow(`Cannot read ${path}: ENOENT: no such file or directory.`);
    await expect(readDumpText(folder)).rejects.toThrow(
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
