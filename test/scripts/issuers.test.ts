// The commands that know of other issuers: whom they mean, what was ended of theirs, and what becomes of a token.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listUsers, userNamed } from "../../scripts/database/users.ts";
import type { Explanation } from "../../scripts/explain/explain-request.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { editUser, readChanges } from "../../scripts/manage/edit-user.ts";
import { explainWith } from "../../scripts/manage/explain.ts";
import { logOutForeign } from "../../scripts/manage/logout.ts";
import { routeRows } from "../../scripts/manage/routes.ts";
import { revokeForeignToken } from "../../scripts/manage/tokens.ts";
import { userTable } from "../../scripts/manage/users.ts";
import type { RevocationKeys } from "../../src/stores/contract.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { sessionDatabases } from "../../src/stores/spread/databases.ts";
import { spreadTokens } from "../../src/stores/spread/tokens.ts";
import { craft } from "../support/craft.ts";
import { readingOf } from "../support/explain-reading.ts";
import { entryOf, nowSeconds, type Provider, provider } from "../support/provider.ts";
import { testSecret } from "../support/settings.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";
import { djangoUsers } from "../support/user-model.ts";

const issuer = "https://idp.example/";
let idp: Provider;
beforeAll(async () => {
  idp = await provider(issuer);
});

const now = 1_800_000_000;
const vars = { ISSUERS: [{ issuer, jwks: "https://idp.example/jwks", audience: "api" }] };
let store: TextDatabase;
beforeEach(() => {
  store = textDatabase(vars);
  store.db.exec(
    "INSERT INTO users (id, username, password, date_joined) VALUES ('3', 'ada', 'x', '2026-01-01'), ('4', 'bob', 'x', '2026-01-01')",
  );
});

describe("edituser --alternate-id", () => {
  const edit = async (id: string, alternate: string, model: object = {}) => {
    const users = { ...djangoUsers, ...model } as typeof djangoUsers;
    const user = await userNamed(store.bindings.database, users, { id });
    return editUser(store.bindings, user, readChanges(users, { "alternate-id": alternate }), now);
  };
  const alternates = () => store.db.prepare("SELECT alternate_id FROM users ORDER BY id").all();

  it("says whom an issuer means, and takes it away", async () => {
    expect(await edit("3", "auth0|o'hara")).toBe(
      "'ada' in the remote database is changed: alternate_id 'auth0|o'hara'.",
    );
    expect(alternates()).toEqual([{ alternate_id: "auth0|o'hara" }, { alternate_id: null }]);
    expect(await edit("3", "")).toBe("'ada' in the remote database is changed: alternate_id none.");
    expect(alternates()).toEqual([{ alternate_id: null }, { alternate_id: null }]);
  });

  it("users lists it, where somebody has one", async () => {
    const lines = async () => userTable(djangoUsers, await listUsers(store.bindings.database, undefined));
    expect((await lines())[0]).toBe("id  username  email  active  staff  superuser  last login");
    await edit("3", "auth0|1");
    expect(await lines()).toEqual([
      "id  username  email  alternate id  active  staff  superuser  last login",
      "--  --------  -----  ------------  ------  -----  ---------  ----------",
      "3   ada       -      auth0|1       yes     no     no         never",
      "4   bob       -      -             yes     no     no         never",
    ]);
  });

  it("refuses one that somebody has, one that cannot be stored, and one that tokens name users by", async () => {
    await edit("3", "auth0|1");
    await expect(edit("4", "auth0|1")).rejects.toThrow("There is already a user with this alternate id.");
    await expect(edit("4", "x".repeat(256))).rejects.toThrow("--alternate-id must be a text of 1 to 255 characters.");
    await expect(edit("4", "auth0|2", { USER_ID_FIELD: "public_id" })).rejects.toThrow(
      '--alternate-id: tokens name users by it (USER_ID_FIELD = "public_id").',
    );
  });
});

