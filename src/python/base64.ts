// A signature as Python's base64 module reads it: other spellings of the same bytes are the same signature.
// Must never be used for what was signed: header and payload are verified in the very characters that came.

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * The canonical base64url spelling of a signature segment, after PyJWT's base64url_decode: it pads to a multiple of
 * four, then Python skips characters of no alphabet and stops at the padding. Undefined where Python raises.
 * A token that Django takes is thereby taken here, whatever library or proxy has respelled its signature.
 */
export function canonicalSignature(segment: string): string | undefined {
  if (isCanonical(segment)) return segment;
  const remainder = new TextEncoder().encode(segment).length % 4;
  const padded = remainder > 0 ? segment + "=".repeat(4 - remainder) : segment;
  let letters = "";
  let pads = 0;
  for (const character of padded.replaceAll("+", "-").replaceAll("/", "_")) {
    if (character === "=") {
      pads++;
      if (letters.length % 4 >= 2 && (letters.length % 4) + pads >= 4) return withoutUnusedBits(letters);
    } else if (alphabet.includes(character)) {
      pads = 0;
      letters += character;
    }
  }
  return letters.length % 4 === 0 ? letters : undefined;
}

/** Only letters of the alphabet, and no bits that mean nothing: nearly every token there is. */
function isCanonical(segment: string): boolean {
  return /^[\w-]*$/.test(segment) && segment.length % 4 !== 1 && withoutUnusedBits(segment) === segment;
}

/** The last letter of an incomplete group carries bits beyond the last byte: they are cleared. */
function withoutUnusedBits(letters: string): string {
  const unused = [0, 0, 0b1111, 0b11][letters.length % 4] ?? 0;
  if (unused === 0) return letters;
  const last = alphabet.indexOf(letters.slice(-1));
  return letters.slice(0, -1) + alphabet.charAt(last & ~unused);
}
