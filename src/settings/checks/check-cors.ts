// Checks the CORS settings: origins that no browser sends, and combinations that would allow every page.
// Must never accept a pattern as an origin: origins are compared as strings.
import type { Settings } from "../settings.ts";

/** Adds to the errors and warnings of readSettings(). */
export function checkCors(settings: Settings, errors: string[], warnings: string[]): void {
  const { CORS_ORIGINS, CORS_METHODS, CORS_HEADERS, CORS_EXPOSE_HEADERS, CORS_CREDENTIALS, CORS_MAX_AGE } = settings;
  if (CORS_ORIGINS.length === 0) {
    const set = { CORS_METHODS, CORS_HEADERS, CORS_EXPOSE_HEADERS, CORS_CREDENTIALS, CORS_MAX_AGE };
    for (const [name, value] of Object.entries(set)) {
      const off = Array.isArray(value) ? value.length === 0 : !value;
      if (!off) errors.push(`${name} needs CORS_ORIGINS: without it CORS is off.`);
    }
  }
  if (CORS_ORIGINS.includes("*")) {
    if (CORS_ORIGINS.length > 1) errors.push('CORS_ORIGINS has "*" next to other origins: it must be the only one.');
    if (CORS_CREDENTIALS) {
      errors.push(
        'CORS_CREDENTIALS must not be true while CORS_ORIGINS is "*": any page could act with its visitors\' cookies.',
      );
    }
  }
  for (const origin of CORS_ORIGINS) if (origin !== "*") checkOrigin(origin, errors, warnings);
  for (const method of CORS_METHODS) {
    if (!/^[A-Z-]+$/.test(method)) {
      errors.push(`CORS_METHODS has ${JSON.stringify(method)}, which is not a method name in capitals.`);
    }
  }
  for (const header of CORS_HEADERS) {
    // The Fetch standard's wildcard would leave Authorization out, and nothing with credentials.
    if (header === "*" || !isHeaderName(header)) {
      errors.push(`CORS_HEADERS has ${JSON.stringify(header)}, which is not a header name.`);
    }
  }
  for (const header of CORS_EXPOSE_HEADERS) {
    if (!isHeaderName(header)) {
      errors.push(`CORS_EXPOSE_HEADERS has ${JSON.stringify(header)}, which is not a header name.`);
    }
  }
  if (CORS_CREDENTIALS && CORS_EXPOSE_HEADERS.includes("*")) {
    errors.push(
      'CORS_EXPOSE_HEADERS must not have "*" while CORS_CREDENTIALS is true: browsers take it for a header\'s name.',
    );
  }
}

/** RFC 9110 section 5.6.2. `*` is one, too. */
const isHeaderName = (text: string) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);

/** Origins of pages that are part of an app or of a browser's extension: schemes that URL knows no origin for. */
const appOrigin = /^(capacitor|ionic|tauri|(chrome|moz|safari-web)-extension):\/\/[A-Za-z0-9.-]+$/;

/** As the Fetch standard writes an origin: scheme, host, and the port unless it is the scheme's own. */
function checkOrigin(origin: string, errors: string[], warnings: string[]): void {
  if (appOrigin.test(origin)) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  const isWeb = url !== undefined && /^https?:$/.test(url.protocol);
  if (!isWeb || url.origin !== origin || origin.includes("*")) {
    const meant = isWeb && !origin.includes("*") ? ` Did you mean ${JSON.stringify(url.origin)}?` : "";
    const expected = "scheme://host[:port] in lower case, without a path, a trailing slash or a wildcard";
    errors.push(`CORS_ORIGINS has ${JSON.stringify(origin)}, which is not an origin (${expected}).${meant}`);
  } else if (url.protocol === "http:" && !/^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname)) {
    warnings.push(`CORS_ORIGINS has ${origin}: anyone on its visitors' network can impersonate it.`);
  }
}
