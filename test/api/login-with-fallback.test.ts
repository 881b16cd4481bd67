// LOGIN = "fallback" through the whole app: when the API is asked, what is believed without it, and what is kept.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Hooks } from "../../src/hooks.ts";
import type { User } from "../../src/users/user.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { apiPair, apiToken, loginView } from "../support/login-api.ts";
import { longestHash, oldHash, password, preferredHash } from "../support/passwords.ts";
import { freshId } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

let lines: Record<string, unknown>[] = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => void vi.restoreAllMocks());

const reasons = () => lines.filter(({ event }) => event === "login_failed").map(({ reason }) => reason);
const nowSeconds = () => Math.floor(Date.now() / 1000);
const noAccount = { detail: "No active account found with the given credentials" };

type Answer = Parameters<typeof loginView>[0];
const refusing: Answer = () => new Response('{"detail":"nope"}', { status: 401 });

async function setUp(answer: Answer, vars: Readonly<Record<string, unknown>> = {}, hooks: Hooks = {}) {
  const view = loginView(answer);
  const app = await appWith(
    { LOGIN: "fallback", USERS_OWNER: "origin", LOG: "all", ORIGIN: view.binding, ...vars },
    hooks,
  );
  const post = async (path: string, body: object) => {
    const response = await app.fetch(postJson(`/api/token/${path}`, body));
    const text = await response.text();
    const json = (): Record<string, string> => JSON.parse(text);
    return { status: response.status, headers: response.headers, text, json };
  };
  const logIn = (username: string, typed = password) => post("", { username, password: typed });
  return { app, view, post, logIn };
}
/** A user with a hash of "correct horse" that the API confirmed so long ago. */
async function confirmedUser(secondsAgo: number | null, row: Partial<User> = {}): Promise<User> {
  const user = await addUser({ password: preferredHash, ...row });
  const at = secondsAgo === null ? null : nowSeconds() - secondsAgo;
  await DB.prepare("UPDATE users SET confirmed_at = ? WHERE id = ?").bind(at, user.id).run();
  return user;
}
const rowOf = (id: string) => DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first<Record<string, unknown>>();

describe("a password that the API has confirmed", () => {
  it("is enough for LOGIN_MAX_AGE, without a call", async () => {
    const user = await confirmedUser(86_390);
    const { logIn, view } = await setUp(refusing);
    expect((await logIn(user.username)).status).toBe(200);
    expect(view.asked).toEqual([]);
  });

  it.each<[string, number | null, Readonly<Record<string, unknown>>]>([
    ["older than that", 86_400, {}],
    ["never confirmed", null, {}],
    ["of this second with LOGIN_MAX_AGE = 0", 0, { LOGIN_MAX_AGE: 0 }],
    ["of a clock that is ahead with LOGIN_MAX_AGE = 0", -5, { LOGIN_MAX_AGE: 0 }],
    ["confirmed in two days", -172_800, {}],
  ])("asks the API when it is %s, and 401 follows when the API says no", async (_, ago, vars) => {
    const user = await confirmedUser(ago);
    const { logIn, view } = await setUp(refusing, vars);
    const { status, json } = await logIn(user.username);
    expect([status, json()]).toEqual([401, noAccount]);
    expect(view.asked.map(({ body }) => body)).toEqual([JSON.stringify({ username: user.username, password })]);
    expect(reasons()).toEqual(["login_refused_by_api"]);
    expect(await rowOf(user.id)).toMatchObject({ password: preferredHash, session_version: 0 });
  });

  it("is confirmed anew, ends no session, and the tokens are the gateway's own", async () => {
    const user = await confirmedUser(90_000);
    await DB.prepare("UPDATE users SET imported_hash = 'x' WHERE id = ?").bind(user.id).run();
    const pair = apiPair(user.id, { role: "api" });
    const { logIn, view } = await setUp(() => Response.json({ ...pair, user: {} }));
    const { status, json } = await logIn(user.username);
    expect([status, Object.keys(json())]).toEqual([200, ["refresh", "access"]]);
    expect(claimsOf(json().access ?? "")).toEqual({
      ...{ token_type: "access", exp: expect.any(Number), iat: expect.any(Number), jti: expect.any(String) },
      user_id: user.id,
    });
    expect(json().access).not.toBe(pair.access);
    const { confirmed_at: at, ...row } = (await rowOf(user.id)) ?? {};
    expect(row).toMatchObject({ password: preferredHash, session_version: 0, imported_hash: "x" });
    expect(nowSeconds() - Number(at)).toBeLessThan(10);
    expect((await logIn(user.username)).status).toBe(200);
    expect(view.asked).toHaveLength(1);
  });

  it("gets a preferred hash, where it has another one", async () => {
    const user = await confirmedUser(null, { password: oldHash });
    const { logIn } = await setUp(() => Response.json(apiPair(user.id)));
    expect((await logIn(user.username)).status).toBe(200);
    expect(await rowOf(user.id)).toMatchObject({ password: expect.stringMatching(/^scrypt\$/), session_version: 0 });
  });
});

