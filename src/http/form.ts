// Forms, urlencoded or multipart → the last value of each field, as Django reads them.
// Must never do more work than the length of the body asks for, whatever is in it.
import { refuse } from "../errors.ts";
import { textDecoderFor } from "../python/decode-text.ts";
import type { MediaType } from "./negotiation.ts";

/** What a form sent: text or a file by name. */
export type FormFields = ReadonlyMap<string, string | File>;

/** Django's DATA_UPLOAD_MAX_NUMBER_FIELDS; a form with more is refused with 400. */
const mostFields = 1000;
/**
 * How many stretches of ASCII with escapes a form in another charset than UTF-8 may have: each is decoded by itself, as
 * Python does it. Names and values that are wholly escaped are two for a field.
 */
const mostEscaped = 2 * mostFields;
/** Django's pattern for a boundary has so many characters at most (RFC 2046 section 5.1.1: 70). */
const longestBoundary = 201;

/** Of a repeated field the last value counts, as in Django's QueryDict. */
export function parseForm(bytes: Uint8Array, media: MediaType): FormFields {
  const charset = media.parameters.charset;
  const decode = textDecoderFor(charset);
  const pairs = decode(bytes).split("&", mostFields + 1);
  if (pairs.length > mostFields) refuse("request_malformed");
  const decoded = unquoter(charset, decode);
  const fields = new Map<string, string>();
  for (const pair of pairs) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    fields.set(decoded(name), decoded(value));
  }
  return fields;
}

/**
 * What urllib.parse.unquote() makes of a text: %XX is a byte in the form's charset, which URLSearchParams would always
 * take for UTF-8. `+` is a blank.
 */
function unquoter(charset: string | undefined, decode: (bytes: Uint8Array) => string): (text: string) => string {
  const encoder = new TextEncoder();
  // In UTF-8 letters and bytes beside each other never run together, so that one pass does.
  const isUtf8 = /^(?:utf-?8)?$/i.test(charset?.trim() ?? "");
  const unquoted = (text: string) => decode(percentDecoded(encoder.encode(text)));
  let escaped = 0;
  const unquotedRun = (ascii: string) => {
    if (!ascii.includes("%")) return ascii;
    if (++escaped > mostEscaped) refuse("request_malformed");
    return unquoted(ascii);
  };
  return (text) => {
    const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
    if (!spaced.includes("%")) return spaced;
    return isUtf8 ? unquoted(spaced) : spaced.replace(/\p{ASCII}+/gu, unquotedRun);
  };
}

/** The bytes with every %XX as the one that it stands for; a `%` that begins none stays. */
function percentDecoded(bytes: Uint8Array): Uint8Array {
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const high = bytes[at] === 0x25 ? hexDigit(bytes[at + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(bytes[at + 2]);
    bytes[length++] = low < 0 ? (bytes[at] ?? 0) : high * 16 + low;
    if (low >= 0) at += 2;
  }
  return bytes.subarray(0, length);
}

/** The value of a hexadecimal digit by its code; -1 for anything else. */
function hexDigit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const small = code | 0x20;
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : -1;
}

/** Parsed by the runtime. */
export async function parseMultipart(bytes: Uint8Array, contentType: string, media: MediaType): Promise<FormFields> {
  // A search for a boundary costs its length times the body's.
  if ((media.parameters.boundary ?? "").length > longestBoundary) refuse("form_unreadable", unreadable);
  const form = await new Response(bytes, { headers: { "content-type": contentType } })
    .formData()
    .catch(() => refuse("form_unreadable", unreadable));
  const fields = new Map<string, string | File>();
  let count = 0;
  for (const [name, value] of form.entries()) {
    fields.set(name, value);
    if (++count > mostFields) refuse("request_malformed");
  }
  return fields;
}

const unreadable = { names: "Invalid multipart body." };
