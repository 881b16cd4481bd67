// apikeys: keys made, listed, revoked and imported, on a local database and as text for the deployed one.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readApiKeys } from "../../scripts/import-django/api-keys.ts";
import { revokeWanted } from "../../scripts/manage/apikeys.ts";
import { importApiKeys } from "../../scripts/manage/apikeys-import.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { copyProject } from "../support/projects.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";

const { folder, manage, remove } = copyProject();
const now = 1_800_000_000;
const ask = async () => {};

const sha512 = `sha512$$${"ab".repeat(64)}`;
const pbkdf2 = "pbkdf2_sha256$260000$saltOfTheTests$XHJTDPgAnScHJX6O/8avAjUA4UVCbBYFQYlf5jdqUuQ=";

/** A row as dumpdata writes it. */
const row = (prefix: string, hash: string, fields: object = {}, model = "rest_framework_api_key.apikey") => ({
  model,
  pk: `${prefix}.${hash}`,
  fields: {
    ...{ prefix, hashed_key: hash, created: "2024-05-06T07:08:09.123Z", name: `key ${prefix}` },
    ...{ revoked: false, expiry_date: null },
    ...fields,
  },
});

interface Importing {
  readonly models?: readonly string[];
  readonly ownerField?: string;
  readonly scopes?: readonly string[];
  readonly lenient?: boolean;
  readonly dryRun?: boolean;
}

async function importOf({ bindings }: TextDatabase, rows: readonly object[], how: Importing = {}) {
  const { models = ["rest_framework_api_key.apikey"], ownerField, scopes = [], lenient = false, dryRun = false } = how;
  const dump = await readApiKeys("keys.json", [Buffer.from(JSON.stringify(rows))], {
    ...{ models, ownerField, format: undefined },
  });
  return importApiKeys(bindings, "keys.json", dump, {
    ...{ scopes, hasOwners: ownerField !== undefined, dryRun, lenient, nowSeconds: now },
  });
}

const keysIn = ({ db }: TextDatabase) => db.prepare("SELECT * FROM api_keys ORDER BY prefix").all();

