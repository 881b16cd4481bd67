// An event as a signed JWT, for the API that has PROVISIONING_KEY.
// Must never be signed with another key, nor lack its `typ`: no other token may be taken for an event.
import { CompactSign } from "jose";

/** The header `typ` (RFC 8725 section 3.11) that keeps events and other tokens apart. */
export const eventType = "event+jwt";

/** The claims of one event. */
export interface EventClaims {
  /** When it is sent, in seconds. */
  readonly iat: number;
  /** The sequence as text: the same event sent again has the same one. */
  readonly jti: string;
  /** EVENTS_URL, or "queue". */
  readonly aud: string;
  /** The user's id. */
  readonly sub: string;
  readonly sequence: number;
  readonly event: string;
  /** When it happened, in seconds. */
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Signs the claims of one event. */
export type SignEvent = (claims: EventClaims) => Promise<string>;

/** HS256 with the key's UTF-8 bytes. @param key the first of PROVISIONING_KEY */
export function eventSigner(key: string): SignEvent {
  const bytes = new TextEncoder().encode(key);
  return (claims) =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: "HS256", typ: eventType })
      .sign(bytes);
}