describe("a user who is not known here", () => {
  it("is kept by the id of the token, with a hash of what was typed, which is believed from then on", async () => {
    const [id, name] = [String(70_000 + Math.floor(Math.random() * 1e6)), `n-${freshId()}`];
    const { logIn, view } = await setUp(() => Response.json(apiPair(id)));
    expect((await logIn(name)).status).toBe(200);
    expect(await rowOf(id)).toMatchObject({
      ...{
        username: name,
        password: expect.stringMatching(/^scrypt\$16384\$.{22}\$8\$5\$/),
        is_active: 1,
        is_staff: 0,
      },
    });
    expect((await logIn(name)).status).toBe(200);
    expect((await logIn(name, "wrong")).status).toBe(200);
    expect(view.asked).toHaveLength(2);
    view.answers(refusing);
    expect((await logIn(name, "wronger")).status).toBe(401);
  });

  it("has the name that the token says", async () => {
    const [id, name] = [String(80_000 + Math.floor(Math.random() * 1e6)), `n-${freshId()}`];
    const { logIn } = await setUp(() => Response.json(apiPair(id, { username: name })));
    expect((await logIn("by-mail@example.com")).status).toBe(200);
    expect(await rowOf(id)).toMatchObject({ username: name });
  });

  it("is not kept when the tokens are not good, and no token leaves", async () => {
    const name = `n-${freshId()}`;
    const { logIn } = await setUp(() =>
      Response.json({ ...apiPair("9"), access: apiToken("access", { user_id: "8" }) }),
    );
    expect((await logIn(name)).status).toBe(502);
    expect(await DB.prepare("SELECT id FROM users WHERE username = ?").bind(name).first()).toBeNull();
    expect(lines.filter(({ event }) => event === "login_answer_refused")).toHaveLength(1);
  });
});

describe("a password that was changed at the API", () => {
  it("is kept, and ends what began with the former one", async () => {
    const user = await confirmedUser(0);
    const route = [{ path: "/*", auth: "token", revocation: "strict" }];
    const { app, logIn, post, view } = await setUp(() => Response.json(apiPair(user.id)), { ROUTES: route });
    const first = (await logIn(user.username)).json();
    expect(view.asked).toEqual([]);
    const second = await logIn(user.username, "new password");
    expect(second.status).toBe(200);
    expect(await rowOf(user.id)).toMatchObject({ session_version: 1, imported_hash: null });
    expect((await post("refresh/", { refresh: first.refresh })).status).toBe(401);
    expect((await post("refresh/", { refresh: second.json().refresh })).status).toBe(200);
    view.binding.fetch = echoOrigin.fetch as never;
    const call = async (token = "") =>
      (await app.fetch(new Request("https://gateway.example/x", { headers: { authorization: `Bearer ${token}` } })))
        .status;
    expect([await call(first.access), await call(second.json().access)]).toEqual([401, 200]);
    view.answers(refusing);
  });

  it("keeps sessions where there was no password before", async () => {
    const user = await confirmedUser(null, { password: "!unusable" });
    const { logIn } = await setUp(() => Response.json(apiPair(user.id)));
    expect((await logIn(user.username)).status).toBe(200);
    expect(await rowOf(user.id)).toMatchObject({ session_version: 0, password: expect.stringMatching(/^scrypt\$/) });
  });

  it.each([
    ["ends sessions where the former hash cannot be read", null, 1],
    ["keeps them there where the API tells of changed passwords", 5, 0],
  ])("%s", async (_, version, ended) => {
    const user = await confirmedUser(null, { password: "sha1$salt$hash" });
    await DB.prepare("UPDATE users SET imported_hash = 'x', version = ? WHERE id = ?").bind(version, user.id).run();
    const { logIn } = await setUp(() => Response.json(apiPair(user.id)));
    expect((await logIn(user.username)).status).toBe(200);
    expect(await rowOf(user.id)).toMatchObject({
      ...{ session_version: ended, imported_hash: "x" },
      password: expect.stringMatching(/^scrypt\$/),
    });
  });

  it("may be typed twice at once", async () => {
    const user = await confirmedUser(0);
    const { logIn } = await setUp(() => Response.json(apiPair(user.id)));
    // The second one begins in a later second.
    const start = Date.now();
    let requests = 0;
    vi.spyOn(Date, "now").mockImplementation(() => start + 1000 * Math.min(1, requests));
    const first = logIn(user.username, "new one");
    requests++;
    const answers = await Promise.all([first, logIn(user.username, "new one")]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await rowOf(user.id)).toMatchObject({ session_version: 1 });
  });
});

