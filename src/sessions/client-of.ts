// SESSION_METADATA: what is kept of the client that logs in or refreshes; nothing while it is off.
// Must never keep the headers themselves.

import type { Settings } from "../settings/settings.ts";
import { type SessionClient, sessionClient } from "../users/session-client.ts";

/** What a request says of its client. */
export interface ClientHeaders {
  readonly userAgent: string | null;
  readonly clientAddress: string | null;
}

/** Undefined while SESSION_METADATA is off, and for a call that is no request. */
export function clientOf(settings: Settings, from: ClientHeaders | undefined): SessionClient | undefined {
  return settings.SESSION_METADATA && from ? sessionClient(from.userAgent, from.clientAddress) : undefined;
}
