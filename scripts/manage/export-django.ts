// `export-django`: writes users and tokens for `manage.py loaddata`.
// Must never write hashes to a file that others can read, nor a part of an export.
import { randomInt } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { foldedUsername } from "../../src/users/user-rules.ts";
import { type Bindings, settingsOf } from "../database/bindings.ts";
import { noteDone } from "../database/command-notes.ts";
import { exportTokens, type TokenExport } from "../export-django/export-tokens.ts";
import {
  abstractUserFields,
  type ExportModel,
  exportUsers,
  type FixtureRow,
  type UserExport,
} from "../export-django/export-users.ts";
import { readableHashes, unusablePassword } from "../export-django/hashes.ts";
import { type Onto, readOnto } from "../export-django/onto.ts";
import { allUsers, readTables } from "../import-django/existing.ts";
import type { ExtraField } from "../import-django/extra.ts";
import { EXIT, Failure, reasonOf } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openProgress } from "../shared/progress.ts";
import { type Command, checkPlace, placeFlags, placeHelpAt, withBindings } from "./command.ts";

const flags = {
  output: { type: "string" },
  onto: { type: "string" },
  changed: { type: "boolean" },
  django: { type: "string" },
  hashers: { type: "string" },
  "user-model": { type: "string" },
  "username-field": { type: "string" },
  quiet: { type: "boolean" },
  ...placeFlags,
} as const;

const help = `npm run manage -- export-django [flags]

Writes users and tokens as JSON that Django's loaddata takes: users in the fields of the model that was imported, and the
outstanding and blacklisted tokens of the token_blacklist app. What the gateway refuses is blacklisted there. The text of
a token is empty, because the gateway stores none; Django looks tokens up by their jti.

  python manage.py dumpdata auth.User token_blacklist --output now.json
  npm run manage -- export-django --onto now.json --output back.json
  python manage.py loaddata back.json

loaddata writes whole rows. With --onto, all other fields stay as they are in Django, only rows that differ are written,
and keys of tokens do not collide. Without it, the export is for a Django without users and without tokens.

  --output FILE       write to FILE, which only you can read; by default to standard output
  --onto FILE         a dump of what Django has now
  --changed           only users who were created or changed here since the import
  --django VERSION    such as 3.2 or 5.2: hashes that it cannot verify become unusable; by default 4.0 or later
  --hashers H,H       PASSWORD_HASHERS, if your settings have them: scrypt, ScryptPasswordHasher …
  --user-model NAME   AUTH_USER_MODEL, if it is not that of the import
  --username-field F  USERNAME_FIELD, if it is not that of the import
  --quiet             show no progress
${placeHelpAt(22)}

The report goes to standard error. Exit code 1: users were left out, because somebody else in Django has their name or id.
The export has password hashes: delete it when it is loaded.`;

/** The choices made with flags. */
export interface ExportChoices {
  readonly userModel: string | undefined;
  readonly usernameField: string | undefined;
  readonly onto: string | undefined;
  readonly changedOnly: boolean;
  readonly hashes: ReadonlySet<string>;
  readonly nowSeconds: number;
}

