// Users as the API provisions them, for `manage provision`: on the local database the Worker's own store, on the deployed
// one its statements as text.
// Must never put a hash on a command line: what reads gets ids and names alone.
import { chunksOf, d1Provisioning, provisionedFrom, provisioningStatements } from "../../src/stores/d1/provisioning.ts";
import type { Provisioned, ProvisioningStore, ProvisioningTerms } from "../../src/stores/provisioning-contract.ts";
import { spreadProvisioning } from "../../src/stores/spread/provisioning.ts";
import { nameWithout, type UserChange } from "../../src/users/provisioning-line.ts";
import type { UserId } from "../../src/users/user.ts";
import { Failure } from "../shared/failure.ts";
import { type Bindings, settingsOf } from "./bindings.ts";
import { plainJson } from "./bulk.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database, Row } from "./database.ts";
import { hasSessionDatabases, overDatabases, readHere } from "./session-stores.ts";

/** Bytes of changes in one statement: escaped, they are three times as long at most, and D1 takes 100 KB. */
const longestTextBytes = 25_000;
/** Values in one statement that reads: a command line takes 128 KB. */
const mostRead = 200;

type Databases = Pick<Bindings, "database" | "d1" | "sessions" | "vars">;

export function provisioningStore(bindings: Databases): Pick<ProvisioningStore, "apply"> {
  const { database, d1 } = bindings;
  if (hasSessionDatabases(bindings)) return { apply: (changes, terms) => applySpread(bindings, changes, terms) };
  if (database.place === "remote") {
    return {
      apply: async (changes, terms) => {
        // Fails where sessions were moved to databases that are not bound: nothing there would end.
        await readHere(database, "SELECT 1");
        return applyAsText(database, changes, terms);
      },
    };
  }
  let complaint = "";
  const store = d1Provisioning(d1, (_, { error }) => {
    complaint = error;
  });
  return {
    apply: async (changes, terms) => {
      await readHere(database, "SELECT 1");
      return store.apply(changes, terms).catch((error: unknown) => {
        throw complaint === "" ? error : new Failure(`The local database refused to write: ${complaint}`);
      });
    },
  };
}

/** As the Worker does it: the session databases know of a change before it is written. */
function applySpread(
  bindings: Databases,
  changes: readonly UserChange[],
  terms: ProvisioningTerms,
): Promise<Provisioned> {
  const { database, d1, vars } = bindings;
  const settings = settingsOf(vars, ["USER_ID_FIELD", "USERNAME_FIELD", "USER_ID_TYPE"]);
  return overDatabases(bindings, async (stores) => {
    const inner = d1Provisioning(d1, stores.log);
    if (database.place === "local") return spreadProvisioning(stores, settings, inner).apply(changes, terms);
    const write: ProvisioningStore = { ...inner, apply: () => applyAsText(database, changes, terms) };
    return spreadProvisioning(stores, settings, write).apply(await withoutHashes(database, changes), terms);
  });
}

/** What stands for a hash that is not the user's. */
const another = "another";

/** The changes as they may be seen: without a hash that is the user's, and with another one for each that is not. */
async function withoutHashes(
  database: Pick<Database, "read">,
  changes: readonly UserChange[],
): Promise<readonly UserChange[]> {
  const users = new Map<UserId, Row>();
  const select = "SELECT CAST(id AS TEXT) AS id, password, imported_hash FROM users WHERE id IN";
  const ids = changes.map(({ id }) => id);
  for await (const rows of readIn(database, select, ids)) for (const row of rows) users.set(String(row.id), row);
  return changes.map((change) => {
    const { password, hash, ...columns } = change.columns;
    if (password === undefined) return { ...change, columns };
    const user = users.get(change.id);
    const isAnother = user?.password !== password && user?.imported_hash !== hash;
    return { ...change, columns: isAnother ? { ...columns, password: another, hash: another } : columns };
  });
}

/**
 * All changes in one transaction. What is answered is what was read before it; another process that writes in between can
 * make a change outdated that is called applied, and no other harm.
 */
async function applyAsText(
  database: Database,
  changes: readonly UserChange[],
  terms: ProvisioningTerms,
): Promise<Provisioned> {
  const before = await readUsers(database, changes);
  const texts: string[] = [];
  for (const chunk of chunksOf(changes, longestTextBytes)) {
    // The first one looks, for whoever gets rows in return.
    for (const [sql, values] of provisioningStatements(chunk, terms).slice(1)) {
      const [json, ...others] = values;
      const literals = json === undefined ? [] : [plainJson(JSON.parse(String(json))), ...others];
      texts.push(withLiterals(sql, literals));
    }
  }
  await database.write(`${texts.join(";\n")};\n`);
  return provisionedFrom(changes, await lookedAfter(database, changes, before, terms));
}

/** What there was of the users of the changes, and of those who had a name that is stated. */
interface Before {
  readonly users: ReadonlyMap<UserId, Row>;
  /** Of rows and of deletions. */
  readonly versions: ReadonlyMap<UserId, number>;
  /** Seconds before which tokens were ended already. */
  readonly endings: ReadonlyMap<UserId, unknown>;
}

