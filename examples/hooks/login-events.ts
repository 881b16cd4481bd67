// Reports log-ins to another service. Its errors are caught, so that an outage there does not prevent log-ins.
import type { Hooks } from "../../src/hooks.ts";

/** @param send sends one event, for example to a queue or with fetch */
export function loginEvents(send: (event: object) => Promise<void>): Hooks {
  const quietly = (event: object) => send(event).catch(() => console.log(JSON.stringify({ event: "hook_failed" })));
  return {
    onLoginSuccess: (user, { requestId }) => quietly({ what: "login", user: user.id, requestId }),
    onLoginFailed: ({ username, requestId }, reason) => quietly({ what: "login_failed", username, reason, requestId }),
  };
}
