// Where the admin page lives, and which requests are for it.
// Must never take a second spelling of the path for the first: CORS and routing both go by this.

export const adminPath = "/_gateway/admin";

/** Whether a request is for the admin page, by the path exactly as it was sent. @param url absolute */
export function isAdminUrl(url: string): boolean {
  return belowAdminPath(url) !== undefined;
}

/**
 * What the path has below the admin page's own, byte for byte: "" or from a slash on. Undefined for other paths; dot
 * segments are not resolved, which would give the page addresses that no rule in front of `/_gateway/admin` knows.
 *
 * @param url absolute
 */
export function belowAdminPath(url: string): string | undefined {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0 || !url.startsWith(adminPath, start)) return undefined;
  const rest = url.slice(start + adminPath.length);
  const end = rest.search(/[?#]/);
  const below = end < 0 ? rest : rest.slice(0, end);
  return below === "" || below.startsWith("/") ? below : undefined;
}

/**
 * Tells whether a URL is on the host of ADMIN_HOST. Without a port in the setting every port of the host is meant: a
 * cookie knows none either.
 *
 * @param host the setting, checked: `name[:port]` in lower case
 */
export function hostTest(host: string): (url: string) => boolean {
  const wanted = hostAndPort(host);
  return (url) => {
    const start = url.indexOf("://") + 3;
    const end = url.indexOf("/", start);
    const asked = hostAndPort((end < 0 ? url.slice(start) : url.slice(start, end)).toLowerCase());
    if (asked.name !== wanted.name) return false;
    return wanted.port === "" || wanted.port === (asked.port || (url.startsWith("https:") ? "443" : "80"));
  };
}

function hostAndPort(authority: string): { readonly name: string; readonly port: string } {
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const [, name = host, port = ""] = /^(.*?)(?::(\d*))?$/.exec(host) ?? [];
  // A dot at the end makes no other host (RFC 1034 section 3.1).
  return { name: name.endsWith(".") ? name.slice(0, -1) : name, port };
}
