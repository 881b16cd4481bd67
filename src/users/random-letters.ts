// Random text as Django's get_random_string() makes it, out of random bytes.

/** What Django's get_random_string() picks from. */
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/**
 * `length` characters of [a-zA-Z0-9]. The bytes are read as one number and written in base 62: with 16 bytes more than the
 * characters hold (log2(62) bits each), each text is as likely as any other to within 2^-124.
 */
export function randomLetters(randomBytes: Uint8Array, length: number): string {
  let number = 0n;
  for (const byte of randomBytes) number = number * 256n + BigInt(byte);
  let text = "";
  for (let i = 0; i < length; i++) {
    text += LETTERS.charAt(Number(number % 62n));
    number /= 62n;
  }
  return text;
}
