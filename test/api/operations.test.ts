// What each operation on a session costs: the table of ARCHITECTURE.md, row by row, counted at the bindings.
import { expect, it, test } from "vitest";
// @ts-expect-error Vite gives the file's text.
import architecture from "../../ARCHITECTURE.md?raw";
import type { Hooks } from "../../src/hooks.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { counted } from "../support/counted.ts";
import { craft } from "../support/craft.ts";
import { oldHash, password } from "../support/passwords.ts";
import { freshId, rowsOfSession } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

const rotate = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
const takesRefreshTokens = { AUTH_TOKEN_CLASSES: ["AccessToken", "RefreshToken"] };
const routes = { ROUTES: [{ path: "/*", auth: "token", revocation: "off" }] };
const nowSeconds = Math.floor(Date.now() / 1000);

interface Pair {
  readonly access: string;
  readonly refresh: string;
  readonly token: string;
}

async function setUp(vars: object, hooks: Hooks = {}) {
  const { questions, rowsWritten, ...bindings } = counted();
  const TOKEN_ENDPOINTS = ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions"];
  const app = await appWith(
    { ...routes, UPGRADE_PASSWORD_HASHES: false, TOKEN_ENDPOINTS, ...vars, ...bindings, ORIGIN: echoOrigin },
    hooks,
  );
  const user = await addUser({ password: oldHash });
  const send = async (request: Request) => {
    questions.length = 0;
    rowsWritten.length = 0;
    const response = await app.fetch(request);
    const count = (what: string) => questions.filter((one) => one === what).length;
    return {
      status: response.status,
      body: (response.status === 204 ? {} : await response.json()) as Pair,
      cost: { d1: count("d1"), kv: count("kv"), "kv write": count("kv write") },
      rows: rowsWritten.reduce((sum, rows) => sum + rows, 0),
    };
  };
  const post = (path: string, body: object) => send(postJson(`/api/token/${path}`, body));
  const call = (method: string, path: string, access: string) =>
    send(
      new Request(`https://gateway.example/api/token/${path}`, {
        method,
        headers: { authorization: `Bearer ${access}` },
      }),
    );
  const made = (token_type: string, change: object = {}) => {
    const times = { exp: nowSeconds + 900, iat: nowSeconds - 9, refresh_exp: nowSeconds + 900 };
    return craft({ claims: { token_type, ...times, user_id: String(user.id), jti: freshId(), ...change } });
  };
  const logIn = () => post("", { username: user.username, password });
  const begun = async () => (await logIn()).body;
  return { user, post, call, made, logIn, begun };
}
type Session = Awaited<ReturnType<typeof setUp>>;
type Sent = ReturnType<Session["post"]>;

const refresh = async (one: Session) => one.post("refresh/", { refresh: (await one.begun()).refresh });
const logOut = async (one: Session) => one.post("blacklist/", { refresh: (await one.begun()).refresh });
const reuse = async (one: Session) => {
  const { refresh: used } = await one.begun();
  await one.post("refresh/", { refresh: used });
  return one.post("refresh/", { refresh: used });
};
const slide = async (one: Session, twice: boolean) => {
  const token = one.made("sliding");
  if (twice) await one.post("sliding/refresh/", { token });
  return one.post("sliding/refresh/", { token });
};

