// The hooks, through the whole app: the examples of docs/hooks.md, the defaults, and what happens when a hook throws.
import { beforeAll, describe, expect, it } from "vitest";
import { namesAndRoles } from "../../examples/hooks/claims.ts";
import { groupsFromTable } from "../../examples/hooks/groups.ts";
import { importedGroups } from "../../examples/hooks/imported-groups.ts";
import { asciiClaims } from "../../examples/hooks/json-encoder.ts";
import { loginEvents } from "../../examples/hooks/login-events.ts";
import { staffOnly } from "../../examples/hooks/user-rule.ts";
import type { Hooks } from "../../src/hooks.ts";
import { appWith, claimsOf, payloadText, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { addUser } from "../support/users.ts";

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const passwordHash = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const vars = { UPGRADE_PASSWORD_HASHES: false, TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "sliding"] };

beforeAll(async () => {
  await addUser({ id: "1", username: "member", password: passwordHash });
  await addUser({
    id: "2",
    username: "staff",
    password: passwordHash,
    is_staff: true,
    first_name: "Ünïs",
    last_name: "",
  });
});

async function logIn(hooks: Hooks, username: string, path = "/api/token/", password = "pw") {
  const app = await appWith(vars, hooks);
  const response = await app.fetch(postJson(path, { username, password }));
  return { status: response.status, body: (await response.json()) as Record<string, string>, app };
}

const listed = async () => (await DB.prepare("SELECT COUNT(*) AS n FROM sessions").first("n")) as number;

describe("without hooks", () => {
  it("a token has Simple JWT's claims and no others", async () => {
    const { body } = await logIn({}, "member");
    expect(Object.keys(claimsOf(body.refresh ?? ""))).toEqual(["token_type", "exp", "iat", "jti", "user_id"]);
  });
});

describe("userMayAuthenticate", () => {
  it("closes the log-in for those whom the rule leaves out, with the answer for wrong credentials", async () => {
    const { status, body } = await logIn(staffOnly, "member");
    expect([status, body]).toEqual([401, { detail: "No active account found with the given credentials" }]);
    expect((await logIn(staffOnly, "staff")).status).toBe(200);
  });
  it("closes the refresh too, once the rule no longer lets the user in", async () => {
    const { body } = await logIn({}, "member");
    const strict = await appWith(vars, staffOnly);
    const refused = await strict.fetch(postJson("/api/token/refresh/", { refresh: body.refresh }));
    expect([refused.status, await refused.json()]).toEqual([
      401,
      { detail: "No active account found for the given token." },
    ]);
  });
});

describe("claimsFor", () => {
  it("adds its claims to both tokens of a pair, and to the access token of a refresh", async () => {
    const { body, app } = await logIn(namesAndRoles, "staff");
    const added = { name: "Ünïs", roles: ["member"], session: "long" };
    expect(claimsOf(body.refresh ?? "")).toMatchObject(added);
    expect(claimsOf(body.access ?? "")).toMatchObject(added);
    const refreshed = await app.fetch(postJson("/api/token/refresh/", { refresh: body.refresh }));
    expect(claimsOf(((await refreshed.json()) as { access: string }).access)).toMatchObject(added);
  });
  it("is told which kind of token it is for", async () => {
    const { body } = await logIn(namesAndRoles, "staff", "/api/token/sliding/");
    expect(claimsOf(body.token ?? "")).toMatchObject({ session: "short" });
  });
  it("finds the user's groups in what an import brought, and none where it brought none", async () => {
    await DB.exec(`UPDATE users SET extra = '{"groups":["editors","publishers"]}' WHERE id = '2'`);
    expect(claimsOf((await logIn(importedGroups, "staff")).body.access ?? "").groups).toEqual([
      "editors",
      "publishers",
    ]);
    expect(claimsOf((await logIn(importedGroups, "member")).body.access ?? "").groups).toEqual([]);
  });
  it("finds the user's groups in a table of the deployer, and nothing of another user's", async () => {
    await DB.exec("CREATE TABLE IF NOT EXISTS user_groups (user_id TEXT, name TEXT, PRIMARY KEY (user_id, name))");
    await DB.exec("INSERT INTO user_groups VALUES ('2', 'publishers'), ('2', 'editors'), ('3', 'owners')");
    expect(claimsOf((await logIn(groupsFromTable, "staff")).body.access ?? "").groups).toEqual([
      "editors",
      "publishers",
    ]);
    expect(claimsOf((await logIn(groupsFromTable, "member")).body.access ?? "").groups).toEqual([]);
  });
  it("reads the groups again at a refresh with RECOMPUTE_CLAIMS_ON_REFRESH, and not without", async () => {
    await DB.exec("CREATE TABLE IF NOT EXISTS user_groups (user_id TEXT, name TEXT, PRIMARY KEY (user_id, name))");
    const refreshedGroups = async (recompute: boolean) => {
      await DB.exec("DELETE FROM user_groups");
      await DB.exec("INSERT INTO user_groups VALUES ('2', 'editors')");
      const app = await appWith({ ...vars, RECOMPUTE_CLAIMS_ON_REFRESH: recompute }, groupsFromTable);
      const login = await app.fetch(postJson("/api/token/", { username: "staff", password: "pw" }));
      const { refresh } = (await login.json()) as { refresh: string };
      await DB.exec("DELETE FROM user_groups");
      const refreshed = await app.fetch(postJson("/api/token/refresh/", { refresh }));
      return claimsOf(((await refreshed.json()) as { access: string }).access).groups;
    };
    expect([await refreshedGroups(false), await refreshedGroups(true)]).toEqual([["editors"], []]);
  });
  it("cannot set a token's type, id, times, issuer or audience", async () => {
    const greedy: Hooks = {
      claimsFor: () => ({
        token_type: "access",
        jti: "mine",
        exp: 1,
        iat: 1,
        iss: "me",
        aud: "you",
        refresh_exp: 1,
        ok: 1,
      }),
    };
    const { body } = await logIn(greedy, "member");
    const claims = claimsOf(body.refresh ?? "");
    expect(Object.keys(claims)).toEqual(["token_type", "exp", "iat", "jti", "user_id", "ok"]);
    expect(claims.token_type).toBe("refresh");
    expect(claims.jti).not.toBe("mine");
  });
});

