// Where log-ins that the API judges are sent: LOGIN_URL, or the obtain path at the origin.
// Must never lead to another host than the settings name.
import { isLoopback, parsedUrl } from "../settings/checks/check-urls.ts";
import { tokenPath } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";
import type { LoginCall } from "../stores/login-contract.ts";
import { type Origin, urlOrigin } from "./forward.ts";

/** Sends a log-in to the place of a call. */
export type SendLogin = (call: Pick<LoginCall, "clientOrigin" | "path">, init: RequestInit) => Promise<Response>;

/** Undefined where there is no API to ask. @param origin where other requests go */
export function loginSender(settings: Settings, origin: Origin | undefined): SendLogin | undefined {
  const { LOGIN_URL } = settings;
  const url = LOGIN_URL === null ? undefined : parsedUrl(LOGIN_URL);
  const api = origin ?? (url && urlOrigin(url.origin));
  if (!api) return undefined;
  const atOwnUrl = url && urlOrigin(url.origin);
  return ({ clientOrigin, path }, init) => {
    if (path !== tokenPath(settings, "obtain") || LOGIN_URL === null)
      return api.send(baseOf(api, clientOrigin) + path, init);
    if (url && atOwnUrl) return atOwnUrl.send(url.href, init);
    return api.send(baseOf(api, clientOrigin) + LOGIN_URL, init);
  };
}

/** Passwords go to the zone's server by TLS, however the client came; what a binding is called by does not matter. */
function baseOf({ base }: Origin, clientOrigin: string): string {
  if (base !== undefined) return base;
  return isLoopback(new URL(clientOrigin)) ? clientOrigin : clientOrigin.replace(/^http:/, "https:");
}
