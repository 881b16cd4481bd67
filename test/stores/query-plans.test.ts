// No statement of the stores reads a whole table: each one's plan, as SQLite tells it.
import { expect, test, vi } from "vitest";
import type { RevocationKeys } from "../../src/stores/contract.ts";
import { d1AdminAudit } from "../../src/stores/d1/admin-audit.ts";
import { d1AdminSessions } from "../../src/stores/d1/admin-sessions.ts";
import { d1AdminTokens } from "../../src/stores/d1/admin-tokens.ts";
import { d1AdminUsers } from "../../src/stores/d1/admin-users.ts";
import { d1ApiKeyAdministration, d1ApiKeys } from "../../src/stores/d1/api-keys.ts";
import { d1ApiUsers } from "../../src/stores/d1/api-users.ts";
import { d1Events } from "../../src/stores/d1/events.ts";
import { d1Provisioning } from "../../src/stores/d1/provisioning.ts";
import { withRetries } from "../../src/stores/d1/retry.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { d1Users } from "../../src/stores/d1/users.ts";
import { newUserIds } from "../../src/users/new-user-ids.ts";
import { DB } from "../support/bindings.ts";
import { retriesAtOnce } from "../support/lost-reply.ts";
import { outstandingToken, rotationOf } from "../support/rows.ts";
import { baseUser } from "../support/users.ts";

const now = 1_700_000_000;
const silent = (...failed: unknown[]) => {
  throw new Error(JSON.stringify(failed));
};

/** A database that notes the text of every statement and runs none. @param rows that each statement of a batch gives */
function notingDatabase(rows: readonly object[] = []) {
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
    batch: vi.fn(async (all: readonly unknown[]) => all.map(() => ({ results: rows, meta: { changes: 0 } }))),
  };
  return { db: db as unknown as D1Database, texts };
}

const lookups = [
  { column: "id", value: "7" },
  { column: "username", value: "ada" },
  { column: "alternate_id", value: "a7" },
] as const;

/** Tokens and sessions. */
async function sessionStatements(db: D1Database): Promise<void> {
  const [tokens, sessions] = [d1Tokens(db, silent), d1Sessions(db, silent)];
  const revocationKeys: RevocationKeys = { jti: "a", session: "f", user: undefined, issuedAtSeconds: now };
  const token = outstandingToken();
  // An id of the gateway's own, and one that was made elsewhere and does not look like it.
  const [own, elsewhere] = [
    outstandingToken({ jti: `${"a".repeat(24)}00000007` }),
    outstandingToken({ jti: "made-by-others" }),
  ];
  for (const { jti } of [own, elsewhere]) {
    await tokens.isBlacklisted("no user", jti, 0);
    await tokens.tokenStatus({ ...revocationKeys, jti, user: lookups[0] }, undefined, false);
  }
  for (const lookup of lookups) {
    await tokens.tokenStatus({ ...revocationKeys, user: lookup }, lookup, false);
    await tokens.tokenAndUser(lookup, "a");
  }
  await tokens.recordLogin("no user", { userId: "7", token, newHash: { checked: "a", better: "b" }, lastLogin: "now" });
  await tokens.insert("no user", token);
  for (const owner of [...lookups, "no user"] as const) {
    await tokens.extend(owner, token);
    await tokens.blacklist(owner, token, now);
    for (const used of [token, own, elsewhere]) {
      await tokens.rotate(owner, rotationOf(used, now));
      const user = { mustBeActive: true, versionMustBeKnown: true };
      const sessionLasts = { seconds: 900, leewaySeconds: 5 };
      await tokens.rotate(owner, rotationOf(used, now, { user, sessionLasts, usedSinceSeconds: now - 10 }));
      await tokens.blacklist(owner, used, now);
      await sessions.endSessionOf(owner, used, now, now);
      await sessions.endSession(owner, used.jti, now, now);
      await tokens.tokenAndUser(owner, used.jti, { usedSinceSeconds: now, wholeUser: true });
    }
    await sessions.endSession(owner, "f", now, now);
    await sessions.endSessionOf(owner, token, now, now);
  }
  await tokens.deleteExpired(now, 10);
  for (const owner of lookups) {
    await sessions.endAll(owner, now, now, now);
    await sessions.liveTokens(owner, 0, 10, now);
  }
  await sessions.forgetEndings(now);
}

