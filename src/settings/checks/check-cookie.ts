// Checks AUTH_COOKIE against the tokens that the endpoints issue and those that the routes accept.
import type { Settings } from "../settings.ts";

/** What is served and accepted. */
export interface CookieSurroundings {
  readonly served: readonly string[];
  /** Short names of AUTH_TOKEN_CLASSES. */
  readonly classes: readonly (string | undefined)[];
}

/** Endpoints that set the cookie of the routes, and the class of the token in it. */
const handedOut: ReadonlyArray<readonly [endpoint: string, className: string]> = [
  ["obtain", "AccessToken"],
  ["refresh", "AccessToken"],
  ["sliding", "SlidingToken"],
];

/** Adds to the errors and warnings of readSettings(). */
export function checkCookie(
  settings: Settings,
  { served, classes }: CookieSurroundings,
  errors: string[],
  warnings: string[],
): void {
  if (settings.AUTH_COOKIE === false) return;
  for (const [endpoint, className] of handedOut) {
    if (served.includes(endpoint) && !classes.includes(className) && !classes.includes("UntypedToken")) {
      errors.push(
        `AUTH_COOKIE: the cookie of the endpoint "${endpoint}" holds a token that AUTH_TOKEN_CLASSES does not accept: ${className}.`,
      );
    }
  }
  if (/^(HTTP_)?COOKIE$/i.test(settings.AUTH_HEADER_NAME)) {
    errors.push("AUTH_HEADER_NAME must not be Cookie while AUTH_COOKIE is on: that header has the cookies.");
  }
  if (!served.includes("blacklist")) {
    warnings.push(
      'AUTH_COOKIE without the endpoint "blacklist": no page can log out, because only that endpoint clears the cookies.',
    );
  }
  const { CORS_ORIGINS, CORS_CREDENTIALS } = settings;
  if (CORS_ORIGINS.some((origin) => origin !== "*") && !CORS_CREDENTIALS) {
    warnings.push("AUTH_COOKIE with CORS_ORIGINS, but without CORS_CREDENTIALS: their pages cannot use the cookies.");
  }
}
