// RECOMPUTE_CLAIMS_ON_REFRESH: claims from the user's row and the hook as they are now, or as the token has them.
import { describe, expect, test } from "vitest";
import { createRefresh } from "../../src/sessions/refresh.ts";
import { createSlidingRefresh } from "../../src/sessions/sliding-refresh.ts";
import type { User } from "../../src/users/user.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { freshId } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
const retire = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
const recompute = { ...retire, RECOMPUTE_CLAIMS_ON_REFRESH: true };
/** The row says staff; the token, made when it did not, says otherwise, and has a claim that is made no more. */
const hooks = { claimsFor: (user: User) => ({ staff: user.is_staff, exp: 1, jti: "mine" }) };
const old = { staff: false, gone: "x" };

async function setUp(vars: object, about: Readonly<Record<string, unknown>> = {}) {
  const deps = await testServices({ ...vars }, { hooks });
  const user = await addUser({ is_staff: true });
  const times = { exp: now + 86_300, iat: now - 100, jti: freshId() };
  const claims = { token_type: "refresh", ...times, user_id: String(user.id), ...old, ...about };
  return { deps, user, claims, token: craft({ claims }) };
}

describe("a refresh", () => {
  test("copies the token's claims while it is off, as Simple JWT does", async () => {
    const { deps, token } = await setUp(retire);
    const answer = await createRefresh(deps)(requestAt(now), token);
    expect(claimsIn(answer.access)).toMatchObject({ staff: false, gone: "x" });
    expect(claimsIn(answer.refresh ?? "")).toMatchObject({ staff: false, gone: "x" });
  });

  test("makes them again, for the access token and the successor, and drops what is made no more", async () => {
    const { deps, user, token } = await setUp(recompute);
    const answer = await createRefresh(deps)(requestAt(now), token);
    const about = { user_id: String(user.id), staff: true };
    expect(claimsIn(answer.access)).toEqual({
      ...{ token_type: "access", exp: now + 300, iat: now, jti: deps.id(1), ...about },
    });
    expect(claimsIn(answer.refresh ?? "")).toEqual({
      ...{ token_type: "refresh", exp: now + 86_400, iat: now, jti: `${deps.id(2).slice(0, 24)}00000001`, ...about },
    });
  });

  test("keeps the session's name, and brings the password's fingerprint up to date with CHECK_REVOKE_TOKEN", async () => {
    const { deps, claims } = await setUp({ ...recompute, BLACKLIST_ENDS_SESSION: true, CHECK_REVOKE_TOKEN: true });
    // The MD5 of "!unusable", in capitals.
    const token = craft({ claims: { ...claims, hash_password: "B059C991F0DBDE948BA45F9D49C674CC" } });
    const answer = await createRefresh(deps)(requestAt(now), token).catch((error: unknown) => error);
    expect(answer).toMatchObject({ access: expect.any(String) });
    const { access } = answer as { access: string };
    expect(claimsIn(access)).toMatchObject({ sid: claims.jti, hash_password: "B059C991F0DBDE948BA45F9D49C674CC" });
  });

  test("repeated within the grace gives the same bytes while the row is the same", async () => {
    const { deps, token } = await setUp({ ...recompute, REFRESH_REUSE_GRACE: 10 });
    const [one, two] = [
      await createRefresh(deps)(requestAt(now), token),
      await createRefresh(deps)(requestAt(now + 3), token),
    ];
    expect(two.refresh).toBe(one.refresh);
  });

  test("of a token without a user copies: there is no row", async () => {
    const { deps, token } = await setUp(recompute, { user_id: null });
    expect(claimsIn((await createRefresh(deps)(requestAt(now), token)).access)).toMatchObject({
      staff: false,
      gone: "x",
    });
  });

  test("writes issuer and audience as they are set", async () => {
    const { deps, token } = await setUp({ ...recompute, ISSUER: "me", AUDIENCE: ["a"] }, { iss: "me", aud: ["a"] });
    expect(claimsIn((await createRefresh(deps)(requestAt(now), token)).access)).toMatchObject({
      iss: "me",
      aud: ["a"],
    });
  });
});

test("a sliding token keeps its id and its window, and gets the claims of now", async () => {
  const sliding = { token_type: "sliding", exp: now + 200, refresh_exp: now + 900 };
  const { deps, user, claims, token } = await setUp({ RECOMPUTE_CLAIMS_ON_REFRESH: true }, sliding);
  const answer = await createSlidingRefresh(deps)(requestAt(now), token);
  expect(claimsIn(answer.token)).toEqual({
    ...{ token_type: "sliding", exp: now + 300, iat: now, jti: claims.jti, refresh_exp: now + 900 },
    ...{ user_id: String(user.id), staff: true },
  });
});
