// The deployed databases and KV namespace, reached through `wrangler d1 execute --remote` and `wrangler kv key put`.
// Must never put a password hash on a command line: statements that write travel in a private file.
import { usersDatabase } from "../../src/stores/spread/databases.ts";
import { readConfigFile } from "../shared/config-failure.ts";
import { Failure } from "../shared/failure.ts";
import { requirePackages } from "../shared/project.ts";
import { type Finished, runWrangler } from "../shared/wrangler.ts";
import type { Database, Row } from "./database.ts";
import { withSecretFile } from "./secret-file.ts";
import { updateSessionTables, updateTables } from "./tables.ts";

type Runner = (args: readonly string[]) => Promise<Finished>;

function parse(text: string): unknown {
  // Wrangler may say a line or two before its JSON begins.
  const start = text.search(/^[[{]/m);
  try {
    return JSON.parse(text.slice(Math.max(start, 0)));
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What wrangler said went wrong, on one line. */
export function errorIn({ stdout, stderr, exitCode }: Finished): string {
  const said = parse(stdout);
  const error = isRecord(said) && isRecord(said.error) ? said.error : undefined;
  const notes = Array.isArray(error?.notes) ? error.notes.map((note) => (isRecord(note) ? note.text : undefined)) : [];
  const texts = [error?.text, ...notes].filter((text): text is string => typeof text === "string" && text !== "");
  if (texts.some((text) => text.includes("CLOUDFLARE_API_TOKEN")))
    return "wrangler is not logged in. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.";
  const text = texts.length > 0 ? texts.join(": ") : stderr.trim();
  return text === "" ? `wrangler ended with exit code ${exitCode}.` : text.replaceAll(/\s+/g, " ");
}

/** The rows of each statement. @param count how many statements there were */
function rowsIn(stdout: string, count: number): ReadonlyArray<readonly Row[]> {
  const said = parse(stdout);
  const results = Array.isArray(said) ? said : [];
  if (results.length !== count) throw new Failure("wrangler gave an answer without results.");
  return results.map((result: unknown) => {
    if (!isRecord(result) || !Array.isArray(result.results))
      throw new Failure("wrangler gave an answer without results.");
    return result.results.filter(isRecord);
  });
}

/**
 * A deployed database; `environment` is wrangler's `--env`. Brings the tables up to date when something is missed.
 *
 * @param binding DB, or that of a database for sessions alone
 */
export function openRemote(
  environment: string | undefined,
  runner: Runner = (args) => runWrangler(args, "capture"),
  binding = usersDatabase,
): Database {
  const plain = openRemoteAsItIs(environment === undefined ? [] : ["--env", environment], runner, binding);
  const withTables = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure && missed.test(error.message))) throw error;
      await (binding === usersDatabase ? updateTables(plain) : updateSessionTables(plain));
      return work();
    }
  };
  return {
    ...plain,
    read: (sql) => withTables(() => plain.read(sql)),
    batch: (statements) => withTables(() => plain.batch(statements)),
    write: (sql) => withTables(() => plain.write(sql)),
  };
}

/** What SQLite says of a table or a column that a database made by an earlier version does not have. */
const missed = /no such (table|column)|has no column named/;

/** The same without a look at its tables. @param place the flags of wrangler that say which database is meant */
export function openRemoteAsItIs(
  place: readonly string[],
  runner: Runner = (args) => runWrangler(args, "capture"),
  binding = usersDatabase,
): Database {
  requirePackages();
  const execute = async (what: readonly string[]): Promise<string> => {
    const where = ["d1", "execute", binding, "--remote", "--json", "--yes"];
    const finished = await runner([...where, ...place, ...what]);
    if (finished.exitCode !== 0) {
      // Wrangler shows the place of an error in the file in several lines.
      if (/\.(toml|jsonc?):\d+:\d+/.test(finished.stderr)) await readConfigFile(undefined);
      throw new Failure(`Remote database: ${errorIn(finished)}`);
    }
    return finished.stdout;
  };
  const write = async (sql: string): Promise<void> => {
    await withSecretFile("statements.sql", sql, (path) => execute(["--file", path]));
  };
  // Cloudflare runs the statements of one query as a transaction.
  const batch = async (statements: readonly string[]) =>
    rowsIn(await execute(["--command", statements.join(";\n")]), statements.length);
  return {
    place: "remote",
    read: async (sql) => (await batch([sql]))[0] ?? [],
    batch,
    write,
    close: async () => {},
  };
}

/** The deployed KV namespace: as much of it as `kvRevocationCache` uses to announce: `put` with an `expiration`. */
export function kvOverWrangler(
  environment: string | undefined,
  runner: Runner = (args) => runWrangler(args, "capture"),
): KVNamespace {
  const put = async (key: string, value: string, { expiration }: { expiration: number }): Promise<void> => {
    const where = ["--binding", "BLACKLIST", "--remote", "--expiration", String(expiration)];
    const finished = await runner([
      ...["kv", "key", "put", key, value, ...where],
      ...(environment === undefined ? [] : ["--env", environment]),
    ]);
    if (finished.exitCode !== 0) throw new Failure(errorIn(finished));
  };
  // The store takes the whole interface; what it calls of it here is what stands above.
  return { put } as unknown as KVNamespace;
}
