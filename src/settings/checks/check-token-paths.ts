// Checks TOKEN_PREFIX and TOKEN_PATHS: every token endpoint has a path of its own, which nothing else of the gateway has.
import { refreshCookiePath, servedBy, servedEndpoints, tokenPaths } from "../derived.ts";
import { shown } from "../readers.ts";
import type { Settings } from "../settings.ts";
import { type TokenPathName, tokenPathNames } from "../token-paths.ts";

/**
 * Segments that every server reads in one way: no percent-encoding, no dot segment. The last one has no dot, because with
 * PATHS = "loose" what follows it counts as a format suffix: beside `/api/v1.0/`, `/api/v1/` would be refused.
 */
const pathForm = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\/[A-Za-z0-9_-]+\/$/;
const belowGateway = /^\/_gateway(\/|$)/;

/** Adds to the errors and warnings of readSettings(). */
export function checkTokenPaths(settings: Settings, errors: string[], warnings: string[]): void {
  const { TOKEN_PREFIX, TOKEN_PATHS } = settings;
  if (!/^(\/[A-Za-z0-9_-]+)+$/.test(TOKEN_PREFIX)) {
    errors.push(
      `TOKEN_PREFIX must be a path such as /api/token, without a trailing slash; it is ${shown(TOKEN_PREFIX)}.`,
    );
  } else if (belowGateway.test(TOKEN_PREFIX)) {
    errors.push("TOKEN_PREFIX must not be under /_gateway.");
  }
  const served = servedEndpoints(settings);
  const count = errors.length;
  for (const name of Object.keys(TOKEN_PATHS)) {
    if (!isTokenPathName(name)) {
      errors.push(`TOKEN_PATHS has the unknown endpoint ${shown(name)}: it takes ${tokenPathNames.join(", ")}.`);
      continue;
    }
    if (!served.includes(servedBy(name))) {
      errors.push(`TOKEN_PATHS.${name}: TOKEN_ENDPOINTS does not have ${shown(servedBy(name))}.`);
    }
    for (const path of tokenPaths(settings, name)) {
      const error = pathError(path);
      if (error) errors.push(`TOKEN_PATHS.${name} must ${error}`);
    }
  }
  if (errors.length > count || Object.keys(TOKEN_PATHS).length === 0) return;
  checkApart(settings, errors);
  if (settings.AUTH_COOKIE !== false && refreshCookiePath(settings) === "/") {
    warnings.push(
      "AUTH_COOKIE: the paths of refresh and blacklist in TOKEN_PATHS begin differently, so browsers send the refresh token with every request to the host.",
    );
  }
}

function isTokenPathName(name: string): name is TokenPathName {
  return tokenPathNames.some((known) => known === name);
}

/** @param path with a slash at its end */
function pathError(path: string): string | undefined {
  if (belowGateway.test(path)) return "not be under /_gateway.";
  return pathForm.test(path) ? undefined : `be a path such as /auth/jwt/create/; it is ${shown(path)}.`;
}

/** Two endpoints at one path, or one where another's sessions are. */
function checkApart(settings: Settings, errors: string[]): void {
  const served = servedEndpoints(settings);
  const taken = new Map<string, TokenPathName>();
  for (const name of tokenPathNames.filter((one) => served.includes(servedBy(one)))) {
    for (const path of tokenPaths(settings, name)) {
      const other = taken.get(path);
      if (other) errors.push(`TOKEN_PATHS: ${other} and ${name} must not have the same path, ${path}.`);
      else taken.set(path, name);
    }
  }
  if (!served.includes("sessions")) return;
  const [sessions = ""] = tokenPaths(settings, "sessions");
  for (const [path, name] of taken) {
    if (path.startsWith(sessions) && /^[^/]+\/$/.test(path.slice(sessions.length))) {
      errors.push(
        `TOKEN_PATHS.sessions must not be ${sessions} while ${name} is at ${path}: each path below is a session's.`,
      );
    }
  }
}