const operations: Readonly<Record<string, () => Promise<Awaited<Sent>>>> = {
  "log-in": async () => (await setUp(rotate)).logIn(),
  refresh: async () => refresh(await setUp(rotate)),
  "refresh again, within the grace": async () => reuse(await setUp({ ...rotate, REFRESH_REUSE_GRACE: 10 })),
  "refresh without rotation": async () => refresh(await setUp({})),
  "refresh without `BLACKLIST_AFTER_ROTATION`": async () => refresh(await setUp({ ROTATE_REFRESH_TOKENS: true })),
  "refresh, with a hook that looks at the user": async () =>
    refresh(await setUp(rotate, { userMayAuthenticate: (user) => user.is_active })),
  "refresh, with `RECOMPUTE_CLAIMS_ON_REFRESH`": async () =>
    refresh(await setUp({ ...rotate, RECOMPUTE_CLAIMS_ON_REFRESH: true })),
  "refresh, where `AUTH_TOKEN_CLASSES` has `RefreshToken`": async () =>
    refresh(await setUp({ ...rotate, ...takesRefreshTokens })),
  "refresh of a token that Django made": async () => {
    const one = await setUp(rotate);
    return one.post("refresh/", { refresh: one.made("refresh") });
  },
  "refresh of a token without `iat`": async () => {
    const one = await setUp(rotate);
    return one.post("refresh/", { refresh: one.made("refresh", { iat: undefined }) });
  },
  "first refresh of a session of an earlier version": async () => {
    const one = await setUp(rotate);
    const jti = freshId();
    await DB.prepare(
      "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES (?, 'refresh', ?, ?, ?)",
    )
      .bind(jti, one.user.id, nowSeconds - 9, nowSeconds + 900)
      .run();
    return one.post("refresh/", { refresh: one.made("refresh", { jti }) });
  },
  "reuse, with `REVOKE_FAMILY_ON_REUSE`": async () => reuse(await setUp({ ...rotate, REVOKE_FAMILY_ON_REUSE: true })),
  "sliding refresh": async () => slide(await setUp(rotate), true),
  "first sliding refresh of a token that Django made": async () => slide(await setUp(rotate), false),
  verify: async () => {
    const one = await setUp({});
    return one.post("verify/", { token: one.made("access") });
  },
  "verify, with `BLACKLIST_AFTER_ROTATION`": async () => {
    const one = await setUp(rotate);
    return one.post("verify/", { token: one.made("access") });
  },
  "log-out": async () => logOut(await setUp(rotate)),
  "log-out, with `BLACKLIST_ENDS_SESSION`": async () =>
    logOut(await setUp({ ...rotate, BLACKLIST_ENDS_SESSION: true })),
  "`GET sessions/`": async () => {
    const one = await setUp(rotate);
    return one.call("GET", "sessions/", (await one.begun()).access);
  },
  "`DELETE sessions/<id>/`": async () => {
    const one = await setUp(rotate);
    const { access, refresh: token } = await one.begun();
    return one.call("DELETE", `sessions/${claimsOf(token).jti}/`, access);
  },
  "`POST logout-all/`": async () => {
    const one = await setUp(rotate);
    return one.call("POST", "logout-all/", (await one.begun()).access);
  },
};

/** The rows of the table, by the operation: round trips to D1, reads and writes of KV. */
const table = Object.fromEntries(
  [...String(architecture).matchAll(/^\| ([^|]+) \| (\d) \| (\d) \| (\d) \|$/gm)].map(([, name, ...counts]) => [
    name,
    counts.map(Number),
  ]),
);

test("the table has a row for each operation, and no other", () => {
  expect(Object.keys(table)).toEqual(Object.keys(operations));
});

it.each(Object.keys(operations))("%s costs what the table says", async (name) => {
  const { cost, status } = (await operations[name]?.()) ?? {};
  expect([cost?.d1, cost?.kv, cost?.["kv write"]]).toEqual(table[name]);
  expect(status).toBe(name.startsWith("reuse") ? 401 : name.startsWith("`DELETE") ? 204 : 200);
});

test("a refresh writes a row of D1 and one entry of an index, and the session stays one row", async () => {
  const one = await setUp(rotate);
  const login = await one.logIn();
  // The row, and its entries in the indexes by end and by user.
  expect(login.rows).toBe(3);
  const first = String(claimsOf(login.body.refresh).jti);
  let token = login.body.refresh;
  for (let count = 1; count <= 120; count++) {
    const answer = await one.post("refresh/", { refresh: token });
    // Within one second the end is the same, so its index stays.
    expect(answer.rows).toBeLessThanOrEqual(2);
    expect(answer.rows).toBeGreaterThanOrEqual(1);
    token = answer.body.refresh;
  }
  expect(String(claimsOf(token).jti)).toBe(`${first.slice(0, 24)}00000078`);
  expect(await rowsOfSession(first)).toBe(1);
});

test("a session with a grace keeps a hundred uses, in as few rows", async () => {
  const one = await setUp({ ...rotate, REFRESH_REUSE_GRACE: 60 });
  let { refresh: token } = await one.begun();
  const first = String(claimsOf(token).jti);
  for (let count = 1; count <= 110; count++) {
    const answer = await one.post("refresh/", { refresh: token });
    expect(answer.rows).toBeLessThanOrEqual(2);
    token = answer.body.refresh;
  }
  const row = await DB.prepare(
    "SELECT json_array_length(uses) AS uses, length(uses) AS bytes FROM sessions WHERE id = ?",
  )
    .bind(first.slice(0, 24))
    .first();
  expect(row).toEqual({ uses: 100, bytes: 1101 });
  expect(await rowsOfSession(first)).toBe(1);
});
