// Tells another service of log-ins; a service that is down must not keep people out, so its errors end here.
import type { Hooks } from "../../src/hooks.ts";

/** @param tell sends one event, for example to a queue or with fetch */
export function loginEvents(tell: (event: object) => Promise<void>): Hooks {
  const quietly = (event: object) => tell(event).catch(() => console.log(JSON.stringify({ event: "hook_failed" })));
  return {
    onLoginSuccess: (user, { requestId }) => quietly({ what: "login", user: user.id, requestId }),
    onLoginFailed: ({ username, requestId }, reason) => quietly({ what: "login_failed", username, reason, requestId }),
  };
}
