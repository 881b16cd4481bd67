// `apikeys import-django`: imports the keys of djangorestframework-api-key from the output of `manage.py dumpdata`.
// Must never print a hash, or import a part of a dump that was not asked for.
import { announceRevoked } from "../database/api-keys.ts";
import type { Bindings } from "../database/bindings.ts";
import { writeBulk } from "../database/bulk.ts";
import { doneText } from "../database/command-notes.ts";
import { collectKv } from "../database/kv-bulk.ts";
import {
  type ApiKeyDump,
  apiKeyStatements,
  libraryModel,
  planApiKeys,
  readApiKeys,
} from "../import-django/api-keys.ts";
import { openDumpFile } from "../import-django/dump.ts";
import { invalidLines } from "../import-django/report.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { withBindings } from "./command.ts";

/** The flags of this subcommand. */
interface ImportValues {
  readonly model?: readonly string[] | undefined;
  readonly "owner-field"?: string | undefined;
  readonly "dry-run"?: boolean | undefined;
  readonly lenient?: boolean | undefined;
  readonly format?: string | undefined;
  readonly remote?: boolean | undefined;
  readonly env?: string | undefined;
}

/** How a dump that was read is written. */
export interface ImportTerms {
  readonly scopes: readonly string[];
  readonly hasOwners: boolean;
  readonly dryRun: boolean;
  readonly lenient: boolean;
  readonly nowSeconds: number;
  /** Sends what was collected for KV. */
  readonly flushKv?: () => Promise<void>;
}

/** Returns the lines to print and the exit code. */
export async function importApiKeys(
  bindings: Bindings,
  path: string,
  dump: ApiKeyDump,
  terms: ImportTerms,
): Promise<{ readonly lines: readonly string[]; readonly exitCode: number }> {
  const { database } = bindings;
  const { rows, fresh, ended, invalid } = await planApiKeys(database, dump);
  const failed = invalid.length > 0 && !terms.lenient;
  const left = invalid.length === 1 ? "1 key" : `${invalid.length} keys`;
  if (failed && !terms.dryRun) {
    return {
      lines: [`Nothing was written: ${left} of ${path} cannot be imported.`, ...invalidLines(invalid)],
      exitCode: EXIT.failed,
    };
  }
  if (!terms.dryRun && rows.length > 0) {
    const detail = { keys: rows.length, revoked: ended.length, scopes: terms.scopes };
    const note = doneText({ action: "api_keys_imported", user: undefined, detail }, terms.nowSeconds);
    const statements = [...apiKeyStatements(database.place, rows, terms), { sql: note }];
    await writeBulk(bindings, statements, () => {});
    await announceRevoked(bindings, ended, terms.nowSeconds);
    await terms.flushKv?.();
  }
  const head = terms.dryRun
    ? `Nothing was written (--dry-run). In the ${database.place} database there would be:`
    : `Imported ${path} into the ${database.place} database:`;
  const revoked = rows.filter((key) => key.revoked).length;
  const lines = [
    head,
    `  keys    ${fresh} new, ${rows.length - fresh} known, ${invalid.length} left out; ${revoked} of them revoked`,
    ...(invalid.length === 0 ? [] : ["", "Left out:", ...invalidLines(invalid)]),
    ...othersLines(dump),
  ];
  return { lines, exitCode: failed ? EXIT.failed : EXIT.ok };
}

function othersLines({ keys, others }: ApiKeyDump): string[] {
  if (others.size === 0) return [];
  const list = [...others].map(([model, count]) => `${model} (${count})`).join(", ");
  const hint = keys.length === 0 ? [" If one of these extends AbstractAPIKey, name it with --model."] : [];
  return ["", `Ignored: ${list}.${hint.join("")}`];
}

export async function runImport(
  values: ImportValues,
  [path = "", extra]: readonly string[],
  scopes: readonly string[],
): Promise<number> {
  if (path === "") throw usage("FILE is missing: npm run manage -- apikeys import-django FILE");
  if (extra !== undefined) throw usage(`Unexpected word '${extra}'. See --help.`);
  const { format, model = [libraryModel], "owner-field": ownerField } = values;
  if (format !== undefined && format !== "json" && format !== "jsonl") throw usage("--format is json or jsonl.");
  const wrong = model.find((name) => !/^\w+\.\w+$/.test(name));
  if (wrong !== undefined) throw usage(`--model is an app and a model, such as ${libraryModel}; it is '${wrong}'.`);
  const { bytes } = await openDumpFile(path);
  const models = model.map((name) => name.toLowerCase());
  const dump = await readApiKeys(path, bytes, { models, ownerField, format });
  const { lines, exitCode } = await withBindings(values, (opened) => {
    const collected = values.remote === true && opened.kv !== undefined ? collectKv(values.env) : undefined;
    return importApiKeys({ ...opened, kv: collected?.kv ?? opened.kv }, path, dump, {
      ...{ scopes, hasOwners: ownerField !== undefined },
      ...{ dryRun: values["dry-run"] === true, lenient: values.lenient === true },
      nowSeconds: Math.floor(Date.now() / 1000),
      ...(collected === undefined ? {} : { flushKv: collected.flush }),
    });
  });
  for (const line of lines) console.log(line);
  return exitCode;
}