describe.each([0, 2])("what is ended, with %d databases for sessions", (databases) => {
  beforeEach(() => {
    store = textDatabase(vars, databases);
    for (const [name, db] of [["DB", store.db] as const, ...store.sessions]) {
      const current = databases === 0 ? '["DB"]' : '["SESSIONS_1","SESSIONS_2"]';
      db.prepare(
        `INSERT INTO placement (id, name, version, current, next) VALUES (1, ?1, 1, ?2, NULL)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, current = excluded.current`,
      ).run(name, current);
    }
  });
  const keys = (change: Partial<RevocationKeys> = {}): RevocationKeys => ({
    jti: "https%3A%2F%2Fidp.example%2F t-1",
    session: undefined,
    user: { column: "id", value: "https%3A%2F%2Fidp.example%2F u-1" },
    issuedAtSeconds: now - 60,
    ...change,
  });
  const isEnded = async (asked: RevocationKeys) => {
    const { d1, sessions } = store.bindings;
    const bound = new Map([["DB", d1], ...[...sessions].map(([name, one]) => [name, one.d1] as const)]);
    const log = () => {};
    const tokens =
      databases === 0
        ? d1Tokens(d1, log)
        : spreadTokens({ users: d1, databases: sessionDatabases(bound, log), nowSeconds: () => now, log });
    return (await tokens.tokenStatus(asked, undefined, false)).ended;
  };
  const others = () => [
    keys({ jti: "t-1", user: { column: "id", value: "u-1" } }),
    keys({ jti: undefined, user: { column: "id", value: "https%3A%2F%2Fidp.example%2F u-2" } }),
  ];

  it("a user's tokens until now, and no later ones, nor another user's", async () => {
    expect(await logOutForeign(store.bindings, { issuer, subject: "u-1" }, now)).toBe(
      "All tokens of 'u-1' from https://idp.example/ are ended in the remote database.",
    );
    expect(await isEnded(keys({ jti: undefined }))).toBe(true);
    expect(await isEnded(keys({ jti: undefined, issuedAtSeconds: now + 1 }))).toBe(false);
    expect(await Promise.all(others().map(isEnded))).toEqual([false, false]);
    expect([...store.kv]).toEqual([["user:https%3A%2F%2Fidp.example%2F u-1", String(now + 1)]]);
    const entry = store.db.prepare("SELECT action, user_id, detail FROM audit").get();
    expect(entry).toEqual({
      ...{
        action: "user_logged_out",
        user_id: "https%3A%2F%2Fidp.example%2F u-1",
        detail: '{"issuer":"https://idp.example/"}',
      },
    });
  });

  it("a user's tokens also where one of them was revoked by itself, before or after", async () => {
    for (const subject of ["u-1", "u-2"]) {
      const steps = [
        () => logOutForeign(store.bindings, { issuer, subject }, now),
        () => revokeForeignToken(store.bindings, { issuer, subject, jti: `of-${subject}` }, now),
      ];
      for (const step of subject === "u-1" ? steps : steps.toReversed()) await step();
      const user = { column: "id", value: `https%3A%2F%2Fidp.example%2F ${subject}` } as const;
      const ends = [await isEnded(keys({ user })), await isEnded(keys({ user, issuedAtSeconds: now + 1 }))];
      expect([subject, ...ends]).toEqual([subject, true, false]);
    }
  });

  it("one token by its id, and no other", async () => {
    const token = { issuer, subject: "u-1", jti: "t-1" };
    expect(await revokeForeignToken(store.bindings, token, now)).toBe(
      "'t-1' of https://idp.example/ is revoked in the remote database.",
    );
    expect(await isEnded(keys())).toBe(true);
    expect(await isEnded(keys({ jti: "https%3A%2F%2Fidp.example%2F t-2" }))).toBe(false);
    expect(await Promise.all(others().map(isEnded))).toEqual([false, false]);
    expect([...store.kv]).toEqual([["jti:https%3A%2F%2Fidp.example%2F t-1", "1"]]);
    expect(await revokeForeignToken(store.bindings, token, now)).toBe(
      "'t-1' of https://idp.example/ was already revoked in the remote database.",
    );
  });

  it("one token also without its subject, wherever the sessions of that user are", async () => {
    await revokeForeignToken(store.bindings, { issuer, subject: undefined, jti: "t-1" }, now);
    for (const subject of ["u-1", "u-2", "u-3", "u-4", "u-5", "u-6"]) {
      const user = { column: "id", value: `https%3A%2F%2Fidp.example%2F ${subject}` } as const;
      const ends = [
        await isEnded(keys({ user })),
        await isEnded(keys({ user, jti: "https%3A%2F%2Fidp.example%2F t-2" })),
      ];
      expect([subject, ...ends]).toEqual([subject, true, false]);
    }
  });

  it("nothing of an issuer that is not known", async () => {
    const said = "'https://idp.example' is not an issuer of ISSUERS; there are: https://idp.example/.";
    const wrong = { issuer: "https://idp.example", subject: "u-1" };
    await expect(logOutForeign(store.bindings, wrong, now)).rejects.toThrow(said);
    await expect(revokeForeignToken(store.bindings, { ...wrong, jti: "t-1" }, now)).rejects.toThrow(said);
  });
});

