// scripts/import-django/plan-tokens.ts: which tokens of a dump go in, and whose they are.
import { describe, expect, it } from "vitest";
import type { Dump } from "../../scripts/import-django/dump.ts";
import type { Existing } from "../../scripts/import-django/existing.ts";
import { leftOutRows } from "../../scripts/import-django/plan.ts";
import { here, madeHere, plan, reasons, terms } from "../support/django-import.ts";
import { blacklistedRow, dumpOf, dumpTerms, parseDump, tokenOf, tokenRow, userRow } from "../support/dump-rows.ts";

describe("planImport() with tokens", () => {
  const ada = userRow(7, "ada");

  it("takes the id, the type, the user and the times, and nothing of the token", () => {
    const token = tokenOf({ token_type: "refresh", exp: 4102444800 });
    const { tokens } = plan(dumpOf(ada, tokenRow(1, "a", 7, { token }), blacklistedRow(1)));
    expect(tokens.rows).toEqual([
      {
        jti: "a",
        type: "refresh",
        userId: "7",
        username: null,
        createdAt: 1704164645,
        expiresAt: 4102444800,
        blacklistedAt: 1706933106,
      },
    ]);
    expect(JSON.stringify(tokens.rows)).not.toContain("eyJ");
  });

  it("tells a sliding token by its type, and keeps its row for a lifetime after its refresh window, with the leeway", () => {
    const token = tokenOf({ token_type: "sliding", exp: 1767225900, refresh_exp: 1767312000 });
    const row = tokenRow(1, "a", 7, { token, expires_at: "2026-01-01T00:05:00Z" });
    expect(plan(dumpOf(ada, row)).tokens.rows[0]).toMatchObject({ type: "sliding", expiresAt: 1767312300 });
    const settings = { ...dumpTerms.settings, LEEWAY: 30 };
    const dump = parseDump("dump.json", JSON.stringify([ada, row]), { settings });
    expect(plan(dump).tokens.rows[0]).toMatchObject({ expiresAt: 1767312330 });
  });

  it.each([
    ["the settings' names", { kind: "sliding", until: 1767312000 }, "sliding"],
    ["the defaults", { token_type: "sliding" }, "sliding"],
    ["a refresh window alone", { until: 1767312000 }, "sliding"],
    ["no type at all", {}, "refresh"],
    ["a type nobody lists", { kind: "access" }, "refresh"],
  ])("reads the type by %s", (_name, claims, type) => {
    const settings = {
      LEEWAY: 0,
      SLIDING_TOKEN_LIFETIME: 300,
      TOKEN_TYPE_CLAIM: "kind",
      SLIDING_TOKEN_REFRESH_EXP_CLAIM: "until",
    };
    const row = tokenRow(1, "a", null, { token: tokenOf(claims) });
    expect(plan(parseDump("dump.json", JSON.stringify([row]), { settings })).tokens.rows[0]?.type).toBe(type);
  });

  it.each([["not.a.token"], [""], ["one"], [7], [null], [tokenOf("text")], [tokenOf(null)]])(
    "takes %j for a refresh token",
    (token) => {
      expect(plan(dumpOf(tokenRow(1, "a", null, { token }))).tokens.rows[0]?.type).toBe("refresh");
    },
  );

  it("takes the token's own iat where Django has no created_at, else now", () => {
    const token = tokenOf({ iat: 1704164645 });
    const dump = dumpOf(tokenRow(1, "a", 7, { token, created_at: null }), tokenRow(2, "b", 7, { created_at: null }));
    expect(plan(dump).tokens.rows.map(({ createdAt }) => createdAt)).toEqual([1704164645, terms.nowSeconds]);
  });

  it("passes over what expired longer than LEEWAY ago", () => {
    const row = tokenRow(1, "a", 7, { expires_at: "2025-12-31T23:59:00Z" });
    expect(plan(dumpOf(row, blacklistedRow(1))).tokens).toMatchObject({ rows: [], expired: 1 });
    expect(leftOutRows(plan(dumpOf(row, blacklistedRow(1))))).toBe(0);
    const settings = { ...dumpTerms.settings, LEEWAY: 60 };
    expect(plan(parseDump("dump.json", JSON.stringify([row]), { settings })).tokens).toMatchObject({
      fresh: 1,
      expired: 0,
    });
  });

  it("never takes a blacklisting back, and adds one", () => {
    const before: Existing = {
      ...here({ id: "7", username: "ada" }),
      tokens: new Map([
        ["a", { userId: "7", expiresAt: 4102444800, blacklistedAt: 1 }],
        ["b", { userId: "7", expiresAt: 4102444800, blacklistedAt: null }],
      ]),
    };
    const { tokens } = plan(dumpOf(ada, tokenRow(1, "a", 7), tokenRow(2, "b", 7), blacklistedRow(2)), before);
    expect([tokens.unchanged, tokens.changed, tokens.blacklisted]).toEqual([1, 1, 2]);
    expect(tokens.rows.map(({ jti, blacklistedAt }) => [jti, blacklistedAt])).toEqual([["b", 1706933106]]);
  });

  it("blacklists also when the time of it cannot be read", () => {
    const { tokens } = plan(dumpOf(tokenRow(1, "a", null), blacklistedRow(1, "never")));
    expect(tokens.rows[0]?.blacklistedAt).toBe(terms.nowSeconds);
    expect(reasons(tokens.notes.list())).toEqual([
      ["blacklisted at an unreadable time, which was set to now", "token 1"],
    ]);
  });

  it("knows users by key, by natural key, by the name of one who gets an id, and by who is here already", () => {
    const before = here({ id: "3", username: "carol" });
    const owners = (dump: Dump) => plan(dump, before).tokens.rows.map(({ userId, username }) => userId ?? username);
    expect(owners(dumpOf(ada, tokenRow(1, "a", 7), tokenRow(2, "b", ["ada"])))).toEqual(["7", "7"]);
    expect(owners(dumpOf(userRow(undefined, "new"), tokenRow(1, "a", ["new"])))).toEqual(["new"]);
    expect(owners(dumpOf(tokenRow(1, "a", 3), tokenRow(2, "b", ["carol"]), tokenRow(3, "c", null)))).toEqual([
      "3",
      "3",
      null,
    ]);
  });

  it.each([
    ["a key that nobody has", [ada], 8],
    ["a name that nobody has", [ada], ["zoe"]],
    ["a key among users without keys", [userRow(undefined, "ada")], 3],
    ["the key of one who was left out", [userRow(3, "eve")], 3],
    ["the name of one who was left out", [userRow(9, "carol")], ["carol"]],
    ["the key of a row that could not be read", [userRow(3, "")], 3],
    ["two names", [ada], ["ada", "bob"]],
    ["a UUID", [ada], "8f14e45f-ceea-467f-9575-1f3a6b4c0d2e"],
  ])("takes a token as nobody's for %s", (_name, users, user) => {
    const { tokens } = plan(dumpOf(...users, tokenRow(1, "a", user)), madeHere({ id: "3", username: "carol" }));
    expect(tokens.rows.map(({ userId, username }) => [userId, username])).toEqual([[null, null]]);
    expect(reasons(tokens.notes.list())).toEqual([
      ["imported without a user: their user is not at the gateway", "jti 'a'"],
    ]);
  });

  it("leaves out what cannot be used, and blacklistings of nothing", () => {
    const dump = dumpOf(
      tokenRow(1, "", null),
      tokenRow(2, "a", null, { expires_at: "soon" }),
      tokenRow(3, "b", null, { jti: 7 }),
      tokenRow(4, "c", null),
      tokenRow(5, "c", null),
      blacklistedRow(99),
      blacklistedRow("x"),
    );
    const result = plan(dump);
    expect(result.tokens.fresh).toBe(1);
    expect(leftOutRows(result)).toBe(6);
    expect(reasons(result.tokens.leftOut.list())).toEqual([
      ["blacklisting without a token", "row 7"],
      ["jti is empty", "row 1"],
      ["expires_at is not a time", "row 2"],
      ["jti is not a string", "row 3"],
      ["duplicate id (jti) in the dump", "row 5, jti 'c'"],
      ["blacklisting of a token that is not in the dump", "token 99"],
    ]);
  });

  it("says that times without a zone were taken as UTC", () => {
    const { tokens } = plan(dumpOf(tokenRow(1, "a", null, { expires_at: "2100-01-01T00:00:00" })));
    expect(tokens.rows[0]?.expiresAt).toBe(4102444800);
    expect(reasons(tokens.notes.list())).toEqual([["times without a time zone (USE_TZ = False), read as UTC"]]);
  });
});
