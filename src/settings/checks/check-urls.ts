// Checks the URLs of the origin and of the JWK Set, and the value of ORIGIN.
// Must never accept a URL with a password in it, or one that no path can be appended to.
import type { Settings } from "../settings.ts";

/** ORIGIN_URL, JWK_URL and EVENTS_URL. */
export function checkUrls(settings: Settings, errors: string[], warnings: string[]): void {
  if (settings.ORIGIN_URL !== null) {
    const { error, warning } = checkOriginUrl(settings.ORIGIN_URL);
    if (error) errors.push(`ORIGIN_URL${error}`);
    if (warning) warnings.push(`ORIGIN_URL${warning}`);
  }
  if (settings.JWK_URL !== null) {
    const jwks = parsedUrl(settings.JWK_URL);
    const good = jwks && (jwks.protocol === "https:" || (jwks.protocol === "http:" && isLoopback(jwks)));
    if (!good) errors.push("JWK_URL must be an https URL, or http on a loopback address.");
  }
  if (settings.EVENTS_URL !== null) {
    const events = parsedUrl(settings.EVENTS_URL);
    const isSafe = events && (events.protocol === "https:" || (events.protocol === "http:" && isLoopback(events)));
    if (!isSafe || events.username || events.password || events.hash) {
      errors.push("EVENTS_URL must be an https URL without a user or a fragment, or http on a loopback address.");
    }
    if (settings.PROVISIONING_KEY === "") {
      errors.push("EVENTS_URL is set, but PROVISIONING_KEY, which signs events, is not.");
    }
  }
}

/** What is wrong with an origin's URL, or worth knowing: the end of a sentence that begins with its setting. */
export function checkOriginUrl(text: string): { readonly error?: string; readonly warning?: string } {
  const url = parsedUrl(text);
  // "https://host?" has an empty query for URL, and would still swallow every path.
  const good = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !/[?#]/.test(text);
  if (!good) return { error: " must be http(s)://host[:port][/base], without a user, a query or a fragment." };
  if (url.protocol === "https:" || isLoopback(url)) return {};
  return {
    warning: " is plain http: requests and tokens travel in clear text between the gateway and the origin.",
  };
}

/** `ORIGIN` is a service binding, or the text "zone" among the vars: the server behind the Worker's own route. */
export function originError(raw: unknown): string | undefined {
  if (raw === undefined || raw === "zone") return undefined;
  const bound = raw !== null && (typeof raw === "object" || typeof raw === "function");
  if (bound && typeof (raw as { fetch?: unknown }).fetch === "function") return undefined;
  return 'ORIGIN must be a service binding or the text "zone"; a URL belongs in ORIGIN_URL.';
}

export function parsedUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

export function isLoopback(url: URL): boolean {
  return url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(url.hostname);
}
