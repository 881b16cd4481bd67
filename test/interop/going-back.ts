// Three projects with user models of their own: Django → import → changed here → export → loaddata in Django.
// Must never let a sentence pass because of what was there before: each is compared with what was changed here.
import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Bindings, localBindings } from "../../scripts/database/bindings.ts";
import { sqlText } from "../../scripts/database/sql.ts";
import { passwordHash, setPasswordSql } from "../../scripts/database/users.ts";
import { readableHashes } from "../../scripts/export-django/hashes.ts";
import { openDumpFile, readDump } from "../../scripts/import-django/dump.ts";
import { dumpTerms, importDump } from "../../scripts/import-django/import-dump.ts";
import { exportRows, fixtureText } from "../../scripts/manage/export-django.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { lastLines, runToEnd } from "../../scripts/shared/processes.ts";
import { openProgress } from "../../scripts/shared/progress.ts";
import { newIdsSql } from "../../src/stores/d1/users.ts";
import { newUserIds } from "../../src/users/new-user-ids.ts";
import { PYTHON, pythonArguments } from "./python.ts";
import type { Report } from "./report.ts";

const PROJECT = join(import.meta.dirname, "django-models");
const PASSWORD = "correct horse battery staple";
const NEW_PASSWORD = "battery $taple ñ";
const SIGNING_KEY = "0123456789".repeat(7);

/** A project, and how the gateway is told about it. */
interface Project {
  readonly model: string;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly extra: readonly string[];
  readonly name: (who: string) => string;
}

const projects: readonly Project[] = [
  { model: "members.Plain", vars: {}, extra: ["phone"], name: (who) => who },
  {
    ...{ model: "members.Address", vars: { USERNAME_FIELD: "email", USER_ID_TYPE: "uuid" } },
    ...{ extra: ["company_id"], name: (who) => `${who}@example.com` },
  },
  {
    ...{ model: "members.Coded", vars: { USERNAME_FIELD: "handle", USER_ID_TYPE: "text", USER_ID_FIELD: "pk" } },
    ...{ extra: ["company_id", "groups"], name: (who) => who },
  },
];

interface Described {
  readonly rows: ReadonlyArray<{ readonly pk: unknown; readonly fields: Readonly<Record<string, unknown>> }>;
  /** The passwords that fit, by name. */
  readonly fits: Readonly<Record<string, readonly string[]>>;
  /** Whether Django takes each of the refresh tokens. */
  readonly good: readonly boolean[];
}

/** The project's manage.py on a database of its own. */
function djangoAt(database: string, model: string) {
  const env = { INTEROP_MODEL: model, INTEROP_DATABASE: database, INTEROP_SIGNING_KEY: SIGNING_KEY };
  const manage = async (args: readonly string[], input = ""): Promise<string> => {
    const finished = await runToEnd(PYTHON, pythonArguments(["manage.py", ...args]), { cwd: PROJECT, env, input });
    if (finished.exitCode !== 0) throw new Failure(`manage.py ${args[0]} failed:\n${lastLines(finished.stderr)}`);
    return finished.stdout;
  };
  return {
    manage,
    describe: async (tokens: readonly string[]): Promise<Described> =>
      JSON.parse(await manage(["describe_users"], JSON.stringify({ tokens, passwords: [PASSWORD, NEW_PASSWORD] }))),
  };
}

/** Walks with every project. @param djangoVersion as `django.VERSION` shows it */
export async function proveGoingBack(report: Report, folder: string, djangoVersion: string): Promise<void> {
  for (const project of projects) {
    const path = join(folder, project.model);
    await mkdir(path, { recursive: true });
    const opened = await localBindings(join(path, "state"));
    try {
      const bindings = { ...opened, vars: { ...opened.vars, ...project.vars } };
      await walk(report, { project, path, bindings, djangoVersion });
    } finally {
      await opened.database.close();
    }
  }
}

interface Walk {
  readonly project: Project;
  readonly path: string;
  readonly bindings: Bindings;
  readonly djangoVersion: string;
}

