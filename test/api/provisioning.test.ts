// The provisioning endpoints: who may use them, what each does, and what a body may be. With real D1 and KV.
import { createHash } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { exactNumber } from "../../src/json/exact-number.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { oldHash, password } from "../support/passwords.ts";
import { ndjson, otherProvisioningKey, provisioningKey, type Signing, signedRequest } from "../support/provisioning.ts";
import { freshId } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

const vars = {
  PROVISIONING_KEY: provisioningKey,
  USER_ID_TYPE: "text",
  USERS_OWNER: "origin",
  UPGRADE_PASSWORD_HASHES: false,
  ORIGIN: echoOrigin,
  ROUTES: [
    { path: "/strict/*", auth: "token", revocation: "strict" },
    { path: "/*", auth: "public" },
  ],
};

let app: App;
beforeAll(async () => {
  app = await appWith(vars);
});

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});

const row = (id: string) => DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first<Record<string, unknown>>();
const answer = async (response: Response) => ({ status: response.status, body: await response.json() });
const put = (id: string, line: unknown, signing: Signing = {}) =>
  app.fetch(signedRequest("PUT", `/_gateway/users/${id}/`, JSON.stringify(line), signing));
const remove = (id: string, ver: unknown) =>
  app.fetch(signedRequest("DELETE", `/_gateway/users/${id}/`, undefined, { claims: { ver } }));
const post = async (lines: readonly unknown[]) => {
  const response = await app.fetch(signedRequest("POST", "/_gateway/users/", ndjson(lines)));
  return (await response.text())
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
};

