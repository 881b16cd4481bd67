// The two cookies of AUTH_COOKIE and that of ADMIN: how they are set, cleared, read from a Cookie header and taken out.
// Must never put a value into an error or a log, and never take a name for ours that another reader would not.

import { refreshCookiePath, servedEndpoints, tokenPath } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";

/** Names are fixed: their prefixes make browsers hold the attributes below to be true (RFC 6265bis section 4.1.3). */
export const accessCookie = "__Host-access";
export const refreshCookie = "__Secure-refresh";
export type AuthCookie = typeof accessCookie | typeof refreshCookie;
/** The session of the admin page. */
export const adminCookie = "__Host-admin";
type OwnCookie = AuthCookie | typeof adminCookie;

/** Bytes of a name with its value, beyond which browsers drop a cookie (RFC 6265bis section 5.6). */
const longestPairBytes = 4096;

/**
 * A `Set-Cookie` for a token; undefined if the token is too long for browsers to keep. No Domain: only the host that
 * set it gets it back. The access token goes everywhere on the host, also when a link leads in from elsewhere; the
 * refresh token only to the token endpoints and only from the same site.
 *
 * @param path of the refresh token's cookie: refreshCookiePath()
 * @param maxAgeSeconds 0 to make the browser forget it
 */
export function setCookie(name: AuthCookie, token: string, path: string, maxAgeSeconds: number): string | undefined {
  if (name.length + token.length + 1 > longestPairBytes) return undefined;
  const reach = name === accessCookie ? "Path=/; SameSite=Lax" : `Path=${path}; SameSite=Strict`;
  return `${name}=${token}; Max-Age=${maxAgeSeconds}; ${reach}; Secure; HttpOnly`;
}

/** What makes a browser forget both. */
export function clearedCookies(settings: Settings): string[] {
  const path = refreshCookiePath(settings);
  const both = [accessCookie, refreshCookie] as const;
  return [...both.flatMap((name) => setCookie(name, "", path, 0) ?? []), ...earlierCookies(settings)];
}

/**
 * What makes a browser forget a refresh token that it got before TOKEN_PATHS moved its cookie. Only where it would go on
 * sending that one, too: refresh or blacklist is still below TOKEN_PREFIX, and two cookies of one name are refused.
 */
export function earlierCookies(settings: Settings): string[] {
  const { TOKEN_PREFIX } = settings;
  if (refreshCookiePath(settings) === TOKEN_PREFIX) return [];
  const served = servedEndpoints(settings);
  const isStillSent = (["refresh", "blacklist"] as const).some(
    (name) => served.includes(name) && tokenPath(settings, name).startsWith(`${TOKEN_PREFIX}/`),
  );
  return isStillSent ? [setCookie(refreshCookie, "", TOKEN_PREFIX, 0) ?? ""] : [];
}

/**
 * A `Set-Cookie` for the admin page's session: only from the same site, and gone when the browser closes. Null makes a
 * browser forget it. The prefix asks for Path=/, so it comes with every request to the host, and is taken out of those
 * that are passed on.
 */
export function setAdminCookie(secret: string | null): string {
  const value = secret === null ? "; Max-Age=0" : secret;
  return `${adminCookie}=${value}; Path=/; SameSite=Strict; Secure; HttpOnly`;
}

/** A cookie that was looked for: its value, null when it cannot be read in one way only, undefined when it is not there. */
export type CookieReading = string | null | undefined;

/**
 * Reads one of ours. Null, to be refused: the name twice (another host of the site, or another path, may have set
 * one of them), a value in quotes, empty, too long or with what a token never has, and every text in which a more
 * lenient reader would find the name (after a comma, a quote, a space that is none of HTTP's).
 */
export function readAuthCookie(header: string | null, name: OwnCookie): CookieReading {
  if (header === null || !header.includes(name)) return undefined;
  let found: CookieReading;
  for (const part of header.split(";")) {
    if (!mentions(part, name)) continue;
    const value = found === undefined ? valueIn(part, name) : undefined;
    if (value === undefined) return null;
    found = value;
  }
  return found;
}

/** The value of a part that is nothing but our name and a token; undefined for any other. */
function valueIn(part: string, name: OwnCookie): string | undefined {
  const pair = trimmed(part);
  if (pair.length > longestPairBytes || !pair.startsWith(`${name}=`)) return undefined;
  const value = pair.slice(name.length + 1);
  return value !== "" && isTokenText(value) ? value : undefined;
}

/** The header without the named cookies, the others byte for byte; undefined when none is left. */
export function withoutCookies(header: string, names: readonly OwnCookie[]): string | undefined {
  if (!names.some((name) => header.includes(name))) return header;
  const parts = header.split(";").filter((part) => !names.some((name) => mentions(part, name)));
  const left = trimmed(parts.join(";"));
  return left === "" ? undefined : left;
}

/** Whether somebody could read the name in it: standing alone, not as the end, the beginning or the value of another. */
function mentions(part: string, name: OwnCookie): boolean {
  for (let at = part.indexOf(name); at >= 0; at = part.indexOf(name, at + 1)) {
    const before = part.charAt(at - 1);
    if (!isNameText(before) && before !== "=" && !isNameText(part.charAt(at + name.length))) return true;
  }
  return false;
}

/** SP and HTAB alone: what `trim()` takes away besides, browsers send as a part of another cookie's name. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isSpace = (code: number) => code === 0x20 || code === 0x09;

/** A character of a cookie's name (RFC 9110 section 5.6.2); the empty text is none. */
const isNameText = (character: string) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(character);

/** cookie-octet of RFC 6265 section 4.1.1: no space, quote, comma, semicolon, backslash, nothing beyond ASCII. */
const isTokenText = (text: string) => /^[!#-+\--:<-[\]-~]*$/.test(text);
