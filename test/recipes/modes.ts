// The three modes of docs/django-behind-the-gateway.md with djoser, as its two tables have them: who can log in after a change
// in Django, and whether the sessions that were open go on.
import { deepEqual, equal } from "node:assert/strict";
import type { Ask } from "../interop/side.ts";
import { ada, expecting, type Stage } from "./stage.ts";

/** A section of the document, and what its settings leave to a secret. */
interface ModeSettings {
  readonly section: string;
  readonly provisioningKey?: string;
}

export type Mode = "1. Django checks" | "2. the gateway checks first" | "3. Django tells the gateway";
export const modes: Readonly<Record<Mode, ModeSettings>> = {
  "1. Django checks": { section: "1. Django checks every log-in" },
  "2. the gateway checks first": { section: "2. The gateway checks, and asks Django" },
  "3. Django tells the gateway": {
    section: "3. Django tells the gateway",
    provisioningKey: "recipes-only-provisioning-key-0123456789",
  },
};

/** What a mode answers, in the order of the walk. */
interface Expected {
  /** Log-in with the old password after a reset, before and after a log-in with the new one. */
  readonly oldPassword: readonly [before: number, after: number];
  /** Refresh of a session from before the reset, before and after that log-in. */
  readonly sessionAfterReset: readonly [before: number, after: number];
  /** Log-in by the old address after a change, before and after one by the new address. */
  readonly oldName: readonly [before: number, after: number];
  readonly logInDeactivated: number;
  readonly refreshDeactivated: number;
  readonly logInDeleted: number;
  readonly refreshDeleted: number;
}

const expected: Readonly<Record<Mode, Expected>> = {
  "1. Django checks": {
    oldPassword: [401, 401],
    sessionAfterReset: [200, 200],
    oldName: [401, 401],
    logInDeactivated: 401,
    refreshDeactivated: 200,
    logInDeleted: 401,
    refreshDeleted: 200,
  },
  // Within LOGIN_MAX_AGE.
  "2. the gateway checks first": {
    oldPassword: [200, 401],
    sessionAfterReset: [200, 401],
    oldName: [200, 401],
    logInDeactivated: 200,
    refreshDeactivated: 200,
    logInDeleted: 200,
    refreshDeleted: 200,
  },
  "3. Django tells the gateway": {
    oldPassword: [401, 401],
    sessionAfterReset: [401, 401],
    oldName: [401, 401],
    logInDeactivated: 401,
    refreshDeactivated: 401,
    logInDeleted: 401,
    refreshDeleted: 401,
  },
};

const newPassword = "another horse battery";

export async function walkMode(mode: Mode, { gateway, manage, mail, prove }: Stage): Promise<void> {
  const want = expected[mode];
  const jwt = (token: unknown): Ask => ({ headers: { authorization: `JWT ${token}` } });
  const linkOf = async () => {
    const [, uid = "", token = ""] = /\/(?:activate|reset)\/([\w-]+)\/([\w-]+)/.exec(await mail()) ?? [];
    return { uid, token };
  };
  const logIn = (status: number, email: string, password: string) =>
    expecting(gateway, status, "/auth/jwt/create/", { json: { email, password } });
  const refresh = (status: number, token: unknown) =>
    expecting(gateway, status, "/auth/jwt/refresh/", { json: { refresh: token } });
  const signUp = async (email: string) => {
    await expecting(gateway, 201, "/auth/users/", { json: { ...ada, email } });
    await expecting(gateway, 204, "/auth/users/activation/", { json: await linkOf() });
  };
  /** Sends what a change outside of a request has left. */
  const push = async () => {
    if (modes[mode].provisioningKey !== undefined) await manage("push_users", "--verbosity", "0");
  };

  await prove("a new user logs in at once, and Django knows who calls", async () => {
    await signUp(ada.email);
    const { access } = await logIn(200, ada.email, ada.password);
    deepEqual(await expecting(gateway, 200, "/api/me/", jwt(access)), { email: ada.email, x_user_id: "1" });
  });
  await prove("a password reset", async () => {
    let open = await logIn(200, ada.email, ada.password);
    await expecting(gateway, 204, "/auth/users/reset_password/", { json: { email: ada.email } });
    const json = { ...(await linkOf()), new_password: newPassword };
    await expecting(gateway, 204, "/auth/users/reset_password_confirm/", { json });
    const [before, after] = want.sessionAfterReset;
    const refreshed = await refresh(before, open.refresh);
    if (before === 200) open = refreshed;
    await logIn(want.oldPassword[0], ada.email, ada.password);
    await logIn(200, ada.email, newPassword);
    await logIn(want.oldPassword[1], ada.email, ada.password);
    await refresh(after, open.refresh);
  });
  await prove("a new e-mail address; open sessions go on", async () => {
    const { access, refresh: open } = await logIn(200, ada.email, newPassword);
    const json = { new_email: "lovelace@example.com", current_password: newPassword };
    await expecting(gateway, 204, "/auth/users/set_email/", { json, ...jwt(access) });
    await logIn(want.oldName[0], ada.email, newPassword);
    await logIn(200, "lovelace@example.com", newPassword);
    await logIn(want.oldName[1], ada.email, newPassword);
    await refresh(200, open);
  });
  for (const [deed, command] of [
    ["deactivation", "deactivateuser"],
    ["deletion", "deleteuser"],
  ] as const) {
    await prove(`a ${deed}; Django refuses the user's requests in any case`, async () => {
      const email = `${command}@example.com`;
      await signUp(email);
      const { access, refresh: open } = await logIn(200, email, ada.password);
      await expecting(gateway, 200, "/api/me/", jwt(access));
      await manage(command, email);
      await push();
      const isDeletion = deed === "deletion";
      await logIn(isDeletion ? want.logInDeleted : want.logInDeactivated, email, ada.password);
      const refreshed = await refresh(isDeletion ? want.refreshDeleted : want.refreshDeactivated, open);
      const answer = await gateway.ask("/api/me/", jwt(refreshed.access ?? access));
      equal(answer.status, 401);
    });
  }
}
