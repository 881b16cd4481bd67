// `import-django`: imports Django's users and tokens from the output of `manage.py dumpdata`.
// Must never store or print a raw token, print a hash, or import a part of a dump.
import { collectKv } from "../database/kv-bulk.ts";
import { openDumpFile, readDump } from "../import-django/dump.ts";
import { extraNames } from "../import-django/extra.ts";
import { dumpTerms, type ImportChoices, importDump } from "../import-django/import-dump.ts";
import { usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openProgress } from "../shared/progress.ts";
import { openPrompter } from "../shared/prompter.ts";
import { type Command, checkPlace, placeFlags, placeHelpAt, withBindings } from "./command.ts";

const flags = {
  "dry-run": { type: "boolean" },
  strict: { type: "boolean" },
  lenient: { type: "boolean" },
  "keep-passwords": { type: "boolean" },
  "user-model": { type: "string" },
  "username-field": { type: "string" },
  "id-field": { type: "string" },
  extra: { type: "string" },
  prune: { type: "boolean" },
  force: { type: "boolean" },
  format: { type: "string" },
  quiet: { type: "boolean" },
  ...placeFlags,
} as const;

const help = `npm run manage -- import-django FILE [flags]

Imports users and tokens from a Django project:
  python manage.py dumpdata auth.User token_blacklist --output dump.json
  npm run manage -- import-django dump.json --dry-run
FILE may be - for standard input. Users keep their ids, flags and hashes, whatever their model: keys are integers, UUIDs
or text, as USER_ID_TYPE says. Columns that the model lacks have Django's defaults. Of a token, only id, type, user and
times are imported, never the token itself; expired tokens are skipped.
You can run it again: users with the same id become as they are in the dump, also their names and is_active, whatever
was changed at the gateway. Tokens that are blacklisted at the gateway stay blacklisted. Sessions end where the
password, is_active or what tokens name the user by has changed. A user whose id or name belongs to somebody else at
the gateway is left out. dumpdata --natural-foreign works. With --natural-primary, the dump has no ids: existing users
keep theirs, others get one that Django never gives, and the tokens issued by Django do not match it.

  --dry-run             write nothing; report what would be done
  --lenient             leave out rows that cannot be imported; exit code 0 also when users are left out
  --strict              write nothing and fail if a user or token would be left out
  --keep-passwords      existing users keep their password at the gateway
  --user-model NAME     AUTH_USER_MODEL; not needed where only one model of the dump has passwords
  --username-field F    USERNAME_FIELD of the model; by default the setting, else username, else email
  --id-field F          the field that alternate_id holds; by default USER_ID_FIELD, where it is not the primary key
  --extra F,F           further fields for the column extra; foreign keys as keys, groups and user_permissions as names
  --prune               deactivate users of earlier imports who are gone from the dump; --prune=delete deletes them
  --force               prune even where that is most of the users
  --format FORMAT       json or jsonl; by default what the first character says
  --quiet               show no progress
${placeHelpAt(24)}

An import is all or nothing. The local database is changed in one transaction. With --remote, one file is passed to
wrangler d1 execute. According to wrangler, a file that fails leaves the database in its original state, and D1 answers
nothing else during the import, so log-ins and refreshes at the gateway get 503.
Exit code 0: imported. 1: users were left out, as the report says; or nothing was written, because rows cannot be
imported (duplicates, ids of another type), with a line for each. The dump has hashes and live tokens: delete it.`;

/** `--prune` takes a value only after an equals sign: the next word may be the file. */
function readPrune(argv: readonly string[]): {
  readonly prune: ImportChoices["prune"] | undefined;
  readonly rest: readonly string[];
} {
  const given = argv.filter((word) => word.startsWith("--prune="));
  const values = given.map((word) => word.slice("--prune=".length));
  const wrong = values.find((value) => value !== "delete" && value !== "deactivate");
  if (wrong !== undefined) throw usage("--prune takes no value, or --prune=delete.");
  return {
    prune: values.at(-1) as "delete" | "deactivate" | undefined,
    rest: argv.filter((word) => !given.includes(word)),
  };
}

function readFormat(format: string | undefined): "json" | "jsonl" | undefined {
  if (format === undefined || format === "json" || format === "jsonl") return format;
  throw usage("--format is json or jsonl.");
}

/** Asks on the terminal, if standard input is one and not the dump. */
function asker(path: string): ImportChoices["ask"] {
  if (path === "-" || !process.stdin.isTTY) return undefined;
  return async (question) => {
    const prompter = openPrompter();
    try {
      return await prompter.ask(question);
    } finally {
      prompter.close();
    }
  };
}

async function run(argv: readonly string[]): Promise<number> {
  const { prune, rest } = readPrune(argv);
  const { values, positionals } = readFlags(rest, flags, 1);
  checkPlace(values);
  const [path] = positionals;
  if (path === undefined || path === "") throw usage("FILE is missing: npm run manage -- import-django FILE");
  const format = readFormat(values.format);
  const choices: ImportChoices = {
    dryRun: values["dry-run"] === true,
    strict: values.strict === true,
    lenient: values.lenient === true,
    keepPasswords: values["keep-passwords"] === true,
    force: values.force === true,
    prune: prune ?? (values.prune === true ? "deactivate" : "no"),
    model: { userModel: values["user-model"], usernameField: values["username-field"], idField: values["id-field"] },
    extra: extraNames(values.extra),
    nowSeconds: Math.floor(Date.now() / 1000),
    ask: asker(path),
  };
  if (choices.strict && choices.lenient) throw usage("--strict and --lenient contradict each other.");
  const progress = openProgress(values.quiet === true);
  const { bytes, size } = await openDumpFile(path);
  try {
    const { lines, exitCode } = await withBindings(values, async (opened) => {
      const collected = values.remote === true && opened.kv !== undefined ? collectKv(values.env) : undefined;
      const bindings = { ...opened, kv: collected?.kv ?? opened.kv };
      progress.step(`Reading ${path === "-" ? "standard input" : path}`);
      const dump = await readDump(
        path,
        bytes,
        dumpTerms(bindings, choices, format),
        (count) => size && progress.at(count, size),
      );
      return importDump(bindings, path, dump, choices, progress, collected?.flush);
    });
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
