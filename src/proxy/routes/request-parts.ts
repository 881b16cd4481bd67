// Parts of a request that a claim has to equal: `$subdomain`, `$path.N` and `$header.Name` in a route's `require`.
// Must never give a value that the API could read in another way, nor one that the API does not get.
import { authHeaderName } from "../../auth/bearer-token.ts";
import type { RequestContext } from "../../context.ts";
import { numberText } from "../../json/exact-number.ts";
import { type RequestPart, wantedOf } from "../../settings/require.ts";
import type { Diagnostics, RouteValues } from "../../settings/route-keys.ts";
import type { Settings } from "../../settings/settings.ts";
import { type Claims, claim } from "../../tokens/claims.ts";
import { defaultIdentityHeader, folded, isPlain, isReserved, namesInConnection } from "../headers/header-names.ts";
import { isSteering } from "../headers/steering-headers.ts";
import { withoutSuffixes } from "./format-suffix.ts";
import { canonicalPath, type Strip } from "./path.ts";

/** Reads a part of a request; undefined where there is none, or where it could be read in two ways. */
export type ReadPart = (context: Pick<RequestContext, "url" | "headers">) => string | undefined;

/** Whether a claim equals the text, or is a list that has it. Numbers by the text of their digits: 12 is "12". */
export function equalsPart(claims: Claims, name: string, part: string): boolean {
  const value = claim(claims, name);
  const isPart = (one: unknown) => (typeof one === "string" ? one : numberText(one)) === part;
  return Array.isArray(value) ? value.some(isPart) : isPart(value);
}

/** @param strip the route's `strip_prefix` */
export function partReader(part: RequestPart, settings: Settings, strip: Strip | undefined): ReadPart {
  switch (part.in) {
    case "subdomain":
      return subdomainReader(settings.TENANT_DOMAIN ?? "");
    case "path":
      return segmentReader(part.segment, strip, settings.PATHS === "loose");
    case "header":
      return headerReader(part.name.toLowerCase());
  }
}

/**
 * The one label in front of TENANT_DOMAIN, in small letters, of the host that the API gets in X-Forwarded-Host. The port
 * does not count. Two labels, a trailing dot or another domain give none: servers differ in what they make of them.
 */
function subdomainReader(domain: string): ReadPart {
  const below = new RegExp(`^([a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)\\.${domain.replaceAll(".", "\\.")}(?::\\d+)?$`, "i");
  return ({ url }) => below.exec(url.authority)?.[1]?.toLowerCase();
}

/**
 * The Nth segment of the path that the API gets, after `strip_prefix`, decoded once. None where path parameters or a second
 * encoding in it or before it could give the API another one, nor, with PATHS = "loose", a format suffix.
 */
function segmentReader(segment: number, strip: Strip | undefined, isLoose: boolean): ReadPart {
  return ({ url }) => {
    const path = canonicalPath(url).decoded.slice(strip?.decoded.length ?? 0);
    const segments = path.split("/", segment + 1);
    const value = segments[segment];
    if (value === undefined || value === "" || segments.some((one) => /[;%]/.test(one))) return undefined;
    if (!isLoose) return value;
    const bare = withoutSuffixes(path.endsWith("/") ? path.slice(0, -1) : path);
    return bare.split("/", segment + 1)[segment] === value ? value : undefined;
  };
}

/**
 * A header of printable ASCII. A comma cannot be told from a repeated header, whose values come joined by one (Fetch
 * Standard, "get a header"); and what `Connection` names ends here.
 */
function headerReader(name: string): ReadPart {
  return ({ headers }) => {
    const value = headers.get(name);
    if (value === null || value.includes(",") || !/^[!-~](?:[ -~]*[!-~])?$/.test(value)) return undefined;
    return namesInConnection(headers.get("connection")).includes(name) ? undefined : value;
  };
}

/** What is wrong with the parts of `require`, with the settings and the other keys of the route in view. */
export function checkParts(route: Partial<RouteValues>, settings: Settings, diagnostics: Diagnostics): void {
  for (const [claimName, text] of route.require ?? []) {
    const wanted = wantedOf(text);
    if (wanted === undefined || "value" in wanted) continue;
    const { part } = wanted;
    const name = `.require.${claimName} has ${text}`;
    if (route.api_keys !== undefined) {
      diagnostics.error(`${name}, which no API key could be held against: give API keys a route without it.`);
    }
    if (part.in === "subdomain" && settings.TENANT_DOMAIN === null) {
      diagnostics.error(`${name}, which needs TENANT_DOMAIN: the domain below which tenants are.`);
    }
    if (part.in === "path") checkSegment(part.segment, name, route, diagnostics);
    const why = part.in === "header" ? headerError(part.name, settings) : undefined;
    if (why !== undefined) diagnostics.error(`${name}, ${why}.`);
  }
}

function checkSegment(
  segment: number,
  name: string,
  { path, strip_prefix: prefix = "" }: Partial<RouteValues>,
  { error, warn }: Diagnostics,
): void {
  if (path?.startsWith(prefix) !== true) return;
  const isPrefix = path.endsWith("/*");
  const fixed = path
    .slice(prefix.length, isPrefix ? -2 : undefined)
    .split("/")
    .slice(1);
  const value = fixed[segment - 1] ?? "";
  const read = prefix === "" ? "the path" : `the path without ${prefix}`;
  if (value !== "") warn(`${name}, which is always ${JSON.stringify(value)}: ${read} is counted from 1.`);
  else if (!isPrefix) error(`${name}, but ${read} has no such segment.`);
}

/** Why a header says nothing that the API gets as the client sent it. */
function headerError(header: string, settings: Settings): string | undefined {
  const name = header.toLowerCase();
  const fold = folded(name);
  const identity = [defaultIdentityHeader, ...Object.keys(settings.IDENTITY_HEADERS).map((one) => one.toLowerCase())];
  if (!isPlain(name)) return "but names with other characters than letters, digits and - are dropped";
  if (isReserved(fold) || fold === folded(authHeaderName(settings)) || identity.some((one) => folded(one) === fold)) {
    return "which has a meaning of its own";
  }
  if (isSteering(fold)) return "which is dropped from every request, because servers steer by it";
  const other = settings.ALLOW_HEADERS.find((one) => one.toLowerCase() !== name && folded(one.toLowerCase()) === fold);
  return other === undefined ? undefined : `and ALLOW_HEADERS has ${other}, which many servers cannot tell from it`;
}
