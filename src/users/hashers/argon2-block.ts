// Argon2's compression function G on blocks of 1 KiB (RFC 9106 section 3.5).
// Must never allocate: it runs some 200,000 times for one password.

/** Numbers of 32 bits in a block: 128 words of 64 bits, each as its low half followed by its high half. */
export const BLOCK_LENGTH = 256;

const TWO_TO_32 = 2 ** 32;

/**
 * The upper 32 bits of the product of two unsigned numbers of 32 bits, given and returned as signed ones.
 * The floating point product is off by at most 2^10 and its lower half is known exactly, so rounding to the nearest
 * multiple of 2^32 mends it.
 */
export function multiplyHigh(x: number, y: number): number {
  const low = Math.imul(x, y) >>> 0;
  return (((x >>> 0) * (y >>> 0) - low) / TWO_TO_32 + 0.5) | 0;
}

/**
 * Replaces the block at `to` with G(block at `left`, block at `right`), positions counted in numbers of `blocks`.
 * With `onto` the block that stood there is mixed in, as later passes of version 0x13 do.
 * `scratch` holds one block and is overwritten.
 */
export function compress(
  blocks: Int32Array,
  left: number,
  right: number,
  to: number,
  onto: boolean,
  scratch: Int32Array,
): void {
  for (let i = 0; i < BLOCK_LENGTH; i++) {
    const mixed = at(blocks, left + i) ^ at(blocks, right + i);
    scratch[i] = mixed;
    blocks[to + i] = onto ? at(blocks, to + i) ^ mixed : mixed;
  }
  // The block is a square of 8 by 8 pairs of words: P goes over its rows, then over its columns.
  for (let row = 0; row < BLOCK_LENGTH; row += 32) permute(scratch, row, 4);
  for (let column = 0; column < 32; column += 4) permute(scratch, column, 32);
  for (let i = 0; i < BLOCK_LENGTH; i++) blocks[to + i] = at(blocks, to + i) ^ at(scratch, i);
}

/** The permutation P over eight pairs of words, the first at `start`, each `step` numbers after the one before. */
function permute(v: Int32Array, start: number, step: number): void {
  const b = start + 2 * step;
  const c = start + 4 * step;
  const d = start + 6 * step;
  // Word k of a group of four is the half `k % 2` of pair `k >> 1`; a word is two numbers.
  const second = 2;
  const third = step;
  const fourth = step + 2;
  mix(v, start, b, c, d);
  mix(v, start + second, b + second, c + second, d + second);
  mix(v, start + third, b + third, c + third, d + third);
  mix(v, start + fourth, b + fourth, c + fourth, d + fourth);
  mix(v, start, b + second, c + third, d + fourth);
  mix(v, start + second, b + third, c + fourth, d);
  mix(v, start + third, b + fourth, c, d + second);
  mix(v, start + fourth, b, c + second, d + third);
}

/**
 * RFC 9106's GB on four words. Each of its four steps adds x, y and twice the product of their low halves, then turns
 * another word right by 32, 24, 16 and 63 bits.
 */
function mix(v: Int32Array, a: number, b: number, c: number, d: number): void {
  let aLow = at(v, a);
  let aHigh = at(v, a + 1);
  let bLow = at(v, b);
  let bHigh = at(v, b + 1);
  let cLow = at(v, c);
  let cHigh = at(v, c + 1);
  let dLow = at(v, d);
  let dHigh = at(v, d + 1);

  let product = Math.imul(aLow, bLow);
  let sum = (aLow >>> 0) + (bLow >>> 0) + ((product << 1) >>> 0);
  aHigh = (aHigh + bHigh + doubledHigh(aLow, bLow, product) + carry(sum)) | 0;
  aLow = sum | 0;
  let turned = dLow ^ aLow;
  dLow = dHigh ^ aHigh;
  dHigh = turned;

  product = Math.imul(cLow, dLow);
  sum = (cLow >>> 0) + (dLow >>> 0) + ((product << 1) >>> 0);
  cHigh = (cHigh + dHigh + doubledHigh(cLow, dLow, product) + carry(sum)) | 0;
  cLow = sum | 0;
  turned = bLow ^ cLow;
  bHigh ^= cHigh;
  bLow = (turned >>> 24) | (bHigh << 8);
  bHigh = (bHigh >>> 24) | (turned << 8);

  product = Math.imul(aLow, bLow);
  sum = (aLow >>> 0) + (bLow >>> 0) + ((product << 1) >>> 0);
  aHigh = (aHigh + bHigh + doubledHigh(aLow, bLow, product) + carry(sum)) | 0;
  aLow = sum | 0;
  turned = dLow ^ aLow;
  dHigh ^= aHigh;
  dLow = (turned >>> 16) | (dHigh << 16);
  dHigh = (dHigh >>> 16) | (turned << 16);

  product = Math.imul(cLow, dLow);
  sum = (cLow >>> 0) + (dLow >>> 0) + ((product << 1) >>> 0);
  cHigh = (cHigh + dHigh + doubledHigh(cLow, dLow, product) + carry(sum)) | 0;
  cLow = sum | 0;
  turned = bLow ^ cLow;
  bHigh ^= cHigh;
  bLow = (turned << 1) | (bHigh >>> 31);
  bHigh = (bHigh << 1) | (turned >>> 31);

  v[a] = aLow;
  v[a + 1] = aHigh;
  v[b] = bLow;
  v[b + 1] = bHigh;
  v[c] = cLow;
  v[c + 1] = cHigh;
  v[d] = dLow;
  v[d + 1] = dHigh;
}

/** The upper half of twice a 64-bit product whose lower half is `low`. */
function doubledHigh(x: number, y: number, low: number): number {
  return (multiplyHigh(x, y) << 1) | (low >>> 31);
}

/** What a sum of numbers of 32 bits carries over. */
function carry(sum: number): number {
  return (sum / TWO_TO_32) | 0;
}

// Every index here is in range by construction; a check for undefined would double the time.
function at(numbers: Int32Array, index: number): number {
  return numbers[index] as number;
}
