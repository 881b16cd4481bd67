// `apikeys`: creates, lists and revokes API keys, and imports those of djangorestframework-api-key.
// Must never show a key but in the answer that made it, nor take one on the command line.
import { readDuration } from "../../src/settings/readers.ts";
import { apiKeyNameError, expiryIn, scopesError, scopesIn } from "../../src/users/api-key-rules.ts";
import {
  type ApiKeyRow,
  type ApiKeysToRevoke,
  announceRevoked,
  createApiKey,
  goodPrefixes,
  isApiKey,
  listApiKeys,
  revokeApiKeys,
} from "../database/api-keys.ts";
import { type Bindings, settingsOf } from "../database/bindings.ts";
import { type User, type UserWord, userNamed } from "../database/users.ts";
import { confirm, requireTerminal } from "../shared/confirm.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { unknownWord } from "../shared/suggest.ts";
import { isoTime, textTable } from "../shared/terminal.ts";
import { runImport } from "./apikeys-import.ts";
import { type Command, checkPlace, placeFlags, placeHelp, readUser, userModelOf, withBindings } from "./command.ts";
import { readLimit } from "./tokens.ts";

const flags = {
  scopes: { type: "string" },
  expires: { type: "string" },
  user: { type: "string" },
  "user-id": { type: "string" },
  all: { type: "boolean" },
  yes: { type: "boolean" },
  limit: { type: "string" },
  json: { type: "boolean" },
  model: { type: "string", multiple: true },
  "owner-field": { type: "string" },
  "dry-run": { type: "boolean" },
  lenient: { type: "boolean" },
  format: { type: "string" },
  ...placeFlags,
} as const;

type Values = ReturnType<typeof readFlags<typeof flags>>["values"];

const subcommands = ["create", "list", "revoke", "import-django"] as const;

const help = `npm run manage -- apikeys create NAME [--scopes a,b] [--user USERNAME] [--expires TIME] [--json]
npm run manage -- apikeys list [--user USERNAME] [--limit N] [--json]
npm run manage -- apikeys revoke PREFIX | --user USERNAME | --all [--yes]
npm run manage -- apikeys import-django FILE [--model app.model] [--scopes a,b] [flags]

API keys for machines (API_KEYS, docs/api-keys.md), as djangorestframework-api-key has them:
  Authorization: Api-Key PREFIX.SECRET

create makes a key and shows it this once, for only its hash is kept. list shows keys by their prefix, the newest first.
revoke ends a key, first in the database, then in KV; this cannot be undone. import-django takes the keys of a dump, and
they stay good:
  python manage.py dumpdata rest_framework_api_key --output keys.json

  --scopes A,B       create: what the key may open; a route with api_keys = ["a"] wants that scope.
                     import-django: the scopes that the keys get; the library has none
  --user USERNAME    create: the owner; the key ends while the user is inactive, and when they are deleted.
                     list, revoke: only the keys of this owner
  --user-id ID       the same, by the user's id
  --expires TIME     create: such as 90d, 2027-01-31 (the end of that day) or 2027-01-31T12:00:00Z; default: never
  --limit N          list: at most N; default 100
  --all              revoke: all keys
  --yes              revoke --all: do not ask for confirmation
  --model NAME       import-django: a model of yours that extends AbstractAPIKey, in the place of
                     rest_framework_api_key.apikey; may be repeated
  --owner-field F    import-django: the field of the model that has the owner's primary key
  --dry-run          import-django: write nothing; report what would be done
  --lenient          import-django: leave out keys that cannot be imported
  --format FORMAT    import-django: json or jsonl; by default what the first character says
  --json             create, list: as JSON, for programs, with times in seconds since 1970:
                     npm run --silent manage -- apikeys list --json
${placeHelp}

An import can be repeated: what is revoked at the gateway stays revoked, and a key keeps its hash once that is sha512.
Exit code 1 of an import: nothing was written, with a line for each key that cannot be imported.

  npm run manage -- apikeys create reports --scopes reports --expires 90d
  npm run manage -- apikeys revoke 4fT9xQ2b --remote`;

/** The flags of each, besides those of the place. */
const flagsOf: Readonly<Record<(typeof subcommands)[number], ReadonlyArray<keyof typeof flags>>> = {
  create: ["scopes", "expires", "user", "user-id", "json"],
  list: ["user", "user-id", "limit", "json"],
  revoke: ["user", "user-id", "all", "yes"],
  "import-django": ["model", "scopes", "owner-field", "dry-run", "lenient", "format"],
};

