// Users whom a token of another issuer brings, in D1: one row for each, whoever asks first.
// Must never change a row that is there, nor find one by anything but the column of the lookup.
import { nameWithout } from "../../users/provisioning-line.ts";
import type { ForeignUserStore, NewForeignUser } from "../foreign-users-contract.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { noteStatements } from "./notes.ts";
import { retried } from "./retry.ts";
import { freeIdSql, idOf, selectUser, userFrom } from "./users.ts";

export function d1ForeignUsers(db: D1Database, log: StoreLog): ForeignUserStore {
  return {
    ensure: (user) =>
      onD1(log, async () => {
        const { lookup, notes } = user;
        const owner = { sql: (parameter: string) => idOf(lookup, parameter), value: lookup.value };
        // An attempt after one whose reply was lost finds its row, and writes neither that nor the notes again.
        const results = await retried(db, () =>
          db.batch<Readonly<Record<string, unknown>>>([
            insertUser(db, user),
            ...noteStatements(db, notes, owner),
            selectUser(db, lookup),
          ]),
        );
        const found = userFrom(results.at(-1)?.results[0]);
        return found && { user: found, created: results[0]?.results.length === 1 };
      }),
  };
}

/** As `nameWithout()` has it; with random digits where that is taken, in whatever case: names may have to differ in more. */
const plainName = `'${nameWithout("")}' || new_id`;
const name = `CASE WHEN EXISTS (SELECT 1 FROM users WHERE username = ${plainName} COLLATE NOCASE)
         THEN ${plainName} || ':' || lower(hex(randomblob(8))) ELSE ${plainName} END`;

/** The row had another id, and the new one has none that a deletion was noted for. */
const notDeletedSince = `AND NOT EXISTS (SELECT 1 FROM deleted_alternate_ids AS gone WHERE gone.alternate_id = ?1
           AND (gone.deleted_at >= ?2 OR EXISTS (SELECT 1 FROM deleted_users WHERE deleted_users.id = gone.user_id)))`;

function insertUser(db: D1Database, { lookup, ids, issuedAtSeconds, nowSeconds }: NewForeignUser): D1PreparedStatement {
  const joined = new Date(nowSeconds * 1000).toISOString();
  const values: Array<string | number | null> = [lookup.value, issuedAtSeconds, joined];
  // The API that reads the reissued token has users of its own, whether they were imported or not: none of their ids.
  const newId = () => freeIdSql(ids, (value) => `?${values.push(value)}`);
  const [id, alternateId] = lookup.column === "id" ? ["?1", "NULL"] : [newId(), "?1"];
  return db
    .prepare(
      `INSERT INTO users (id, alternate_id, username, password, date_joined)
       SELECT new_id, ${alternateId}, ${name}, '!' || hex(randomblob(20)), ?3 FROM (SELECT ${id} AS new_id)
       WHERE NOT EXISTS (SELECT 1 FROM users WHERE ${lookup.column} = ?1)
         AND NOT EXISTS (SELECT 1 FROM deleted_users WHERE deleted_users.id = new_id)
         AND NOT EXISTS (SELECT 1 FROM user_cutoffs WHERE user_id = new_id AND issued_before > ?2)
         ${lookup.column === "alternate_id" ? notDeletedSince : ""}
       RETURNING id`,
    )
    .bind(...values);
}
