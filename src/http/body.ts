// A request's body → named values: JSON, form or multipart, as DRF's parsers read them.
// Must never read more than a fixed number of bytes, and never echo a value.
import { refuse } from "../errors.ts";
import { decodeText } from "./decode-text.ts";
import { parseJson } from "./json.ts";
import { covers, type MediaType, parseMediaType } from "./negotiation.ts";

/** A body that was read: any JSON value, or the last value of each field of a form. */
export type ParsedBody =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "form"; readonly fields: ReadonlyMap<string, string | File> };

/** Bodies of the token endpoints hold a password or a token; this leaves room for any of them. */
const longestBodyBytes = 4 * 1024 * 1024;

/** Parsers in DRF's order; an empty body of any type is an empty form. */
const parsers: ReadonlyArray<{
  readonly type: string;
  readonly subtype: string;
  readonly parse: (bytes: Uint8Array, contentType: string, media: MediaType) => ParsedBody | Promise<ParsedBody>;
}> = [
  {
    type: "application",
    subtype: "json",
    parse: (bytes, _, media) => ({ kind: "json", value: parseJson(decodeText(bytes, media.parameters.charset)) }),
  },
  { type: "application", subtype: "x-www-form-urlencoded", parse: (bytes, _, media) => parseForm(bytes, media) },
  { type: "multipart", subtype: "form-data", parse: (bytes, contentType) => parseMultipart(bytes, contentType) },
];

/** @param longestBytes longer bodies are refused (413) before they are read to their end */
export async function readBody(request: Request, longestBytes = longestBodyBytes): Promise<ParsedBody> {
  const bytes = await readBytes(request, longestBytes);
  if (bytes.length === 0) return { kind: "form", fields: new Map() };
  const contentType = request.headers.get("content-type") ?? "";
  const media = parseMediaType(contentType);
  const parser = parsers.find((one) => covers(media, one));
  if (!parser) refuse("media_type_unsupported", { names: contentType.slice(0, 200) });
  return parser.parse(bytes, contentType, media);
}

async function readBytes(request: Request, longestBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > longestBytes) refuse("body_too_large");
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    length += chunk.length;
    if (length > longestBytes) refuse("body_too_large");
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Of a repeated field the last value counts, as in Django's QueryDict. */
function parseForm(bytes: Uint8Array, media: MediaType): ParsedBody {
  const charset = media.parameters.charset;
  const decoded = (text: string) => percentDecoded(text.replaceAll("+", " "), charset);
  const fields = new Map<string, string>();
  for (const pair of decodeText(bytes, charset, { lenient: true }).split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    fields.set(decoded(name), decoded(value));
  }
  return { kind: "form", fields };
}

/** Runs of %XX are bytes in the form's charset, which URLSearchParams would always take for UTF-8. */
function percentDecoded(text: string, charset: string | undefined): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = run
      .slice(1)
      .split("%")
      .map((hex) => Number.parseInt(hex, 16));
    return decodeText(Uint8Array.from(bytes), charset, { lenient: true });
  });
}

async function parseMultipart(bytes: Uint8Array, contentType: string): Promise<ParsedBody> {
  const form = await new Response(bytes, { headers: { "content-type": contentType } })
    .formData()
    .catch(() => refuse("form_unreadable", { names: "Invalid multipart body." }));
  const fields = new Map<string, string | File>();
  for (const [name, value] of form.entries()) fields.set(name, value);
  return { kind: "form", fields };
}
