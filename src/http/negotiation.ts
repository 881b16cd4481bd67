// DRF's content negotiation for endpoints that can only answer JSON.
// Must never look at q: DRF does not.

import { refuse } from "../errors.ts";
import { readRequestUrl } from "./request-url.ts";

/** A media type with its parameters, read leniently; types in small letters. */
export interface MediaType {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export function parseMediaType(text: string): MediaType {
  const [full = "", ...rest] = text.split(";");
  const [type = "", subtype = ""] = full.trim().toLowerCase().split("/", 2);
  const parameters: Record<string, string> = {};
  for (const part of rest) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const value = part.slice(equals + 1).trim();
    parameters[part.slice(0, equals).trim().toLowerCase()] = value.startsWith('"') ? value.slice(1, -1) : value;
  }
  return { type, subtype, parameters };
}

/** Whether a media type, or a range such as `application/*`, covers another (DRF's media_type_matches). */
export function covers(range: MediaType, subtype: { readonly type: string; readonly subtype: string }): boolean {
  return (
    (range.type === "*" || range.type === subtype.type) && (range.subtype === "*" || range.subtype === subtype.subtype)
  );
}

/** DRF's precedence: any type, any subtype, a type, a type with parameters. */
function precision({ type, subtype, parameters }: MediaType): number {
  if (type === "*") return 0;
  if (subtype === "*") return 1;
  return Object.keys(parameters).length === 0 ? 2 : 3;
}

/** gunicorn takes no longer header, so the original never sees one; what comes after is not read. */
const longestAccept = 8190;

function acceptedRanges(accept: string): MediaType[] {
  return accept.slice(0, longestAccept).split(",").map(parseMediaType);
}

/** Whether a browser visits the address itself: a GET that names HTML among what it takes. */
export function wantsPage(request: Request): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const ranges = acceptedRanges(request.headers.get("accept") ?? "");
  return ranges.some(({ type, subtype }) => type === "text" && subtype === "html");
}

const json = { type: "application", subtype: "json" };

/**
 * Refuses with 406 when the client takes no JSON, and with 404 when `?format=` asks for something else, before the
 * method and the body are looked at.
 *
 * @returns the indentation that the client asked for, in spaces
 */
export function negotiateJson(request: Request): number {
  // Of a repeated parameter the last value counts, as in Django's QueryDict.
  const format = new URLSearchParams(readRequestUrl(request.url).query).getAll("format").at(-1) ?? "";
  if (format !== "json" && format !== "") refuse("no_route");
  const ranges = acceptedRanges(request.headers.get("accept") ?? "*/*");
  const [accepted] = ranges.filter((range) => covers(range, json)).sort((one, two) => precision(two) - precision(one));
  if (!accepted) refuse("not_acceptable");
  const indent = Number(accepted.parameters.indent ?? 0);
  return Number.isInteger(indent) ? Math.max(0, Math.min(8, indent)) : 0;
}
