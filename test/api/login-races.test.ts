// Log-ins at the API while a reset, a deletion or a log-out of the same user comes in: whoever is refused stays refused.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { appWith, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { apiPair, loginView } from "../support/login-api.ts";
import { password, preferredHash } from "../support/passwords.ts";
import { provisioningKey, sealedUsers, signedRequest } from "../support/provisioning.ts";
import { addUser } from "../support/users.ts";

let lines: Record<string, unknown>[] = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => void vi.restoreAllMocks());

const reasons = () => lines.filter(({ event }) => event === "login_failed").map(({ reason }) => reason);

/** A gateway whose API answers with a pair, while something else happens. */
async function setUp(vars: Readonly<Record<string, unknown>> = {}) {
  const view = loginView(() => new Response("{}", { status: 401 }));
  const app = await appWith({
    ...{ LOGIN: "origin", USERS_OWNER: "origin", LOG: "all", ORIGIN: view.binding },
    ...{ PROVISIONING_KEY: provisioningKey, ...vars },
  });
  const post = async (body: unknown, path = "/api/token/") => {
    const response = await app.fetch(postJson(path, body));
    return { status: response.status, json: (): Promise<Record<string, string>> => response.json() };
  };
  const signed = async (...[method, path, body, signing]: Parameters<typeof signedRequest>) => {
    const response = await app.fetch(signedRequest(method, `/_gateway/users/${path}`, body, signing));
    expect(response.status).toBe(200);
  };
  return { view, post, signed };
}

describe("a reset while the API judges the old password", () => {
  const resetHash = "pbkdf2_sha256$1$s$h";
  it.each([
    ["origin", "was made before it", -1],
    ["origin", "was made after it", 1],
    ["fallback", "was made before it", -1],
    ["fallback", "was made after it", 1],
  ])("counts at LOGIN = %s, though the answer brings users with a line that %s", async (LOGIN, _, later) => {
    const user = await addUser({ password: preferredHash });
    const { view, post, signed } = await setUp({ LOGIN });
    const version = Date.now() * 1000;
    view.answers(async ({ headers }) => {
      const pair = apiPair(user.id);
      await signed("PUT", `${user.id}/`, JSON.stringify({ version, password: resetHash }));
      const line = { id: user.id, version: version + later, first_name: "W" };
      const sealed = sealedUsers(headers["x-request-id"] ?? "", [line]);
      return Response.json(pair, { headers: { "x-gateway-users": sealed } });
    });
    expect((await post({ username: user.username, password })).status).toBe(401);
    expect(reasons()).toEqual(["login_user_changed"]);
    const row = await DB.prepare("SELECT password, session_version FROM users WHERE id = ?").bind(user.id).first();
    expect(row).toEqual({ password: resetHash, session_version: 1 });
  });
});

it("a log-out of all sessions counts while the API judges", async () => {
  const user = await addUser();
  const { view, post, signed } = await setUp();
  view.answers(async () => {
    const pair = apiPair(user.id);
    await signed("POST", `${user.id}/logout/`, undefined, { claims: { iat: Date.now() / 1000 } });
    return Response.json(pair);
  });
  expect((await post({ username: user.username, password })).status).toBe(401);
  expect(reasons()).toEqual(["login_user_changed"]);
});

it("a log-out ends a refresh token that a clock ahead of ours has issued", async () => {
  const user = await addUser();
  const { view, post, signed } = await setUp({ LEEWAY: 200 });
  const nowSeconds = Math.floor(Date.now() / 1000);
  view.answers(() => Response.json(apiPair(user.id, { iat: nowSeconds + 100 })));
  const { refresh } = await (await post({ username: user.username, password })).json();
  expect((await post({ refresh }, "/api/token/refresh/")).status).toBe(200);
  await signed("POST", `${user.id}/logout/`, undefined, { claims: { iat: nowSeconds + 1 } });
  expect((await post({ refresh }, "/api/token/refresh/")).status).toBe(401);
});

it.each([
  ["their name", "username"],
  ["another field", "uid"],
])("a deletion while the API judges is not undone where tokens name users by %s", async (_, USER_ID_FIELD) => {
  const user = await addUser();
  const name = USER_ID_FIELD === "uid" ? `uid-${user.id}` : user.username;
  await DB.prepare("UPDATE users SET alternate_id = ? WHERE id = ?").bind(name, user.id).run();
  const { view, post, signed } = await setUp({ USER_ID_FIELD, USER_ID_TYPE: "text" });
  view.answers(async () => {
    const pair = apiPair(name);
    await signed("DELETE", `${user.id}/`, undefined, { claims: { ver: (Date.now() + 1000) * 1000 } });
    return Response.json(pair);
  });
  expect((await post({ username: user.username, password })).status).toBe(401);
  const row = DB.prepare("SELECT id FROM users WHERE username = ?1 OR alternate_id = ?2");
  expect(await row.bind(user.username, name).first()).toBeNull();
});

it("nobody loses a name to a user whom the API deleted after it had judged", async () => {
  const holder = await addUser({ password: preferredHash });
  const [id, nowSeconds] = [`9${holder.id}`, Math.floor(Date.now() / 1000)];
  const { view, post } = await setUp({ LOGIN: "fallback" });
  view.answers(() => Response.json(apiPair(id, { iat: nowSeconds - 5 })));
  await DB.prepare("INSERT INTO deleted_users VALUES (?, ?)")
    .bind(id, nowSeconds * 1e6)
    .run();
  expect((await post({ username: holder.username, password: "another" })).status).toBe(401);
  const row = await DB.prepare("SELECT username, session_version FROM users WHERE id = ?").bind(holder.id).first();
  expect(row).toEqual({ username: holder.username, session_version: 0 });
});
