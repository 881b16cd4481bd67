// When the cron trigger has last run to its end, in D1.
import type { FlushRecord } from "../contract.ts";
import { onD1, type StoreLog } from "./errors.ts";

export const d1LastFlush = (db: D1Database, log: StoreLog): FlushRecord => ({
  note: (nowSeconds, deleted) =>
    onD1(log, async () => {
      const sql = `INSERT INTO last_flush (id, at, deleted) VALUES (1, ?1, ?2)
        ON CONFLICT (id) DO UPDATE SET at = excluded.at, deleted = excluded.deleted`;
      await db.prepare(sql).bind(nowSeconds, deleted).run();
    }),
});
