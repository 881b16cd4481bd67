// Checks the settings about log-in at the API: what would fail open, or do nothing.
// Must never accept a URL to which a password would go in clear text.
import { namesSession, servedEndpoints, tokenPaths } from "../derived.ts";
import { shown } from "../readers.ts";
import type { Settings } from "../settings.ts";
import { isLoopback, parsedUrl } from "./check-urls.ts";

const clearText = "is plain http: passwords would travel in clear text. Use https, or http on a loopback address.";

/** Adds to the errors and warnings of readSettings(). */
export function checkLogIn(settings: Settings, errors: string[], warnings: string[]): void {
  const { LOGIN } = settings;
  checkLoginUrl(settings, errors);
  checkOtherFields(settings, errors, warnings);
  if (LOGIN === "origin") checkOrigin(settings, errors, warnings);
  if (LOGIN !== "gateway" && settings.USERS_OWNER === "gateway") {
    warnings.push(
      `LOGIN is ${LOGIN} and USERS_OWNER is gateway: the API knows nothing of users and passwords that are set here, and refuses them; and whom the API has under the id of a user who was made here gets that row, with its rights. Set USERS_OWNER = "origin".`,
    );
  }
  if (settings.LOGIN_URL !== null && LOGIN === "gateway") {
    warnings.push("LOGIN_URL is not used while LOGIN is gateway: the API is not asked.");
  }
  if (settings.RESIGN && LOGIN !== "origin") {
    warnings.push(`RESIGN does nothing while LOGIN is ${LOGIN}: all tokens are the gateway's own.`);
  }
  if (settings.LOGIN_MAX_AGE !== oneDaySeconds && LOGIN !== "fallback") {
    warnings.push(`LOGIN_MAX_AGE does nothing while LOGIN is ${LOGIN}.`);
  }
}

/** The default of LOGIN_MAX_AGE. */
const oneDaySeconds = 86_400;

/** Where the log-in view is, as far as LOGIN_URL says it. The rest is checked with the bindings. */
function checkLoginUrl({ LOGIN_URL }: Settings, errors: string[]): void {
  if (LOGIN_URL === null || isApiPath(LOGIN_URL)) return;
  const url = parsedUrl(LOGIN_URL);
  const good = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !LOGIN_URL.includes("#");
  if (!good) {
    errors.push(
      `LOGIN_URL must be a path such as /api/token/, or an https URL, without a user or a fragment; it is ${shown(LOGIN_URL)}.`,
    );
  } else if (url.protocol === "http:" && !isLoopback(url)) {
    errors.push(`LOGIN_URL ${clearText}`);
  }
}

/** A path, perhaps with a query, that no server reads as a host. */
const isApiPath = (text: string): boolean => /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && !/[#\\]/.test(text);

function checkOtherFields(settings: Settings, errors: string[], warnings: string[]): void {
  const { LOGIN, OTHER_LOGIN_FIELDS, USERNAME_FIELD } = settings;
  if (OTHER_LOGIN_FIELDS.length === 0) return;
  for (const name of OTHER_LOGIN_FIELDS) {
    if (name === "" || name === USERNAME_FIELD || name === "password") {
      errors.push(`OTHER_LOGIN_FIELDS must name fields other than name and password; it has ${shown(name)}.`);
    }
  }
  if (LOGIN === "fallback") {
    errors.push(
      'OTHER_LOGIN_FIELDS needs LOGIN = "origin": with "fallback" a password that is known here lets in without them, such as a one-time code.',
    );
  }
  if (LOGIN === "gateway") {
    warnings.push("OTHER_LOGIN_FIELDS are shown to hooks alone while LOGIN is gateway: nothing else looks at them.");
  }
}

function checkOrigin(settings: Settings, errors: string[], warnings: string[]): void {
  if (servedEndpoints(settings).includes("sliding")) {
    errors.push('TOKEN_ENDPOINTS has "sliding", which LOGIN = "origin" does not have: the API gives pairs of tokens.');
  }
  if (settings.CHECK_REVOKE_TOKEN && settings.PROVISIONING_KEY === "") {
    errors.push(
      'CHECK_REVOKE_TOKEN with LOGIN = "origin" needs PROVISIONING_KEY: without it the hash is not known here that the API puts into its tokens.',
    );
  }
  if (
    settings.RESIGN &&
    settings.JWK_URL !== null &&
    settings.KEY_ID === null &&
    !settings.ALGORITHM.startsWith("HS")
  ) {
    errors.push(
      "RESIGN with JWK_URL needs KEY_ID: without it the gateway looks for the key of its own tokens at JWK_URL.",
    );
  }
  if (!settings.RESIGN && namesSession(settings)) {
    warnings.push(
      'BLACKLIST_ENDS_SESSION and REVOKE_FAMILY_ON_REUSE with LOGIN = "origin" need RESIGN to end access tokens: those that the API makes name no session.',
    );
  }
}

/** What is bound, as far as log-ins need it. */
interface BoundOrigin {
  readonly ORIGIN: "service" | "zone" | undefined;
}

export type LoginSettings = Pick<
  Settings,
  "LOGIN" | "LOGIN_URL" | "ORIGIN_URL" | "ADMIN" | "ADMIN_HOST" | "TOKEN_PREFIX" | "TOKEN_PATHS"
>;

/** That there is an API to ask, and that passwords go to it by TLS. */
export function loginOriginErrors({ ORIGIN }: BoundOrigin, settings: LoginSettings): string[] {
  const { LOGIN, LOGIN_URL, ORIGIN_URL } = settings;
  if (LOGIN === "gateway") return [];
  // LOGIN_URL is for the first obtain path; the others are where the API is.
  const isElsewhere = LOGIN_URL !== null && !LOGIN_URL.startsWith("/");
  const hasOrigin = ORIGIN !== undefined || ORIGIN_URL !== null;
  if (isElsewhere && (!hasOrigin || tokenPaths(settings, "obtain").length < 2)) return [];
  if (!hasOrigin) {
    return [`LOGIN is ${LOGIN}, which needs the API: bind ORIGIN, or set ORIGIN_URL, or a whole URL in LOGIN_URL.`];
  }
  if (ORIGIN === "zone" && settings.ADMIN && settings.ADMIN_HOST !== null && !isElsewhere) {
    return [
      `LOGIN is ${LOGIN}, and ADMIN_HOST has the admin page: with ORIGIN = "zone" log-ins there would go to the server of that host. Set LOGIN_URL to a whole URL.`,
    ];
  }
  const url = ORIGIN === undefined && ORIGIN_URL !== null ? parsedUrl(ORIGIN_URL) : undefined;
  return url?.protocol === "http:" && !isLoopback(url) ? [`LOGIN is ${LOGIN}, and ORIGIN_URL ${clearText}`] : [];
}