/** What a retry asks first. */
async function retriedStatements(db: D1Database): Promise<void> {
  let batches = 0;
  const batch = async (statements: D1PreparedStatement[]) => {
    if (batches++ % 2 === 0) throw new Error("D1_ERROR: Network connection lost.");
    return db.batch(statements);
  };
  const losing = withRetries({ ...db, batch } as D1Database, retriesAtOnce());
  const event = { type: "logout", createdAtSeconds: now, data: {} } as const;
  const [tokens, sessions] = [d1Tokens(losing, silent, { event }), d1Sessions(losing, silent, { event })];
  const own = outstandingToken({ jti: `${"a".repeat(24)}00000007` });
  for (const token of [own, outstandingToken({ jti: "made-by-others" })]) {
    await tokens.recordLogin("no user", { userId: "7", token, newHash: undefined, lastLogin: undefined });
    for (const owner of [...lookups, "no user"] as const) {
      await tokens.blacklist(owner, token, now);
      await sessions.endSessionOf(owner, token, now, now);
      await sessions.endSession(owner, token.jti, now, now);
    }
  }
  for (const owner of lookups) await sessions.endAll(owner, now, now, now);
  const change = { id: "7", version: 1, deleted: false, rehash: false, columns: {} };
  const ending = { issuedBeforeSeconds: now, untilSeconds: now, nowSeconds: now };
  await d1Provisioning(losing, silent).apply([change], { named: "id", names: "exact", ending });
}

/** Every function of the stores, with each argument that changes its SQL. */
async function allStatements(): Promise<readonly string[]> {
  const { db, texts } = notingDatabase();
  const users = d1Users(db, silent);
  for (const lookup of lookups) await users.byLookup(lookup);
  await users.byUsername("ada", "exact");
  await users.byUsername("ada", "insensitive");
  await sessionStatements(db);
  // What is asked and written about a token that is in the table of an earlier version.
  const earlier = notingDatabase([{ id: null, earlier: 1, jti: "a", new_jti: "b" }]);
  await sessionStatements(earlier.db);
  await apiStatements(db);
  await eventStatements(db);
  await adminStatements(db);
  await provisioningStatements(db);
  await apiKeyStatements(db);
  await retriedStatements(db);
  return [...new Set([...texts, ...earlier.texts])];
}

/** Events: as the stores write them along with a change, and as they are sent. */
async function eventStatements(db: D1Database): Promise<void> {
  const event = { type: "logout", createdAtSeconds: now, data: {} } as const;
  const notes = { event, audit: { atSeconds: now, source: "admin", actor: "1", action: "user_changed" } } as const;
  const [tokens, sessions] = [d1Tokens(db, silent, notes), d1Sessions(db, silent, notes)];
  const users = d1AdminUsers(db, silent, notes);
  const events = d1Events(db, silent);
  const token = outstandingToken({ userId: "7" });
  const actor = { isSuperuser: true, namesAreIds: false };
  const ending = { issuedBeforeSeconds: now, untilSeconds: now, nowSeconds: now };
  await tokens.recordLogin("no user", { userId: "7", token, newHash: undefined, lastLogin: undefined });
  for (const column of ["id", "username", "alternate_id"] as const) {
    const owner = { column, value: "7" };
    await tokens.blacklist(owner, token, now);
    await sessions.endSession(owner, "f", now, now);
    await sessions.endAll(owner, now, now, now);
    await events.pending(owner, 10);
  }
  await users.deactivate("7", actor, ending);
  await users.end("7", actor, ending);
  await events.pending(undefined, 10);
  await events.remove([1, 2]);
}

/** Log-ins at the API. */
async function apiStatements(db: D1Database): Promise<void> {
  const users = d1ApiUsers(db, silent);
  const ids = newUserIds({ USER_ID_TYPE: "integer", USER_ID_FIELD: "id", USERNAME_FIELD: "username" }, () => "a-b");
  const ending = { issuedBeforeSeconds: now, untilSeconds: now, nowSeconds: now };
  const formerHolder = { user: baseUser, ending };
  for (const names of ["exact", "insensitive"] as const) {
    await users.accountByName("ada", names);
    for (const column of ["id", "username", "alternate_id"] as const) {
      const user = { lookup: { column, value: "7" }, username: "ada", atSeconds: now, ids };
      await users.accountByLookup(user.lookup, names);
      await users.keep(user, names);
      await users.confirm(
        { user, seen: baseUser, hash: "!", ending, formerHolder, keepsImportedHash: true, nowSeconds: now },
        names,
      );
      await users.confirm(
        {
          user,
          seen: undefined,
          hash: "!",
          ending: undefined,
          formerHolder: undefined,
          keepsImportedHash: true,
          nowSeconds: now,
        },
        names,
      );
    }
  }
}

