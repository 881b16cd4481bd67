// Dumps of Django that import-django reads: imported as they are or refused in a sentence that quotes none of them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { statementText } from "../../../scripts/database/bulk.ts";
import { type Dump, openDump } from "../../../scripts/import-django/dump.ts";
import { openExtras } from "../../../scripts/import-django/extra.ts";
import { planImport } from "../../../scripts/import-django/plan.ts";
import { openRowSplitter } from "../../../scripts/import-django/row-splitter.ts";
import { importStatements } from "../../../scripts/import-django/statements.ts";
import { openTallies } from "../../../scripts/import-django/tally.ts";
import { findUserModel, type UserModel } from "../../../scripts/import-django/user-model.ts";
import { Failure } from "../../../scripts/shared/failure.ts";
import { dumpTerms, tokenOf } from "../../support/dump-rows.ts";
import { settingsOf } from "../../support/settings.ts";
import { anyTarget, ensure } from "../target.ts";
import { bytesOf, damaged, damages, isMisread, jsonNumber, jsonString, jsonValue, objectText, utf8 } from "../text.ts";

export interface DumpInput {
  /** A text of bytes. */
  readonly text: string;
  /** Where the stream is cut into pieces. */
  readonly cuts: readonly number[];
  readonly idType: "integer" | "uuid" | "text";
  readonly extra: readonly string[];
  readonly exact: boolean;
}

/** In each password and token. */
const marker = "k5Qz";
const now = 1_767_225_600;

const password = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      `"scrypt$16384$${marker}$8$5$AAAA"`,
      `"pbkdf2_sha256$1$${marker}$AA=="`,
      `"!${marker}"`,
      `"argon2$${marker}"`,
      '""',
    ),
  },
  jsonString,
  jsonValue,
);
const key = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("1", "2", "3", '"1"', '"a"', '"6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab"', "null"),
  },
  jsonNumber,
  jsonString,
);
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('"ada"', '"Ada"', '"bob"', '" x"', `"it's"`, '"a\\u0000b"') },
  jsonString,
);
const time = fc.constantFrom(
  '"2024-01-02T03:04:05.678Z"',
  '"2100-01-01T00:00:00Z"',
  '"2100-01-01T00:00:00"',
  '"2024-02-30T00:00:00Z"',
  "null",
  "1",
);
const flag = fc.constantFrom("true", "false", '"t"', "1", "null", '"x"');

const userFields = fc
  .tuple(
    password,
    name,
    fc.array(
      fc.oneof(
        fc.tuple(fc.constantFrom("is_active", "is_staff", "is_superuser"), flag),
        fc.tuple(fc.constantFrom("last_login", "date_joined"), time),
        fc.tuple(
          fc.constantFrom("first_name", "last_name", "email", "tenant", "__proto__", "username", "id"),
          fc.oneof(jsonString, jsonValue),
        ),
        fc.tuple(
          fc.constantFrom("groups", "user_permissions"),
          fc.oneof(fc.constantFrom("[1]", '[["staff"]]', "[[]]", "[null]"), jsonValue),
        ),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([hash, username, more]) =>
    objectText([["password", hash], ["username", username], ["date_joined", '"2024-01-02T03:04:05.678Z"'], ...more]),
  );
const tokenFields = fc
  .tuple(
    key,
    fc.oneof(fc.constantFrom('"j1"', '"j2"', '""'), jsonString),
    fc.oneof(
      fc
        .constantFrom(
          tokenOf({ token_type: "sliding", refresh_exp: 4_102_444_800 }),
          tokenOf([]),
          tokenOf({ iat: -1 }),
          `${marker}.x.y`,
          "a.%%%.b",
        )
        .map((text) => JSON.stringify(text)),
      jsonValue,
    ),
    time,
    time,
  )
  .map(([user, jti, token, created, expires]) =>
    objectText([
      ["user", user],
      ["jti", jti],
      ["token", token],
      ["created_at", created],
      ["expires_at", expires],
    ]),
  );

const row = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: userFields.map((fields) => ['"auth.user"', fields] as const) },
      { weight: 1, arbitrary: userFields.map((fields) => ['"accounts.Person"', fields] as const) },
      { weight: 3, arbitrary: tokenFields.map((fields) => ['"token_blacklist.outstandingtoken"', fields] as const) },
      {
        weight: 2,
        arbitrary: fc.tuple(key, time).map(
          ([token, at]) =>
            [
              '"token_blacklist.blacklistedtoken"',
              objectText([
                ["token", token],
                ["blacklisted_at", at],
              ]),
            ] as const,
        ),
      },
      { weight: 1, arbitrary: jsonString.map((one) => ['"auth.group"', objectText([["name", one]])] as const) },
      { weight: 1, arbitrary: fc.tuple(jsonString, jsonValue).map(([model, fields]) => [model, fields] as const) },
    ),
    fc.option(key, { freq: 6, nil: undefined }),
  )
  .map(([[model, fields], pk]) => `{"model":${model},${pk === undefined ? "" : `"pk":${pk},`}"fields":${fields}}`);

