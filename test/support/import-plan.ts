// Plans of imports: the baseline of terms, and databases in a few words.
// Must never touch a database: a plan is made of values.
import type { Dump } from "../../scripts/import-django/dump.ts";
import type { Existing, UserRow } from "../../scripts/import-django/existing.ts";
import { type ImportPlan, type ImportTerms, planImport } from "../../scripts/import-django/plan.ts";
import type { Tally } from "../../scripts/import-django/tally.ts";
import { dumpOf, userRow } from "./dump-rows.ts";

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