describe("import-django", () => {
  it("takes keys with their hashes, ids, times and ends", async () => {
    const store = textDatabase();
    const { lines, exitCode } = await importOf(
      store,
      [
        row("aaaaaaaa", sha512),
        row("bbbbbbbb", pbkdf2, { revoked: true, expiry_date: "2027-01-15T08:00:00Z" }),
        { model: "auth.group", pk: 1, fields: {} },
      ],
      { scopes: ["reports"] },
    );
    expect([exitCode, lines]).toEqual([
      0,
      [
        "Imported keys.json into the remote database:",
        "  keys    2 new, 0 known, 0 left out; 1 of them revoked",
        "",
        "Ignored: auth.group (1).",
      ],
    ]);
    const shared = { user_id: null, scopes: '["reports"]', created_at: 1_714_979_289, last_used_at: null };
    expect(keysIn(store)).toEqual([
      {
        ...{ id: `aaaaaaaa.${sha512}`, prefix: "aaaaaaaa", hashed_key: sha512, name: "key aaaaaaaa" },
        ...{ ...shared, expires_at: null, revoked_at: null },
      },
      {
        ...{ id: `bbbbbbbb.${pbkdf2}`, prefix: "bbbbbbbb", hashed_key: pbkdf2, name: "key bbbbbbbb" },
        ...{ ...shared, expires_at: 1_800_000_000, revoked_at: now },
      },
    ]);
    expect(store.db.prepare("SELECT action, detail FROM audit").all()).toEqual([
      { action: "api_keys_imported", detail: '{"keys":2,"revoked":0,"scopes":["reports"]}' },
    ]);
  });

  it("takes rows of versions before 1.4, whose fields are in the primary key", async () => {
    const store = textDatabase();
    const { prefix, hashed_key, ...fields } = row("aaaaaaaa", pbkdf2).fields;
    await importOf(store, [{ ...row("aaaaaaaa", pbkdf2), fields }]);
    expect(keysIn(store)).toMatchObject([{ prefix, hashed_key }]);
  });

  it("takes another model's keys, with their owners", async () => {
    const store = textDatabase();
    store.db.exec("INSERT INTO users (id, username, password, date_joined) VALUES ('7', 'ada', '!', '2026-01-01')");
    const rows = [row("aaaaaaaa", sha512, { member: 7 }, "heroes.HeroApiKey"), row("bbbbbbbb", sha512)];
    const how = { models: ["heroes.heroapikey"], ownerField: "member" };
    expect((await importOf(store, rows, how)).exitCode).toBe(0);
    expect(keysIn(store)).toMatchObject([{ prefix: "aaaaaaaa", user_id: "7" }]);
  });

  it("can be repeated: nothing revoked comes back, a SHA-512 stays, and what was revoked in Django ends", async () => {
    const store = textDatabase();
    await importOf(store, [row("aaaaaaaa", pbkdf2), row("bbbbbbbb", sha512)], { scopes: ["a"] });
    store.db.exec(`UPDATE api_keys SET hashed_key = '${sha512}', revoked_at = 5 WHERE prefix = 'aaaaaaaa'`);
    const { lines } = await importOf(store, [
      row("aaaaaaaa", pbkdf2, { name: "renamed" }),
      row("bbbbbbbb", sha512, { revoked: true }),
    ]);
    expect(lines[1]).toBe("  keys    0 new, 2 known, 0 left out; 1 of them revoked");
    expect(keysIn(store)).toMatchObject([
      { prefix: "aaaaaaaa", name: "renamed", hashed_key: sha512, revoked_at: 5, scopes: '["a"]' },
      { prefix: "bbbbbbbb", revoked_at: now },
    ]);
    expect([...store.kv]).toEqual([["key:bbbbbbbb", "1"]]);
  });

  it("writes nothing where a key cannot be taken, and says which and why, but not its hash", async () => {
    const store = textDatabase();
    await importOf(store, [row("aaaaaaaa", sha512)]);
    const other = `sha512$$${"cd".repeat(64)}`;
    const rows = [
      row("aaaaaaaa", other),
      row("bbbbbbbb", "md5$salt$0123456789abcdef0123456789abcdef"),
      row("cccccccc", pbkdf2.replace("$260000$", "$90000000$")),
      row("dddd.ddd", sha512),
      row("eeeeeeee", sha512, { expiry_date: "soon" }),
      row("ffffffff", sha512, { revoked: "no" }),
      row("gggggggg", sha512),
      row("gggggggg", other),
      row("hhhhhhhh", "sha512$$short"),
    ];
    const { lines, exitCode } = await importOf(store, rows);
    expect([exitCode, lines]).toEqual([
      1,
      [
        "Nothing was written: 8 keys of keys.json cannot be imported.",
        "  Row 2 (rest_framework_api_key.apikey): its hash is in a format that is not known here.",
        "  Row 3 (rest_framework_api_key.apikey): its hash costs more than ten seconds of CPU.",
        "  Row 4 (rest_framework_api_key.apikey): it has no prefix of letters and digits.",
        "  Row 5 (rest_framework_api_key.apikey): its expiry cannot be read.",
        "  Row 6 (rest_framework_api_key.apikey): it does not say whether it is revoked.",
        "  Row 8 (rest_framework_api_key.apikey): its prefix is that of row 7.",
        "  Row 9 (rest_framework_api_key.apikey): its hash is malformed.",
        "  aaaaaaaa: another key of the gateway has this prefix.",
      ],
    ]);
    expect(keysIn(store).length).toBe(1);
    expect((await importOf(store, rows, { lenient: true })).exitCode).toBe(0);
    expect(keysIn(store).map(({ prefix }) => prefix)).toEqual(["aaaaaaaa", "gggggggg"]);
  });

  it("leaves out keys of owners who are not here", async () => {
    const store = textDatabase();
    const { lines, exitCode } = await importOf(store, [row("aaaaaaaa", sha512, { member: 7 })], {
      ownerField: "member",
    });
    expect([exitCode, lines[1]]).toEqual([
      1,
      "  aaaaaaaa: its owner, the user with the id 7, is not here; import users first.",
    ]);
  });

  it("names the models of a dump without such keys", async () => {
    const { lines } = await importOf(textDatabase(), [row("aaaaaaaa", sha512, {}, "heroes.heroapikey")]);
    expect(lines.at(-1)).toBe(
      "Ignored: heroes.heroapikey (1). If one of these extends AbstractAPIKey, name it with --model.",
    );
  });

  it("writes nothing with --dry-run", async () => {
    const store = textDatabase();
    const { lines } = await importOf(store, [row("aaaaaaaa", sha512)], { dryRun: true });
    expect(lines[0]).toBe("Nothing was written (--dry-run). In the remote database there would be:");
    expect([keysIn(store), store.written]).toEqual([[], []]);
  });
});

