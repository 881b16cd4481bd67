// Access tokens of a session that was ended, at routes that look and at one that does not; the whole app in workerd.
import { beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { craft } from "../support/craft.ts";
import { freshId } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

const vars = {
  ...{ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, BLACKLIST_ENDS_SESSION: true },
  ...{ REVOKE_FAMILY_ON_REUSE: true, REVOCATION_CACHE_SECONDS: 0, ORIGIN: echoOrigin },
  ROUTES: ["strict", "cached", "off"].map((revocation) => ({ path: `/${revocation}/*`, auth: "token", revocation })),
};
let app: App;
beforeAll(async () => {
  app = await appWith(vars);
});

/** A session of a fresh user, begun a minute ago with a token that was made elsewhere. */
async function session() {
  const user = await addUser();
  const now = Math.floor(Date.now() / 1000);
  const claims = { token_type: "refresh", exp: now + 900, iat: now - 60, jti: freshId(), user_id: String(user.id) };
  const first = craft({ claims });
  const answer = await app.fetch(postJson("/api/token/refresh/", { refresh: first }));
  const { access, refresh } = (await answer.json()) as { access: string; refresh: string };
  return { user, first, access, refresh, family: claims.jti };
}
const statusAt = async (mode: string, token: string) => {
  const request = new Request(`https://gateway.example/${mode}/`, { headers: { authorization: `Bearer ${token}` } });
  return (await app.fetch(request)).status;
};
const statuses = async (token: string) => [
  ...[await statusAt("strict", token), await statusAt("cached", token), await statusAt("off", token)],
];

describe("the access token of a session", () => {
  test("names the session and opens every route while it lasts", async () => {
    const { access, family } = await session();
    expect(claimsOf(access).sid).toBe(family);
    expect(await statuses(access)).toEqual([200, 200, 200]);
  });

  test("opens no route that looks once the session was logged out", async () => {
    const [ended, other] = [await session(), await session()];
    expect((await app.fetch(postJson("/api/token/blacklist/", { refresh: ended.refresh }))).status).toBe(200);
    expect(await statuses(ended.access)).toEqual([401, 401, 200]);
    expect(await statuses(other.access)).toEqual([200, 200, 200]);
  });

  test("opens no route that looks once a spent refresh token came back", async () => {
    const { first, access, refresh } = await session();
    expect((await app.fetch(postJson("/api/token/refresh/", { refresh: first }))).status).toBe(401);
    expect(await statuses(access)).toEqual([401, 401, 200]);
    expect((await app.fetch(postJson("/api/token/refresh/", { refresh }))).status).toBe(401);
  });

  test("opens no strict route once its user has a cut-off after it, even with no news of it", async () => {
    const { user, access } = await session();
    const cutoff = DB.prepare("INSERT INTO user_cutoffs VALUES (?, ?, ?)");
    await cutoff.bind(user.id, Number(claimsOf(access).iat) + 1, 9_999_999_999).run();
    expect(await statuses(access)).toEqual([401, 200, 200]);
  });
});
