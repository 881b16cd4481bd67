// Reads the output of `manage.py dumpdata`, from a file or standard input: JSON, a list of models, keys and fields.
// Must never quote the text in an error: it contains password hashes and tokens.
import { constants } from "node:buffer";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { isExactNumber } from "../../src/json/exact-number.ts";
import { parseJson } from "../../src/json/parse.ts";
import { Failure, reasonOf } from "../shared/failure.ts";

/** One row of a dump; the key is undefined with --natural-primary. */
export interface DumpRow {
  readonly pk: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The rows to import, and the number of rows of every other model. */
export interface Dump {
  readonly users: readonly DumpRow[];
  readonly outstanding: readonly DumpRow[];
  readonly blacklisted: readonly DumpRow[];
  readonly others: ReadonlyMap<string, number>;
}

/** Reads the text of a dump; `-` is standard input. Paths are relative to the shell's folder. */
export async function readDumpText(path: string): Promise<string> {
  const bytes = path === "-" ? await readInput() : await readBytes(path);
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    throw new Failure(
      `${path} has more than 512 MB: flush expired tokens in Django, or dump users and tokens separately.`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    const wide = bytes[0] === 0xff && bytes[1] === 0xfe;
    const cure = wide ? " but UTF-16, as PowerShell writes it: use dumpdata --output FILE" : "";
    throw new Failure(`${path} is not UTF-8 text${cure}.`);
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(process.env.INIT_CWD ?? process.cwd(), path));
  } catch (error) {
    throw new Failure(`Cannot read ${path}: ${reasonOf(error).replace(/, \w+( '.*')?$/, "")}.`);
  }
}

async function readInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** Sorts the rows of a dump by model, case-insensitively. `userModel` is AUTH_USER_MODEL. */
export function parseDump(path: string, text: string, userModel: string): Dump {
  const rows = { users: [] as DumpRow[], outstanding: [] as DumpRow[], blacklisted: [] as DumpRow[] };
  const others = new Map<string, number>();
  const byModel = new Map([
    [userModel.toLowerCase(), rows.users],
    ["token_blacklist.outstandingtoken", rows.outstanding],
    ["token_blacklist.blacklistedtoken", rows.blacklisted],
  ]);
  for (const [index, item] of parseList(path, text).entries()) {
    if (!isRecord(item) || typeof item.model !== "string" || !isRecord(item.fields)) {
      throw new Failure(`${path} is not the output of dumpdata: item ${index + 1} has no model or no fields.`);
    }
    const known = byModel.get(item.model.toLowerCase());
    if (known) known.push({ pk: item.pk ?? undefined, fields: item.fields });
    else others.set(item.model, (others.get(item.model) ?? 0) + 1);
  }
  return { ...rows, others };
}

function parseList(path: string, text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch (error) {
    // The message may quote the text, so only the position is shown.
    const [where] = /\(line \d+ column \d+\)/.exec(reasonOf(error)) ?? [];
    const cure = text.startsWith("{") ? "; use dumpdata --format json" : "";
    throw new Failure(`${path} is not JSON${where === undefined ? "" : ` ${where}`}${cure}.`);
  }
  if (Array.isArray(parsed)) return parsed;
  throw new Failure(`${path} is not the output of dumpdata, which is a list of rows.`);
}
