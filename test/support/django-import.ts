// Imports from Django: planned from values, or into a real local D1 in a folder that goes when the tests end.
// Must never touch the project's own .wrangler folder.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Bindings, localBindings } from "../../scripts/database/bindings.ts";
import type { Row } from "../../scripts/database/database.ts";
import type { Dump } from "../../scripts/import-django/dump.ts";
import type { Existing, UserRow } from "../../scripts/import-django/existing.ts";
import { type ImportPlan, type ImportTerms, planImport } from "../../scripts/import-django/plan.ts";
import type { Tally } from "../../scripts/import-django/tally.ts";
import { type ImportChoices, importDump } from "../../scripts/manage/import-django.ts";
import { openProgress } from "../../scripts/shared/progress.ts";
import { dumpOf, userRow } from "./dump-rows.ts";

/** 1 January 2026, the clock of these imports. */
export const nowSeconds = 1_767_225_600;

/** What an import said: its first line, the three lines of counts, the exit code. */
export interface Said {
  readonly head: string | undefined;
  readonly counts: readonly string[];
  readonly exitCode: number;
}

/** The database of a test file, empty before each test. */
export function useLocalDatabase(): {
  readonly bindings: () => Bindings;
  readonly importOf: (dump: Dump, change?: Partial<ImportChoices>, into?: Partial<Bindings>) => Promise<Said>;
  readonly users: () => Promise<readonly Row[]>;
  readonly tokens: () => Promise<readonly Row[]>;
} {
  const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-import-"));
  let opened: Bindings | undefined;
  const bindings = (): Bindings => {
    if (opened === undefined) throw new Error("the database is not open");
    return opened;
  };
  beforeAll(async () => {
    opened = await localBindings(folder);
  });
  afterAll(async () => {
    await opened?.database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => bindings().database.write("DELETE FROM outstanding_tokens; DELETE FROM users"));
  return {
    bindings,
    importOf: async (dump, change = {}, into = {}) => {
      const choices = { dryRun: false, strict: false, keepPasswords: false, nowSeconds, ...change };
      const { lines, exitCode } = await importDump({ ...bindings(), ...into }, dump, choices, openProgress(true));
      return { head: lines[0], counts: lines.slice(1, 4).map((line) => line.trim()), exitCode };
    },
    users: () => bindings().database.read("SELECT * FROM users ORDER BY id"),
    tokens: () => bindings().database.read("SELECT * FROM outstanding_tokens ORDER BY jti"),
  };
}

export const nobody: Existing = { users: [], tokens: new Map() };

export const terms: ImportTerms = {
  keepPasswords: false,
  nowSeconds: 1_767_225_600, // 2026-01-01
  settings: {
    LEEWAY: 0,
    SLIDING_TOKEN_LIFETIME: 300,
    TOKEN_TYPE_CLAIM: "token_type",
    SLIDING_TOKEN_REFRESH_EXP_CLAIM: "refresh_exp",
  },
};

export const plan = (dump: Dump, existing = nobody, change: Partial<ImportTerms> = {}): ImportPlan =>
  planImport(dump, existing, { ...terms, ...change });

/** The database that an import of the dump into an empty one leaves. */
export function afterwards(dump: Dump): Existing {
  const { users, tokens } = plan(dump);
  return {
    users: users.rows.map((user, index) => ({ ...user, id: user.id ?? 1000 + index })),
    tokens: new Map(
      tokens.rows.map(({ jti, userId, expiresAt, blacklistedAt }) => [jti, { userId, expiresAt, blacklistedAt }]),
    ),
  };
}

/** A database with these users, who are otherwise as userRow() has them. */
export function here(...users: readonly Partial<UserRow>[]): Existing {
  const like = afterwards(dumpOf(userRow(1, "like"))).users;
  return { ...nobody, users: users.flatMap((user) => like.map((one) => ({ ...one, ...user }))) };
}

/** Each reason with its examples. */
export const reasons = (tallies: readonly Tally[]): string[][] =>
  tallies.map(({ reason, examples }) => [reason, ...examples]);
