// Users whom a token of another issuer brings, in D1: one row for each, whoever asks first.
// Must never change a row that is there, nor find one by anything but its id.
import { nameWithout } from "../../users/provisioning-line.ts";
import type { ForeignUserStore, NewForeignUser } from "../foreign-users-contract.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { noteStatements } from "./notes.ts";
import { retried } from "./retry.ts";
import { selectUser, userFrom } from "./users.ts";

export function d1ForeignUsers(db: D1Database, log: StoreLog): ForeignUserStore {
  return {
    ensure: (user) =>
      onD1(log, async () => {
        const { id, notes } = user;
        const lookup = { column: "id", value: id } as const;
        const owner = { sql: (parameter: string) => parameter, value: id };
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

/** As `nameWithout()` has it. */
const name = `'${nameWithout("")}' || ?1`;

function insertUser(db: D1Database, { id, issuedAtSeconds, nowSeconds }: NewForeignUser): D1PreparedStatement {
  const joined = new Date(nowSeconds * 1000).toISOString();
  return db
    .prepare(
      `INSERT INTO users (id, username, password, date_joined)
       SELECT ?1, ${name}, '!' || hex(randomblob(20)), ?3
       WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = ?1 OR username = ${name})
         AND NOT EXISTS (SELECT 1 FROM deleted_users WHERE deleted_users.id = ?1)
         AND NOT EXISTS (SELECT 1 FROM user_cutoffs WHERE user_id = ?1 AND issued_before > ?2)
       RETURNING id`,
    )
    .bind(id, issuedAtSeconds, joined);
}
