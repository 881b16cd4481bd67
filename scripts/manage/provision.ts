// `provision`: applies lines that describe users, as the API would send them, or deletes a user.
// Must never print a value of a line but an id.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseJson } from "../../src/json/parse.ts";
import { userEndedUntilSeconds } from "../../src/sessions/end-sessions.ts";
import { createApplyLines, type LineResult } from "../../src/users/provisioning.ts";
import { type LineReading, type LineSettings, readLine, readLineId } from "../../src/users/provisioning-line.ts";
import { type Bindings, settingsOf, storesOf } from "../database/bindings.ts";
import { commandOrigin } from "../database/command-notes.ts";
import { collectKv } from "../database/kv-bulk.ts";
import { provisioningStore } from "../database/provision.ts";
import { hasSessionDatabases } from "../database/session-stores.ts";
import { EXIT, Failure, reasonOf, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

const flags = {
  delete: { type: "string" },
  json: { type: "boolean" },
  ...placeFlags,
} as const;

const help = `npm run manage -- provision FILE|- [flags]
npm run manage -- provision --delete ID [flags]

Creates, changes and deletes users as the API does with POST /_gateway/users/ (docs/provisioning.md). FILE, or standard
input with -, has one JSON object per line:

  {"id": "7", "version": 1767323045123456, "username": "ada", "password": "scrypt$…", "is_active": true}
  {"id": "8", "version": 1767323045123457, "deleted": true}

A line applies if its version is above the last one of that user. Sessions end as they do for a request of the API. A
line that is wrong is reported and keeps no other from being applied. The file has hashes: delete it.

  --delete ID        delete this user, with the time in microseconds as the version
  --json             print the result of each line, as the API is answered
${placeHelp}

Exit code 0: all lines count now, or did before, or newer ones do. 1: lines were refused.

  npm run manage -- provision users.jsonl
  npm run manage -- provision --delete 7 --remote`;

const settingNames = [
  ...(["USERNAME_FIELD", "USERNAME_CASE", "USER_ID_FIELD", "USER_ID_TYPE", "LEEWAY", "ISSUERS"] as const),
  ...(["ACCESS_TOKEN_LIFETIME", "REFRESH_TOKEN_LIFETIME"] as const),
  ...(["SLIDING_TOKEN_LIFETIME", "SLIDING_TOKEN_REFRESH_LIFETIME"] as const),
];

/** Lines that are applied together, as in a request; fewer where they are looked at on a command line, which takes 128 KB. */
const mostLines = (bindings: Bindings): number =>
  bindings.database.place === "remote" && hasSessionDatabases(bindings) ? 100 : 1000;

interface Counts {
  readonly applied: number;
  readonly unchanged: number;
  readonly outdated: number;
  readonly refused: number;
}

/** What is done with lines, and how it ends. */
export interface Provisioner {
  /** @param say gets a line for each result */
  lines(
    texts: AsyncIterable<string> | Iterable<string>,
    say: (result: LineResult, line: number) => void,
  ): Promise<Counts>;
  remove(id: string, version: number): Promise<LineResult>;
  /** Users who have no name now, so far. */
  readonly nameless: readonly unknown[];
}

/** @param flushKv sends what was collected for KV */
export function openProvisioner(
  bindings: Bindings,
  nowSeconds: number,
  flushKv: () => Promise<void> = async () => {},
): Provisioner {
  const settings = settingsOf(bindings.vars, settingNames);
  const nameless: unknown[] = [];
  const { announceUser } = storesOf(bindings);
  const applyLines = createApplyLines({
    settings,
    provisioningStore: provisioningStore(bindings),
    revocationCache: { announceUser: (...asked) => tellKv(announceUser?.(...asked)) },
    endedUntilSeconds: (now) => userEndedUntilSeconds(settings, now),
    log: (event, fields) => {
      if (event === "user_name_lost" && "user_id" in fields) nameless.push(fields.user_id);
    },
  });
  const origin = { ...commandOrigin(), requestId: undefined };
  const apply = async (readings: readonly LineReading[]) =>
    (await applyLines({ nowSeconds, requestId: "", origin }, readings)).results;
  return {
    nameless,
    async lines(texts, say) {
      const counts = { applied: 0, unchanged: 0, outdated: 0, refused: 0 };
      let [number, waiting]: [number, Array<readonly [line: number, reading: LineReading]>] = [0, []];
      const flush = async () => {
        const results = waiting.length === 0 ? [] : await apply(waiting.map(([, reading]) => reading));
        for (const [index, result] of results.entries()) {
          counts[result.result]++;
          say(result, waiting[index]?.[0] ?? 0);
        }
        waiting = [];
        await tellKv(flushKv());
      };
      for await (const text of texts) {
        number++;
        if (text.trim() !== "") waiting.push([number, readLineText(settings, text)]);
        if (waiting.length >= mostLines(bindings)) await flush();
      }
      await flush();
      return counts;
    },
    async remove(id, version) {
      const known = readLineId(settings, id);
      if (known === undefined) throw usage("--delete needs the id of a user.");
      const change = { id: known, version, deleted: true, rehash: false, columns: {} };
      const [result] = await apply([{ change }]);
      await tellKv(flushKv());
      return result ?? { id: known, version, result: "refused" };
    },
  };
}

async function tellKv(telling: Promise<void> | undefined): Promise<void> {
  await telling?.catch((error: unknown) => {
    throw new Failure(
      `The users are written, but KV could not be updated: ${reasonOf(error)} Routes with revocation = "cached" may accept access tokens of changed users until they expire.`,
    );
  });
}

function readLineText(settings: LineSettings, text: string): LineReading {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return { error: { field: "line", text: "line is not JSON" }, id: undefined, version: undefined };
  }
  return readLine(settings, value);
}

