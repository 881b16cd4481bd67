// LOG: which lines are written, what is in them, and what never is.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { addUser } from "../support/users.ts";

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const base = {
  UPGRADE_PASSWORD_HASHES: false,
  ORIGIN: echoOrigin,
  LOGIN_LIMITER: { limit: async () => ({ success: true }) },
};

beforeAll(() => addUser({ id: "1", username: "ada", password: hashOfPw }).then(() => undefined));
afterEach(() => vi.restoreAllMocks());

/** The lines that a walk leaves: a good log-in, a wrong one, a proxied request, a refused one. */
async function linesOf(LOG: string): Promise<string[]> {
  const spy = vi.spyOn(console, "log").mockImplementation(() => {});
  const app = await appWith({ ...base, LOG });
  const login = await app.fetch(postJson("/api/token/", { username: "ada", password: "pw" }));
  const { access } = (await login.json()) as { access: string };
  await app.fetch(postJson("/api/token/", { username: "ada", password: "a wrong one" }));
  const get = (authorization: string) =>
    app.fetch(new Request("https://gateway.example/notes/?secret=query", { headers: { authorization } }));
  await get(`Bearer ${access}`);
  await get(`Bearer ${access}x.y`);
  return spy.mock.calls.map(([line]) => String(line));
}

const requestId = expect.stringMatching(/^[0-9a-f]{32}$/);
const shortened = expect.stringMatching(/^[0-9a-f]{8}$/);

it("LOG=off writes nothing", async () => {
  expect(await linesOf("off")).toEqual([]);
});

it("LOG=denied writes refused requests with their private reason, log-ins, and the start", async () => {
  const lines = (await linesOf("denied")).map((line) => JSON.parse(line));
  const ofRequest = { request_id: requestId };
  const refused = { event: "request", ...ofRequest, decision: "deny", status: 401, total_ms: expect.any(Number) };
  expect(lines).toEqual([
    { event: "gateway_started", algorithm: "HS256", verifying_keys: [], routes: 1, shadow_routes: [] },
    { event: "login", ...ofRequest, user_id: "1", token_type: "refresh", jti: shortened, hash_upgraded: false },
    { event: "login_failed", ...ofRequest, user_id: "1", reason: "login_password_wrong" },
    { ...refused, method: "POST", path: "/api/token/", reason: "login_password_wrong" },
    { ...refused, method: "GET", path: "/notes/", rule: "/*", reason: "token_unreadable" },
  ]);
  expect(lines[2].request_id).toBe(lines[3].request_id);
});

it("LOG=all writes requests that pass too", async () => {
  const lines = (await linesOf("all")).map((line) => JSON.parse(line));
  expect(lines.filter(({ event }) => event === "request").map(({ decision, status }) => [decision, status])).toEqual([
    ["allow", 200],
    ["deny", 401],
    ["allow", 200],
    ["deny", 401],
  ]);
});

it("no line has a password, a token, a query or a hash", async () => {
  const text = (await linesOf("all")).join("\n");
  expect(text).not.toMatch(/a wrong one|eyJ|secret=query|pbkdf2|"pw"/);
});