/** The owner that a command line names, if any. */
function ownerWord(values: Values, command: string): UserWord | undefined {
  const { user: name, "user-id": id } = values;
  if (name === undefined && id === undefined) return undefined;
  if (name !== undefined && id !== undefined) throw usage("Name the user by --user or by --user-id, not by both.");
  return readUser(name === undefined ? [] : [name], { id }, `apikeys ${command} --user`);
}

const ownerOf = async (bindings: Bindings, word: UserWord | undefined): Promise<User | undefined> =>
  word && userNamed(bindings.database, userModelOf(bindings), word);

/** Reads --scopes. */
export function readScopes(text: string | undefined): readonly string[] {
  const scopes = scopesIn(text ?? "");
  const error = scopesError(scopes);
  if (error !== undefined) throw usage(`--scopes: ${error}`);
  return scopes;
}

function readExpiry(text: string | undefined, nowSeconds: number): number | undefined {
  if (text === undefined) return undefined;
  const lasts = readDuration(1)(text);
  const at = "value" in lasts ? nowSeconds + lasts.value : expiryIn(text);
  if (at === undefined || /^\d+$/.test(text)) {
    throw usage("--expires needs a duration such as 90d, or a time such as 2027-01-31 or 2027-01-31T12:00:00Z.");
  }
  if (at <= nowSeconds) throw usage("--expires is in the past.");
  return at;
}

/** How long a route may accept a key that was revoked: docs/api-keys.md. */
const kvSeconds = 90;

async function create(values: Values, [name = "", ...more]: readonly string[]): Promise<number> {
  refuseMore(more);
  const nameError = apiKeyNameError(name);
  if (nameError !== undefined) throw usage(`${nameError} npm run manage -- apikeys create NAME`);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const scopes = readScopes(values.scopes);
  const expiresAtSeconds = readExpiry(values.expires, nowSeconds);
  const word = ownerWord(values, "create");
  const { made, place, isOn } = await withBindings(values, async (bindings) => {
    const userId = (await ownerOf(bindings, word))?.id;
    return {
      made: await createApiKey(bindings, { name, scopes, userId, expiresAtSeconds }, nowSeconds),
      place: bindings.database.place,
      isOn: settingsOf(bindings.vars, ["API_KEYS"]).API_KEYS,
    };
  });
  if (values.json === true) {
    const row = { ...made, name, scopes, created_at: nowSeconds, expires_at: expiresAtSeconds ?? null };
    console.log(JSON.stringify(row, null, 2));
  } else {
    console.log(`Created the API key '${made.prefix}' in the ${place} database. It is shown this once:`);
    console.log(`  Authorization: Api-Key ${made.key}`);
  }
  if (!isOn) console.error("API_KEYS is not true in wrangler.toml: the gateway takes no keys yet.");
  return EXIT.ok;
}

const head = ["prefix", "name", "state", "scopes", "owner", "created", "expires", "last used", "hash"];

const timeOrDash = (seconds: number | null): string => (seconds === null ? "-" : isoTime(seconds));

const cells = (key: ApiKeyRow): string[] => [
  ...[key.prefix, key.name, key.state, key.scopes.join(" ") || "-"],
  key.username ?? key.user_id ?? "-",
  ...[isoTime(key.created_at), timeOrDash(key.expires_at), timeOrDash(key.last_used_at), key.hash],
];

async function list(values: Values, words: readonly string[]): Promise<number> {
  refuseMore(words);
  const limit = readLimit(values.limit);
  const word = ownerWord(values, "list");
  const nowSeconds = Math.floor(Date.now() / 1000);
  const { keys, more } = await withBindings(values, async (bindings) => {
    const userId = (await ownerOf(bindings, word))?.id;
    return listApiKeys(bindings.database, { userId, limit }, nowSeconds);
  });
  if (values.json === true) console.log(JSON.stringify(keys, null, 2));
  else if (keys.length === 0) console.log(word === undefined ? "There are no API keys." : "There are no such keys.");
  else for (const line of textTable(head, keys.map(cells))) console.log(line);
  if (more) console.error(`There are more. These are the newest ${limit}. --limit shows more.`);
  return EXIT.ok;
}

/** What a command line asks to revoke, before the owner's id is known. */
type Wanted = { readonly prefix: string } | { readonly owner: UserWord } | "all";

