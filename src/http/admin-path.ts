// Where the admin page lives, and which requests are for it.
// Must never take a second spelling of the path for the first: CORS and routing both go by this.

export const adminPath = "/_gateway/admin";

/** Whether a request is for the admin page, by the path exactly as it was sent. @param url absolute */
export function isAdminUrl(url: string): boolean {
  if (!url.includes(adminPath)) return false;
  const { pathname } = new URL(url);
  return pathname === adminPath || pathname.startsWith(`${adminPath}/`);
}