/** The lines of a file, one after another; not as long as a character within one means an end of line elsewhere. */
function linesOf(path: string): AsyncIterable<string> {
  const input = path === "-" ? process.stdin : createReadStream(path);
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

const deletions: Readonly<Record<LineResult["result"], string>> = {
  applied: "is deleted",
  unchanged: "was deleted before",
  outdated: "stays: a newer change was applied",
  refused: "could not be deleted",
};

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const [path] = positionals;
  if (values.delete === undefined && (path === undefined || path === "")) {
    throw usage("FILE is missing: npm run manage -- provision FILE");
  }
  if (values.delete !== undefined && path !== undefined) throw usage("FILE and --delete exclude each other.");
  return withBindings(values, async (opened) => {
    const collected = values.remote === true && opened.kv !== undefined ? collectKv(values.env) : undefined;
    const bindings = { ...opened, kv: collected?.kv ?? opened.kv };
    const provisioner = openProvisioner(bindings, Math.floor(Date.now() / 1000), collected?.flush);
    const { place } = opened.database;
    if (values.delete !== undefined) {
      const result = await provisioner.remove(values.delete, Date.now() * 1000);
      if (values.json === true) console.log(JSON.stringify(result));
      else console.log(`The user '${values.delete}' ${deletions[result.result]} in the ${place} database.`);
      return result.result === "refused" ? EXIT.failed : EXIT.ok;
    }
    const say = (result: LineResult, line: number) => {
      if (values.json === true) console.log(JSON.stringify(result));
      else if (result.error !== undefined) {
        console.error(`line ${line}${result.id === null ? "" : ` (id ${result.id})`}: ${result.error}`);
      }
    };
    const counts = await provisioner.lines(linesOf(path ?? "-"), say).catch((error: unknown) => {
      if (error instanceof Error && "code" in error && "path" in error)
        throw new Failure(`Cannot read ${path}: ${reasonOf(error)}.`);
      throw error;
    });
    if (values.json !== true) for (const line of summary(counts, provisioner.nameless.length, place)) console.log(line);
    return counts.refused > 0 ? EXIT.failed : EXIT.ok;
  });
}

function summary({ applied, unchanged, outdated, refused }: Counts, nameless: number, place: string): string[] {
  const counted = `In the ${place} database: ${applied} applied, ${unchanged} unchanged, ${outdated} outdated, ${refused} refused.`;
  if (nameless === 0) return [counted];
  const users = nameless === 1 ? "1 user is" : `${nameless} users are`;
  return [counted, `${users} called id:<id> now, because another user has the name.`];
}

export const provisionCommand: Command = {
  summary: "apply users as the API sends them",
  help,
  flags,
  words: "file",
  run,
};