function readWanted(values: Values, [prefix, ...more]: readonly string[]): Wanted {
  refuseMore(more);
  const owner = ownerWord(values, "revoke");
  const ways = [prefix, owner, values.all].filter((one) => one !== undefined && one !== false);
  if (ways.length !== 1) throw usage("Name what to revoke: one PREFIX, or --user, or --all.");
  if (values.yes === true && values.all !== true) throw usage("--yes requires --all.");
  if (values.all === true) return "all";
  if (owner !== undefined) return { owner };
  if (prefix === undefined || !/^[A-Za-z0-9_-]{1,32}$/.test(prefix)) {
    // The text may be a whole key.
    throw usage("PREFIX is the part of a key before its dot, as apikeys list shows it; a key does not belong here.");
  }
  return { prefix };
}

async function revoke(values: Values, words: readonly string[]): Promise<number> {
  const wanted = readWanted(values, words);
  if (wanted === "all" && values.yes !== true) requireTerminal("revoke all API keys");
  const nowSeconds = Math.floor(Date.now() / 1000);
  const sentence = await withBindings(values, (bindings) =>
    revokeWanted(bindings, wanted, nowSeconds, async (question) => {
      if (values.yes !== true) await confirm(question, "No key was revoked.");
    }),
  );
  console.log(sentence);
  return EXIT.ok;
}

/** Returns the sentence to print. @param ask fails if the answer is no */
export async function revokeWanted(
  bindings: Bindings,
  wanted: Wanted,
  nowSeconds: number,
  ask: (question: string) => Promise<void>,
): Promise<string> {
  const { place } = bindings.database;
  const which = await whichOf(bindings, wanted);
  const prefixes = await goodPrefixes(bindings, which);
  const inPlace = `in the ${place} database`;
  if (prefixes.length === 0) {
    if (which === "all" || !("prefix" in which)) return `There are no such keys to revoke ${inPlace}.`;
    if (!(await isApiKey(bindings, which.prefix))) {
      throw new Failure(
        `There is no API key '${which.prefix}' ${inPlace}. npm run manage -- apikeys list shows the prefixes.`,
      );
    }
  }
  const count = prefixes.length === 1 ? "1 API key" : `${prefixes.length} API keys`;
  if (which === "all") await ask(`Revoke all API keys? ${inPlace.replace("in", "In")}, ${count} end, for good.`);
  if (prefixes.length > 0) await revokeApiKeys(bindings, which, prefixes, nowSeconds);
  // KV may not know of a key that was revoked before.
  else if (which !== "all" && "prefix" in which) await announceRevoked(bindings, [which.prefix], nowSeconds);
  const { REVOCATION_CACHE_SECONDS } = settingsOf(bindings.vars, ["REVOCATION_CACHE_SECONDS"]);
  const soon = `Routes refuse ${prefixes.length > 1 ? "them" : "it"} within ${kvSeconds + REVOCATION_CACHE_SECONDS} s, with revocation = "strict" at once.`;
  if (which === "all" || !("prefix" in which)) return `Revoked ${count} ${inPlace}. ${soon}`;
  if (prefixes.length > 0) return `Revoked '${which.prefix}' ${inPlace}. ${soon}`;
  return `'${which.prefix}' was already revoked ${inPlace}.`;
}

async function whichOf(bindings: Bindings, wanted: Wanted): Promise<ApiKeysToRevoke> {
  if (wanted === "all" || "prefix" in wanted) return wanted;
  const user = await userNamed(bindings.database, userModelOf(bindings), wanted.owner);
  return { userId: user.id };
}

function refuseMore([extra]: readonly string[]): void {
  if (extra !== undefined) throw usage(`Unexpected word '${extra}'. See --help.`);
}

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 2);
  checkPlace(values);
  const [what, ...words] = positionals;
  const command = subcommands.find((one) => one === what);
  if (what === undefined)
    throw usage("What is missing: npm run manage -- apikeys create, list, revoke or import-django");
  if (command === undefined) throw unknownWord("subcommand of apikeys", what, subcommands);
  const others = Object.keys(values).filter(
    (name) => !(name in placeFlags) && !flagsOf[command].some((one) => one === name),
  );
  if (others.length > 0) throw usage(`apikeys ${command} does not take --${others[0]}. See --help.`);
  if (command === "create") return create(values, words);
  if (command === "list") return list(values, words);
  if (command === "revoke") return revoke(values, words);
  return runImport(values, words, readScopes(values.scopes));
}

export const apiKeysCommand: Command = {
  summary: "create, list, revoke and import API keys",
  help,
  flags,
  words: subcommands,
  run,
};
