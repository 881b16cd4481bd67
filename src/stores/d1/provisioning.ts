// Users as the API provisions them, in D1: few statements for many users, all of which decide by versions themselves.
// Must never write for a change that does not apply, nor decide in one transaction what another one writes.
import type { ChangedColumn, UserChange } from "../../users/provisioning-line.ts";
import type { UserId } from "../../users/user.ts";
import type { AuditOrigin } from "../audit-contract.ts";
import type {
  EndedUser,
  Provisioned,
  ProvisioningOutcome,
  ProvisioningStore,
  ProvisioningTerms,
} from "../provisioning-contract.ts";
import { issuedBeforeFrom, selectIssuedBefore } from "./cutoffs.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { type NoteCondition, noteUser } from "./note.ts";
import { noteStatements } from "./notes.ts";
import type { SqlValue } from "./parameters.ts";
import { type ProvisioningSql, type ProvisioningStatement, provisioningSql } from "./provisioning-sql.ts";
import { retried } from "./retry.ts";
import { endAllStatements, type Statement } from "./sessions.ts";

type Row = Readonly<Record<string, unknown>>;

/** Bytes of JSON in one parameter, of the 2 MB that D1 takes. 4 MiB are then at most four transactions of twelve statements. */
const longestParameterBytes = 1_250_000;

/** @param writing the same database, as changes are written to it */
export function d1Provisioning(
  db: D1Database,
  log: StoreLog,
  writing: Pick<D1Database, "batch"> = db,
): ProvisioningStore {
  return {
    apply: (changes, terms) =>
      onD1(log, async () => {
        const outcomes: ProvisioningOutcome[] = [];
        const ended: EndedUser[] = [];
        const nameless: UserId[] = [];
        for (const chunk of chunksOf(changes, longestParameterBytes)) {
          const provisioned = await applyChunk(db, writing, chunk, terms);
          outcomes.push(...provisioned.outcomes);
          ended.push(...provisioned.ended);
          nameless.push(...provisioned.nameless);
        }
        return { outcomes, ended, nameless };
      }),
    logOut: (id, ending, origin = byApi) =>
      onD1(log, async () => {
        const { nowSeconds: atSeconds } = ending;
        const condition = "EXISTS (SELECT 1 FROM users WHERE id = ?1)";
        const endings = endAllStatements({ column: "id", value: id }, ending, condition);
        const select = "SELECT CAST(id AS TEXT) AS id_text, username, alternate_id, version FROM users WHERE id = ?1";
        const results = await writing.batch<Row>([
          db.prepare(select).bind(id),
          ...endings.map(([sql, values]) => db.prepare(sql).bind(...values)),
          ...noteStatements(
            db,
            { audit: { ...origin, atSeconds, action: "user_logged_out" } },
            noteUser(id),
            whenThere,
          ),
          selectIssuedBefore(db, { column: "id", value: id }),
        ]);
        const row = results[0]?.results[0];
        if (row === undefined) return undefined;
        const user = endedUser(row.id_text, row.username, row.alternate_id);
        // Later than asked where more has ended before: the revocation cache knows one time alone.
        const issuedBeforeSeconds = issuedBeforeFrom(results.at(-1)?.results[0]);
        return { ...user, issuedBeforeSeconds, version: versionOf(row.version) };
      }),
    page: (after, limit) =>
      onD1(log, async () => {
        const page = (id: string) =>
          db.prepare(
            `SELECT CAST(id AS TEXT) AS id_text, version, is_active FROM users WHERE ${id} > ?1 ORDER BY ${id} LIMIT ?2`,
          );
        const [type, found] = await db.batch<Row>([
          db.prepare("SELECT typeof(MIN(id)) AS type FROM users"),
          page("id").bind(after, limit),
        ]);
        // In a database of an earlier version they are integers, whose order is another one and has no index.
        const isText = type?.results[0]?.type !== "integer";
        const rows = isText ? found?.results : (await page("CAST(id AS TEXT)").bind(after, limit).all<Row>()).results;
        return (rows ?? []).map((row) => ({
          id: String(row.id_text),
          version: versionOf(row.version),
          isActive: row.is_active === 1,
        }));
      }),
  };
}

const byApi: AuditOrigin = { source: "api" };

const whenThere: NoteCondition = { sql: "EXISTS (SELECT 1 FROM users WHERE id = ?4)" };

