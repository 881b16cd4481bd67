// Which column tokens name users by, and how a claim is read for it: as Django's fields read a value.
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/json/parse.ts";
import { newUserIds } from "../../src/users/new-user-ids.ts";
import { namesAreIds, readUserId, userIdColumn, userIdText } from "../../src/users/user-id.ts";
import { settingsOf } from "../support/settings.ts";
import { baseUser } from "../support/users.ts";

describe("userIdColumn()", () => {
  test.each([
    [{}, "id"],
    [{ USER_ID_FIELD: "pk" }, "id"],
    [{ USER_ID_FIELD: "username" }, "username"],
    [{ USER_ID_FIELD: "email", USERNAME_FIELD: "email" }, "username"],
    [{ USER_ID_FIELD: "uuid" }, "alternate_id"],
    [{ USER_ID_FIELD: "email" }, "alternate_id"],
  ] as const)("of %j is %s", (vars, column) => {
    expect(userIdColumn(settingsOf(vars))).toBe(column);
    expect(namesAreIds(settingsOf(vars))).toBe(column === "username");
  });
});

describe("userIdText()", () => {
  test("is the value of that column, or nothing", () => {
    expect(userIdText(settingsOf(), baseUser)).toBe("7");
    expect(userIdText(settingsOf({ USER_ID_FIELD: "username" }), baseUser)).toBe("wanda");
    expect(userIdText(settingsOf({ USER_ID_FIELD: "uuid" }), baseUser)).toBeUndefined();
    expect(userIdText(settingsOf({ USER_ID_FIELD: "uuid" }), { ...baseUser, alternate_id: "a7" })).toBe("a7");
  });
});

const uuid = "6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab";
const nil = "00000000-0000-0000-0000-000000000000";

describe("readUserId() of a UUID, as Python's UUID() reads it", () => {
  const settings = settingsOf({ USER_ID_TYPE: "uuid" });
  test.each([
    [uuid],
    ["6F1ED002-AB55-4B1B-9B6A-6A0D4C3E2FAB"],
    ["6f1ed002ab554b1b9b6a6a0d4c3e2fab"],
    ["{6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab}"],
    ["{6f1ed002ab554b1b9b6a6a0d4c3e2fab"],
    ["urn:uuid:6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab"],
    ["uuid:6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2faburn:"],
    ["6-f-1-ed002ab554b1b9b6a6a0d4c3e2fab---"],
    ["６f1ed002ab554b1b9b6a6a0d4c3e2fab"],
  ])("%j is it", (value) => {
    expect(readUserId(settings, value)).toBe(uuid);
  });

  test.each([
    [1, "00000000-0000-0000-0000-000000000001"],
    [0, nil],
    [true, "00000000-0000-0000-0000-000000000001"],
    [false, nil],
    [parseJson("340282366920938463463374607431768211455"), "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    ["0x1ed002ab554b1b9b6a6a0d4c3e2fab", "001ed002-ab55-4b1b-9b6a-6a0d4c3e2fab"],
    ["0x_1ed002ab554b1b9b6a6a0d4c3e2fa", "0001ed00-2ab5-54b1-b9b6-a6a0d4c3e2fa"],
    ["1_d002ab554b1b9b6a6a0d4c3e2fab12", "01d002ab-554b-1b9b-6a6a-0d4c3e2fab12"],
    ["+ed002ab554b1b9b6a6a0d4c3e2fab12", "0ed002ab-554b-1b9b-6a6a-0d4c3e2fab12"],
    ["  d002ab554b1b9b6a6a0d4c3e2fab12", "00d002ab-554b-1b9b-6a6a-0d4c3e2fab12"],
  ])("%j is %s", (value, id) => {
    expect(readUserId(settings, value)).toBe(id);
  });

  test.each([
    ["abc"],
    [""],
    [` ${uuid}`],
    [`${uuid}\n`],
    [`(${uuid})`],
    [uuid.slice(1)],
    [`${uuid}0`],
    ["gf1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab"],
    ["URN:UUID:6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab"],
    ["1__002ab554b1b9b6a6a0d4c3e2fab12a"],
    ["_1d002ab554b1b9b6a6a0d4c3e2fab12"],
    ["a".repeat(5000)],
    ["-".repeat(1_000_000)],
    [1.5],
    [parseJson("1.0")],
    [-1],
    [parseJson("340282366920938463463374607431768211456")],
    [null],
    [[uuid]],
    [{}],
    [undefined],
  ])("%j is none", (value) => {
    expect(readUserId(settings, value)).toBeUndefined();
  });
});

describe("readUserId() of text, as Python's str() writes a value", () => {
  const settings = settingsOf({ USER_ID_TYPE: "text" });
  test.each([
    ["usr_7", "usr_7"],
    ["007", "007"],
    [" 7 ", " 7 "],
    ["", ""],
    [7, "7"],
    [true, "True"],
    [false, "False"],
    [parseJson("1e3"), "1000.0"],
    [parseJson("281674916028284931"), "281674916028284931"],
  ])("%j is %j", (value, id) => {
    expect(readUserId(settings, value)).toBe(id);
  });

  test.each([[null], [undefined], [["a"]], [{}], ["half \ud800 a pair"]])("%j is none", (value) => {
    expect(readUserId(settings, value)).toBeUndefined();
  });

  test("goes for an alternate id as well, and not for names", () => {
    expect(readUserId(settingsOf({ USER_ID_TYPE: "uuid", USER_ID_FIELD: "key" }), uuid.toUpperCase())).toBe(uuid);
    expect(readUserId(settingsOf({ USER_ID_TYPE: "uuid", USER_ID_FIELD: "username" }), "ada")).toBe("ada");
    expect(readUserId(settingsOf({ USER_ID_FIELD: "username" }), "half \ud800 a pair")).toBeUndefined();
  });
});

describe("newUserIds()", () => {
  const ids = (vars: Readonly<Record<string, unknown>>) => newUserIds(settingsOf(vars), () => uuid);
  test("are of the kind of USER_ID_TYPE, for the column that tokens name", () => {
    expect(ids({ USER_ID_TYPE: "uuid" })).toMatchObject({ idType: "uuid", uuid, alternateType: undefined });
    expect(ids({ USER_ID_TYPE: "text" })).toMatchObject({ idType: "text", text: "edge-4b1b9b6a6a0d4c3e2fab" });
    expect(ids({ USER_ID_TYPE: "uuid", USER_ID_FIELD: "key" })).toMatchObject({
      idType: undefined,
      alternateType: "uuid",
      alternateUuid: uuid,
    });
    expect(ids({ USER_ID_FIELD: "username" })).toMatchObject({ idType: undefined, alternateType: undefined });
  });
});
