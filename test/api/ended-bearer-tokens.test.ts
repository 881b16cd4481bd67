// Sliding and refresh tokens as bearer tokens: what ended them counts on every route and endpoint, and for as long as
// any form of the token could be presented.
import { afterEach, describe, expect, it, vi } from "vitest";
import { createFlush } from "../../src/sessions/flush.ts";
import { d1Audit } from "../../src/stores/d1/audit.ts";
import { d1LastFlush } from "../../src/stores/d1/last-flush.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { noUserEvents } from "../../src/users/user-events.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { craft } from "../support/craft.ts";
import { oldHash, password } from "../support/passwords.ts";
import { freshId, rowOf } from "../support/rows.ts";
import { settingsOf } from "../support/settings.ts";
import { addUser } from "../support/users.ts";

const start = 2_000_000_000;
const routes = ["off", "cached", "strict"].flatMap((revocation) =>
  ["token", "user", "optional"].map((auth) => ({ path: `/${auth}/${revocation}`, auth, revocation })),
);
const paths = [...routes.map(({ path }) => path), "/api/token/sessions/"];
const vars = {
  ...{ AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken", "RefreshToken"], ROUTES: routes, ORIGIN: echoOrigin },
  ...{ SLIDING_TOKEN_LIFETIME: 300, SLIDING_TOKEN_REFRESH_LIFETIME: 1000, UPGRADE_PASSWORD_HASHES: false },
  TOKEN_ENDPOINTS: ["obtain", "refresh", "sliding", "blacklist", "sessions"],
};

let now = start;
const at = (seconds: number) => {
  now = start + seconds;
  vi.spyOn(Date, "now").mockReturnValue(now * 1000);
};
afterEach(() => void vi.restoreAllMocks());

async function setUp(more: object = {}) {
  at(0);
  vi.spyOn(console, "log").mockImplementation(() => {});
  const all = { ...vars, ...more };
  const app = await appWith(all);
  const user = await addUser({ password: oldHash });
  const post = async (path: string, body: object) => {
    const answer = await app.fetch(postJson(`/api/token/${path}`, body));
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const call = async (path: string, token: string, method = "GET") => {
    const headers = { authorization: `Bearer ${token}` };
    return (await app.fetch(new Request(`https://gateway.example${path}`, { method, headers }))).status;
  };
  const { ORIGIN: _, ...plain } = all;
  const flushed = () =>
    createFlush({
      settings: settingsOf(plain),
      tokens: d1Tokens(DB, () => {}),
      sessions: d1Sessions(DB, () => {}),
      auditLog: d1Audit(DB, () => {}),
      flushRecord: d1LastFlush(DB, () => {}),
      userEvents: noUserEvents,
      log: () => {},
    })(now);
  return {
    ...{ user, post, call, flushed },
    statuses: (token: string) => Promise.all(paths.map((path) => call(path, token))),
    sliding: async () => (await post("sliding/", { username: user.username, password })).body.token ?? "",
    slide: async (token: string) => (await post("sliding/refresh/", { token })).body.token ?? "",
    logoutAll: async () => {
      const { body } = await post("", { username: user.username, password });
      expect(await call("/api/token/logout-all/", body.access ?? "", "POST")).toBe(200);
    },
  };
}
const everywhere = (status: number) => paths.map(() => status);

describe.each(["sliding", "refresh"])("a %s token that Django made and nobody wrote down here", (token_type) => {
  it("is refused everywhere once all tokens of its user were ended", async () => {
    const { user, statuses, logoutAll } = await setUp();
    const times = { iat: start - 60, exp: start + 5000, refresh_exp: start + 5000 };
    const token = craft({ claims: { token_type, jti: freshId(), user_id: String(user.id), ...times } });
    expect(await statuses(token)).toEqual(everywhere(200));
    await logoutAll();
    expect(await statuses(token)).toEqual(everywhere(401));
  });
});

it("a token whose session was ended while its row was being written is refused everywhere", async () => {
  const { user, statuses } = await setUp();
  const [jti, session] = [freshId(), freshId()];
  await d1Sessions(DB, () => {}).endSession({ column: "id", value: user.id }, session, start + 5000, start);
  const row = {
    jti,
    type: "refresh",
    userId: user.id,
    createdAtSeconds: start,
    expiresAtSeconds: start + 5000,
  } as const;
  await d1Tokens(DB, () => {}).insert({ column: "id", value: user.id }, { ...row, session });
  const claims = { token_type: "refresh", jti, user_id: String(user.id), iat: start, exp: start + 5000 };
  expect(await statuses(craft({ claims }))).toEqual(everywhere(401));
});

it("a log-in for a sliding token right after a log-out everywhere, in the same second, opens every route", async () => {
  const { sliding, statuses, logoutAll } = await setUp();
  await logoutAll();
  expect(await statuses(await sliding())).toEqual(everywhere(200));
});

it("a sliding token is looked up in the primary database, whatever the route's mode", async () => {
  const { sliding, call } = await setUp();
  const token = await sliding();
  const replica = vi.spyOn(DB, "withSession");
  for (const path of ["/token/off", "/token/cached", "/optional/cached"]) expect(await call(path, token)).toBe(200);
  expect(replica).not.toHaveBeenCalled();
});

describe.each([0, 30])("a sliding token that was ended, with a LEEWAY of %d seconds,", (LEEWAY) => {
  it("stays ended until no form of it could be presented any more, however often rows are flushed", async () => {
    const { sliding, slide, statuses, logoutAll, flushed } = await setUp({ LEEWAY });
    let token = await sliding();
    const { jti, refresh_exp: windowEnd } = claimsOf(token);
    expect(windowEnd).toBe(start + 1000);
    for (const seconds of [290, 580, 870, 999 + LEEWAY]) {
      at(seconds);
      token = await slide(token);
    }
    expect(claimsOf(token).exp).toBe(start + 1299 + LEEWAY);
    await logoutAll();
    expect(await statuses(token)).toEqual(everywhere(401));
    for (const seconds of [1000, 1001 + LEEWAY, 1200, 1298 + 2 * LEEWAY]) {
      at(seconds);
      await flushed();
      expect([seconds, await statuses(token)]).toEqual([seconds, everywhere(401)]);
    }
    at(1301 + 2 * LEEWAY);
    await flushed();
    expect(await rowOf(String(jti))).toBeNull();
  });

  it("has a row that each slide moves, where it was issued for a shorter time than it is slid for", async () => {
    const { sliding } = await setUp({ LEEWAY });
    const token = await sliding();
    const { jti } = claimsOf(token);
    expect(await rowOf(String(jti))).toMatchObject({ expires_at: start + 1300 + LEEWAY });
    vi.restoreAllMocks();
    const longer = await setUp({ LEEWAY, SLIDING_TOKEN_LIFETIME: 900 });
    at(200);
    expect(claimsOf(await longer.slide(token)).exp).toBe(start + 1100);
    expect(await rowOf(String(jti))).toMatchObject({ expires_at: start + 1900 + LEEWAY });
  });
});

it("a sliding token that Django made is written down at its first slide, and ended with its user", async () => {
  const { user, slide, statuses, logoutAll } = await setUp();
  const jti = freshId();
  const times = { iat: start - 60, exp: start + 50, refresh_exp: start + 700 };
  const made = craft({ claims: { token_type: "sliding", jti, user_id: String(user.id), ...times } });
  const token = await slide(made);
  expect(await rowOf(jti)).toMatchObject({
    ...{ token_type: "sliding", user_id: user.id, created_at: start - 60, expires_at: start + 1000 },
    ...{ blacklisted_at: null, session_version: 0 },
  });
  expect(await statuses(token)).toEqual(everywhere(200));
  await logoutAll();
  expect(await statuses(token)).toEqual(everywhere(401));
});
