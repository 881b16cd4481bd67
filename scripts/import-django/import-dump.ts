// Imports a dump that was read into a database: plans, writes in one transaction, tells KV, reports.
// Must never import a part of a dump.
import { randomUUID } from "node:crypto";
import { userEndedUntilSeconds } from "../../src/sessions/end-sessions.ts";
import { newUserIds } from "../../src/users/new-user-ids.ts";
import { integerKey } from "../../src/users/primary-key.ts";
import { userIdColumn } from "../../src/users/user-id.ts";
import { foldedUsername } from "../../src/users/user-rules.ts";
import { type Bindings, settingsOf, storesOf } from "../database/bindings.ts";
import { writeBulk } from "../database/bulk.ts";
import { doneText } from "../database/command-notes.ts";
import { hasSessionDatabases, readHere } from "../database/session-stores.ts";
import { EXIT, Failure, reasonOf, usage } from "../shared/failure.ts";
import type { Progress } from "../shared/progress.ts";
import type { Dump, DumpTerms } from "./dump.ts";
import { type Existing, readExisting, readTables, type Tables, usersWithTokens } from "./existing.ts";
import { fieldsOfExtras, openExtras } from "./extra.ts";
import { type ImportPlan, leftOutRows, planImport } from "./plan.ts";
import { invalidLines, reportLines } from "./report.ts";
import { writeEnding, writeTokens } from "./spread-import.ts";
import { importStatements } from "./statements.ts";
import { openTallies } from "./tally.ts";
import {
  checkModelFlags,
  findUserModel,
  type LastImport,
  type ModelFlags,
  type ModelSettings,
  type UserModel,
} from "./user-model.ts";