describe("onLoginSuccess and onLoginFailed", () => {
  it("are told who, and why not, and never the password", async () => {
    const events: object[] = [];
    const hooks = loginEvents(async (event) => void events.push(event));
    await logIn(hooks, "member");
    await logIn(hooks, "member", "/api/token/", "wrong");
    await logIn(hooks, "nobody");
    const requestId = expect.stringMatching(/^[0-9a-f]{32}$/);
    expect(events).toEqual([
      { what: "login", user: "1", requestId },
      { what: "login_failed", username: "member", reason: "login_password_wrong", requestId },
      { what: "login_failed", username: "nobody", reason: "login_user_unknown", requestId },
    ]);
  });
});

describe("encodeClaims", () => {
  it("writes the claims, which read the same", async () => {
    const { body, app } = await logIn({ ...namesAndRoles, ...asciiClaims }, "staff");
    expect(payloadText(body.access ?? "")).toContain('"name":"\\u00dcn\\u00efs"');
    expect(claimsOf(body.access ?? "").name).toBe("Ünïs");
    expect((await app.fetch(postJson("/api/token/verify/", { token: body.access }))).status).toBe(200);
  });
});

describe("a hook that throws", () => {
  const broken = () => {
    throw new Error("the hook's own secret");
  };
  it.each<[string, Hooks, string]>([
    ["userMayAuthenticate", { userMayAuthenticate: broken }, "pw"],
    ["claimsFor", { claimsFor: broken }, "pw"],
    ["onLoginSuccess", { onLoginSuccess: broken }, "pw"],
    ["onLoginFailed", { onLoginFailed: broken }, "wrong"],
    ["encodeClaims", { encodeClaims: broken }, "pw"],
    ["claimsFor, later", { claimsFor: () => Promise.reject(new Error("the hook's own secret")) }, "pw"],
  ])("%s: the answer is 500, says nothing, and no token is written down", async (_name, hooks, password) => {
    const before = await listed();
    const { status, body } = await logIn(hooks, "member", "/api/token/", password);
    expect([status, body]).toEqual([500, { detail: "Internal server error." }]);
    expect(await listed()).toBe(before);
  });

  it.each<[string, Hooks]>([
    ["userMayAuthenticate", { userMayAuthenticate: broken }],
    ["encodeClaims", { encodeClaims: broken }],
  ])("%s at a refresh: 500, and the refresh token is still good", async (_name, hooks) => {
    const rotating = { ...vars, ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
    const refresh = async (hooksNow: Hooks, token: string | undefined) =>
      (await appWith(rotating, hooksNow)).fetch(postJson("/api/token/refresh/", { refresh: token }));
    const { body } = await logIn({}, "member");
    expect((await refresh(hooks, body.refresh)).status).toBe(500);
    expect((await refresh({}, body.refresh)).status).toBe(200);
  });
});
