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
import { openExtras } from "../../scripts/import-django/extra.ts";
import { type ImportChoices, importDump } from "../../scripts/import-django/import-dump.ts";
import { type ImportPlan, type ImportTerms, planImport } from "../../scripts/import-django/plan.ts";
import { openTallies, type Tally } from "../../scripts/import-django/tally.ts";
import type { UserModel } from "../../scripts/import-django/user-model.ts";
import { openProgress } from "../../scripts/shared/progress.ts";
import { dumpOf, userRow } from "./dump-rows.ts";

/** 1 January 2026, the clock of these imports. */
export const nowSeconds = 1_767_225_600;

/** What an import said: its first line, the three lines of counts, the exit code. */
export interface Said {
  readonly head: string | undefined;
  readonly counts: readonly string[];
  /** The lines after the counts. */
  readonly rest: readonly string[];
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
  beforeEach(() =>
    bindings().database.write(
      "DELETE FROM sessions; DELETE FROM outstanding_tokens; DELETE FROM users; DELETE FROM user_imports; DELETE FROM user_cutoffs; DROP INDEX IF EXISTS users_username_folded",
    ),
  );
  return {
    bindings,
    importOf: async (dump, change = {}, into = {}) => {
      const choices = { ...importChoices, ...change };
      const place = { ...bindings(), ...into };
      const { lines, exitCode } = await importDump(place, "dump.json", dump, choices, openProgress(true));
      const [head, ...rest] = lines;
      return { head, counts: rest.slice(0, 3).map((line) => line.trim()), rest: rest.slice(3), exitCode };
    },
    users: () => bindings().database.read("SELECT * FROM users ORDER BY id"),
    tokens: () => bindings().database.read("SELECT *, other_jti AS jti FROM sessions ORDER BY other_jti"),
  };
}

/** No flags. */
export const importChoices: ImportChoices = {
  ...{
    dryRun: false,
    strict: false,
    lenient: false,
    keepPasswords: false,
    prune: "no",
    force: false,
    extra: [],
    nowSeconds,
  },
  model: { userModel: undefined, usernameField: undefined, idField: undefined },
  ask: undefined,
};

export const nobody: Existing = { users: [], tokens: new Map() };

export const terms: ImportTerms = {
  ...{
    keepPasswords: false,
    prune: "no",
    names: "exact",
    nowSeconds,
    nowIso: "2026-01-01T00:00:00.000Z",
    idType: "integer",
  },
  extras: openExtras([], { name: "auth.user", fields: new Set() }, dumpOf(), openTallies()),
  newId: undefined,
};

/** auth.user as AbstractUser has it, with integer keys. */
export function userModel(dump: Dump, change: Partial<UserModel> = {}): UserModel {
  const { name = "auth.user", rows = [], fields = new Set<string>() } = dump.models.get("auth.user") ?? {};
  return {
    ...{ name, rows, fields, usernameField: "username", idField: undefined, alternateType: undefined },
    ...{ idType: "integer", named: "id" },
    ...change,
  };
}

export const plan = (
  dump: Dump,
  existing = nobody,
  change: Partial<ImportTerms> = {},
  model: Partial<UserModel> = {},
): ImportPlan => planImport(dump, userModel(dump, model), existing, { ...terms, ...change });

/** The database that an import of the dump into an empty one leaves. */
export function afterwards(dump: Dump): Existing {
  const { users, tokens } = plan(dump);
  return {
    users: users.rows.map((user, index) => ({ ...user, id: user.id ?? String(-1 - index) })),
    tokens: new Map(
      tokens.rows.map(({ jti, userId, expiresAt, blacklistedAt }) => [jti, { userId, expiresAt, blacklistedAt }]),
    ),
  };
}

/** A database with these users of an earlier import, who are otherwise as userRow() has them. */
export function here(...users: readonly Partial<UserRow>[]): Existing {
  const like = afterwards(dumpOf(userRow(1, "like"))).users;
  return { ...nobody, users: users.flatMap((user) => like.map((one) => ({ ...one, ...user }))) };
}

/** The same for users who were made here. */
export const madeHere = (...users: readonly Partial<UserRow>[]): Existing =>
  here(...users.map((user) => ({ imported_hash: null, imported_row: null, ...user })));

/** Each reason with its examples. */
export const reasons = (tallies: readonly Tally[]): string[][] =>
  tallies.map(({ reason, examples }) => [reason, ...examples]);