describe("PUT of a user", () => {
  it("makes a user who logs in at once, under the given id", async () => {
    const [id, username] = [freshId(), freshId()];
    const line = { version: 1000, username, password: oldHash, first_name: "Ada", email: "ada@example.com" };
    expect(await answer(await put(id, line))).toEqual({ status: 200, body: { id, version: 1000, result: "applied" } });
    const login = await app.fetch(postJson("/api/token/", { username, password }));
    expect(login.status).toBe(200);
    expect(claimsOf(((await login.json()) as { access: string }).access).user_id).toBe(id);
    expect(await row(id)).toMatchObject({
      id,
      username,
      first_name: "Ada",
      last_name: "",
      email: "ada@example.com",
      is_active: 1,
      is_staff: 0,
      is_superuser: 0,
      version: 1000,
      imported_hash: createHash("sha256").update(oldHash).digest("hex"),
      confirmed_at: expect.any(Number),
    });
  });

  it("sent again is unchanged, and an older one is outdated and says what counts", async () => {
    const id = freshId();
    await put(id, { version: 1000, first_name: "Ada" });
    const again = await answer(await put(id, { version: 1000, first_name: "other" }));
    expect(again.body).toEqual({ id, version: 1000, result: "unchanged" });
    const older = await answer(await put(id, { version: 999, first_name: "older" }));
    expect(older.body).toEqual({ id, version: 1000, result: "outdated" });
    expect(await row(id)).toMatchObject({ first_name: "Ada" });
  });

  it("that was long on its way ends what was issued until it was there", async () => {
    const { id } = await addUser({ id: freshId() });
    const text = JSON.stringify({ version: 1000, is_active: false });
    const { url, headers } = signedRequest("PUT", `/_gateway/users/${id}/`, text);
    const start = Date.now();
    const clock = vi.spyOn(Date, "now").mockReturnValue(start);
    const body = new ReadableStream(
      {
        pull(controller) {
          clock.mockReturnValue(start + 7000);
          controller.enqueue(new TextEncoder().encode(text));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const response = await app.fetch(new Request(url, { method: "PUT", headers, body }));
    clock.mockRestore();
    expect(response.status).toBe(200);
    const cutoff = await DB.prepare("SELECT issued_before FROM user_cutoffs WHERE user_id = ?")
      .bind(id)
      .first("issued_before");
    expect(cutoff).toBe(Math.floor((start + 7000) / 1000) + 1);
  });

  it("takes every field of a line", async () => {
    const id = freshId();
    const line = {
      id,
      version: 2 ** 53 - 1,
      username: id,
      password: "!",
      first_name: "Ada",
      last_name: "Lovelace",
      email: "ada@example.com",
      is_active: true,
      is_staff: true,
      is_superuser: true,
      last_login: "2026-01-02T03:04:05.123456Z",
      date_joined: "2025-01-02T03:04:05+01:00",
      extra: { groups: ["a"], number: 1 },
      rehash: false,
    };
    expect((await put(id, line)).status).toBe(200);
    expect(await row(id)).toMatchObject({
      last_name: "Lovelace",
      is_staff: 1,
      is_superuser: 1,
      last_login: "2026-01-02T03:04:05.123456Z",
      date_joined: "2025-01-02T02:04:05.000Z",
      extra: '{"groups":["a"],"number":1}',
    });
  });

  it("keeps all digits of numbers in extra, and replaces it as a whole", async () => {
    const id = freshId();
    const path = `/_gateway/users/${id}/`;
    const body = '{"version":1,"extra":{"big":12345678901234567890,"__proto__":{"a":1},"decimal":1.0}}';
    expect((await app.fetch(signedRequest("PUT", path, body))).status).toBe(200);
    expect((await row(id))?.extra).toBe('{"big":12345678901234567890,"__proto__":{"a":1},"decimal":1.0}');
    await put(id, { version: 2, extra: {} });
    expect((await row(id))?.extra).toBe("{}");
  });

  it.each<[string, unknown, Record<string, unknown>]>([
    ["no version", {}, { version: ["version is not an integer below 2^53 (microseconds)."] }],
    ["a version in text", { version: "1" }, { version: [expect.any(String)] }],
    ["a version of 2^53", { version: 2 ** 53 }, { version: [expect.any(String)] }],
    ["a version below zero", { version: -1 }, { version: [expect.any(String)] }],
    ["a version with a fraction", { version: 1.5 }, { version: [expect.any(String)] }],
    ["another id", { version: 1, id: "other" }, { id: ["id is not that of the path."] }],
    ["an id that is a list", { version: 1, id: [] }, { id: [expect.any(String)] }],
    ["a hash that is no text", { version: 1, password: 5 }, { password: ["password is not a string."] }],
    ["a hash that is null", { version: 1, password: null }, { password: ["password is not a string."] }],
    ["an empty name", { version: 1, username: "" }, { username: ["username is empty."] }],
    [
      "a name of too many digits",
      { version: 1, username: exactNumber("7".repeat(2001)) },
      { username: ["username has more than 2000 characters."] },
    ],
    ["a name that stands for another user", { version: 1, username: "id:x" }, { username: [expect.any(String)] }],
    [
      "a name with a null character",
      { version: 1, username: "a\0" },
      { username: ["username is not a storable string."] },
    ],
    ["half a surrogate pair", { version: 1, first_name: "\ud800" }, { first_name: [expect.any(String)] }],
    ["a flag that is none", { version: 1, is_active: "yes" }, { is_active: ["is_active is not a boolean."] }],
    [
      "a day that does not exist",
      { version: 1, date_joined: "2026-02-30T00:00:00Z" },
      { date_joined: [expect.any(String)] },
    ],
    ["extra that is a list", { version: 1, extra: [] }, { extra: [expect.any(String)] }],
    ["extra that is too long", { version: 1, extra: { a: "x".repeat(4000) } }, { extra: [expect.any(String)] }],
    ["a misspelled field", { version: 1, isactive: false }, { isactive: [expect.stringContaining("extra")] }],
    ["a field that is no name", { version: 1, "<b>": 1 }, { "a field": [expect.any(String)] }],
    ["a deletion with a field", { version: 1, deleted: true, email: "" }, { deleted: [expect.any(String)] }],
    ["a deletion that is text", { version: 1, deleted: "true" }, { deleted: ["deleted is not a boolean."] }],
    ["a list", [], { line: ["line is not a JSON object."] }],
    ["text", "x", { line: ["line is not a JSON object."] }],
  ])("with %s is 400, and names the field", async (_, line, body) => {
    const id = freshId();
    expect(await answer(await put(id, line))).toEqual({ status: 400, body });
    expect(await row(id)).toBeNull();
  });

  it.each([
    ["1.0", 400],
    ["1e3", 400],
    ["1e400", 400],
    ["9007199254740993", 400],
    ["0", 200],
    ["1", 200],
  ])("with the version %s is %i", async (version, status) => {
    const body = `{"version":${version}}`;
    expect((await app.fetch(signedRequest("PUT", `/_gateway/users/${freshId()}/`, body))).status).toBe(status);
  });

  it.each([
    ["nothing", ""],
    ["half a line", '{"version":1'],
    ["two values", '{"version":1}{"version":2}'],
    ["null", "null"],
    ["lists in lists without end", "[".repeat(200_000)],
    ["a number of 5,000 digits", `{"version":${"1".repeat(5000)}}`],
  ])("of %s is 400", async (_, body) => {
    const id = freshId();
    expect((await app.fetch(signedRequest("PUT", `/_gateway/users/${id}/`, body))).status).toBe(400);
    expect(await row(id)).toBeNull();
  });

  it("of bytes that are not UTF-8 is 400", async () => {
    const body = new Uint8Array([0x7b, 0xff, 0x7d]);
    expect((await app.fetch(signedRequest("PUT", "/_gateway/users/x/", body))).status).toBe(400);
  });

  it.each(["a b", "ä/ö", "日本", "a%2Fb", "..x", "__proto__", "'; DROP TABLE users; --"])(
    "finds the id %j in the path",
    async (start) => {
      const id = start + freshId();
      expect((await answer(await put(encodeURIComponent(id), { version: 1 }))).body).toMatchObject({ id });
      expect(await row(id)).toMatchObject({ version: 1 });
    },
  );

  it("refuses an id that is none", async () => {
    const integers = await appWith({ ...vars, USER_ID_TYPE: "integer" });
    const asked = (id: string) => integers.fetch(signedRequest("PUT", `/_gateway/users/${id}/`, '{"version":1}'));
    expect((await asked("x")).status).toBe(400);
    expect((await asked("%FF")).status).toBe(400);
    expect((await answer(await asked("0815"))).body).toMatchObject({ id: "815" });
    expect((await answer(await asked("9223372036854775807"))).body).toMatchObject({ id: "9223372036854775807" });
  });

  it.each(["integer", "text", "uuid"])(
    "takes no boolean, null or list for an id, with USER_ID_TYPE %s",
    async (type) => {
      const one = await appWith({ ...vars, USER_ID_TYPE: type });
      const lines = [true, false, null, [1], {}].map((id) => JSON.stringify({ id, version: 1 })).join("\n");
      const response = await one.fetch(signedRequest("POST", "/_gateway/users/", lines));
      const results = (await response.text()).trim().split("\n");
      expect(results.map((line) => (JSON.parse(line) as { result: string }).result)).toEqual(Array(5).fill("refused"));
    },
  );
});

describe("a change", () => {
  const signUp = async (fields: object = {}) => {
    const [id, username] = [freshId(), freshId()];
    await put(id, { version: 1000, username, password: oldHash, ...fields });
    const login = await app.fetch(postJson("/api/token/", { username, password }));
    const tokens = (await login.json()) as { access: string; refresh: string };
    const strict = () =>
      app.fetch(
        new Request("https://gateway.example/strict/", { headers: { authorization: `Bearer ${tokens.access}` } }),
      );
    const refresh = () => app.fetch(postJson("/api/token/refresh/", { refresh: tokens.refresh }));
    expect((await strict()).status).toBe(200);
    return { id, username, strict, refresh };
  };

  it.each<[string, object]>([
    ["another hash", { password: "!" }],
    ["is_active false", { is_active: false }],
  ])("to %s ends the user's refresh and access tokens, in D1 and in KV", async (_, fields) => {
    const { id, strict, refresh } = await signUp();
    expect((await put(id, { version: 1001, ...fields })).status).toBe(200);
    expect((await refresh()).status).toBe(401);
    expect((await strict()).status).toBe(401);
    expect(Number(await BLACKLIST.get(`user:${id}`))).toBeGreaterThan(1_700_000_000);
  });

  it.each<[string, object]>([
    ["the same hash", { password: oldHash }],
    ["the same hash in another form", { password: "!other", rehash: true }],
    ["another name", { username: freshId() }],
    ["everything else", { email: "x@example.com", first_name: "X", is_staff: true, extra: { a: 1 } }],
  ])("to %s ends nothing", async (_, fields) => {
    const { id, strict, refresh } = await signUp();
    expect((await put(id, { version: 1001, ...fields })).status).toBe(200);
    expect((await strict()).status).toBe(200);
    expect((await refresh()).status).toBe(200);
    expect(await BLACKLIST.get(`user:${id}`)).toBeNull();
  });

  it("that comes as one of a thousand lines ends as well", async () => {
    const { id, refresh } = await signUp();
    const lines = Array.from({ length: 999 }, () => ({ id: freshId(), version: 1 }));
    const results = await post([...lines, { id, version: 1001, is_active: false }]);
    expect(results.filter((one) => (one as { result: string }).result === "applied")).toHaveLength(1000);
    expect((await refresh()).status).toBe(401);
  });

  it("by DELETE ends the tokens and removes the user, and leaves the version behind", async () => {
    const { id, strict, refresh } = await signUp();
    expect(await answer(await remove(id, 1001))).toEqual({
      status: 200,
      body: { id, version: 1001, result: "applied" },
    });
    expect((await refresh()).status).toBe(401);
    expect((await strict()).status).toBe(401);
    expect(await row(id)).toBeNull();
    expect((await answer(await put(id, { version: 1001 }))).body).toEqual({ id, version: 1001, result: "unchanged" });
    expect((await answer(await put(id, { version: 1000 }))).body).toEqual({ id, version: 1001, result: "outdated" });
    expect((await answer(await put(id, { version: 1002 }))).body).toEqual({ id, version: 1002, result: "applied" });
  });

  it("by DELETE needs a version that is an integer", async () => {
    const { id } = await signUp();
    for (const ver of [undefined, "1001", 1.5, 2 ** 53]) {
      expect(await answer(await remove(id, ver))).toEqual({ status: 400, body: { ver: [expect.any(String)] } });
    }
    expect((await answer(await remove(id, 999))).body).toEqual({ id, version: 1000, result: "outdated" });
    expect(await row(id)).not.toBeNull();
  });

  it("by log-out ends what was issued before the request, and nothing that comes after it", async () => {
    const { id, username, strict, refresh } = await signUp();
    const now = Math.floor(Date.now() / 1000);
    const logOut = (iat: number) =>
      app.fetch(signedRequest("POST", `/_gateway/users/${id}/logout/`, undefined, { claims: { iat, ver: 1 } }));
    await logOut(now - 60);
    expect((await strict()).status).toBe(200);
    expect(await answer(await logOut(now + 90))).toEqual({
      status: 200,
      body: { id, version: 1000, result: "applied" },
    });
    expect((await refresh()).status).toBe(401);
    expect((await strict()).status).toBe(401);
    // The API's clock is ahead: what begins from now on is not ended by it.
    const cutoff = await DB.prepare("SELECT issued_before FROM user_cutoffs WHERE user_id = ?")
      .bind(id)
      .first("issued_before");
    expect(Number(cutoff)).toBeLessThan(now + 60);
    expect((await app.fetch(postJson("/api/token/", { username, password }))).status).toBe(200);
  });

  it("by a log-out that comes late takes back nothing of what has ended since, for routes with cached either", async () => {
    const { id } = await signUp();
    await put(id, { version: 1001, is_active: false });
    const ended = await BLACKLIST.get(`user:${id}`);
    const claims = { iat: Math.floor(Date.now() / 1000) - 60 };
    expect(
      (await app.fetch(signedRequest("POST", `/_gateway/users/${id}/logout/`, undefined, { claims }))).status,
    ).toBe(200);
    expect(await BLACKLIST.get(`user:${id}`)).toBe(ended);
  });

  it("by log-out of somebody who is not there changes nothing", async () => {
    const response = await app.fetch(signedRequest("POST", "/_gateway/users/nobody/logout/"));
    expect(await answer(response)).toEqual({ status: 200, body: { id: "nobody", version: null, result: "unchanged" } });
    expect(await DB.prepare("SELECT 1 FROM user_cutoffs WHERE user_id = 'nobody'").first()).toBeNull();
  });

  it("is written to the log, whatever LOG says, without a value", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((text: string) => void lines.push(text));
    const [id, other, name] = [freshId(), freshId(), freshId()];
    await put(id, { version: 1, username: name, password: oldHash });
    await put(other, { version: 2, username: name });
    await put(id, { version: 3, is_active: false });
    await remove(id, 4);
    await post([{ id, version: 5, password: 7 }]);
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ request_id, ...rest }) => rest)).toEqual([
      { event: "user_provisioned", user_id: id, change: "created", version: 1, tokens_ended: false },
      { event: "user_provisioned", user_id: other, change: "created", version: 2, tokens_ended: false },
      { event: "user_name_lost", user_id: id },
      { event: "user_provisioned", user_id: id, change: "changed", version: 3, tokens_ended: true },
      { event: "user_provisioned", user_id: id, change: "deleted", version: 4, tokens_ended: true },
      { event: "provisioning_refused", user_id: id, error: "password is not a string" },
    ]);
    expect(lines.join()).not.toContain(oldHash);
    expect(lines.join()).not.toContain(name);
  });

  it("of more than 20 users has one line in the log for all with the same change", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((text: string) => void lines.push(text));
    const ids = Array.from({ length: 21 }, freshId);
    await post(ids.map((id) => ({ id, version: 1 })));
    await post(ids.map((id, index) => (index < 2 ? { id, version: 2, is_active: false } : { id, version: 2 })));
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ request_id, ...rest }) => rest)).toEqual([
      { event: "users_provisioned", change: "created", tokens_ended: false, user_ids: ids },
      { event: "users_provisioned", change: "changed", tokens_ended: true, user_ids: ids.slice(0, 2) },
      { event: "users_provisioned", change: "changed", tokens_ended: false, user_ids: ids.slice(2) },
    ]);
  });
});