/** The choices made with flags. */
export interface ImportChoices {
  readonly dryRun: boolean;
  readonly strict: boolean;
  readonly lenient: boolean;
  readonly keepPasswords: boolean;
  readonly prune: "no" | "deactivate" | "delete";
  /** Whether most users of earlier imports may be pruned. */
  readonly force: boolean;
  readonly model: ModelFlags;
  readonly extra: readonly string[];
  readonly nowSeconds: number;
  /** Asks on a terminal; undefined where there is none. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

const settingNames = [
  ...(["LEEWAY", "TOKEN_TYPE_CLAIM", "SLIDING_TOKEN_REFRESH_EXP_CLAIM", "SLIDING_TOKEN_LIFETIME"] as const),
  ...(["ACCESS_TOKEN_LIFETIME", "REFRESH_TOKEN_LIFETIME", "SLIDING_TOKEN_REFRESH_LIFETIME"] as const),
  ...(["USERNAME_FIELD", "USERNAME_CASE", "USER_ID_FIELD", "USER_ID_TYPE", "ISSUERS"] as const),
];

/** The settings that an import goes by, with what wrangler.toml says of the user model. */
function modelSettings(vars: Bindings["vars"]) {
  const settings = settingsOf(vars, settingNames);
  const set = (name: "USERNAME_FIELD" | "USER_ID_FIELD"): string | undefined =>
    vars[name] === undefined || vars[name] === "" ? undefined : settings[name];
  return { settings, usernameField: set("USERNAME_FIELD"), userIdField: set("USER_ID_FIELD") } satisfies ModelSettings;
}

/** What is to be kept of a dump that is imported into this place. */
export function dumpTerms(
  { vars }: Pick<Bindings, "vars">,
  { model, extra, nowSeconds }: Pick<ImportChoices, "model" | "extra" | "nowSeconds">,
  format?: "json" | "jsonl",
): DumpTerms {
  const given = modelSettings(vars);
  checkModelFlags(model, given);
  const fields = [model.usernameField, given.usernameField, model.idField, given.userIdField];
  return {
    format,
    userModel: model.userModel,
    userFields: [...fields.filter((field) => field !== undefined), ...fieldsOfExtras(extra)],
    withNames: extra.includes("groups") || extra.includes("user_permissions"),
    settings: given.settings,
    nowSeconds,
  };
}

/** Plans, writes and reports. Returns the lines to print and the exit code. */
export async function importDump(
  bindings: Bindings,
  path: string,
  dump: Dump,
  choices: ImportChoices,
  progress: Progress,
  flushKv: () => Promise<void> = async () => {},
): Promise<{ readonly lines: readonly string[]; readonly exitCode: number }> {
  const { database, vars } = bindings;
  const given = modelSettings(vars);
  const { settings } = given;
  const tables = await readTables(database);
  const model = await findUserModel(path, dump, choices.model, given, tables.last, choices.ask);
  checkPrune(path, choices, model, tables);
  progress.step(`Reading the ${database.place} database`);
  const withTokens = dump.outstanding.length > 0;
  const users = model?.rows.length ?? 0;
  const existing = await readExisting(bindings, withTokens, (rows) =>
    progress.at(rows, users + dump.outstanding.length),
  );
  progress.step(`Checking ${users} users, ${dump.outstanding.length} tokens`);
  const extraNotes = openTallies();
  const extras = openExtras(model ? choices.extra : [], model ?? { name: "", fields: new Set() }, dump, extraNotes);
  const plan = planImport(dump, model, existing, {
    ...choices,
    idType: tables.last?.idType ?? (userIdColumn(settings) === "id" ? settings.USER_ID_TYPE : "integer"),
    nowIso: new Date(choices.nowSeconds * 1000).toISOString(),
    names: settings.USERNAME_CASE,
    extras,
    newId:
      model && model.idType !== "integer"
        ? () => newUserIds(settings, randomUUID)[model.idType as "uuid" | "text"]
        : undefined,
  });
  checkIntegerIds(database.place, tables, model, plan);
  const foldNames = settings.USERNAME_CASE === "insensitive" && !tables.foldedNames;
  const { invalid, leftOut } = plan.users;
  if (invalid.length > 0 && (!choices.lenient || choices.strict)) {
    const rows = invalid.length === 1 ? "1 row" : `${invalid.length} rows`;
    const head = `Nothing was written: ${rows} of ${path} cannot be imported.`;
    return { lines: [head, ...invalidLines(invalid)], exitCode: EXIT.failed };
  }
  if (!choices.force && !choices.dryRun) checkMostPruned(path, choices.prune, plan, existing);
  if (foldNames) checkFoldedNames(database.place, existing, plan, choices.prune === "delete");
  const lost = leftOutRows(plan);
  const refused = choices.strict && lost > 0;
  if (!choices.dryRun && !refused) {
    const spreads = hasSessionDatabases(bindings);
    const detail = { rows: plan.users.rows.length, tokens_ended: plan.users.ended.names.size };
    const note = doneText({ action: "users_imported", user: undefined, detail }, choices.nowSeconds);
    const changes = importStatements(spreads ? { ...plan, tokens: { rows: [] } } : plan, {
      place: database.place,
      keepPasswords: choices.keepPasswords,
      named: model?.named ?? "id",
      fields: model?.fields ?? new Set(),
      hasAlternates: model?.idField !== undefined,
      prune: choices.prune,
      record: model && recordOf(model, extras.fields, tables.last),
      untilSeconds: userEndedUntilSeconds(settings, choices.nowSeconds),
      nowSeconds: choices.nowSeconds,
      foldNames,
    });
    const statements = changes.length === 0 ? [] : [...changes, { sql: note }];
    const announce = await announcementOf(
      bindings,
      plan,
      model,
      choices.nowSeconds,
      userEndedUntilSeconds(settings, choices.nowSeconds),
    );
    progress.step(`Writing to the ${database.place} database`);
    const write = () => writeBulk(bindings, statements, (count) => progress.at(count, statements.length));
    if (spreads) {
      await writeEnding(bindings, plan.users.ended.names, choices.nowSeconds + 1, write);
      await writeTokens(bindings, plan.tokens.rows, progress.at);
    } else {
      // Fails where sessions were moved to databases that are not bound: nothing there would end.
      await readHere(database, "SELECT 1");
      await write();
    }
    await announce(progress, flushKv);
  }
  const head = refused
    ? `Nothing was written (--strict): ${lost === 1 ? "1 row" : `${lost} rows`} would be left out.`
    : choices.dryRun
      ? `Nothing was written (--dry-run). In the ${database.place} database there would be:`
      : `Imported into the ${database.place} database:`;
  const left = leftOut.total() > 0 && !choices.lenient;
  return {
    lines: [
      head,
      ...reportLines(plan, choices.prune),
      ...remarks(
        model,
        given,
        extraNotes.list().map(({ reason }) => reason),
      ),
    ],
    exitCode: refused || left ? EXIT.failed : EXIT.ok,
  };
}

/** Refuses to take users for gone who are only not in this dump. */
function checkPrune(
  path: string,
  { prune, lenient }: ImportChoices,
  model: UserModel | undefined,
  { last }: Tables,
): void {
  if (prune === "no") return;
  if (model === undefined || model.rows.length === 0) {
    throw new Failure(
      `${path} has no users: with --prune, all users of earlier imports would be gone. Nothing was written.`,
    );
  }
  if (last && last.userModel.toLowerCase() !== model.name.toLowerCase()) {
    throw new Failure(
      `The last import was of ${last.userModel}, and ${path} has ${model.name}: --prune would take all earlier users for gone.`,
    );
  }
  if (lenient) throw usage("--prune and --lenient contradict each other: a user whose row is left out is not gone.");
}

/** A dump that lacks most users is more often cut or of another database than a day on which most have left. */
function checkMostPruned(
  path: string,
  prune: ImportChoices["prune"],
  { users: { pruned } }: ImportPlan,
  { users }: Existing,
): void {
  const imported = users.filter(({ imported_row }) => imported_row !== null).length;
  if (pruned.length <= fewPruned || pruned.length * 2 <= imported) return;
  const does = prune === "delete" ? "delete" : "deactivate";
  throw new Failure(
    `--prune would ${does} ${pruned.length} of the ${imported} users of earlier imports. Is ${path} complete? If it is, add --force. Nothing was written.`,
  );
}

/** So many may go whatever their share is. */
const fewPruned = 10;

function checkIntegerIds(place: string, { integerIds }: Tables, model: UserModel | undefined, plan: ImportPlan): void {
  if (!integerIds || model === undefined || model.idType === "integer") return;
  if (plan.users.rows.every(({ id }) => id === undefined || integerKey(id) === id)) return;
  const remote = place === "remote" ? " --remote" : "";
  throw new Failure(
    `users.id of the ${place} database is still INTEGER, and the ids of ${model.name} are of the type ${model.idType}. Run first: npm run manage -- migrate --finish${remote}`,
  );
}

/** Users who are here already and whose names differ in case alone: the unique index cannot be made. */
function checkFoldedNames(place: string, { users }: Existing, { users: plan }: ImportPlan, deletes: boolean): void {
  const names = new Map(users.map(({ id, username }) => [id, username]));
  for (const [id] of deletes ? plan.pruned : []) names.delete(id);
  for (const { id, username } of plan.rows) if (id !== undefined) names.set(id, username);
  const seen = new Map<string, string>();
  for (const name of names.values()) {
    const other = seen.get(foldedUsername(name));
    if (other !== undefined)
      throw new Failure(
        `'${other}' and '${name}' in the ${place} database differ in case alone, which USERNAME_CASE = "insensitive" does not allow: rename or delete one of them.`,
      );
    seen.set(foldedUsername(name), name);
  }
}

/** The row of user_imports. What earlier imports brought with --extra stays known. */
function recordOf(model: UserModel, extras: readonly object[], last: LastImport | undefined): LastImport {
  const names = new Set(extras.map((one) => "extra" in one && one.extra));
  const before = (last?.fields ?? []).filter(
    (one): one is object =>
      typeof one === "object" && one !== null && !("extra" in one && names.has(one.extra)) && "extra" in one,
  );
  return {
    userModel: model.name,
    usernameField: model.usernameField,
    idField: model.idField ?? last?.idField ?? null,
    idType: model.idType,
    fields: [...[...model.fields].sort(), ...before, ...extras],
  };
}

/** Tells KV of the users whose tokens end. Those without a session have no token that could be about. */
async function announcementOf(
  bindings: Bindings,
  { users }: ImportPlan,
  model: UserModel | undefined,
  nowSeconds: number,
  untilSeconds: number,
): Promise<(progress: Progress, flush: () => Promise<void>) => Promise<void>> {
  const { announceUser } = storesOf(bindings);
  if (announceUser === undefined || users.ended.names.size === 0) return async () => {};
  const withTokens = await usersWithTokens(bindings, nowSeconds);
  const names = [...users.ended.names].filter(([, id]) => withTokens.has(id)).map(([name]) => name);
  return async (progress, flush) => {
    progress.step(`Ending the tokens of ${names.length} users`);
    try {
      for (const [index, value] of names.entries()) {
        await announceUser({ column: model?.named ?? "id", value }, nowSeconds + 1, untilSeconds, nowSeconds);
        progress.at(index + 1, names.length);
      }
      await flush();
    } catch (error) {
      throw new Failure(
        `The users are imported, but KV could not be updated: ${reasonOf(error)} Routes with revocation = "cached" may accept access tokens of ${names.length} changed users until they expire.`,
      );
    }
  };
}

/** What is left to do in wrangler.toml. */
function remarks(model: UserModel | undefined, { settings }: ModelSettings, extra: readonly string[]): string[] {
  const lines = extra.map((reason) => `Imported ${reason}.`);
  if (model && model.usernameField !== settings.USERNAME_FIELD)
    lines.push(
      `Set USERNAME_FIELD = "${model.usernameField}" in wrangler.toml: the gateway still expects "${settings.USERNAME_FIELD}".`,
    );
  if (model?.idField !== undefined && model.named !== "alternate_id")
    lines.push(`Set USER_ID_FIELD = "${model.idField}" in wrangler.toml if tokens are to name users by it.`);
  return lines.length === 0 ? [] : ["", ...lines];
}
