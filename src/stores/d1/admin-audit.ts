// The audit log as the admin page lists it, from D1.
// Must never write.
import type { AdminAuditStore, AuditQuery, WrittenEntry } from "../admin-contract.ts";
import { type Condition, readPage } from "./admin-pages.ts";
import { onD1, type StoreLog } from "./errors.ts";

type Row = Readonly<Record<string, unknown>>;

export const d1AdminAudit = (db: D1Database, log: StoreLog): AdminAuditStore => ({
  page: (query) => onD1(log, () => pageOfEntries(db, query)),
});

function pageOfEntries(db: D1Database, { userId, action, from, rows }: AuditQuery) {
  // Neither has an index: entries are few, and a page looks at a bounded number of them.
  const filters: Condition[] = [
    ...(userId === undefined ? [] : [{ sql: "user_id = ?", values: [userId] }]),
    ...(action === undefined ? [] : [{ sql: "action = ?", values: [action] }]),
  ];
  const list = {
    columns: "sequence, sequence AS row_key, at, source, action, user_id, actor, place, request_id, detail",
    source: { sql: "audit", values: [] },
    order: ["sequence", "row_key"],
    descending: true,
    ...{ bounds: [], filters, from, rows },
  } as const;
  return readPage(db, list, {
    read: entryFrom,
    placeOf: ({ sequence }) => ({ first: Number(sequence), second: String(sequence) }),
  });
}

const textIn = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function entryFrom(row: Row): WrittenEntry {
  return {
    atSeconds: Number(row.at),
    source: String(row.source),
    action: String(row.action),
    userId: textIn(row.user_id),
    actor: textIn(row.actor),
    place: textIn(row.place),
    requestId: textIn(row.request_id),
    detail: String(row.detail),
  };
}