/** Lists walk an index in its order; how many rows they look at is in d1-admin-pages.test.ts. */
async function adminStatements(db: D1Database): Promise<void> {
  const [sessions, users, tokens] = [d1AdminSessions(db, silent), d1AdminUsers(db, silent), d1AdminTokens(db, silent)];
  const place = { first: "a", second: "1" };
  const session = {
    idHash: "a",
    userId: "7",
    fingerprint: "f",
    createdAtSeconds: now,
    expiresAtSeconds: now,
    sessionVersion: 0,
  };
  await sessions.open(session);
  await sessions.find("a");
  await sessions.touch("a", now);
  await sessions.close("a");
  await sessions.deleteExpired(now);
  const fields = { username: "a", first_name: "", last_name: "", email: "" };
  const user = { ...fields, is_active: true, is_staff: false, is_superuser: false };
  const actor = { isSuperuser: true, namesAreIds: false };
  const ending = { issuedBeforeSeconds: now, untilSeconds: now, nowSeconds: now };
  for (const [USER_ID_TYPE, USER_ID_FIELD] of [
    ["integer", "id"],
    ["uuid", "id"],
    ["integer", "username"],
    ["uuid", "uuid"],
  ] as const) {
    const ids = newUserIds({ USER_ID_TYPE, USER_ID_FIELD, USERNAME_FIELD: "username" }, () => "a-b");
    await users.create({ ...user, password: "!", date_joined: "now" }, ids);
  }
  await users.isNameTaken("a", "7");
  await users.change("7", user, actor, ending);
  await users.setPassword("7", "!", actor, ending);
  await users.deactivate("7", actor, ending);
  await users.byIds(["7", "8"]);
  await users.remove("7", actor, ending);
  await users.end("7", actor, ending);
  await users.setPassword("7", "!", actor, undefined);
  await users.change("7", user, { ...actor, isSuperuser: false }, ending);
  await tokens.byId("a");
  for (const from of [{ way: "after", place } as const, { way: "before", place } as const]) {
    for (const text of ["ada", "4711", "Ada Lovelace", "Ada Maria Lovelace", "a b c d e f g"]) {
      await users.page({ search: { by: "beginning", text }, isActive: true, isStaff: true, from });
      await users.page({ search: { by: "beginning", text }, isActive: undefined, isStaff: undefined, from });
    }
    await tokens.page({ userId: "7", state: "live", nowSeconds: now, from });
    await tokens.page({ userId: "7", state: "outdated", nowSeconds: now, from });
    await tokens.page({ userId: undefined, state: "expired", nowSeconds: now, from });
    for (const action of [undefined, "user_changed"] as const) {
      await d1AdminAudit(db, silent).page({ userId: action && "7", action, from });
    }
  }
}

async function apiKeyStatements(db: D1Database): Promise<void> {
  const keys = d1ApiKeys(db, silent);
  await keys.byPrefix("a");
  await keys.keepHash("a", { checked: "b", better: "c" });
  await keys.noteUse("a", now);
  const audit = { atSeconds: now, source: "admin", action: "api_key_revoked" } as const;
  const administration = d1ApiKeyAdministration(db, silent, { audit });
  const key = { prefix: "a", hashedKey: "b", name: "c", scopes: [], createdAtSeconds: now, expiresAtSeconds: now };
  for (const userId of ["7", undefined]) await administration.create({ ...key, userId });
  await administration.revoke("a", now);
  for (const way of ["after", "before"] as const) {
    await administration.page({ way, place: { first: now, second: "a" } });
  }
}

async function provisioningStatements(db: D1Database): Promise<void> {
  const store = d1Provisioning(db, silent);
  const ending = { issuedBeforeSeconds: now, untilSeconds: now, nowSeconds: now };
  const change = { id: "7", version: 1, deleted: false, rehash: false, columns: { username: "a", alternate_id: "a" } };
  for (const named of ["id", "username", "alternate_id"] as const) {
    for (const names of ["exact", "insensitive"] as const) {
      await store.apply([change, { ...change, id: "8", deleted: true, columns: {} }], { named, names, ending });
    }
  }
  await store.logOut("7", ending);
  await store.page("7", 10);
}

const statements = await allStatements();

/** One row, what a LIMIT inside lets through, or a list that is a parameter; `chain` has `longestChain` rows at most. */
const small =
  /^SCAN (CONSTANT ROW|asked|chain|(line|applying|final|deed|ended|moved|claim|other|username_\w+|alternate_id_\w+)|\(subquery-\d+\)|json_each VIRTUAL TABLE INDEX 1:)$/;

test("the stores have statements to look at", () => {
  expect(statements.length).toBeGreaterThan(20);
});

test.each(statements.map((sql) => [sql.replaceAll(/\s+/g, " ").trim(), sql]))("%s", async (_, sql) => {
  const { results } = await DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...Array.from({ length: new Set(sql.match(/\?\d+/g)).size }, () => 1))
    .all<{ detail: string }>();
  const plan = results.map(({ detail }) => detail);
  expect(plan.filter((detail) => detail.startsWith("SCAN") && !small.test(detail))).toEqual([]);
});