describe("the id in the token", () => {
  it("decides: another row of that name loses it and its sessions", async () => {
    const [former, user] = [await confirmedUser(0), await confirmedUser(null)];
    const { logIn, post } = await setUp(() => Response.json(apiPair(user.id)));
    const before = (await logIn(former.username)).json();
    const { status, json } = await logIn(former.username, "of the other one");
    expect([status, claimsOf(json().access ?? "").user_id]).toEqual([200, user.id]);
    expect(await rowOf(former.id)).toMatchObject({ username: `id:${former.id}`, session_version: 1 });
    expect(await rowOf(user.id)).toMatchObject({ username: former.username });
    expect((await post("refresh/", { refresh: before.refresh })).status).toBe(401);
  });

  it("decides for a new row, too", async () => {
    const former = await confirmedUser(null);
    const id = String(90_000 + Math.floor(Math.random() * 1e6));
    const { logIn } = await setUp(() => Response.json(apiPair(id)));
    expect((await logIn(former.username)).status).toBe(200);
    expect(await rowOf(former.id)).toMatchObject({ username: `id:${former.id}`, session_version: 1 });
    expect(await rowOf(id)).toMatchObject({ username: former.username });
  });

  it("takes no name away that only a claim says", async () => {
    const [victim, user] = [await confirmedUser(0), await confirmedUser(null)];
    const { logIn } = await setUp(() => Response.json(apiPair(user.id, { username: victim.username })));
    expect((await logIn(user.username)).status).toBe(200);
    expect(await rowOf(user.id)).toMatchObject({ username: user.username });
    expect(await rowOf(victim.id)).toMatchObject({ username: victim.username, session_version: 0 });
  });

  it("keeps the case of a name that was typed in another one", async () => {
    const user = await confirmedUser(null, { username: `Wanda-${freshId()}` });
    const { logIn } = await setUp(() => Response.json(apiPair(user.id)), { USERNAME_CASE: "insensitive" });
    expect((await logIn(user.username.toUpperCase())).status).toBe(200);
    expect(await rowOf(user.id)).toMatchObject({ username: user.username });
  });

  it.each([["as it is here"], ["as it is at the API"], ["by another name"]])(
    "is a name in another case: the same user, called as the API does, typed %s",
    async (typed) => {
      const name = `wanda-${freshId()}`;
      const user = await confirmedUser(0, { username: name.toUpperCase() });
      const vars = { USER_ID_FIELD: "username", USERNAME_CASE: "insensitive" };
      const { logIn, post } = await setUp(() => Response.json(apiPair(name)), vars);
      const before = (await logIn(user.username)).json();
      await DB.prepare("UPDATE users SET confirmed_at = NULL WHERE id = ?").bind(user.id).run();
      const { status, json } = await logIn(
        { "as it is here": user.username, "as it is at the API": name }[typed] ?? "wanda@x.example",
      );
      expect([status, claimsOf(json().access ?? "").user_id]).toEqual([200, name]);
      const { results } = await DB.prepare("SELECT id FROM users WHERE username = ? COLLATE NOCASE").bind(name).all();
      expect(results).toEqual([{ id: user.id }]);
      expect(await rowOf(user.id)).toMatchObject({
        username: name,
        session_version: 1,
        confirmed_at: expect.any(Number),
      });
      expect((await post("refresh/", { refresh: before.refresh })).status).toBe(401);
      expect((await post("refresh/", { refresh: json().refresh })).status).toBe(200);
      expect(Number(await BLACKLIST.get(`user:${user.username}`))).toBeGreaterThan(nowSeconds() - 60);
    },
  );

  it("finds a user who was renamed at the API", async () => {
    const [user, name] = [await confirmedUser(null), `renamed-${freshId()}`];
    const { logIn } = await setUp(() => Response.json(apiPair(user.id)));
    expect((await logIn(name)).status).toBe(200);
    expect(await rowOf(user.id)).toMatchObject({ username: name, session_version: 0 });
  });

  it("leaves the name alone that the API tells by provisioning", async () => {
    const user = await confirmedUser(null);
    await DB.prepare("UPDATE users SET version = 5 WHERE id = ?").bind(user.id).run();
    const { logIn } = await setUp(() => Response.json(apiPair(user.id)));
    expect((await logIn("alias@example.com")).status).toBe(200);
    expect(await rowOf(user.id)).toMatchObject({ username: user.username });
  });
});