const columns = "CAST(id AS TEXT) AS id, username, alternate_id, version, is_active, session_version";

async function readUsers(database: Pick<Database, "read">, changes: readonly UserChange[]): Promise<Before> {
  const users = new Map<UserId, Row>();
  const versions = new Map<UserId, number>();
  const note = ({ id, version }: Row) => {
    if (typeof version === "number") versions.set(String(id), Math.max(version, versions.get(String(id)) ?? -1));
  };
  const columnsOf = (name: "username" | "alternate_id") => changes.map(({ columns: stated }) => stated[name]);
  const wanted = [
    ["id", changes.map(({ id }) => id)],
    ["username COLLATE NOCASE", columnsOf("username")],
    ["alternate_id", columnsOf("alternate_id")],
  ] as const;
  for (const [column, values] of wanted) {
    for await (const rows of readIn(database, `SELECT ${columns} FROM users WHERE ${column} IN`, values)) {
      for (const row of rows) users.set(String(row.id), row);
    }
  }
  const ids = changes.map(({ id }) => id);
  for await (const rows of readIn(database, "SELECT id, version FROM deleted_users WHERE id IN", ids))
    rows.forEach(note);
  for (const row of users.values()) note(row);
  return { users, versions, endings: await readEndings(database, [...users.keys(), ...ids]) };
}

async function readEndings(
  database: Pick<Database, "read">,
  ids: readonly UserId[],
): Promise<ReadonlyMap<UserId, unknown>> {
  const endings = new Map<UserId, unknown>();
  const select = "SELECT CAST(user_id AS TEXT) AS id, issued_before FROM user_cutoffs WHERE user_id IN";
  for await (const rows of readIn(database, select, ids)) {
    for (const row of rows) endings.set(String(row.id), row.issued_before);
  }
  return endings;
}

/** Reads by a list of values, a few of them at a time. */
async function* readIn(
  database: Pick<Database, "read">,
  select: string,
  values: ReadonlyArray<string | number | null | undefined>,
): AsyncGenerator<readonly Row[]> {
  const texts = [...new Set(values.filter((value) => typeof value === "string"))];
  for (let at = 0; at < texts.length; at += mostRead) {
    const json = plainJson(texts.slice(at, at + mostRead));
    yield await database.read(`${select} (SELECT value FROM json_each('${json}'))`);
  }
}

/** The rows that the first statement of the batch would have given. */
async function lookedAfter(
  database: Pick<Database, "read">,
  changes: readonly UserChange[],
  { users, versions, endings }: Before,
  { ending }: ProvisioningTerms,
): Promise<readonly Row[]> {
  const ids = [...new Set([...users.keys(), ...changes.map(({ id }) => id)])];
  const after = new Map<UserId, Row>();
  for await (const rows of readIn(database, `SELECT ${columns} FROM users WHERE id IN`, ids)) {
    for (const one of rows) after.set(String(one.id), one);
  }
  // Ended twice in one second: the row tells. A user who became active again has another session_version, too.
  const ended = new Map<UserId, unknown>();
  for (const [id, second] of await readEndings(database, ids)) {
    const [was, is] = [users.get(id), after.get(id)];
    const isRaised = was?.session_version !== is?.session_version && !(was?.is_active === 0 && is?.is_active === 1);
    const isNew = endings.get(id) !== second || (was !== undefined && isRaised);
    if (Number(second) >= ending.nowSeconds && isNew) ended.set(id, second);
  }
  const named = new Set(changes.flatMap(({ id, columns: { username } }) => (username === undefined ? [] : [id])));
  const nameless = new Set<UserId>();
  for (const [id, { username }] of after) {
    const hadName = named.has(id) || users.has(id);
    if (username === nameWithout(id) && hadName && users.get(id)?.username !== username) nameless.add(id);
  }
  const row = (id: UserId, at: number | null, more: Row): Row => ({
    at,
    id,
    issued_before: ended.get(id) ?? null,
    loses_name: Number(nameless.delete(id)),
    ...more,
  });
  const kept = new Map(versions);
  const own = changes.map(({ id, version, columns: stated }, at) => {
    const was = kept.get(id);
    const applies = was === undefined || version > was;
    if (applies) kept.set(id, version);
    const here = users.get(id);
    const names = {
      username: here?.username ?? stated.username,
      alternate_id: here?.alternate_id ?? stated.alternate_id,
    };
    const known = Number(here !== undefined);
    const looked = row(id, at, { ...names, kept: was ?? null, applies: Number(applies), known });
    return applies ? looked : { ...looked, issued_before: null };
  });
  const applied = new Set(own.flatMap(({ id, applies }) => (applies === 1 ? [id] : [])));
  const others = [...users].filter(([id]) => !applied.has(id) && ended.has(id));
  return [...own, ...others.map(([id, { username, alternate_id }]) => row(id, null, { username, alternate_id }))];
}
