// Where the admin page is, and which requests are for it.
// Must never accept a second spelling of the path: CORS and the rules in front of `/_gateway/admin` both go by the first.
import type { RequestUrl } from "../http/request-url.ts";

export const adminPath = "/_gateway/admin";

/**
 * Whether a path is the admin page's, byte for byte as it was sent: no percent-encoding, no dot segments.
 *
 * @param path percent-encoded, without the query
 */
export function isAdminPath(path: string): boolean {
  if (!path.startsWith(adminPath)) return false;
  return path.length === adminPath.length || path.charAt(adminPath.length) === "/";
}

/**
 * Tells whether a URL is on the host of ADMIN_HOST. Without a port in the setting every port of the host counts, as it
 * does for the cookie.
 *
 * @param host the setting, checked: `name[:port]` in lower case
 */
export function hostTest(host: string): (url: RequestUrl) => boolean {
  const wanted = hostAndPort(host);
  return ({ scheme, authority }) => {
    const asked = hostAndPort(authority.toLowerCase());
    if (asked.name !== wanted.name) return false;
    return wanted.port === "" || wanted.port === (asked.port || (scheme === "https" ? "443" : "80"));
  };
}

function hostAndPort(authority: string): { readonly name: string; readonly port: string } {
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const [, name = host, port = ""] = /^(.*?)(?::(\d*))?$/.exec(host) ?? [];
  // A trailing dot names the same host (RFC 1034 section 3.1).
  return { name: name.endsWith(".") ? name.slice(0, -1) : name, port };
}
