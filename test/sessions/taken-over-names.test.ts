// Tokens that name their user by something that another user can have later: a session stays that of its own user.
import { expect, test } from "vitest";
import { createRefresh } from "../../src/sessions/refresh.ts";
import { createSlidingRefresh } from "../../src/sessions/sliding-refresh.ts";
import { ownerOf } from "../../src/users/token-user.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { craft } from "../support/craft.ts";
import { freshId } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
const rotation = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };

/** A user's session, and what renames them and gives their name to another user, of the version that they had. */
async function setUp(type: "refresh" | "sliding", vars: object) {
  const deps = await testServices({ USER_ID_FIELD: "username", ...vars });
  const user = await addUser();
  const jti = `${freshId().slice(0, 24)}00000000`;
  const times = { createdAtSeconds: now - 50, expiresAtSeconds: now + 90_000 };
  const token = { jti, type, userId: user.id, ...times, sessionVersion: 0 };
  await deps.tokens.insert(ownerOf(deps.settings, user), token);
  const common = { token_type: type, exp: now + 9_000, iat: now - 50, jti, user_id: user.username };
  const claims = type === "sliding" ? { ...common, refresh_exp: now + 9_000 } : common;
  const giveNameAway = async () => {
    const sql = "UPDATE users SET username = ?, session_version = session_version + 1 WHERE id = ?";
    await DB.prepare(sql).bind(`renamed-${user.id}`, user.id).run();
    await addUser({ username: user.username });
  };
  return { deps, token: craft({ claims }), giveNameAway };
}

test("without rotation, a refresh token is good for the user who has the name now, as in Simple JWT", async () => {
  const { deps, token, giveNameAway } = await setUp("refresh", {});
  await giveNameAway();
  expect(await createRefresh(deps)(requestAt(now), token)).toEqual({ access: expect.any(String) });
});

test.each<[string, object]>([
  ["has its successors beside it", { ROTATE_REFRESH_TOKENS: true }],
  ["is rotated", rotation],
])("a refresh token that %s is refused once another user has its name", async (_, vars) => {
  const { deps, token, giveNameAway } = await setUp("refresh", vars);
  await giveNameAway();
  expect(await reasonOf(() => createRefresh(deps)(requestAt(now), token))).toBe("refresh_session_outdated");
});

test("so is a used one, within its grace", async () => {
  const { deps, token, giveNameAway } = await setUp("refresh", { ...rotation, REFRESH_REUSE_GRACE: 60 });
  await createRefresh(deps)(requestAt(now), token);
  await giveNameAway();
  expect(await reasonOf(() => createRefresh(deps)(requestAt(now + 5), token))).toBe("refresh_session_outdated");
});

test("so is a sliding token", async () => {
  const { deps, token, giveNameAway } = await setUp("sliding", {});
  await giveNameAway();
  expect(await reasonOf(() => createSlidingRefresh(deps)(requestAt(now), token))).toBe("refresh_session_outdated");
});