describe("POST of lines", () => {
  it("answers each line in its order; a bad one keeps no other from being applied", async () => {
    const [one, two, three] = [freshId(), freshId(), freshId()];
    await put(three, { version: 9 });
    const body = [
      JSON.stringify({ id: one, version: 1 }),
      "{",
      "",
      JSON.stringify({ id: two, version: 1, is_active: "?" }),
      `${JSON.stringify({ id: three, version: 8 })}\r`,
      JSON.stringify({ version: 1 }),
      JSON.stringify({ id: two, version: 2, deleted: true }),
    ].join("\n");
    const response = await app.fetch(signedRequest("POST", "/_gateway/users/", body));
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const results = (await response.text())
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(results).toEqual([
      { id: one, version: 1, result: "applied" },
      { id: null, version: null, result: "refused", error: "line is not JSON" },
      { id: two, version: 1, result: "refused", error: "is_active is not a boolean" },
      { id: three, version: 9, result: "outdated" },
      { id: null, version: 1, result: "refused", error: "id is not a text of 1 to 255 characters" },
      { id: two, version: 2, result: "applied" },
    ]);
  });

  it("takes two lines of one user as one after the other: the higher version wins in either order", async () => {
    for (const versions of [
      [5, 6],
      [6, 5],
    ]) {
      const id = freshId();
      const results = await post(versions.map((version) => ({ id, version, first_name: `version ${version}` })));
      expect(results).toEqual([
        { id, version: versions[0], result: "applied" },
        { id, version: 6, result: versions[0] === 5 ? "applied" : "outdated" },
      ]);
      expect(await row(id)).toMatchObject({ first_name: "version 6" });
    }
  });

  it("refuses more than ten lines of one user, which would take a transaction each", async () => {
    const id = freshId();
    const results = await post(Array.from({ length: 12 }, (_, version) => ({ id, version })));
    expect(results.map((one) => (one as { result: string }).result)).toEqual([
      ...Array(10).fill("applied"),
      "refused",
      "refused",
    ]);
  });

  it("answers in ASCII, so that no character of an id ends a line", async () => {
    const id = `\u2028\u0085ä${freshId()}`;
    const response = await app.fetch(signedRequest("POST", "/_gateway/users/", ndjson([{ id, version: 1 }])));
    expect(await response.text()).toBe(`{"id":"\\u2028\\u0085\\u00e4${id.slice(3)}","version":1,"result":"applied"}\n`);
  });

  it("takes an integer for an id", async () => {
    expect(await post([{ id: 812_345, version: 1 }])).toEqual([{ id: "812345", version: 1, result: "applied" }]);
  });

  it("takes 1,000 lines and no more, and 4 MiB and no more", async () => {
    const lines = Array.from({ length: 1001 }, (_, at) => ({ id: `many-${at}`, version: 1 }));
    const tooMany = await app.fetch(signedRequest("POST", "/_gateway/users/", ndjson(lines)));
    expect(tooMany.status).toBe(413);
    expect(await row("many-0")).toBeNull();
    expect(await post(lines.slice(0, 1000))).toHaveLength(1000);
    const long = " ".repeat(4 * 1024 * 1024);
    expect((await app.fetch(signedRequest("POST", "/_gateway/users/", long))).status).toBe(200);
    expect((await app.fetch(signedRequest("POST", "/_gateway/users/", `${long} `))).status).toBe(413);
  });

  it("applies 4 MB in few statements", async () => {
    let [statements, batches] = [0, 0];
    const counting = new Proxy(DB, {
      get(one, property) {
        const value: unknown = Reflect.get(one, property, one);
        if (property !== "batch") return typeof value === "function" ? value.bind(one) : value;
        return (some: D1PreparedStatement[]) => {
          batches++;
          statements += some.length;
          return one.batch(some);
        };
      },
    });
    const counted = await appWith({ ...vars, DB: counting });
    const line = (at: number) => ({
      id: `long-${at}`,
      version: 1,
      username: `long-${at}`,
      extra: { a: "x".repeat(3900) },
    });
    const body = ndjson(Array.from({ length: 1000 }, (_, at) => line(at)));
    expect(body.length).toBeGreaterThan(3_900_000);
    const response = await counted.fetch(signedRequest("POST", "/_gateway/users/", body));
    expect((await response.text()).match(/"applied"/g)).toHaveLength(1000);
    expect(batches).toBe(4);
    expect(statements).toBeLessThan(50);
  });

  it("is 503 while the store is overloaded, and repeating it applies what was missing", async () => {
    let batches = 0;
    const failing = new Proxy(DB, {
      get(one, property) {
        const value: unknown = Reflect.get(one, property, one);
        if (property !== "batch") return typeof value === "function" ? value.bind(one) : value;
        return async (some: D1PreparedStatement[]) => {
          if (++batches === 2) throw new Error("D1_ERROR: D1 DB is overloaded. Too many requests queued.");
          return one.batch(some);
        };
      },
    });
    const half = await appWith({ ...vars, DB: failing });
    const [id, other] = [freshId(), freshId()];
    // The second line of a user is in another transaction than the first.
    const lines = [
      { id, version: 1, first_name: "one" },
      { id, version: 2, first_name: "two", password: oldHash },
      { id: other, version: 1 },
    ];
    const send = () => half.fetch(signedRequest("POST", "/_gateway/users/", ndjson(lines)));
    const failed = await send();
    expect({ status: failed.status, after: failed.headers.get("retry-after") }).toEqual({ status: 503, after: "5" });
    expect(await row(id)).toMatchObject({ first_name: "one", version: 1 });
    expect(await row(other)).toBeNull();
    expect((await send()).status).toBe(200);
    expect(await row(id)).toMatchObject({ first_name: "two", version: 2 });
    expect(await row(other)).not.toBeNull();
  });
});