/** What is exported, and what is to be said of it. */
export interface Export {
  readonly rows: readonly FixtureRow[];
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** The model of the last import, or what flags and settings say. */
async function modelOf(bindings: Bindings, { userModel, usernameField }: ExportChoices): Promise<ExportModel> {
  const settings = settingsOf(bindings.vars, ["USERNAME_FIELD", "USER_ID_FIELD", "USER_ID_TYPE"]);
  const { last } = await readTables(bindings.database);
  const known = userModel === undefined || userModel.toLowerCase() === last?.userModel.toLowerCase() ? last : undefined;
  const names = known?.fields.filter((field): field is string => typeof field === "string");
  const extras = known?.fields.filter((field): field is ExtraField => typeof field === "object" && field !== null);
  return {
    name: userModel ?? last?.userModel ?? "auth.user",
    usernameField: usernameField ?? known?.usernameField ?? settings.USERNAME_FIELD,
    idField: known?.idField ?? undefined,
    idType: known?.idType ?? settings.USER_ID_TYPE,
    fields: names === undefined ? abstractUserFields : new Set(names),
    extras: extras ?? [],
  };
}

/** Reads the database and, with --onto, the dump; writes nothing. */
export async function exportRows(
  bindings: Bindings,
  choices: ExportChoices,
  progress = openProgress(true),
): Promise<Export> {
  const { database } = bindings;
  const model = await modelOf(bindings, choices);
  let onto: Onto | undefined;
  if (choices.onto !== undefined) {
    progress.step(`Reading ${choices.onto}`);
    onto = await readOnto(choices.onto, model.name, () => {});
    if (onto.users.length === 0)
      throw new Failure(
        choices.userModel === undefined
          ? `${choices.onto} has no rows of ${model.name}: name AUTH_USER_MODEL with --user-model.`
          : `${choices.onto} has no rows of --user-model ${choices.userModel}.`,
      );
  }
  progress.step(`Reading the ${database.place} database`);
  const rows = [];
  for await (const user of allUsers((sql) => database.read(sql))) rows.push(user);
  const fields = onto ? new Set(onto.users.flatMap((user) => Object.keys(user.fields))) : model.fields;
  const users = exportUsers(rows, {
    model: { ...model, fields },
    hashes: choices.hashes,
    changedOnly: choices.changedOnly,
    onto: onto?.users,
    zoned: onto?.zoned ?? true,
    fold: settingsOf(bindings.vars, ["USERNAME_CASE"]).USERNAME_CASE === "exact" ? (name) => name : foldedUsername,
    unusable: () => unusablePassword((below) => randomInt(below)),
  });
  const { idType } = model;
  const lifetimes = ["REFRESH_TOKEN_LIFETIME", "SLIDING_TOKEN_REFRESH_LIFETIME"] as const;
  const { REFRESH_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME } = settingsOf(bindings.vars, lifetimes);
  const lifetimeSeconds = Math.max(REFRESH_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME);
  const { nowSeconds } = choices;
  const tokens = await exportTokens(bindings, { idType, ids: users.ids, onto, nowSeconds, lifetimeSeconds });
  return {
    rows: [...users.rows, ...tokens.outstanding, ...tokens.blacklisted],
    lines: reportOf(users, model, tokens, onto !== undefined),
    exitCode: users.conflicts.length > 0 ? EXIT.failed : EXIT.ok,
  };
}

function reportOf(users: UserExport, model: ExportModel, tokens: TokenExport, isOnto: boolean): string[] {
  const lines = [
    `  users   ${users.fresh} new, ${users.updated} changed, ${users.same} left as they are`,
    `  tokens  ${tokens.outstanding.length} outstanding, ${tokens.blacklisted.length} blacklisted`,
    ...listed("cannot log in with a hash that Django reads, and must reset the password:", users.resets),
    ...listed("left out, because Django has another user of that name or id:", users.conflicts),
    ...listed("inactive here, which the model has no field for:", users.inactive),
    ...listed("left out, because Django no longer has them:", users.gone),
  ];
  if (tokens.longSessions > 0)
    lines.push(
      `  ${tokens.longSessions === 1 ? "1 session was" : `${tokens.longSessions} sessions were`} refreshed more than ${tokens.mostRotations} times: of the used tokens, the last ${tokens.mostRotations} are blacklisted`,
    );
  const known = new Set<string>([
    ...abstractUserFields,
    model.usernameField,
    ...(model.idField === undefined ? [] : [model.idField]),
  ]);
  for (const { field } of model.extras) known.add(field);
  const lost = [...model.fields].filter(
    (field) => !known.has(field) && field !== "groups" && field !== "user_permissions",
  );
  if (!isOnto && lost.length > 0)
    lines.push(
      `Fields that were not imported get the model's defaults when it is loaded: ${lost.join(", ")}. To keep Django's own, use --onto.`,
    );
  if (users.beyondSequence || tokens.outstanding.length > 0) {
    const [app = "auth"] = model.name.split(".");
    const apps = [
      ...(users.beyondSequence ? [app] : []),
      ...(tokens.outstanding.length > 0 ? ["token_blacklist"] : []),
    ];
    lines.push(
      `With PostgreSQL or Oracle, afterwards: python manage.py sqlsequencereset ${apps.join(" ")} | python manage.py dbshell`,
    );
  }
  return lines;
}

const MOST_NAMES = 100;

function listed(what: string, labels: readonly string[]): string[] {
  if (labels.length === 0) return [];
  const lines = labels.slice(0, MOST_NAMES).map((label) => `      ${label.replaceAll(/\p{C}/gu, "?").slice(0, 200)}`);
  const more = labels.length > MOST_NAMES ? [`      and ${labels.length - MOST_NAMES} more`] : [];
  return [`  ${labels.length === 1 ? "1 user" : `${labels.length} users`} ${what}`, ...lines, ...more];
}

/** The JSON of a fixture, a row a line. */
export function* fixtureText(rows: Iterable<FixtureRow>): Generator<string> {
  let before = "[\n";
  for (const row of rows) {
    yield before + JSON.stringify(row);
    before = ",\n";
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}

/** Writes a file that only this user can read; what stood there is replaced when all is written. */
export async function writePrivate(path: string, texts: Iterable<string>): Promise<void> {
  const target = resolve(process.env.INIT_CWD ?? process.cwd(), path);
  const part = `${target}.part`;
  try {
    // Never one that is there already: it could be a link to another file, or be open elsewhere.
    await rm(part, { force: true });
    const file = await open(part, "wx", 0o600);
    try {
      for (const text of joined(texts)) await file.write(text);
    } finally {
      await file.close();
    }
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw new Failure(`Cannot write ${path}: ${reasonOf(error).replace(/, \w+( '.*')?$/, "")}.`);
  }
}

/** Pieces of about a megabyte. */
function* joined(texts: Iterable<string>): Generator<string> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < 1_000_000) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  checkPlace(values);
  const choices: ExportChoices = {
    userModel: values["user-model"],
    usernameField: values["username-field"],
    onto: values.onto,
    changedOnly: values.changed === true,
    hashes: readableHashes(values.django, values.hashers),
    nowSeconds: Math.floor(Date.now() / 1000),
  };
  const progress = openProgress(values.quiet === true);
  try {
    const { rows, lines, exitCode } = await withBindings(values, async (bindings) => {
      const exported = await exportRows(bindings, choices, progress);
      const note = { action: "users_exported", user: undefined, detail: { rows: exported.rows.length } } as const;
      await noteDone(bindings.database, note, choices.nowSeconds);
      return exported;
    });
    const toFile = values.output !== undefined && values.output !== "-";
    if (toFile) await writePrivate(values.output ?? "", fixtureText(rows));
    else for (const text of joined(fixtureText(rows))) process.stdout.write(text);
    progress.end();
    for (const line of [toFile ? `Written to ${values.output}:` : "Written:", ...lines]) console.error(line);
    return exitCode;
  } finally {
    progress.end();
  }
}

export const exportDjangoCommand: Command = {
  summary: "write users and tokens for Django's loaddata",
  help,
  flags,
  run,
};