/** Whose sessions the changes would end, if they were applied now. */
export async function endedBy(
  db: D1Database,
  changes: readonly UserChange[],
  terms: ProvisioningTerms,
): Promise<readonly EndedUser[]> {
  const ended: EndedUser[] = [];
  for (const chunk of chunksOf(changes, longestParameterBytes)) {
    const [look] = provisioningStatements(chunk, terms);
    if (!look) continue;
    const [sql, values] = look;
    const { results } = await db
      .prepare(sql)
      .bind(...values)
      .all<Row>();
    ended.push(...provisionedFrom(chunk, results).ended);
  }
  return ended;
}

const versionOf = (value: unknown): number | null => (typeof value === "number" ? value : null);

const endedUser = (id: unknown, username: unknown, alternate: unknown): Omit<EndedUser, "issuedBeforeSeconds"> => ({
  id: String(id),
  username: String(username),
  alternate_id: typeof alternate === "string" ? alternate : null,
});

/**
 * The changes in their order, in lists that fit into a parameter. No user is in a list twice: the second change is to find
 * what the first one wrote.
 */
export function* chunksOf(changes: readonly UserChange[], longestBytes: number): Generator<readonly UserChange[]> {
  let chunk: UserChange[] = [];
  let ids = new Set<UserId>();
  let bytes = 0;
  for (const change of changes) {
    const size = new TextEncoder().encode(JSON.stringify(change)).length;
    if (chunk.length > 0 && (ids.has(change.id) || bytes + size > longestBytes)) {
      yield chunk;
      [chunk, ids, bytes] = [[], new Set(), 0];
    }
    chunk.push(change);
    ids.add(change.id);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

/** What the statements that decide need of a change; the rest goes to the one that writes the row. */
const decisive: readonly ChangedColumn[] = ["password", "hash", "username", "is_active", "alternate_id"];

function cellsOf({ id, version, deleted, rehash, columns }: UserChange, of: readonly string[] | undefined) {
  const kept = Object.entries(columns).filter(([name]) => of === undefined || of.includes(name));
  return { id, version, deleted: Number(deleted), rehash: Number(rehash), ...Object.fromEntries(kept) };
}

/** The statements of one list of changes, with their parameters; `manage provision` sends the same as text. */
export function provisioningStatements(changes: readonly UserChange[], terms: ProvisioningTerms): readonly Statement[] {
  const sql = provisioningSql(terms);
  const deciding = JSON.stringify(changes.map((change) => cellsOf(change, decisive)));
  const whole = JSON.stringify(changes.map((change) => cellsOf(change, undefined)));
  const { nowSeconds, issuedBeforeSeconds, untilSeconds } = terms.ending;
  const { source, actor, place, requestId } = terms.origin ?? byApi;
  const now = new Date(nowSeconds * 1000).toISOString();
  const values: Readonly<Record<ProvisioningStatement, readonly SqlValue[]>> = {
    look: [deciding, issuedBeforeSeconds],
    noteDeeds: [deciding, nowSeconds, source, actor ?? null, place ?? null, requestId ?? null],
    noteEndings: [deciding, issuedBeforeSeconds, untilSeconds],
    adoptSessions: [deciding, issuedBeforeSeconds],
    endSessions: [deciding, issuedBeforeSeconds, nowSeconds],
    deleteRows: [deciding],
    noteDeletions: [deciding],
    moveNames: [deciding],
    moveAlternates: [deciding],
    forgetDeletions: [deciding],
    writeRows: [whole, nowSeconds, now],
    settleLosers: [],
  };
  const deletes = changes.some(({ deleted }) => deleted);
  const writes = changes.some(({ deleted }) => !deleted);
  const states = (column: ChangedColumn) => changes.some(({ columns }) => columns[column] !== undefined);
  const wanted: ReadonlyArray<readonly [ProvisioningStatement, boolean]> = [
    ["look", true],
    ["noteDeeds", true],
    ["noteEndings", true],
    ["adoptSessions", true],
    ["endSessions", true],
    ["deleteRows", deletes],
    ["noteDeletions", deletes],
    ["moveNames", states("username")],
    ["moveAlternates", states("alternate_id")],
    ["forgetDeletions", writes],
    ["writeRows", writes],
    ["settleLosers", states("username") || states("alternate_id")],
  ];
  return wanted.flatMap(([name, is]) => (is ? [[sql[name as keyof ProvisioningSql], values[name]] as const] : []));
}

/** One transaction. A value that another row has all the same, which no rule foresees, keeps only that change from being applied. */
async function applyChunk(
  db: Pick<D1Database, "prepare">,
  writing: Pick<D1Database, "batch">,
  changes: readonly UserChange[],
  terms: ProvisioningTerms,
): Promise<Provisioned> {
  const statements = provisioningStatements(changes, terms);
  try {
    return await retried(writing, async (lost) => {
      const endings = lost === undefined ? [] : [selectEndings(changes, terms)];
      const all = [...statements, ...endings].map(([sql, values]) => db.prepare(sql).bind(...values));
      const results = await writing.batch<Row>(all);
      const provisioned = provisionedFrom(changes, results[0]?.results ?? []);
      if (lost === undefined) return provisioned;
      return { ...provisioned, ended: [...endingsFrom(results.at(-1)?.results ?? [], terms), ...provisioned.ended] };
    });
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("UNIQUE constraint failed"))) throw error;
    if (changes.length === 1) {
      return { outcomes: [{ result: "taken", version: undefined, ended: false }], ended: [], nameless: [] };
    }
    const middle = Math.ceil(changes.length / 2);
    const first = await applyChunk(db, writing, changes.slice(0, middle), terms);
    const second = await applyChunk(db, writing, changes.slice(middle), terms);
    return {
      outcomes: [...first.outcomes, ...second.outcomes],
      ended: [...first.ended, ...second.ended],
      nameless: [...first.nameless, ...second.nameless],
    };
  }
}