async function walk(report: Report, { project, path, bindings, djangoVersion }: Walk): Promise<void> {
  const { model, name } = project;
  const django = djangoAt(join(path, "django.sqlite3"), model);
  await django.manage(["migrate", "--run-syncdb", "--verbosity", "0"]);
  const tokens = JSON.parse(await django.manage(["fill"])) as string[];
  const before = await django.describe(tokens);
  const dumpFile = join(path, "dump.json");
  const apps = [model, "token_blacklist", "auth.group"];
  await django.manage(["dumpdata", ...apps, "--output", dumpFile]);

  await report.prove(`${model}: all users and tokens are imported`, async () => {
    const imported = await runImport(bindings, dumpFile, project.extra);
    deepEqual(imported.slice(0, 2), [
      "  users   3 new, 0 updated, 0 unchanged, 0 left out",
      "  tokens  3 new, 0 updated, 0 unchanged, 0 left out, 0 skipped (expired)",
    ]);
  });
  const made = await changeHere(bindings, name);
  const [back, again] = [join(path, "back.json"), join(path, "again.json")];
  const load = async (onto: string | undefined): Promise<void> => {
    const choices = { userModel: undefined, usernameField: undefined, onto, changedOnly: false };
    const nowSeconds = Math.floor(Date.now() / 1000);
    // The project has a scrypt hasher also where Django has none of its own.
    const hashes = new Set([...readableHashes(djangoVersion, undefined), "scrypt"]);
    const { rows, exitCode } = await exportRows(bindings, { ...choices, hashes, nowSeconds });
    equal(exitCode, 0);
    writeFileSync(back, [...fixtureText(rows)].join(""), { mode: 0o600 });
    await django.manage(["loaddata", "--verbosity", "0", back]);
  };
  const compare = async (): Promise<void> => {
    const after = await django.describe(tokens);
    equal(after.rows.length, 4);
    deepEqual(after.good, [true, false, true]);
    deepEqual(after.fits, {
      [name("ada")]: [NEW_PASSWORD],
      [name("bobby")]: [PASSWORD],
      [name("carol")]: [PASSWORD],
      [name("dora")]: [NEW_PASSWORD],
    });
    const field = (pk: unknown, from: Described) => from.rows.find((row) => row.pk === pk)?.fields ?? {};
    for (const { pk, fields } of before.rows) {
      const now = { ...field(pk, after) };
      for (const changed of ["password", "username", "email", "handle", "is_active"])
        if (changed in fields) now[changed] = fields[changed];
      deepEqual(now, fields);
    }
    const carol = after.rows.find((row) => Object.values(row.fields).includes(name("carol")));
    if (carol !== undefined && "is_active" in carol.fields) equal(carol.fields.is_active, false);
    match(String(after.rows.find((row) => Object.values(row.fields).includes(name("dora")))?.pk), made);
  };
  await report.prove(`${model}: what changed here is in Django after loaddata, and nothing else changed`, async () => {
    await load(dumpFile);
    // Before anybody logs in: Django then stores another hash of the same password.
    await django.manage(["dumpdata", ...apps, "--output", again]);
    await compare();
  });
  await report.prove(`${model}: a second export onto what Django has then changes nothing`, async () => {
    await load(again);
    equal(readFileSync(back, "utf8"), "[]\n");
    await compare();
  });
  await report.prove(`${model}: users that Django makes afterwards get other ids`, async () => {
    const rows = new Set((await django.describe(tokens)).rows.map(({ pk }) => pk));
    await django.manage(["fill", "--names", "eve"]);
    equal((await django.describe(tokens)).rows.length, rows.size + 1);
  });
}

/** A new password for ada, whose token ends; another name for bob; carol is deactivated; dora is new. */
async function changeHere({ database }: Bindings, name: (who: string) => string): Promise<RegExp> {
  const [ada] = await database.read(`SELECT id FROM users WHERE username = ${sqlText(name("ada"))}`);
  const ids = newUserIds({ USER_ID_FIELD: "username", USERNAME_FIELD: "username", USER_ID_TYPE: "integer" }, () =>
    crypto.randomUUID(),
  );
  const [id] = newIdsSql(ids, (value) => (value === null ? "NULL" : sqlText(value)));
  const hash = await passwordHash(NEW_PASSWORD);
  const bob = sqlText(name("bob"));
  await database.write(
    [
      setPasswordSql(String(ada?.id), hash),
      `UPDATE sessions SET blacklisted_at = unixepoch() WHERE user_id = (SELECT id FROM users WHERE username = ${bob})`,
      `UPDATE users SET username = ${sqlText(name("bobby"))}, email = iif(email = '', '', ${sqlText(name("bobby"))}) WHERE username = ${bob}`,
      `UPDATE users SET is_active = 0 WHERE username = ${sqlText(name("carol"))}`,
      `INSERT INTO users (id, password, username, date_joined) VALUES (${id}, ${sqlText(hash)}, ${sqlText(name("dora"))}, '2026-01-01T00:00:00Z')`,
    ].join(";\n"),
  );
  return /^(-1|[0-9a-f-]{36}|edge-[0-9a-f]{20})$/;
}

async function runImport(bindings: Bindings, path: string, extra: readonly string[]): Promise<readonly string[]> {
  const choices = {
    ...{ dryRun: false, strict: true, lenient: false, keepPasswords: false, prune: "no" as const, force: false, extra },
    model: { userModel: undefined, usernameField: undefined, idField: undefined },
    nowSeconds: Math.floor(Date.now() / 1000),
    ask: undefined,
  };
  const { bytes } = await openDumpFile(path);
  const dump = await readDump(path, bytes, dumpTerms(bindings, choices));
  const { lines } = await importDump(bindings, path, dump, choices, openProgress(true));
  return lines.slice(1);
}