const text = fc
  .tuple(
    fc.array(row, { maxLength: 6 }),
    fc.constantFrom("json", "json", "jsonl", "pretty"),
    fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      {
        weight: 1,
        arbitrary: damages(["[", "]", "{", "}", ",", '"', "\\", "\n", "\u00ef\u00bb\u00bf", "\0", "null"], 2),
      },
    ),
  )
  .map(([rows, form, changes]) => {
    const whole =
      form === "jsonl" ? rows.join("\n") : form === "json" ? `[${rows.join(", ")}]` : `[\n${rows.join(",\n")}\n]\n`;
    return damaged(utf8(whole), changes);
  });

export const dumps = anyTarget<DumpInput>({
  name: "dumps",
  holds: "a dump is imported as it is, or refused in a sentence that quotes none of it",
  inputs: fc.record({
    text,
    cuts: fc.array(fc.nat(2000), { maxLength: 4 }),
    idType: fc.constantFrom("integer", "integer", "uuid", "text"),
    extra: fc.constantFrom([], [], ["tenant"], ["groups", "user_permissions"]),
    exact: fc.boolean(),
  }),
  async open() {
    const schema = readFileSync(join(import.meta.dirname, "../../../schema.sql"), "utf8");
    const db = new DatabaseSync(":memory:");
    db.exec(schema);
    return async (input) => {
      try {
        await tryDump(db, input);
      } catch (error) {
        const text = Buffer.from(bytesOf(input.text)).toString("utf8");
        if (![text, ...text.split("\n")].some(isMisread)) throw error;
      }
    };
  },
  growth: ["[", "{", '"', " ", "\n", "{}\n", "{},", "\\", '{"model":"a","fields":{}},'].map((piece) => ({
    name: `a dump of ${JSON.stringify(piece)} over and over`,
    of: (size) => {
      const bytes = Buffer.from(`[${piece.repeat(Math.ceil(size / piece.length))}`);
      return () => {
        try {
          const splitter = openRowSplitter("dump.json");
          const { add } = openDump("dump.json", dumpTerms);
          for (let at = 0; at < bytes.length; at += 64) splitter.push(bytes.subarray(at, at + 64), add);
          splitter.end(add);
        } catch {}
      };
    },
  })),
});

/** What was read, or the sentence that refused it. */
function read({ text: whole, extra }: DumpInput, cuts: readonly number[]): Dump | string {
  const bytes = bytesOf(whole);
  const places = [...new Set([0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
    (one, two) => one - two,
  );
  const withNames = extra.includes("groups");
  const { add, dump } = openDump("dump.json", { ...dumpTerms, withNames, userFields: [...extra, "username"] });
  try {
    const splitter = openRowSplitter("dump.json");
    for (const [index, place] of places.entries())
      if (index > 0) splitter.push(bytes.slice(places[index - 1], place), add);
    splitter.end(add);
    return dump;
  } catch (error) {
    return sentenceOf(error);
  }
}

function sentenceOf(error: unknown): string {
  ensure(error instanceof Failure, () => `${error instanceof Error ? error.stack : error}`);
  ensure(!error.message.includes(marker), () => `a secret is shown: ${error.message}`);
  return error.message;
}

/** Of what was read, all that can be compared. */
function textOf(dump: Dump | string): string {
  if (typeof dump === "string") return dump;
  const rows = [...dump.models.values()].flatMap(({ name: model, rows: some }) => some.map((one) => [model, one]));
  return rows
    .map((one) => {
      try {
        return JSON.stringify(one);
      } catch {
        return "deep";
      }
    })
    .join();
}

/** How many rows a text has that is plainly a dump; undefined for any other. */
function rowsIn(written: string): number | undefined {
  if (written.length > 4000) return undefined;
  try {
    const rows: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(written)),
    );
    const isObject = (one: unknown) => typeof one === "object" && one !== null && !Array.isArray(one);
    const isRow = (one: unknown) =>
      isObject(one) && typeof (one as DumpRow).model === "string" && isObject((one as DumpRow).fields);
    return Array.isArray(rows) && rows.every(isRow) ? rows.length : undefined;
  } catch {
    return undefined;
  }
}

