// scripts/import-django/user-model.ts and extra.ts: which model of a dump is the user model, and which fields count.
import { describe, expect, it } from "vitest";
import { extraNames, fieldsOfExtras, openExtras } from "../../scripts/import-django/extra.ts";
import { openTallies } from "../../scripts/import-django/tally.ts";
import {
  type AskField,
  checkModelFlags,
  findUserModel,
  type LastImport,
  type ModelFlags,
  type ModelSettings,
} from "../../scripts/import-django/user-model.ts";
import { exactNumber } from "../../src/json/exact-number.ts";
import { dumpOf, parseDump, type Row, userRow } from "../support/dump-rows.ts";

const noFlags: ModelFlags = { userModel: undefined, usernameField: undefined, idField: undefined };
const settings = {
  USERNAME_FIELD: "username",
  USER_ID_FIELD: "id",
  USER_ID_TYPE: "integer",
  USERNAME_CASE: "exact",
} as const;
const unset: ModelSettings = { settings, usernameField: undefined, userIdField: undefined };
const uuid = "8f14e45f-ceea-467f-9575-1f3a6b4c0d2e";
const member = (pk: unknown, fields: Readonly<Record<string, unknown>>): Row => ({
  ...{ model: "accounts.member", pk },
  fields: { password: "!", ...fields },
});

const find = (
  rows: readonly Row[],
  flags: Partial<ModelFlags> = {},
  given: Partial<ModelSettings> = {},
  last?: LastImport,
  ask?: AskField,
) => findUserModel("dump.json", dumpOf(...rows), { ...noFlags, ...flags }, { ...unset, ...given }, last, ask);

describe("findUserModel()", () => {
  it("takes the only model with passwords and a name", async () => {
    const found = await find([member(1, { email: "a@example.com" }), { model: "shop.order", pk: 1, fields: {} }]);
    expect(found).toMatchObject({ name: "accounts.member", usernameField: "email", idType: "integer", named: "id" });
  });

  it("prefers username to email, and a model with one of them to others with passwords", async () => {
    const host = { model: "vpn.host", pk: 1, fields: { password: "x", hostname: "a" } };
    const found = await find([host, member(1, { email: "a@example.com", username: "a" })]);
    expect([found?.name, found?.usernameField]).toEqual(["accounts.member", "username"]);
  });

  it("asks for the flag where there are several", async () => {
    await expect(find([userRow(1, "ada"), member(1, { email: "a@example.com" })])).rejects.toThrow(
      "dump.json has several models with passwords: accounts.member, auth.user. Name AUTH_USER_MODEL with --user-model.",
    );
  });

  it("takes the one of the flag, in any case of letters, or of the last import", async () => {
    const rows = [userRow(1, "ada"), member(1, { email: "a@example.com" })];
    expect((await find(rows, { userModel: "Accounts.Member" }))?.name).toBe("accounts.member");
    const last = { userModel: "accounts.member", usernameField: "email", idField: null, idType: "integer", fields: [] };
    expect((await find(rows, {}, {}, last as LastImport))?.name).toBe("accounts.member");
    await expect(find(rows, { userModel: "accounts.user" })).rejects.toThrow(
      "dump.json has no rows of --user-model accounts.user. Its models: auth.user, accounts.member.",
    );
  });

  it("takes no model for a dump of tokens, and refuses a model without a name", async () => {
    expect(await find([])).toBeUndefined();
    await expect(find([member(1, { tenant: 7 })])).rejects.toThrow(
      "accounts.member in dump.json has no field that users could log in with.",
    );
  });

  it("asks for a field on a terminal, and tells the choices where there is none", async () => {
    const rows = [
      member(1, { phone: "+491", handle: "a", city: "x" }),
      member(2, { phone: "+492", handle: "b", city: "x" }),
    ];
    await expect(find(rows)).rejects.toThrow(
      "accounts.member in dump.json has neither username nor email. Name USERNAME_FIELD with --username-field: phone, handle.",
    );
    const asked = await find(rows, {}, {}, undefined, async () => "phone ");
    expect(asked?.usernameField).toBe("phone");
    expect((await find(rows, { usernameField: "handle" }))?.usernameField).toBe("handle");
    expect((await find(rows, {}, { usernameField: "handle" }))?.usernameField).toBe("handle");
    await expect(find(rows, { usernameField: "login" })).rejects.toThrow(
      '--username-field is "login", but accounts.member in dump.json has no such field.',
    );
    await expect(find(rows, {}, { usernameField: "login" })).rejects.toThrow(
      'USERNAME_FIELD is "login", but accounts.member in dump.json has no such field.',
    );
  });

  it("checks the ids against USER_ID_TYPE", async () => {
    const rows = [member(uuid, { email: "a@example.com" })];
    await expect(find(rows)).rejects.toThrow(
      'The ids of accounts.member are of the type uuid, but USER_ID_TYPE is "integer". Set USER_ID_TYPE = "uuid" in wrangler.toml.',
    );
    expect((await find(rows, {}, { settings: { ...settings, USER_ID_TYPE: "uuid" } }))?.idType).toBe("uuid");
    expect((await find(rows, {}, { settings: { ...settings, USER_ID_TYPE: "text" } }))?.idType).toBe("text");
    const byName = { settings: { ...settings, USER_ID_FIELD: "email" } };
    expect(await find(rows, {}, byName)).toMatchObject({ idType: "uuid", named: "username", alternateType: undefined });
  });

  it.each<[readonly unknown[], string]>([
    [[1, exactNumber("9007199254740993")], "integer"],
    [[uuid, uuid.toUpperCase()], "uuid"],
    [["a", uuid], "text"],
    [[1, "1"], "text"],
  ])("tells the type of the ids %j by the dump where no setting does: %s", async (keys, type) => {
    const rows = keys.map((pk, index) => member(pk, { username: `u${index}` }));
    const byName = { settings: { ...settings, USER_ID_FIELD: "username" } };
    expect((await find(rows, {}, byName))?.idType).toBe(type);
  });

  it("takes alternate_id from USER_ID_FIELD or --id-field", async () => {
    const rows = [member(1, { username: "a", public_id: uuid })];
    const byField = { settings: { ...settings, USER_ID_FIELD: "public_id", USER_ID_TYPE: "uuid" as const } };
    const expected = { idField: "public_id", idType: "integer", alternateType: "uuid", named: "alternate_id" };
    expect(await find(rows, {}, byField)).toMatchObject(expected);
    expect(await find(rows, { idField: "public_id" })).toMatchObject({ idField: "public_id", named: "id" });
    expect((await find(rows, { idField: "pk" }))?.idField).toBeUndefined();
    await expect(find(rows, { idField: "sub" })).rejects.toThrow(
      '--id-field is "sub", but accounts.member in dump.json has no such field. If it is the primary key, leave out the flag.',
    );
  });
});