it.each([
  ["logout", ["--issuer", issuer], "--issuer and --subject go together."],
  ["logout", ["ada", "--issuer", issuer, "--subject", "u-1"], "they go with neither a user nor --session."],
  ["logout", ["--all", "--issuer", issuer], "it takes neither a user nor --session."],
  ["revoke", ["t-1", "--subject", "u-1"], "--subject requires --issuer."],
])("%s refuses %j", async (name, words, said) => {
  await expect(commands.get(name)?.run(words)).rejects.toThrow(said);
});

describe("routes and explain", () => {
  const ROUTES = [
    { path: "/idp/*", auth: "token", issuers: ["self", issuer], require: { scope: "notes" } },
    { path: "/user/*", auth: "user", issuers: [issuer] },
    { path: "/*", auth: "token" },
  ];
  const readingWith = (more: object = {}, others: object = {}) =>
    readingOf({ SIGNING_KEY: testSecret, ROUTES, ISSUERS: [entryOf(idp, { ...more })], ...others });
  async function ask(token: string, path: string, more: object = {}, offline = false): Promise<Explanation> {
    const reading = await readingWith(more, { USER_ID_TYPE: "text" });
    const stores = offline
      ? undefined
      : { d1: store.bindings.d1, sessions: new Map<string, D1Database>(), kv: undefined };
    return explainWith(reading, stores, { method: "GET", path, token, nowSeconds: nowSeconds() });
  }
  const failure = ({ checks, outcome }: Explanation) => [
    checks.filter(({ verdict }) => verdict === "failed").map(({ check, detail }) => `${check}: ${detail}`),
    outcome.kind === "refused" ? `${outcome.status} ${outcome.reason}` : outcome.kind,
  ];

  it("routes says whose tokens open each", async () => {
    const rows = routeRows(await readingWith());
    expect(rows.filter(({ kind }) => kind === "rule").map(({ path, issuers }) => [path, issuers])).toEqual([
      ["/idp/*", ["self", issuer]],
      ["/user/*", [issuer]],
      ["/*", null],
    ]);
  });

  it("a good token passes each check, and the API is told whose it is", async () => {
    const explained = await ask(await idp.token({ scope: "notes" }), "/idp/x");
    expect(explained.checks.map(({ check, verdict }) => `${check}: ${verdict}`)).toEqual([
      ...["path: passed", "route: passed", "token: passed", "issuer: passed", "shape: passed", "header: passed"],
      ...["algorithm: passed", "key: passed", "signature: passed", "payload: passed", "typ: passed", "iat: passed"],
      ...["nbf: passed", "exp: passed", "iss: passed", "aud: passed", "type: not asked", "subject: passed"],
      ...["id: passed", "age: not asked", "revocation: passed", "require scope: passed", "user of ours: not asked"],
    ]);
    expect(explained.outcome).toMatchObject({
      kind: "forwarded",
      headers: {
        "X-Token-Issuer": issuer,
        "X-Token-Subject": "u-1",
        authorization: "(as the client sent it)",
      },
    });
  });

  it("with reissue, the user of ours and what takes the token's place", async () => {
    store.db.exec("UPDATE users SET alternate_id = 'u-1' WHERE id = '3'");
    const explained = await ask(await idp.token(), "/user/x", { reissue: { user: "alternate_id" } });
    expect(explained.checks.at(-1)).toEqual({
      ...{ check: "user of ours", verdict: "passed" },
      detail: "the user 3; a token of ours takes the place of this one",
    });
    expect(explained.outcome).toMatchObject({
      kind: "forwarded",
      headers: { "X-User-Id": "3", authorization: "(a token of the gateway's own, for 60 s)" },
    });
  });

  it("writes no row where the Worker would, and looks nobody up with --offline", async () => {
    const more = { reissue: { user_id: "idp:{sub}" }, provision: true };
    for (const offline of [false, true]) {
      const explained = await ask(await idp.token(), "/user/x", more, offline);
      expect(explained.outcome).toMatchObject({ kind: "forwarded", headers: { "X-User-Id": "idp:u-1" } });
    }
    expect(store.db.prepare("SELECT count(*) AS users FROM users").get()).toEqual({ users: 2 });
  });

  it("says at which check a token fails", async () => {
    const reissue = { reissue: { user: "alternate_id" } };
    expect(failure(await ask(await idp.token(), "/x"))).toEqual([
      ['issuer: the token is of ISSUERS[0]; the route has issuers = ["self"]'],
      "401 token_issuer_not_accepted",
    ]);
    expect(failure(await ask(await idp.token({ aud: "other" }), "/idp/x"))).toEqual([
      ['aud: the token says other; audience is ["https://api.example"]'],
      "401 token_audience_wrong",
    ]);
    expect(failure(await ask(await idp.token({ jti: undefined }), "/idp/x"))).toEqual([
      ['id: the token has no claim jti; jti_claim = "" is for issuers that have none'],
      "401 token_id_missing",
    ]);
    expect(failure(await ask(await idp.token({}, { kid: "k2" }), "/idp/x"))).toEqual([
      ["key: no key of the issuer for kid k2, or its keys could not be fetched"],
      "401 token_key_unknown",
    ]);
    expect(failure(await ask(await idp.token({}, { typ: "logout+jwt" }), "/idp/x"))).toEqual([
      ["typ: the typ of its header is logout+jwt"],
      "401 token_typ_other",
    ]);
    expect(failure(await ask(await idp.token(), "/idp/x"))).toEqual([
      ['require scope: must be "notes"; the token has no such claim'],
      "403 permission_denied",
    ]);
    expect(failure(await ask(await idp.token(), "/user/x"))).toEqual([
      ["user of ours: ISSUERS[0] has no reissue, and the route reads the user"],
      "401 user_not_mapped",
    ]);
    expect(failure(await ask(await idp.token(), "/user/x", reissue))).toEqual([
      ["user of ours: no row for the subject u-1"],
      "401 user_not_found",
    ]);
  });

  it("says of a token whose iss is in no entry that it counts as our own, and which entry is nearly that", async () => {
    const rowOf = async (iss: string) =>
      (await ask(await idp.token({ iss }), "/idp/x")).checks.find(({ check }) => check === "issuer");
    expect(await rowOf("https://IDP.example")).toEqual({
      ...{ check: "issuer", verdict: "not asked" },
      detail:
        "iss is https://IDP.example, and no entry of ISSUERS (ISSUERS[0] is https://idp.example/): checked as our own",
    });
    expect(await rowOf("https://elsewhere.example/")).toEqual({
      ...{ check: "issuer", verdict: "not asked" },
      detail: "iss is https://elsewhere.example/, and no entry of ISSUERS: checked as our own",
    });
    const own = craft({ claims: { token_type: "access", jti: "j", user_id: "3", exp: nowSeconds() + 300 } });
    expect((await ask(own, "/idp/x")).checks.map(({ check }) => check)).not.toContain("issuer");
  });

  it("a token of our own is refused by a route that names others alone", async () => {
    const at = nowSeconds();
    const own = craft({ claims: { token_type: "access", jti: "j", user_id: "3", iat: at - 5, exp: at + 300 } });
    expect(failure(await ask(own, "/user/x"))).toEqual([
      ['shape: the route has issuers = ["https://idp.example/"], and this is a token of our own'],
      "401 token_issuer_not_accepted",
    ]);
  });
});