interface DumpRow {
  readonly model?: unknown;
  readonly fields?: unknown;
}

function rowsOf({
  models,
  outstanding,
  expiredCount,
  blacklisted,
  groups,
  permissions,
  contentTypes,
  others,
}: Dump): number {
  const users = [...models.values()].map(({ rows }) => rows.length);
  const lists = [outstanding, blacklisted, groups, permissions, contentTypes].map((rows) => rows.length);
  return [...users, ...lists, ...others.values(), expiredCount].reduce((sum, one) => sum + one, 0);
}

async function tryDump(db: DatabaseSync, input: DumpInput): Promise<void> {
  const whole = read(input, []);
  const pieces = read(input, input.cuts);
  ensure(textOf(whole) === textOf(pieces), () => `in pieces it reads as ${textOf(pieces)}, else as ${textOf(whole)}`);
  const count = rowsIn(input.text);
  const taken = typeof whole === "string" ? whole : rowsOf(whole);
  ensure(count === undefined || taken === count, () => `of ${count} rows there are: ${taken}`);
  if (typeof whole === "string") return;
  const names = input.exact ? ("exact" as const) : ("insensitive" as const);
  const settings = settingsOf({ USER_ID_TYPE: input.idType, USERNAME_CASE: names });
  const flags = { userModel: undefined, usernameField: undefined, idField: undefined };
  let model: UserModel | undefined;
  let plan: ReturnType<typeof planImport>;
  try {
    model = await findUserModel(
      "dump.json",
      whole,
      flags,
      { settings, usernameField: undefined, userIdField: undefined },
      undefined,
      undefined,
    );
    const extras = openExtras(model ? input.extra : [], model ?? { name: "", fields: new Set() }, whole, openTallies());
    plan = planImport(
      whole,
      model,
      { users: [], tokens: new Map() },
      {
        ...{
          keepPasswords: false,
          prune: "no",
          names,
          nowSeconds: now,
          nowIso: "2026-01-01T00:00:00.000Z",
          idType: input.idType,
        },
        ...{ extras, newId: input.idType === "integer" ? undefined : () => crypto.randomUUID() },
      },
    );
  } catch (error) {
    sentenceOf(error);
    return;
  }
  const { users, tokens } = plan;
  const said = JSON.stringify([users.invalid, users.leftOut.list(), users.notes.list()]);
  ensure(!said.includes(marker), () => `a secret is shown: ${said}`);
  const accounted = users.rows.length + users.invalid.length + users.leftOut.total();
  ensure(
    accounted === (model?.rows.length ?? 0),
    () => `${model?.rows.length} rows, of which ${accounted} are accounted for`,
  );
  writeAndRead(db, plan, model, tokens.rows.length);
}

const recordOf = ({ name: userModel, usernameField, idType }: UserModel) => ({
  ...{ userModel, usernameField, idField: null, idType, fields: [] },
});

/** What is planned is what SQLite then has. */
function writeAndRead(
  db: DatabaseSync,
  plan: ReturnType<typeof planImport>,
  model: UserModel | undefined,
  tokens: number,
): void {
  const statements = importStatements(plan, {
    ...{ place: "remote", keepPasswords: false, named: model?.named ?? "id", fields: model?.fields ?? new Set() },
    ...{
      hasAlternates: false,
      prune: "no",
      record: model && recordOf(model),
      untilSeconds: now + 1,
      nowSeconds: now,
      foldNames: false,
    },
  });
  db.exec("BEGIN");
  try {
    db.exec(statements.map(statementText).join(""));
    const rows = db.prepare("SELECT id, username, password, first_name, extra FROM users ORDER BY username").all();
    const planned = [...plan.users.rows].sort((one, two) =>
      Buffer.compare(Buffer.from(one.username), Buffer.from(two.username)),
    );
    ensure(rows.length === planned.length, () => `${planned.length} users planned, ${rows.length} written`);
    for (const [index, user] of planned.entries()) {
      const written = rows[index] ?? {};
      for (const column of ["username", "password", "first_name", "extra"] as const) {
        ensure(
          written[column] === user[column],
          () => `${column} is ${JSON.stringify(written[column])}, not ${JSON.stringify(user[column])}`,
        );
      }
      if (user.id !== undefined)
        ensure(written.id === user.id, () => `the id is ${JSON.stringify(written.id)}, not ${user.id}`);
    }
    const count = db.prepare("SELECT count(*) AS n FROM sessions").get()?.n;
    ensure(count === tokens, () => `${tokens} tokens planned, ${count} written`);
  } finally {
    db.exec("ROLLBACK");
  }
}