describe("unknown, wrong and inactive", () => {
  const cases = async () => ({
    unknown: `nobody-${freshId()}`,
    wrong: (await confirmedUser(0, { password: longestHash })).username,
    "right, but inactive": (await confirmedUser(0, { is_active: false })).username,
    "inactive, with a cheap hash": (await confirmedUser(0, { is_active: false, password: oldHash })).username,
    unusable: (await confirmedUser(null, { password: "!" })).username,
  });
  it("have one answer, and each costs one call", async () => {
    const { logIn, view } = await setUp(refusing);
    for (const [index, name] of Object.values(await cases()).entries()) {
      const { status, json, headers } = await logIn(name);
      expect([status, json(), headers.get("www-authenticate")]).toEqual([401, noAccount, 'Bearer realm="api"']);
      expect(view.asked).toHaveLength(index + 1);
    }
    expect(reasons()).toEqual([
      ...["login_user_unknown", "login_password_wrong", "login_user_inactive", "login_user_inactive"],
      "login_password_unusable",
    ]);
  });

  it("inactive: what the API gives is thrown away, tokens and the first of two steps alike", async () => {
    const user = await confirmedUser(0, { is_active: false });
    const { logIn, view } = await setUp(() => Response.json(apiPair(user.id)));
    expect((await logIn(user.username)).status).toBe(401);
    view.answers(() => Response.json({ ephemeral_token: "x" }));
    expect((await logIn(user.username)).json()).toEqual(noAccount);
    expect(await rowOf(user.id)).toMatchObject({ is_active: 0, session_version: 0, password: preferredHash });
  });

  it("inactive under another name: refused, and nothing is written", async () => {
    const user = await confirmedUser(null, { is_active: false });
    const { logIn } = await setUp(() => Response.json(apiPair(user.id)));
    expect((await logIn("alias@example.com", "another")).status).toBe(401);
    expect(await rowOf(user.id)).toMatchObject({ password: preferredHash, username: user.username });
  });

  it("refused by userMayAuthenticate: asks the API all the same", async () => {
    const user = await confirmedUser(0);
    const { logIn, view } = await setUp(refusing, {}, { userMayAuthenticate: () => false });
    expect([(await logIn(user.username)).status, view.asked.length]).toEqual([401, 1]);
    expect(reasons()).toEqual(["login_user_rule"]);
  });

  it("pass the API's 429 on, with its Retry-After", async () => {
    const body = '{"detail":"locked"}';
    const { logIn } = await setUp(() => new Response(body, { status: 429, headers: { "retry-after": "99" } }));
    for (const name of Object.values(await cases())) {
      const { status, text, headers } = await logIn(name);
      expect([status, text, headers.get("retry-after")]).toEqual([429, body, "99"]);
    }
  });

  it.each([400, 403, 404, 422, 423])("get the gateway's 401 for the API's %i", async (status) => {
    const { logIn } = await setUp(() => new Response('{"account":"is locked"}', { status }));
    const answer = await logIn(`nobody-${freshId()}`);
    expect([answer.status, answer.json()]).toEqual([401, noAccount]);
  });
});