/**
 * What has ended since the changes came, of the users that they are about: after a retry, which finds those of an attempt
 * before it applied, and no longer what they have ended.
 */
const selectEndings = (changes: readonly UserChange[], { ending }: ProvisioningTerms): Statement => [
  `SELECT user_id, issued_before, username, alternate_id FROM user_cutoffs LEFT JOIN users ON users.id = user_id
   WHERE user_id IN (SELECT value FROM json_each(?1)) AND issued_before >= ?2`,
  [JSON.stringify(changes.map(({ id }) => id)), ending.issuedBeforeSeconds],
];

/** Without users who are gone, where tokens named them by what only their row knew. */
const endingsFrom = (rows: readonly Row[], { named }: ProvisioningTerms): readonly EndedUser[] =>
  rows.flatMap(({ user_id: id, username, alternate_id: alternate, issued_before: before }) => {
    const isNamed = named === "id" || typeof { username, alternate_id: alternate }[named] === "string";
    return isNamed ? [{ ...endedUser(id, username ?? "", alternate), issuedBeforeSeconds: Number(before) }] : [];
  });

/** What the look at all rows, before anything was written, says of what the statements after it have done. */
export function provisionedFrom(changes: readonly UserChange[], rows: readonly Row[]): Provisioned {
  const outcomes: ProvisioningOutcome[] = changes.map(() => ({ result: "outdated", version: undefined, ended: false }));
  const ended: EndedUser[] = [];
  const nameless: UserId[] = [];
  for (const row of rows) {
    const user = endedUser(row.id, row.username, row.alternate_id);
    if (row.loses_name === 1) nameless.push(user.id);
    const change = typeof row.at === "number" ? changes[row.at] : undefined;
    const issuedBeforeSeconds = typeof row.issued_before === "number" ? row.issued_before : undefined;
    if (issuedBeforeSeconds !== undefined) {
      ended.push({ ...user, issuedBeforeSeconds });
      const { username = user.username, alternate_id: alternate = user.alternate_id } = change?.columns ?? {};
      // Tokens that name somebody by what is now this user's name were another's.
      if (username !== user.username || alternate !== user.alternate_id) {
        ended.push({ ...endedUser(user.id, username, alternate), issuedBeforeSeconds });
      }
    }
    if (change === undefined) continue;
    const kept = versionOf(row.kept) ?? undefined;
    if (row.applies !== 1) {
      const result = kept === change.version ? "unchanged" : "outdated";
      outcomes[Number(row.at)] = { result, version: kept, ended: false };
      continue;
    }
    const did = change.deleted ? "deleted" : row.known === 1 ? "changed" : "created";
    const hadSessions = row.known === 1 && issuedBeforeSeconds !== undefined;
    outcomes[Number(row.at)] = { result: "applied", version: change.version, did, ended: hadSessions };
  }
  return { outcomes, ended, nameless };
}
