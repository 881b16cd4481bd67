// `audit`: lists the audit log, or exports it.
// Must never write.
import { auditActions } from "../../src/stores/audit-contract.ts";
import type { Database, Row } from "../database/database.ts";
import { sqlInteger, sqlText } from "../database/sql.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { isoTime, textTable } from "../shared/terminal.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

const flags = {
  "user-id": { type: "string" },
  actor: { type: "string" },
  action: { type: "string" },
  source: { type: "string" },
  since: { type: "string" },
  until: { type: "string" },
  limit: { type: "string" },
  export: { type: "boolean" },
  ...placeFlags,
} as const;

const help = `npm run manage -- audit [flags]

Lists who did what to whom, when and from where: on the admin page, with a command, or through provisioning; the newest
first. Entries cannot be changed, and stay for AUDIT_RETENTION (docs/observability.md).

  --user-id ID       only what was done to this user
  --actor NAME       only what this admin (by id) or this account did
  --action NAME      only this: ${auditActions.slice(0, 5).join(", ")},
                     ${auditActions.slice(5, 10).join(", ")},
                     ${auditActions.slice(10, 14).join(", ")},
                     ${auditActions.slice(14).join(", ")}
  --source NAME      only through this: admin, command, api
  --since TIME       from then on, such as 2026-11-29 or 2026-11-29T03:00:00Z
  --until TIME       before then
  --limit N          at most N; default 100
  --export           everything as NDJSON, the oldest first, for a file or another log
${placeHelp}

  npm run manage -- audit --since 2026-11-29 --source admin
  npm run --silent manage -- audit --export --remote > audit.ndjson`;

/** An entry as it is exported. */
export interface AuditRow {
  readonly sequence: number;
  readonly at: string;
  readonly source: string;
  readonly action: string;
  readonly user_id: string | null;
  readonly actor: string | null;
  readonly place: string | null;
  readonly request_id: string | null;
  readonly detail: unknown;
}

export interface AuditFilter {
  readonly userId?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly source?: string | undefined;
  readonly sinceSeconds?: number | undefined;
  readonly untilSeconds?: number | undefined;
}

const columns = "sequence, at, source, action, user_id, actor, place, request_id, detail";

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

const rowOf = (row: Row): AuditRow => ({
  sequence: Number(row.sequence),
  at: isoTime(Number(row.at)),
  source: String(row.source),
  action: String(row.action),
  user_id: textOrNull(row.user_id),
  actor: textOrNull(row.actor),
  place: textOrNull(row.place),
  request_id: textOrNull(row.request_id),
  detail: JSON.parse(String(row.detail)),
});

function conditions({ userId, actor, action, source, sinceSeconds, untilSeconds }: AuditFilter): string[] {
  const is = (column: string, value: string | undefined) =>
    value === undefined ? [] : [`${column} = ${sqlText(value)}`];
  return [
    ...is("user_id", userId),
    ...is("actor", actor),
    ...is("action", action),
    ...is("source", source),
    ...(sinceSeconds === undefined ? [] : [`at >= ${sqlInteger(sinceSeconds)}`]),
    ...(untilSeconds === undefined ? [] : [`at < ${sqlInteger(untilSeconds)}`]),
  ];
}

type Readable = Pick<Database, "read">;

/** The newest first; and whether there are more. */
export async function listAudit(
  database: Readable,
  filter: AuditFilter,
  limit: number,
): Promise<{ readonly rows: readonly AuditRow[]; readonly more: boolean }> {
  const where = ["true", ...conditions(filter)].join(" AND ");
  const rows = await database.read(
    `SELECT ${columns} FROM audit WHERE ${where} ORDER BY sequence DESC LIMIT ${sqlInteger(limit + 1)}`,
  );
  return { rows: rows.slice(0, limit).map(rowOf), more: rows.length > limit };
}

/** Entries that are read at once. */
const rowsAtOnce = 1000;

/** The oldest first. */
export async function* exportAudit(database: Readable, filter: AuditFilter): AsyncGenerator<string> {
  for (let after = 0; ; ) {
    const where = [`sequence > ${sqlInteger(after)}`, ...conditions(filter)].join(" AND ");
    const rows = await database.read(
      `SELECT ${columns} FROM audit WHERE ${where} ORDER BY sequence LIMIT ${sqlInteger(rowsAtOnce)}`,
    );
    for (const row of rows) yield JSON.stringify(rowOf(row));
    if (rows.length < rowsAtOnce) return;
    after = Number(rows.at(-1)?.sequence);
  }
}

function readTime(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{4}-\d\d-\d\d/.test(text) ? Math.ceil(Date.parse(text) / 1000) : Number.NaN;
  if (Number.isNaN(seconds)) throw usage(`${flag} needs a time such as 2026-11-29 or 2026-11-29T03:00:00Z.`);
  return seconds;
}

function readChoice(flag: string, text: string | undefined, choices: readonly string[]): string | undefined {
  if (text !== undefined && !choices.includes(text)) throw usage(`${flag} must be one of ${choices.join(", ")}.`);
  return text;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  checkPlace(values);
  const filter: AuditFilter = {
    userId: values["user-id"],
    actor: values.actor,
    action: readChoice("--action", values.action, auditActions),
    source: readChoice("--source", values.source, ["admin", "command", "api"]),
    sinceSeconds: readTime("--since", values.since),
    untilSeconds: readTime("--until", values.until),
  };
  const limit = Number(values.limit ?? 100);
  if (!Number.isSafeInteger(limit) || limit < 1) throw usage("--limit needs a number of at least 1.");
  if (values.export === true && values.limit !== undefined)
    throw usage("--export writes everything: it takes no --limit.");
  await withBindings(values, async ({ database }) => {
    if (values.export === true) {
      for await (const line of exportAudit(database, filter)) console.log(line);
      return;
    }
    const { rows, more } = await listAudit(database, filter, limit);
    if (rows.length === 0) console.log("There are no such entries.");
    else for (const line of textTable(head, rows.map(cells))) console.log(line);
    if (more) console.error(`There are more. These are the newest ${limit}. --limit shows more.`);
  });
  return EXIT.ok;
}

const head = ["when", "source", "who", "action", "whom", "from", "details"];
const cells = ({ at, source, actor, action, user_id: userId, place, detail }: AuditRow): string[] => [
  ...[at, source, actor ?? "-", action, userId ?? "-", place ?? "-"],
  JSON.stringify(detail) === "{}" ? "" : JSON.stringify(detail),
];

export const auditCommand: Command = { summary: "list or export the audit log", help, flags, run };
