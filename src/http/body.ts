// A request's body → named values: JSON, form or multipart, as DRF's parsers read them.
// Must never read more than a fixed number of bytes, and never echo a value.
import { refuse } from "../errors.ts";
import { decodeText } from "../python/decode-text.ts";
import { type FormFields, parseForm, parseMultipart } from "./form.ts";
import { type ParsedJson, parseJson } from "./json.ts";
import { covers, type MediaType, parseMediaType } from "./negotiation.ts";
import { readBytes } from "./read-bytes.ts";
import type { Uploads } from "./uploads.ts";

/** A body that was read: any JSON value, or the last value of each field of a form. */
export type ParsedBody =
  | ({ readonly kind: "json" } & ParsedJson)
  | { readonly kind: "form"; readonly fields: FormFields };

/** Bodies that are read here hold a password or a token, with room for any of them. */
const longestBodyBytes = 64 * 1024;

/** Parsers in DRF's order; an empty body of any type is an empty form. */
const parsers: ReadonlyArray<{
  readonly type: string;
  readonly subtype: string;
  readonly parse: (bytes: Uint8Array, contentType: string, media: MediaType) => ParsedBody | Promise<ParsedBody>;
}> = [
  {
    type: "application",
    subtype: "json",
    parse: (bytes, _, media) => ({ kind: "json", ...parseJson(decodeText(bytes, media.parameters.charset)) }),
  },
  {
    type: "application",
    subtype: "x-www-form-urlencoded",
    parse: (bytes, _, media) => ({ kind: "form", fields: parseForm(bytes, media) }),
  },
  {
    type: "multipart",
    subtype: "form-data",
    parse: async (...body) => ({ kind: "form", fields: await parseMultipart(...body) }),
  },
];

/**
 * Reads a body of 64 KiB at most. Refuses as `readBytes` does, before anything is parsed, then as the parsers do.
 *
 * @param check is shown the bytes before they are parsed, and may refuse them
 */
export async function readBody(
  request: Request,
  uploads: Uploads,
  check: (bytes: Uint8Array) => void = () => {},
): Promise<ParsedBody> {
  const bytes = await readBytes(request, uploads, longestBodyBytes);
  check(bytes);
  if (bytes.length === 0) return { kind: "form", fields: new Map() };
  const contentType = request.headers.get("content-type") ?? "";
  const media = parseMediaType(contentType);
  const parser = parsers.find((one) => covers(media, one));
  if (!parser) refuse("media_type_unsupported", { names: contentType.slice(0, 200) });
  return parser.parse(bytes, contentType, media);
}