describe("GET of users", () => {
  it("lists id, version and is_active and nothing else, by ids as text", async () => {
    const prefix = `\u{10fffe}${freshId()}`;
    const made = await addUser({ id: `${prefix}a` });
    await post([
      { id: `${prefix}c`, version: 3, is_active: false },
      { id: `${prefix}b`, version: 2 },
    ]);
    const path = `/_gateway/users/?after=${encodeURIComponent(prefix)}`;
    expect(await answer(await app.fetch(signedRequest("GET", path)))).toEqual({
      status: 200,
      body: {
        users: [
          { id: made.id, version: null, is_active: true },
          { id: `${prefix}b`, version: 2, is_active: true },
          { id: `${prefix}c`, version: 3, is_active: false },
        ],
        next: null,
      },
    });
  });

  it("gives 1,000 at a time, and where the next ones begin", async () => {
    await post(
      Array.from({ length: 1000 }, (_, at) => ({ id: `\u{10ffff}${String(at).padStart(4, "0")}`, version: 1 })),
    );
    await post([{ id: "\u{10ffff}1000", version: 1 }]);
    const page = async (after: string) => {
      const path = `/_gateway/users/?after=${encodeURIComponent(after)}`;
      const { body } = await answer(await app.fetch(signedRequest("GET", path)));
      return body as { users: { id: string }[]; next: string | null };
    };
    const first = await page("\u{10ffff}");
    expect({ users: first.users.length, next: first.next }).toEqual({ users: 1000, next: "\u{10ffff}0999" });
    const second = await page(first.next ?? "");
    expect(second).toEqual({ users: [{ id: "\u{10ffff}1000", version: 1, is_active: true }], next: null });
  });
});

