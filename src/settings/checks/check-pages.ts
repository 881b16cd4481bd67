// Checks the settings of the console and of the admin page.
// Must never accept a host that no request names: the admin page would not be found, without a hint why.
import type { Settings } from "../settings.ts";

/** Adds to the errors and warnings of readSettings(). */
export function checkPages(settings: Settings, errors: string[], warnings: string[]): void {
  const { ADMIN, ADMIN_HOST, CONSOLE } = settings;
  if (CONSOLE) {
    warnings.push(
      "CONSOLE is on: everybody can open /_gateway/console. Leave it off in production, where a script on any page of the API's host could read what is typed there.",
    );
  }
  if (ADMIN) {
    warnings.push(
      "ADMIN is on: staff can log in and change users at /_gateway/admin, from wherever it can be reached.",
    );
    if (ADMIN_HOST === null) {
      warnings.push(
        "ADMIN_HOST is not set: the admin page shares its host with the API, so a script on any page there can act as an admin who is logged in, except where the password is asked for again.",
      );
    }
  }
  if (ADMIN_HOST === null) return;
  if (!ADMIN) errors.push("ADMIN_HOST needs ADMIN: without it there is no admin page.");
  if (!isHost(ADMIN_HOST)) {
    const meant = hostMeant(ADMIN_HOST);
    const suggestion = meant === undefined ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
    errors.push(
      `ADMIN_HOST must be host[:port] in lower case, such as admin.example.com; it is ${JSON.stringify(ADMIN_HOST)}.${suggestion}`,
    );
  }
}

/** A host as in a URL: in lower case, other alphabets in Punycode, IPv6 in brackets; without a trailing dot. */
function isHost(text: string): boolean {
  if (!/^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$/.test(text) || /\.(:|$)/.test(text)) return false;
  // The scheme's own port is left out of a URL's host.
  return ["http", "https"].some((scheme) => hostOf(`${scheme}://${text}`) === text);
}

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined);

/** The host in a URL, or in other capitals. */
function hostMeant(text: string): string | undefined {
  const meant = hostOf(/^https?:\/\//i.test(text) ? text : `https://${text}`)?.replace(/\.$/, "");
  return meant !== undefined && meant !== text && isHost(meant) ? meant : undefined;
}