describe("revoke", () => {
  const filled = async () => {
    const store = textDatabase({ REVOCATION_CACHE_SECONDS: 20 });
    store.db.exec("INSERT INTO users (id, username, password, date_joined) VALUES ('7', 'ada', '!', '2026-01-01')");
    await importOf(store, [row("aaaaaaaa", sha512), row("bbbbbbbb", sha512), row("cccccccc", sha512)]);
    store.db.exec("UPDATE api_keys SET user_id = '7' WHERE prefix > 'b'");
    return store;
  };
  const revoked = (store: TextDatabase) =>
    keysIn(store).flatMap(({ prefix, revoked_at: at }) => (at === null ? [] : [prefix]));

  it("ends one key in the database and in KV, and tells KV again", async () => {
    const store = await filled();
    expect(await revokeWanted(store.bindings, { prefix: "aaaaaaaa" }, now, ask)).toBe(
      `Revoked 'aaaaaaaa' in the remote database. Routes refuse it within 110 s, with revocation = "strict" at once.`,
    );
    expect([revoked(store), [...store.kv.keys()]]).toEqual([["aaaaaaaa"], ["key:aaaaaaaa"]]);
    (store.kv as Map<string, string>).clear();
    expect(await revokeWanted(store.bindings, { prefix: "aaaaaaaa" }, now, ask)).toBe(
      "'aaaaaaaa' was already revoked in the remote database.",
    );
    expect([...store.kv.keys()]).toEqual(["key:aaaaaaaa"]);
  });

  it("ends all keys of an owner, or of everybody once asked", async () => {
    const store = await filled();
    expect(await revokeWanted(store.bindings, { owner: { name: "ada" } }, now, ask)).toBe(
      `Revoked 2 API keys in the remote database. Routes refuse them within 110 s, with revocation = "strict" at once.`,
    );
    expect(revoked(store)).toEqual(["bbbbbbbb", "cccccccc"]);
    const questions: string[] = [];
    await revokeWanted(store.bindings, "all", now, async (question) => void questions.push(question));
    expect(questions).toEqual(["Revoke all API keys? In the remote database, 1 API key end, for good."]);
    expect(revoked(store)).toEqual(["aaaaaaaa", "bbbbbbbb", "cccccccc"]);
    expect(store.db.prepare("SELECT user_id, detail FROM audit WHERE action = 'api_key_revoked'").all()).toEqual([
      { user_id: "7", detail: '{"keys":2}' },
      { user_id: null, detail: '{"keys":1}' },
    ]);
  });

  it("fails for a prefix that no key has", async () => {
    await expect(revokeWanted((await filled()).bindings, { prefix: "zzzzzzzz" }, now, ask)).rejects.toThrow(
      "There is no API key 'zzzzzzzz' in the remote database. npm run manage -- apikeys list shows the prefixes.",
    );
  });
});

