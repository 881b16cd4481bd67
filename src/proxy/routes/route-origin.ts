// `origin` and `strip_prefix` of a route: where its requests go, and which part of the path stays at the gateway.
// Must never cut a path anywhere but in front of a slash, nor change a byte of what is left.
import { checkOriginUrl } from "../../settings/checks/check-urls.ts";
import { type Origin, urlOrigin } from "../forward.ts";
import type { CanonicalPath } from "./path.ts";

/** A prefix that the origin does not know, in both readings. */
export interface Strip {
  readonly decoded: string;
  readonly sent: string;
}

export interface RouteOrigin {
  /** Undefined for the gateway's own origin. */
  readonly origin: Origin | undefined;
  /** Undefined where the path goes on whole. */
  readonly strip: Strip | undefined;
}

/** What is wrong, or worth knowing, to be read behind the name of the route. */
export interface Diagnostics {
  readonly error: (text: string) => void;
  readonly warn: (text: string) => void;
}

/** @param path the route's own, decoded and without its `/*`; undefined when it is an error itself */
export function readRouteOrigin(
  raw: Readonly<Record<string, unknown>>,
  path: string | undefined,
  { error, warn }: Diagnostics,
): RouteOrigin {
  const judged = typeof raw.origin === "string" ? checkOriginUrl(raw.origin) : { error: " must be a URL." };
  const hasOrigin = raw.origin !== undefined;
  if (hasOrigin && judged.error) error(`.origin${judged.error}`);
  if (hasOrigin && "warning" in judged) warn(`.origin${judged.warning}`);
  return {
    origin: typeof raw.origin === "string" && !judged.error ? urlOrigin(raw.origin) : undefined,
    strip: readStrip(raw.strip_prefix, path, error),
  };
}

function readStrip(raw: unknown, path: string | undefined, error: Diagnostics["error"]): Strip | undefined {
  if (raw === undefined) return undefined;
  if (typeof raw !== "string" || !/^\/.*[^/]$/s.test(raw)) {
    error('.strip_prefix must be a path such as "/api", without a slash at its end.');
  } else if (path !== undefined && path !== raw && !path.startsWith(`${raw}/`)) {
    error(`.strip_prefix must be what path begins with, by whole segments; it is ${JSON.stringify(raw)}.`);
  } else return { decoded: raw, sent: encodeURI(raw) };
  return undefined;
}

/**
 * Path and query for the origin: the bytes that were matched, from the end of the prefix on; "/" where nothing is left.
 * The rule that matched lies below the prefix in the same reading, so that its length is where to cut.
 */
export function targetOf({ sent, decoded, query }: CanonicalPath, strip: Strip | undefined): string {
  if (strip === undefined) return sent + query;
  const rest = sent.slice(sent === decoded ? strip.decoded.length : strip.sent.length);
  return (rest || "/") + query;
}