describe("a request is refused", () => {
  const reasonOf = async (request: Request, settings: object = {}) => {
    const lines: Record<string, unknown>[] = [];
    vi.spyOn(console, "log").mockImplementation((text: string) => void lines.push(JSON.parse(text)));
    const logging = await appWith({ ...vars, ...settings, LOG: "denied" });
    const response = await logging.fetch(request);
    const reason = lines.find(({ event }) => event === "request")?.reason;
    return { status: response.status, reason, detail: ((await response.json()) as { detail: string }).detail };
  };
  const path = "/_gateway/users/7/";
  const body = '{"version":1}';
  const refusedPut = (signing: Signing) => signedRequest("PUT", path, body, signing);
  const now = () => Math.floor(Date.now() / 1000);
  const parts = (token: string) => token.replace("Bearer ", "").split(".") as [string, string, string];

  it.each<[string, string, () => Request]>([
    ["another key", "provisioning_signature", () => refusedPut({ key: otherProvisioningKey })],
    ["the algorithm none", "provisioning_signature", () => refusedPut({ header: { alg: "none" } })],
    ["HS512 by the same key", "provisioning_signature", () => refusedPut({ header: { alg: "HS512" } })],
    ["HS384 by the same key", "provisioning_signature", () => refusedPut({ header: { alg: "HS384" } })],
    [
      "RS256 in the header",
      "provisioning_signature",
      () => refusedPut({ header: { alg: "HS256", crit: ["x"], x: 1 } }),
    ],
    ["an unencoded payload", "provisioning_signature", () => refusedPut({ header: { b64: false, crit: ["b64"] } })],
    ["the type of a token", "provisioning_token_type", () => refusedPut({ header: { typ: "JWT" } })],
    ["the type of an event", "provisioning_token_type", () => refusedPut({ header: { typ: "event+jwt" } })],
    ["no type", "provisioning_token_type", () => refusedPut({ header: { typ: undefined } })],
    ["no iat", "provisioning_late", () => refusedPut({ claims: { iat: undefined } })],
    ["an iat that is text", "provisioning_late", () => refusedPut({ claims: { iat: String(now()) } })],
    ["an iat that is too old", "provisioning_late", () => refusedPut({ claims: { iat: now() - 302 } })],
    ["an iat that is to come", "provisioning_late", () => refusedPut({ claims: { iat: now() + 303 } })],
    ["an iat beyond all", "provisioning_late", () => refusedPut({ claims: { iat: 1e300 } })],
    ["another method", "provisioning_other_request", () => refusedPut({ claims: { htm: "DELETE" } })],
    ["the method in small letters", "provisioning_other_request", () => refusedPut({ claims: { htm: "put" } })],
    ...[
      "https://gateway.example/_gateway/users/8/",
      "https://gateway.example/_gateway/users/7",
      "https://gateway.example/_gateway/users/7/?a=1",
      "http://gateway.example/_gateway/users/7/",
      "https://other.example/_gateway/users/7/",
      "https://gateway.example:8443/_gateway/users/7/",
      "https://gateway.example/_gateway/users/%37/",
      "https://gateway.example/_gateway/users/7/#fragment",
      "https://a@gateway.example/_gateway/users/7/",
      "/_gateway/users/7/",
    ].map((htu): [string, string, () => Request] => [
      `the URL ${htu}`,
      "provisioning_other_request",
      () => refusedPut({ claims: { htu } }),
    ]),
    ["a URL that is a list", "provisioning_other_request", () => refusedPut({ claims: { htu: [] } })],
    ["another body", "provisioning_other_body", () => refusedPut({ signedBody: '{"version":2}' })],
    ["no digest", "provisioning_other_body", () => refusedPut({ claims: { bh: undefined } })],
    ["a digest that is a list", "provisioning_other_body", () => refusedPut({ claims: { bh: [] } })],
    [
      "a digest with padding",
      "provisioning_other_body",
      () => refusedPut({ claims: { bh: createHash("sha256").update(body).digest("base64") } }),
    ],
    [
      "the signature of another token",
      "provisioning_signature",
      () => {
        const [header, payload] = parts(refusedPut({}).headers.get("authorization") ?? "");
        const [, , signature] = parts(refusedPut({ claims: { more: 1 } }).headers.get("authorization") ?? "");
        const authorization = `Bearer ${header}.${payload}.${signature}`;
        return new Request(refusedPut({}), { headers: { authorization } });
      },
    ],
    [
      "an access token",
      "provisioning_signature",
      () => new Request(refusedPut({}), { headers: { authorization: "Bearer a.b.c" } }),
    ],
    ["no token", "credentials_missing", () => new Request(refusedPut({}), { headers: { authorization: "" } })],
    [
      "another scheme",
      "credentials_missing",
      () => new Request(refusedPut({}), { headers: { authorization: "Basic eDp5" } }),
    ],
  ])("with %s", async (_, reason, request) => {
    const refused = await reasonOf(request());
    expect(refused).toMatchObject({ status: 401, reason });
    expect(["Token is invalid", "Authentication credentials were not provided."]).toContain(refused.detail);
    expect(await row("7")).toBeNull();
  });

  it("before its body is read where the signature is wrong", async () => {
    let pulled = 0;
    const stream = new ReadableStream(
      {
        pull(controller) {
          if (++pulled > 3) controller.close();
          else controller.enqueue(new TextEncoder().encode("x".repeat(1000)));
        },
      },
      { highWaterMark: 0 },
    );
    const unsigned = refusedPut({ key: otherProvisioningKey });
    const request = new Request(unsigned.url, { method: "PUT", body: stream, headers: unsigned.headers });
    expect((await app.fetch(request)).status).toBe(401);
    expect(pulled).toBe(0);
  });

  it("when it is sent to another path, or by another method, than it was made for", async () => {
    const headers = { authorization: refusedPut({}).headers.get("authorization") ?? "" };
    const to = (url: string, method: string) =>
      app.fetch(new Request(url, { method, headers, ...(method === "GET" ? {} : { body }) }));
    expect((await to("https://gateway.example/_gateway/users/8/", "PUT")).status).toBe(401);
    expect((await to("https://gateway.example/_gateway/users/7/", "DELETE")).status).toBe(401);
    expect((await to("https://gateway.example/_gateway/users/", "POST")).status).toBe(401);
    expect((await to("https://gateway.example/_gateway/users/?after=7", "GET")).status).toBe(401);
    expect((await to("https://gateway.example/_gateway/users/7/", "PUT")).status).toBe(200);
  });

  it("with 405 when it is signed and the endpoint has no such method", async () => {
    for (const [method, path, allow] of [
      ["POST", "/_gateway/users/7/", "PUT, DELETE"],
      ["PATCH", "/_gateway/users/", "GET, POST"],
      ["GET", "/_gateway/users/7/logout/", "POST"],
      ["OPTIONS", "/_gateway/users/", "GET, POST"],
    ] as const) {
      const response = await app.fetch(signedRequest(method, path));
      expect({ status: response.status, allow: response.headers.get("allow") }).toEqual({ status: 405, allow });
    }
  });

  it("with 404 while PROVISIONING_KEY is not set, on another spelling of the path, and on ADMIN_HOST", async () => {
    const off = await appWith({ ...vars, PROVISIONING_KEY: "" });
    expect((await off.fetch(refusedPut({}))).status).toBe(404);
    expect((await off.fetch(signedRequest("GET", "/_gateway/users/"))).status).toBe(404);
    expect((await app.fetch(signedRequest("PUT", "/%5fgateway/users/7/", body))).status).toBe(404);
    expect((await app.fetch(signedRequest("PUT", "/_gateway/%75sers/7/", body))).status).toBe(404);
    expect((await app.fetch(signedRequest("PUT", "/_gateway/users/7/more/", body))).status).toBe(404);
    const admin = await appWith({ ...vars, ADMIN: true, ADMIN_HOST: "gateway.example" });
    expect((await admin.fetch(refusedPut({}))).status).toBe(404);
  });

  it("not where the URL is spelled in another way that is the same to every client", async () => {
    for (const htu of [
      "https://GATEWAY.example/_gateway/users/z1/",
      "https://gateway.example:443/_gateway/users/z1/",
    ]) {
      const request = signedRequest("PUT", "/_gateway/users/z1/", '{"version":1}', { claims: { htu } });
      expect((await app.fetch(request)).status).toBe(200);
    }
  });

  it("not where the clocks are 90 s apart", async () => {
    for (const apart of [-299, -90, 90, 299]) {
      const request = signedRequest("PUT", "/_gateway/users/z2/", '{"version":1}', { claims: { iat: now() + apart } });
      expect((await app.fetch(request)).status).toBe(200);
    }
  });
});