describe("checkModelFlags()", () => {
  const check = (flags: Partial<ModelFlags>, given: Partial<ModelSettings>) =>
    checkModelFlags({ ...noFlags, ...flags }, { ...unset, ...given });

  it("names both the flag and the setting where they contradict each other", () => {
    expect(() => check({ usernameField: "email" }, { usernameField: "phone" })).toThrow(
      '--username-field is "email", but USERNAME_FIELD in wrangler.toml is "phone".',
    );
    expect(() => check({ idField: "public_id" }, { userIdField: "id" })).toThrow(
      '--id-field is "public_id", but USER_ID_FIELD in wrangler.toml is "id".',
    );
  });

  it("has nothing against a flag that repeats the setting, or where nothing is set", () => {
    check({ usernameField: "email", idField: "public_id" }, { usernameField: "email", userIdField: "public_id" });
    check({ usernameField: "email", idField: "public_id" }, {});
    check({ idField: "pk" }, { userIdField: "id" });
  });
});

describe("--extra", () => {
  const fields = {
    ...{ tenant: exactNumber("9007199254740993"), role: "editor", groups: [1, 2], user_permissions: [7] },
  };
  const group = (pk: number, name: string) => ({ model: "auth.group", pk, fields: { name, permissions: [] } });
  const names = [
    ...[group(1, "editors"), group(2, "staff")],
    { model: "auth.permission", pk: 7, fields: { name: "Can publish", content_type: 3, codename: "publish_note" } },
    { model: "contenttypes.contenttype", pk: 3, fields: { app_label: "notes", model: "note" } },
  ];
  const read = (extra: string, rows: readonly Row[]) => {
    const wanted = extraNames(extra);
    const change = { userFields: fieldsOfExtras(wanted), withNames: true };
    const dump = parseDump("dump.json", JSON.stringify(rows), change);
    const [model] = dump.models.values();
    const notes = openTallies();
    const extras = openExtras(wanted, model ?? { name: "", fields: new Set() }, dump, notes);
    const value = model?.rows[0] && extras.read(model.rows[0]);
    return [JSON.stringify(value), extras.fields, notes.list().map(({ reason }) => reason)] as const;
  };

  it("takes foreign keys as their keys, with all digits, and names of groups and permissions", () => {
    const [value, described] = read("tenant_id,role,groups,user_permissions", [member(1, fields), ...names]);
    expect(value).toBe(
      '{"tenant_id":9007199254740993,"role":"editor","groups":["editors","staff"],"user_permissions":["notes.publish_note"]}',
    );
    expect(described).toEqual([
      { extra: "tenant_id", field: "tenant", kind: "value" },
      { extra: "role", field: "role", kind: "value" },
      { extra: "groups", field: "groups", kind: "names" },
      {
        ...{ extra: "user_permissions", field: "user_permissions", kind: "names" },
        permissions: { "notes.publish_note": ["publish_note", "notes", "note"] },
      },
    ]);
  });

  it("reads natural keys", () => {
    const natural = { groups: [["editors"]], user_permissions: [["publish_note", "notes", "note"]] };
    expect(read("groups,user_permissions", [member(1, natural)])[0]).toBe(
      '{"groups":["editors"],"user_permissions":["notes.publish_note"]}',
    );
  });

  it("keeps keys of groups that the dump does not have, and says so", () => {
    const [value, , notes] = read("groups", [member(1, fields)]);
    expect([value, notes]).toEqual([
      '{"groups":[1,2]}',
      ["groups as keys: the dump does not have the rows of auth.group; add it to the models of dumpdata"],
    ]);
  });

  it("refuses a field that the model does not have, and what is no name", () => {
    expect(() => read("company", [member(1, fields)])).toThrow(
      "--extra company: accounts.member has no such field. Its fields: groups, password, role, tenant, user_permissions.",
    );
    expect(() => extraNames("a,,b")).toThrow('--extra takes names of fields, separated by commas; "" is none.');
    expect(() => extraNames("__proto__")).toThrow('"__proto__" is none.');
  });

  it("refuses a row with more than 4000 characters", () => {
    expect(read("role", [member(1, { role: "x".repeat(4000) })])[0]).toBe(
      '"the fields of --extra have more than 4000 characters"',
    );
  });
});