describe("the first of two steps", () => {
  it("goes on byte for byte", async () => {
    const { logIn } = await setUp(() => new Response('{"mfa": 1}', { status: 200, headers: { "set-cookie": "a=b" } }));
    const { status, text, headers } = await logIn(`nobody-${freshId()}`);
    expect([status, text, headers.has("set-cookie")]).toEqual([200, '{"mfa": 1}', false]);
  });
});

describe("an API that is down", () => {
  it.each<[string, Answer]>([
    ["cannot be reached", () => Promise.reject(new Error("lost"))],
    ["answers 500", () => new Response("<h1>Server Error</h1>", { status: 500 })],
    ["answers 503", () => new Response("", { status: 503 })],
  ])("is 503 for whomever it had to be asked about, and nobody else, when it %s", async (_, answer) => {
    const [fresh, old] = [await confirmedUser(0), await confirmedUser(90_000)];
    const inactive = await confirmedUser(0, { is_active: false });
    const { logIn } = await setUp(answer);
    expect((await logIn(fresh.username)).status).toBe(200);
    for (const name of [old.username, inactive.username, `nobody-${freshId()}`]) {
      const { status, headers } = await logIn(name);
      expect([status, headers.get("retry-after")]).toEqual([503, "5"]);
    }
    expect((await logIn(fresh.username, "wrong")).status).toBe(503);
  });
});

describe("a user who is changed while the API is asked", () => {
  const resets = (id: string) =>
    DB.batch([
      DB.prepare(
        "UPDATE users SET session_version = session_version + 1, password = 'pbkdf2_sha256$1$s$h', confirmed_at = unixepoch() WHERE id = ?",
      ).bind(id),
      DB.prepare("INSERT OR REPLACE INTO user_cutoffs VALUES (?1, unixepoch() + 1, unixepoch() + 9999)").bind(id),
    ]);
  it.each([
    ["by the name that was typed", (name: string) => name],
    ["by another name", () => "alias@example.com"],
  ])("is refused, and keeps the newer password: found %s", async (_, typed) => {
    const user = await confirmedUser(null);
    const { logIn } = await setUp(async () => {
      const pair = apiPair(user.id);
      await resets(user.id);
      return Response.json(pair);
    });
    expect((await logIn(typed(user.username))).status).toBe(401);
    expect(await rowOf(user.id)).toMatchObject({
      password: "pbkdf2_sha256$1$s$h",
      session_version: 1,
      username: user.username,
    });
    expect(reasons()).toEqual(["login_user_changed"]);
  });
});

it("a password longer than 4,096 bytes is neither hashed nor sent", async () => {
  const { logIn, view } = await setUp(refusing);
  expect([(await logIn("wanda", "x".repeat(4097))).status, view.asked]).toEqual([401, []]);
});

it("missing fields are refused as the gateway does it", async () => {
  const { post, view } = await setUp(refusing);
  const { status, json } = await post("", { password: "pw" });
  expect([status, json(), view.asked]).toEqual([400, { username: ["This field is required."] }, []]);
});

it("sliding tokens can be had", async () => {
  const user = await confirmedUser(null);
  const { post, view } = await setUp(() => Response.json(apiPair(user.id)), { TOKEN_ENDPOINTS: ["sliding"] });
  const { status, json } = await post("sliding/", { username: user.username, password });
  expect([status, claimsOf(json().token ?? "").user_id]).toEqual([200, user.id]);
  expect(view.asked[0]?.url).toBe("https://gateway.example/api/token/");
});