describe("PROVISIONING_KEY", () => {
  it("may be two keys, of which either is taken, until one is gone", async () => {
    const both = await appWith({ ...vars, PROVISIONING_KEY: `${provisioningKey} ${otherProvisioningKey}` });
    const by = (key: string) => signedRequest("PUT", "/_gateway/users/z3/", '{"version":1}', { key });
    expect((await both.fetch(by(provisioningKey))).status).toBe(200);
    expect((await both.fetch(by(otherProvisioningKey))).status).toBe(200);
    expect((await both.fetch(by("provisioning-of-the-tests-only-0003"))).status).toBe(401);
    expect((await app.fetch(by(otherProvisioningKey))).status).toBe(401);
  });
});

describe("a page of another origin", () => {
  it("gets no CORS header, whatever CORS_ORIGINS says", async () => {
    const open = await appWith({ ...vars, CORS_ORIGINS: "*" });
    const headers = { origin: "https://app.example" };
    const signed = await open.fetch(signedRequest("GET", "/_gateway/users/", undefined, { headers }));
    const preflight = await open.fetch(
      new Request("https://gateway.example/_gateway/users/7/", {
        method: "OPTIONS",
        headers: { ...headers, "access-control-request-method": "PUT" },
      }),
    );
    expect([signed.status, preflight.status]).toEqual([200, 401]);
    for (const response of [signed, preflight]) {
      expect([...response.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });
});

describe("a user model", () => {
  it("of e-mail addresses and UUIDs has its own fields", async () => {
    const uuid = crypto.randomUUID();
    const model = await appWith({ ...vars, USERNAME_FIELD: "email", USER_ID_TYPE: "uuid" });
    const line = { version: 1, email: `${uuid}@example.com`, password: oldHash };
    const response = await model.fetch(
      signedRequest("PUT", `/_gateway/users/${uuid.toUpperCase().replaceAll("-", "")}/`, JSON.stringify(line)),
    );
    expect((await answer(response)).body).toEqual({ id: uuid, version: 1, result: "applied" });
    expect(await row(uuid)).toMatchObject({ username: line.email, email: line.email });
    const wrong = JSON.stringify({ version: 2, username: "x" });
    expect((await model.fetch(signedRequest("PUT", `/_gateway/users/${uuid}/`, wrong))).status).toBe(400);
  });

  it("whose tokens name users by another field ends them when that field changes", async () => {
    const [id, key, other] = [freshId(), freshId(), freshId()];
    const model = await appWith({ ...vars, USER_ID_FIELD: "public_id" });
    const send = (line: object) => model.fetch(signedRequest("POST", "/_gateway/users/", ndjson([{ id, ...line }])));
    await send({ version: 1, username: id, public_id: key, password: oldHash });
    const login = await model.fetch(postJson("/api/token/", { username: id, password }));
    const { refresh, access } = (await login.json()) as { refresh: string; access: string };
    expect(claimsOf(access).user_id).toBe(key);
    await send({ version: 2, public_id: other });
    expect((await model.fetch(postJson("/api/token/refresh/", { refresh }))).status).toBe(401);
    expect(await BLACKLIST.get(`user:${key}`)).not.toBeNull();
    expect(await row(id)).toMatchObject({ alternate_id: other });
  });
});