describe("events", () => {
  const settings = { ...base, LOG: "denied", ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };

  /** The events of a walk, without the requests' own lines. */
  async function eventsOf(vars: object, walk: (post: Post) => Promise<void>) {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    const app = await appWith({ ...settings, ...vars });
    await walk(async (path, body) => (await app.fetch(postJson(`/api/token${path}`, body))).json() as never);
    const lines = spy.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
    return lines.filter(({ event }) => event !== "request" && event !== "gateway_started");
  }
  type Post = (path: string, body: object) => Promise<Record<string, string>>;
  const credentials = { username: "ada", password: "pw" };
  const jtiOf = (token: string | undefined) => String(claimsOf(token ?? "").jti).slice(0, 8);
  const ofAda = { request_id: requestId, user_id: "1" };

  it("a session: log-in, refresh, the same refresh again within the grace, reuse after it, log-out", async () => {
    const ids: string[] = [];
    const events = await eventsOf({ REFRESH_REUSE_GRACE: 10, REVOKE_FAMILY_ON_REUSE: true }, async (post) => {
      const first = await post("/", credentials);
      const second = await post("/refresh/", { refresh: first.refresh });
      await post("/refresh/", { refresh: first.refresh });
      const third = await post("/refresh/", { refresh: second.refresh });
      await post("/refresh/", { refresh: first.refresh });
      // Eleven seconds later.
      const used =
        "UPDATE sessions SET uses = json_array(json_extract(uses, '$[0]') - 11, json_extract(uses, '$[1]')) WHERE id = ?";
      await DB.prepare(used)
        .bind(String(claimsOf(first.refresh ?? "").jti).slice(0, 24))
        .run();
      await post("/refresh/", { refresh: first.refresh });
      ids.push(...[first, second, third].map(({ refresh }) => jtiOf(refresh)));
      const other = await post("/", credentials);
      await post("/blacklist/", { refresh: other.refresh });
      ids.push(jtiOf(other.refresh));
    });
    const [first, second, third, other] = ids;
    const login = { event: "login", ...ofAda, token_type: "refresh", hash_upgraded: false };
    const refresh = { event: "refresh", ...ofAda, token_type: "refresh", rotated: true };
    expect(events).toEqual([
      { ...login, jti: first },
      { ...refresh, jti: first, successor: second },
      { event: "refresh_repeated", ...ofAda, family: first, successor: second },
      { ...refresh, jti: second, successor: third },
      { event: "refresh_repeated", ...ofAda, family: first, successor: third },
      { event: "refresh_reuse", ...ofAda, family: first },
      { ...login, jti: other },
      { event: "blacklist", ...ofAda, jti: other, session_ended: false },
    ]);
  });

  it("a refresh without rotation", async () => {
    const vars = { ROTATE_REFRESH_TOKENS: false, BLACKLIST_AFTER_ROTATION: false };
    const events = await eventsOf(vars, async (post) => {
      const { refresh } = await post("/", credentials);
      await post("/refresh/", { refresh });
    });
    expect(events[1]).toEqual({ event: "refresh", ...ofAda, token_type: "refresh", jti: shortened, rotated: false });
  });

  it("a sliding token", async () => {
    const events = await eventsOf({ TOKEN_ENDPOINTS: ["sliding"] }, async (post) => {
      const { token } = await post("/sliding/", credentials);
      await post("/sliding/refresh/", { token });
    });
    expect(events).toEqual([
      { event: "login", ...ofAda, token_type: "sliding", jti: shortened, hash_upgraded: false },
      { event: "refresh", ...ofAda, token_type: "sliding", jti: shortened, rotated: false },
    ]);
  });

  it.each([
    ["refresh", "/", "/refresh/"],
    ["sliding", "/sliding/", "/sliding/refresh/"],
  ])("a %s token that is ended because the password was changed", async (type, login, refresh) => {
    const { id, username } = await addUser({ password: hashOfPw });
    const vars = { CHECK_REVOKE_TOKEN: true, TOKEN_ENDPOINTS: ["obtain", "refresh", "sliding"] };
    const events = await eventsOf(vars, async (post) => {
      const { refresh: token, token: sliding } = await post(login, { username, password: "pw" });
      await DB.prepare("UPDATE users SET password = ? WHERE id = ?").bind(`${hashOfPw}x`, id).run();
      await post(refresh, { refresh: token ?? "", token: sliding ?? "" });
    });
    expect(events[1]).toEqual({
      ...{ event: "token_ended", request_id: requestId, user_id: id, token_type: type, jti: shortened },
      reason: "refresh_password_changed",
    });
  });

  it("a session that its user ends, and the end of all of them", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    const app = await appWith({ ...settings, BLACKLIST_ENDS_SESSION: true });
    const login = async () =>
      (await (await app.fetch(postJson("/api/token/", credentials))).json()) as { access: string; refresh: string };
    const send = (method: string, path: string, token: string) =>
      app.fetch(
        new Request(`https://gateway.example/api/token${path}`, {
          method,
          headers: { authorization: `Bearer ${token}` },
        }),
      );
    const { access, refresh } = await login();
    expect((await send("DELETE", `/sessions/${claimsOf(refresh).jti}/`, access)).status).toBe(204);
    expect((await send("POST", "/logout-all/", (await login()).access)).status).toBe(200);
    const lines = spy.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(lines.filter(({ event }) => /^(session_ended|logout_all)$/.test(event))).toEqual([
      { event: "session_ended", ...ofAda, family: jtiOf(refresh) },
      { event: "logout_all", ...ofAda },
    ]);
  });

  it("a log-in as nobody, without the name", async () => {
    const events = await eventsOf({}, async (post) => void (await post("/", { username: "eve", password: "pw" })));
    expect(events).toEqual([{ event: "login_failed", request_id: requestId, reason: "login_user_unknown" }]);
  });

  it("the start, with the ring's keys and the routes in shadow mode", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    const ROUTES = [
      { path: "/new/*", auth: "token", enforce: false },
      { path: "/*", auth: "token" },
    ];
    const k = Buffer.from("another-secret-of-32-bytes-or-so").toString("base64url");
    const VERIFYING_KEYS = { keys: [{ kty: "oct", kid: "old", alg: "HS256", k }] };
    await appWith({ ...settings, ROUTES, KEY_ID: "new", VERIFYING_KEYS });
    const lines = spy.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(lines.filter(({ event }) => event === "gateway_started")).toEqual([
      {
        ...{ event: "gateway_started", algorithm: "HS256", key_id: "new", verifying_keys: ["old"] },
        ...{ routes: 2, shadow_routes: ["/new/*"] },
      },
    ]);
  });
});
