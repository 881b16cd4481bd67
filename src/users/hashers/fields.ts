// Reads the fields of a password string in the one spelling that Django writes.
// Must never be lenient: Django compares whole strings, so another spelling of the same hash never verifies there.
import { Buffer } from "node:buffer";

/**
 * A whole number from 1 to `max` in plain decimal digits, without sign, blanks or leading zeros; null for all else.
 */
export function readCount(text: string | undefined, max: number): number | null {
  if (text === undefined || !/^[1-9][0-9]{0,14}$/.test(text)) return null;
  const count = Number(text);
  return count <= max ? count : null;
}

/**
 * The bytes of canonical standard base64 with padding; null for all else, blanks and stray bits at the end included.
 */
export function readBase64(text: string | undefined): Uint8Array | null {
  if (text === undefined) return null;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : null;
}

/** The bytes of canonical standard base64 without padding, as Argon2's own strings spell it; null for all else. */
export function readUnpaddedBase64(text: string | undefined): Uint8Array | null {
  if (text === undefined || text.includes("=")) return null;
  return readBase64(text + "=".repeat(-text.length & 3));
}

/** The UTF-8 bytes of a salt that Django keeps as text; null when there is none. */
export function readSalt(text: string | undefined): Uint8Array | null {
  return text === undefined || text === "" ? null : new TextEncoder().encode(text);
}
