// Checks settings that Simple JWT allows and that open more than their names say: warnings, and errors where no use is known.
// Must never put a key, or a part of one, into a sentence.
import { isBlank, isRecord } from "../readers.ts";
import type { Settings } from "../settings.ts";

/** Longer than any clock skew, network delay or retry that these settings are for. */
const longSeconds = 300;

/**
 * Adds to the errors and warnings of readSettings().
 *
 * @param classes short names of AUTH_TOKEN_CLASSES; undefined for a class that does not exist
 */
export function checkOpenings(
  settings: Settings,
  classes: readonly (string | undefined)[],
  errors: string[],
  warnings: string[],
): void {
  checkSigningKey(settings, errors, warnings);
  checkTokenTypes(settings, classes, warnings);
  checkIdentity(settings, errors, warnings);
  checkTimes(settings, warnings);
  checkRevocation(settings, warnings);
  checkRemoteKeys(settings, warnings);
  if (!settings.CHECK_USER_IS_ACTIVE) {
    warnings.push(
      'CHECK_USER_IS_ACTIVE is false: deactivated users keep refreshing their tokens and pass routes with auth = "user".',
    );
  }
}

/** The last two are Django's security.W009: SECRET_KEY_MIN_UNIQUE_CHARACTERS and SECRET_KEY_INSECURE_PREFIX. */
function checkSigningKey({ ALGORITHM, SIGNING_KEY }: Settings, errors: string[], warnings: string[]): void {
  if (SIGNING_KEY === "" || !ALGORITHM.startsWith("HS")) return;
  if (isBlank(SIGNING_KEY)) errors.push("SIGNING_KEY must not be blank.");
  else if (new Set(SIGNING_KEY).size < 5) {
    warnings.push("SIGNING_KEY has fewer than 5 different characters: it can be guessed.");
  } else if (SIGNING_KEY.startsWith("django-insecure-")) {
    warnings.push('SIGNING_KEY begins with "django-insecure-": startproject wrote it, and it may be in a repository.');
  }
}

function checkTokenTypes(settings: Settings, classes: readonly (string | undefined)[], warnings: string[]): void {
  if (settings.TOKEN_TYPE_CLAIM === null) {
    warnings.push(
      'TOKEN_TYPE_CLAIM is None: token types are not told apart, so a refresh token opens every route, on routes with revocation = "off" even after its log-out.',
    );
  }
  if (settings.JTI_CLAIM === null && !settings.TOKEN_BLACKLIST_ENABLED) {
    warnings.push("JTI_CLAIM is None: tokens have no id, so none of them can be revoked.");
  }
  if (classes.includes("UntypedToken")) {
    warnings.push("AUTH_TOKEN_CLASSES has UntypedToken: tokens of every type open routes, refresh tokens too.");
  }
  if (classes.includes("RefreshToken")) {
    warnings.push("AUTH_TOKEN_CLASSES has RefreshToken: refresh tokens open routes, for REFRESH_TOKEN_LIFETIME.");
  }
}

/** A header name as read by servers that do not distinguish `-` from `_`. */
const spelledAlike = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "-");

function checkIdentity({ AUTH_HEADER_NAME, IDENTITY_HEADERS }: Settings, errors: string[], warnings: string[]): void {
  const header = spelledAlike(AUTH_HEADER_NAME).replace(/^http-/, "");
  if (header === "x-user-id") errors.push("AUTH_HEADER_NAME must not be X-User-Id: a client's own is always dropped.");
  if (header === "x-api-key-id") {
    errors.push("AUTH_HEADER_NAME must not be X-Api-Key-Id: a client's own is always dropped.");
  }
  if (!Object.keys(IDENTITY_HEADERS).some((name) => spelledAlike(name) === "x-user-id")) {
    warnings.push(
      "IDENTITY_HEADERS does not set X-User-Id: an API that reads it finds no user there. A client's own is dropped all the same.",
    );
  }
}

function checkTimes(settings: Settings, warnings: string[]): void {
  const { LEEWAY, ACCESS_TOKEN_LIFETIME, REVOCATION_CACHE_SECONDS, REFRESH_REUSE_GRACE } = settings;
  if (LEEWAY > longSeconds || LEEWAY >= ACCESS_TOKEN_LIFETIME) {
    warnings.push(`LEEWAY is ${LEEWAY} s: expired tokens are accepted for that long.`);
  }
  if (REVOCATION_CACHE_SECONDS > longSeconds) {
    warnings.push(
      `REVOCATION_CACHE_SECONDS is ${REVOCATION_CACHE_SECONDS} s: a revoked token may open cached routes for that long.`,
    );
  }
  if (REFRESH_REUSE_GRACE > longSeconds) {
    warnings.push(
      `REFRESH_REUSE_GRACE is ${REFRESH_REUSE_GRACE} s: whoever has a used refresh token can refresh with it for that long.`,
    );
  }
}

/** Routes are not read yet: one that is not a table is an error of its own (route-keys.ts). */
function checkRevocation({ TOKEN_BLACKLIST_ENABLED, REVOCATION, ROUTES }: Settings, warnings: string[]): void {
  if (TOKEN_BLACKLIST_ENABLED) return;
  const nothing = "but TOKEN_BLACKLIST_ENABLED is false: no token is ever found revoked.";
  if (REVOCATION === "strict") warnings.push(`REVOCATION is strict, ${nothing}`);
  for (const [index, route] of ROUTES.entries()) {
    if (isRecord(route) && route.revocation === "strict") {
      warnings.push(`ROUTES[${index}] has revocation = strict, ${nothing}`);
    }
  }
}

function checkRemoteKeys({ JWK_URL, ALGORITHM, AUDIENCE }: Settings, warnings: string[]): void {
  if (JWK_URL === null) return;
  if (ALGORITHM.startsWith("HS")) {
    warnings.push(`JWK_URL is not used with ${ALGORITHM}: tokens are verified with SIGNING_KEY.`);
  } else if (AUDIENCE === null) {
    // RFC 8725 section 3.9: an issuer that serves several applications names them in `aud`.
    warnings.push("JWK_URL without AUDIENCE: a token that was issued for another service opens routes here.");
  }
}
