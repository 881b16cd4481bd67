// Reads the current dump of the Django that takes the users back: what of it stays, and which keys are taken.
// Must never quote the text in an error: it contains password hashes and tokens.

import { readTime } from "../../src/python/django-time.ts";
import { openDumpFile, parseRow, readRows } from "../import-django/dump.ts";
import { keyNumber } from "../import-django/keys.ts";
import { Failure } from "../shared/failure.ts";

/** A user's row as it is in Django. */
export interface DjangoUser {
  readonly pk: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What an export has to know of the Django that it is for. */
export interface Onto {
  readonly users: readonly DjangoUser[];
  /** The keys of outstanding tokens by their ids (jti), and the highest. */
  readonly tokens: ReadonlyMap<string, string>;
  /** The keys of blacklistings by the keys of their tokens. */
  readonly blacklistings: ReadonlyMap<string, string>;
  /** Whether its times have zones; they have none with USE_TZ = False, and then databases refuse any that has. */
  readonly zoned: boolean;
}

const timeFields = ["last_login", "date_joined", "created_at", "expires_at", "blacklisted_at"];

export async function readOnto(path: string, userModel: string, read: (bytes: number) => void): Promise<Onto> {
  const users: DjangoUser[] = [];
  const tokens = new Map<string, string>();
  const blacklistings = new Map<string, string>();
  const { bytes } = await openDumpFile(path);
  const wanted = userModel.toLowerCase();
  let zoned = true;
  const add = (text: string, row: number): void => {
    const { model, pk, fields } = parseRow(path, text, row);
    const name = model.toLowerCase();
    if (name === wanted) {
      if (pk === undefined)
        throw new Failure(`${path} has no keys: use dumpdata without --natural-primary. Row ${row}.`);
      users.push({ pk, fields });
    }
    for (const field of timeFields) if (readTime(fields[field])?.zoned === false) zoned = false;
    const key = keyNumber(pk);
    if (name === "token_blacklist.outstandingtoken" && key !== undefined && typeof fields.jti === "string")
      tokens.set(fields.jti, key);
    const token = keyNumber(fields.token);
    if (name === "token_blacklist.blacklistedtoken" && key !== undefined && token !== undefined)
      blacklistings.set(token, key);
  };
  await readRows(path, bytes, undefined, add, read);
  return { users, tokens, blacklistings, zoned };
}
