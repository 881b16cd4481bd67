// `import-django`: imports Django's users and tokens from the output of `manage.py dumpdata`.
// Must never store or print a raw token, print a hash, or import a part of a dump.
import { type Bindings, settingsOf } from "../database/bindings.ts";
import { writeBulk } from "../database/bulk.ts";
import { type Dump, parseDump, readDumpText } from "../import-django/dump.ts";
import { readExisting } from "../import-django/existing.ts";
import { leftOutRows, planImport } from "../import-django/plan.ts";
import { reportLines } from "../import-django/report.ts";
import { importStatements } from "../import-django/statements.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openProgress, type Progress } from "../shared/progress.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

const flags = {
  "dry-run": { type: "boolean" },
  strict: { type: "boolean" },
  "keep-passwords": { type: "boolean" },
  "user-model": { type: "string" },
  quiet: { type: "boolean" },
  ...placeFlags,
} as const;

const help = `npm run manage -- import-django FILE [flags]

Imports users and tokens from a Django project:
  python manage.py dumpdata auth.User token_blacklist --output dump.json
  npm run manage -- import-django dump.json --dry-run
FILE may be - for standard input. Users keep their ids, flags and hashes. Groups and permissions stay in Django.
Of a token, only id, type, user and times are imported, never the token itself; expired tokens are skipped.
You can run it again: users with the same id and username are updated with what changed in Django, and tokens that
are blacklisted at the gateway stay blacklisted. A user whose id or username belongs to another user at the gateway is
left out. dumpdata --natural-foreign works. With --natural-primary, the dump has no ids: existing users keep theirs,
others get a new id that no user had before, and the tokens issued by Django do not match it.

  --dry-run          write nothing; report what would be done
  --strict           write nothing and fail if a user or token would be left out
  --keep-passwords   existing users keep their password at the gateway
  --user-model NAME  AUTH_USER_MODEL, if it is not auth.User; with the fields of AbstractUser
  --quiet            show no progress
${placeHelp}

An import is all or nothing. The local database is changed in one transaction. With --remote, one file is passed to
wrangler d1 execute. According to wrangler, a file that fails leaves the database in its original state, and D1 answers
nothing else during the import, so log-ins and refreshes at the gateway get 503.
Exit code 0: imported, possibly without the rows listed in the report. The dump has hashes and live tokens: delete it.`;

/** The choices made with flags. */
export interface ImportChoices {
  readonly dryRun: boolean;
  readonly strict: boolean;
  readonly keepPasswords: boolean;
  readonly nowSeconds: number;
}

/** Plans, writes and reports. Returns the lines to print and the exit code. */
export async function importDump(
  bindings: Bindings,
  dump: Dump,
  choices: ImportChoices,
  progress: Progress,
): Promise<{ readonly lines: readonly string[]; readonly exitCode: number }> {
  const { database, vars } = bindings;
  const settings = settingsOf(vars, [
    ...(["LEEWAY", "TOKEN_TYPE_CLAIM", "SLIDING_TOKEN_REFRESH_EXP_CLAIM", "SLIDING_TOKEN_LIFETIME"] as const),
  ]);
  progress.step(`Reading the ${database.place} database`);
  const withTokens = dump.outstanding.length > 0;
  const expected = dump.users.length + dump.outstanding.length;
  const existing = await readExisting(database, withTokens, (rows) => progress.at(rows, expected));
  progress.step(`Checking ${dump.users.length} users, ${dump.outstanding.length} tokens`);
  const plan = planImport(dump, existing, { ...choices, settings });
  const lost = leftOutRows(plan);
  const refused = choices.strict && lost > 0;
  if (!choices.dryRun && !refused) {
    const rows = { users: plan.users.rows, tokens: plan.tokens.rows };
    const statements = importStatements(database.place, rows, choices.keepPasswords);
    progress.step(`Writing to the ${database.place} database`);
    await writeBulk(bindings, statements, (count) => progress.at(count, statements.length));
  }
  const head = refused
    ? `Nothing was written (--strict): ${lost === 1 ? "1 row" : `${lost} rows`} would be left out.`
    : choices.dryRun
      ? `Nothing was written (--dry-run). In the ${database.place} database there would be:`
      : `Imported into the ${database.place} database:`;
  return { lines: [head, ...reportLines(plan)], exitCode: refused ? EXIT.failed : EXIT.ok };
}

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const [path] = positionals;
  if (path === undefined || path === "") throw usage("FILE is missing: npm run manage -- import-django FILE");
  const progress = openProgress(values.quiet === true);
  progress.step(`Reading ${path === "-" ? "standard input" : path}`);
  try {
    const dump = parseDump(path, await readDumpText(path), values["user-model"] ?? "auth.user");
    const choices = {
      dryRun: values["dry-run"] === true,
      strict: values.strict === true,
      keepPasswords: values["keep-passwords"] === true,
      nowSeconds: Math.floor(Date.now() / 1000),
    };
    const { lines, exitCode } = await withBindings(values, (bindings) => importDump(bindings, dump, choices, progress));
    progress.end();
    for (const line of lines) console.log(line);
    return exitCode;
  } finally {
    progress.end();
  }
}

export const importDjangoCommand: Command = {
  summary: "import users and tokens from a Django dump",
  help,
  flags,
  words: "file",
  run,
};
