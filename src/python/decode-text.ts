// Bytes → text in the charset that the content type names, as Django reads bodies.
// Must never guess: an unknown charset is read as UTF-8, and bytes that do not fit are refused.
import { refuse } from "../errors.ts";

/** Python's names for what the Encoding Standard calls otherwise, or reads otherwise. */
const aliases: Readonly<Record<string, string>> = { "latin-1": "latin1", latin_1: "latin1", utf16: "utf-16" };

/** The text; bytes that do not fit are refused (JSON). */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string {
  const decoder = decoderFor(bytes, charset, true);
  try {
    return decoder.decode(bytes);
  } catch {
    const at = decoder.encoding === "utf-8" ? firstBadUtf8(bytes) : undefined;
    return refuse("json_unreadable", { names: at ?? "the body does not fit its charset" });
  }
}

/**
 * For many texts in one charset: U+FFFD takes the place of bytes that do not fit (forms). Making a decoder costs more
 * than using it, so there is one for all of them, and one more for texts that begin with UTF-16's other byte order.
 */
export function textDecoderFor(charset: string | undefined): (bytes: Uint8Array) => string {
  const decoders: Record<string, TextDecoder> = {};
  return (bytes) => {
    const order = startsBigEndian(bytes) ? "big" : "little";
    decoders[order] ??= decoderFor(bytes, charset, false);
    return decoders[order].decode(bytes);
  };
}

const startsBigEndian = (bytes: Uint8Array) => bytes[0] === 0xfe && bytes[1] === 0xff;

function decoderFor(bytes: Uint8Array, charset: string | undefined, fatal: boolean): TextDecoder {
  const name = charset?.trim().toLowerCase() ?? "";
  try {
    // A byte order mark stays in UTF-8 (Python's utf-8 codec keeps it) and picks the order in UTF-16.
    const known = aliases[name] ?? name;
    const bigEndian = known === "utf-16" && startsBigEndian(bytes);
    return new TextDecoder(bigEndian ? "utf-16be" : known || "utf-8", { fatal, ignoreBOM: known !== "utf-16" });
  } catch {
    return new TextDecoder("utf-8", { fatal, ignoreBOM: true });
  }
}

/** Where UTF-8 breaks off, in the words of Python's codec: clients get them from Simple JWT too. */
function firstBadUtf8(bytes: Uint8Array): string | undefined {
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    if (first < 0x80) {
      at++;
      continue;
    }
    const shape = utf8Shapes.find(({ from, to }) => first >= from && first <= to);
    if (!shape) return cannotDecode(`byte ${hexOf(first)} in position ${at}`, "invalid start byte");
    for (let more = 1; more < shape.length; more++) {
      const next = bytes[at + more];
      const low = more === 1 ? shape.low : 0x80;
      const high = more === 1 ? shape.high : 0xbf;
      if (next !== undefined && next >= low && next <= high) continue;
      const where = more === 1 ? `byte ${hexOf(first)} in position ${at}` : `bytes in position ${at}-${at + more - 1}`;
      return cannotDecode(where, next === undefined ? "unexpected end of data" : "invalid continuation byte");
    }
    at += shape.length;
  }
  return undefined;
}

const hexOf = (byte: number) => `0x${byte.toString(16).padStart(2, "0")}`;
const cannotDecode = (where: string, why: string) => `'utf-8' codec can't decode ${where}: ${why}`;

/** Unicode's table 3-7: well-formed UTF-8 beyond ASCII by its first byte, and the range of the second. */
const utf8Shapes = [
  { from: 0xc2, to: 0xdf, length: 2, low: 0x80, high: 0xbf },
  { from: 0xe0, to: 0xe0, length: 3, low: 0xa0, high: 0xbf },
  { from: 0xe1, to: 0xec, length: 3, low: 0x80, high: 0xbf },
  { from: 0xed, to: 0xed, length: 3, low: 0x80, high: 0x9f },
  { from: 0xee, to: 0xef, length: 3, low: 0x80, high: 0xbf },
  { from: 0xf0, to: 0xf0, length: 4, low: 0x90, high: 0xbf },
  { from: 0xf1, to: 0xf3, length: 4, low: 0x80, high: 0xbf },
  { from: 0xf4, to: 0xf4, length: 4, low: 0x80, high: 0x8f },
];
