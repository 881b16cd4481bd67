// `import-django`: takes Django's users and tokens over, from what `manage.py dumpdata` writes.
// Must never keep or print a raw token or a hash, and never write a part of a dump.
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

Takes over users and tokens from a Django project:
  python manage.py dumpdata auth.User token_blacklist --output dump.json
  npm run manage -- import-django dump.json --dry-run
FILE may be - for standard input. Users keep their ids, flags and hashes; groups and permissions stay in Django.
Of a token go in its id, type, user and times, never the token itself; expired ones are passed over.
Running it again changes nothing but what changed in Django: a user with the same id and the same username is
updated, a token that is blacklisted here stays so. Whoever has the id or the name of somebody else here is left out.
dumpdata with --natural-foreign will do. With --natural-primary there are no ids in it: who is here already keeps
the id, others get one of the gateway's that nobody had before, and Django's tokens do not fit them.

  --dry-run          write nothing; say what would be done
  --strict           write nothing and fail if a user or token would be left out
  --keep-passwords   users who are here already keep the password they have here
  --user-model NAME  AUTH_USER_MODEL, when it is not auth.User; with the fields of AbstractUser
  --quiet            no progress
${placeHelp}

All or nothing: the local database takes it as one transaction. With --remote it is one file for wrangler d1 execute;
wrangler says that a file which fails leaves the database in its original state, and that D1 answers nothing else
while it works, so the gateway's log-ins and refreshes get 503 meanwhile.
Exit code 0: imported, perhaps without the rows that the report names. The dump holds hashes and live tokens: delete it.`;

/** What the flags ask of an import. */
export interface ImportChoices {
  readonly dryRun: boolean;
  readonly strict: boolean;
  readonly keepPasswords: boolean;
  readonly nowSeconds: number;
}

/** Plans, writes and reports; gives the lines to print and the exit code. */
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
  if (path === undefined || path === "") throw usage("Which file? npm run manage -- import-django FILE");
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

export const importDjangoCommand: Command = { summary: "take over users and tokens from a Django dump", help, run };
