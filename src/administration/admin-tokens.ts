// What the admin page does to tokens: revoke one, end its session.
// Must never touch a superuser's tokens for somebody who is none.

import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import { endFamily } from "../sessions/end-sessions.ts";
import type { AdminToken } from "../stores/admin-contract.ts";
import { mayChange } from "../users/admin-rights.ts";
import type { AdminDeps } from "./admin-deps.ts";
import { type Act, audit } from "./admin-users.ts";

/** 1. There is such a token. 2. Rights. 3. Blacklist it in D1. 4. Tell KV, also of one that was blacklisted before. */
export async function revokeToken(deps: AdminDeps, act: Act, jti: string): Promise<AdminToken> {
  const token = await tokenOf(deps, act, jti);
  const { type, createdAtSeconds, expiresAtSeconds } = token;
  const row = { jti, type, userId: token.user?.id, createdAtSeconds, expiresAtSeconds };
  await deps.tokens.blacklist(row, act.nowSeconds);
  await deps.revocationCache.announce(jti, expiresAtSeconds + deps.settings.LEEWAY, act.nowSeconds);
  audit(deps, "admin_token_revoked", act, { user_id: token.user?.id, jti: shortId(jti) });
  return token;
}

/** The same for every token of the log-in that the token comes from. */
export async function endSession(deps: AdminDeps, act: Act, jti: string): Promise<AdminToken> {
  const token = await tokenOf(deps, act, jti);
  await endFamily(deps, token.family, act.nowSeconds);
  audit(deps, "admin_session_ended", act, { user_id: token.user?.id, family: shortId(token.family) });
  return token;
}

async function tokenOf(deps: AdminDeps, { admin }: Act, jti: string): Promise<AdminToken> {
  const token = (await deps.admin.tokens.byId(jti)) ?? refuse("no_route");
  if (token.user && !mayChange(admin.user, token.user)) refuse("permission_denied");
  return token;
}