describe("a usage error", () => {
  it.each([
    [[], "What is missing: npm run manage -- apikeys create, list, revoke or import-django"],
    [["crate"], "There is no subcommand of apikeys 'crate'. Did you mean create? See --help."],
    [["create"], "A name is needed: it tells keys apart in lists. npm run manage -- apikeys create NAME"],
    [["create", "a", "--limit", "3"], "apikeys create does not take --limit. See --help."],
    [
      ["create", "a", "--scopes", 'x"y'],
      "--scopes: A scope has at most 100 printable ASCII characters, without quotes, backslashes and blanks.",
    ],
    [
      ["create", "a", "--expires", "tomorrow"],
      "--expires needs a duration such as 90d, or a time such as 2027-01-31 or 2027-01-31T12:00:00Z.",
    ],
    [["create", "a", "--expires", "2020-01-31"], "--expires is in the past."],
    [["revoke"], "Name what to revoke: one PREFIX, or --user, or --all."],
    [["revoke", "aaaaaaaa", "--all"], "Name what to revoke: one PREFIX, or --user, or --all."],
    [
      ["revoke", "aaaaaaaa.secret"],
      "PREFIX is the part of a key before its dot, as apikeys list shows it; a key does not belong here.",
    ],
    [["import-django"], "FILE is missing: npm run manage -- apikeys import-django FILE"],
    [
      ["import-django", "f", "--model", "apikey"],
      "--model is an app and a model, such as rest_framework_api_key.apikey; it is 'apikey'.",
    ],
  ])("is refused: %j", async (words, message) => {
    await expect(commands.get("apikeys")?.run(words)).rejects.toThrow(new Failure(message, 2));
  });
});

describe("on a local database", () => {
  beforeAll(() => {
    writeFileSync(join(folder, "keys.json"), JSON.stringify([row("aaaaaaaa", pbkdf2)]));
    const config = join(folder, "wrangler.toml");
    writeFileSync(config, readFileSync(config, "utf8").replace("[vars]", "[vars]\nAPI_KEYS = true"));
  });
  afterAll(remove);

  it("a key is made and shown once, listed by its prefix, revoked, and another imported", async () => {
    const made = await manage(["apikeys", "create", "reports", "--scopes", "a,b", "--expires", "90d", "--json"]);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const { key, prefix, ...rest } = JSON.parse(made.stdout);
    expect(key).toMatch(/^[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}$/);
    expect(rest).toEqual({
      ...{
        name: "reports",
        scopes: ["a", "b"],
        created_at: expect.any(Number),
        expires_at: rest.created_at + 7_776_000,
      },
    });
    expect((await manage(["apikeys", "import-django", join(folder, "keys.json")])).code).toBe(0);
    const listed = await manage(["apikeys", "list", "--json"]);
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { prefix, name: "reports", state: "good", scopes: ["a", "b"], hash: "sha512", user_id: null },
      { prefix: "aaaaaaaa", state: "good", scopes: [], hash: "pbkdf2_sha256", expires_at: null },
    ]);
    expect(listed.stdout).not.toContain(key.slice(9));
    expect((await manage(["apikeys", "revoke", prefix])).stdout).toBe(
      `Revoked '${prefix}' in the local database. Routes refuse it within 120 s, with revocation = "strict" at once.\n`,
    );
    const table = (await manage(["apikeys", "list"])).stdout.split("\n");
    expect(table[0]).toMatch(/^prefix +name +state +scopes +owner +created +expires +last used +hash$/);
    expect(table[2]).toMatch(new RegExp(`^${prefix}  reports +revoked  a b +- .* sha512$`));
  });
});

it("the help of apikeys fits into 120 columns", () => {
  const help = commands.get("apikeys")?.help ?? "";
  for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
});
