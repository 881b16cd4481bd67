// Computes Argon2 (RFC 9106) and gives its memory back at once; argon2-block.ts does the arithmetic.
// Must never leave its matrix to the garbage collector: two of Django's 100 MiB do not fit in an isolate.
import { blake2b } from "@noble/hashes/blake2.js";
import { BLOCK_LENGTH, compress, multiplyHigh } from "./argon2-block.ts";

/** RFC 9106's names: y, v, m (KiB, at least 8 p), t, p, T (bytes, at least 4). */
export type Argon2Parameters = {
  readonly type: 0 | 1 | 2;
  readonly version: 0x10 | 0x13;
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
  readonly tagBytes: number;
};

/** A pass goes through each lane in four slices; lanes do not see each other within a slice. */
const SLICES = 4;
const ARGON2D = 0;
const ARGON2ID = 2;

/**
 * The tag of a password, `tagBytes` long, without secret key or associated data, which Django never uses.
 * Blocks the isolate for about 6.5 microseconds per KiB and pass, and holds `memory` KiB meanwhile.
 */
export function argon2Tag(password: Uint8Array, salt: Uint8Array, parameters: Argon2Parameters): Uint8Array {
  const { memory, lanes, tagBytes } = parameters;
  const laneLength = SLICES * Math.floor(memory / (SLICES * lanes));
  const blocks = new Int32Array(lanes * laneLength * BLOCK_LENGTH);
  try {
    fillFirstBlocks(blocks, laneLength, firstHash(password, salt, parameters), lanes);
    fillOtherBlocks(blocks, laneLength, parameters);
    const last = new Int32Array(BLOCK_LENGTH);
    for (let lane = 1; lane <= lanes; lane++) {
      const end = (lane * laneLength - 1) * BLOCK_LENGTH;
      blocks.subarray(end, end + BLOCK_LENGTH).forEach((number, i) => {
        last[i] = (last[i] ?? 0) ^ number;
      });
    }
    return longHash(tagBytes, new Uint8Array(last.buffer));
  } finally {
    blocks.buffer.transfer(0);
  }
}

/** H_0 of RFC 9106 section 3.2, from everything that the caller chose. */
function firstHash(password: Uint8Array, salt: Uint8Array, parameters: Argon2Parameters): Uint8Array {
  const { type, version, memory, passes, lanes, tagBytes } = parameters;
  const hash = blake2b.create({ dkLen: 64 });
  for (const value of [lanes, tagBytes, memory, passes, version, type]) hash.update(littleEndian(value));
  for (const input of [password, salt]) hash.update(littleEndian(input.length)).update(input);
  return hash.update(littleEndian(0)).update(littleEndian(0)).digest();
}

/** H' of RFC 9106 section 3.3: BLAKE2b for any length of output. */
function longHash(length: number, ...inputs: Uint8Array[]): Uint8Array {
  const first = blake2b.create({ dkLen: Math.min(length, 64) }).update(littleEndian(length));
  for (const input of inputs) first.update(input);
  let link = first.digest();
  const output = new Uint8Array(length);
  let position = 0;
  for (; length - position > 64; position += 32) {
    output.set(link.subarray(0, 32), position);
    link = blake2b(link, { dkLen: Math.min(length - position - 32, 64) });
  }
  output.set(link, position);
  return output;
}

/** The first two blocks of every lane come from H_0 alone. */
function fillFirstBlocks(blocks: Int32Array, laneLength: number, seed: Uint8Array, lanes: number): void {
  const bytes = new Uint8Array(blocks.buffer);
  for (let lane = 0; lane < lanes; lane++) {
    for (const column of [0, 1]) {
      const block = longHash(BLOCK_LENGTH * 4, seed, littleEndian(column), littleEndian(lane));
      bytes.set(block, (lane * laneLength + column) * BLOCK_LENGTH * 4);
    }
  }
}

/** All other blocks, pass by pass and slice by slice, lanes one after another as they do not depend on each other. */
function fillOtherBlocks(blocks: Int32Array, laneLength: number, parameters: Argon2Parameters): void {
  const { type, version, passes, lanes } = parameters;
  const sliceLength = laneLength / SLICES;
  const scratch = new Int32Array(BLOCK_LENGTH);
  // Three blocks in a row: addresses, the counters they are made from, and one of zeros.
  const drawn = new Int32Array(3 * BLOCK_LENGTH);
  const counters = drawn.subarray(BLOCK_LENGTH, 2 * BLOCK_LENGTH);
  for (let pass = 0; pass < passes; pass++) {
    for (let slice = 0; slice < SLICES; slice++) {
      // Argon2i draws its references from counters, Argon2d from the data, Argon2id does both in turn.
      const fromCounters = type === ARGON2ID ? pass === 0 && slice < 2 : type !== ARGON2D;
      for (let lane = 0; lane < lanes; lane++) {
        [pass, lane, slice, lanes * laneLength, passes, type, 0].forEach((value, word) => {
          counters[2 * word] = value;
        });
        for (let index = 0; index < sliceLength; index++) {
          if (fromCounters && index % (BLOCK_LENGTH / 2) === 0) drawAddresses(drawn, scratch);
          if (pass === 0 && slice === 0 && index < 2) continue;
          const column = slice * sliceLength + index;
          const here = (lane * laneLength + column) * BLOCK_LENGTH;
          const before = here + (column === 0 ? laneLength - 1 : -1) * BLOCK_LENGTH;
          const source = fromCounters ? drawn : blocks;
          const word = fromCounters ? 2 * (index % (BLOCK_LENGTH / 2)) : before;
          const j1 = source[word] ?? 0;
          const j2 = (source[word + 1] ?? 0) >>> 0;
          const fromLane = pass === 0 && slice === 0 ? lane : j2 % lanes;
          const choice = { pass, slice, index, sliceLength, sameLane: fromLane === lane };
          const there = (fromLane * laneLength + referenceColumn(j1, choice)) * BLOCK_LENGTH;
          compress(blocks, before, there, here, pass > 0 && version === 0x13, scratch);
        }
      }
    }
  }
}

/** Counts one up and makes the next 128 addresses (RFC 9106 section 3.4.1.2). */
function drawAddresses(drawn: Int32Array, scratch: Int32Array): void {
  const [addresses, counters, zeros] = [0, BLOCK_LENGTH, 2 * BLOCK_LENGTH];
  drawn[counters + 12] = (drawn[counters + 12] ?? 0) + 1;
  compress(drawn, zeros, counters, addresses, false, scratch);
  compress(drawn, zeros, addresses, addresses, false, scratch);
}

type Choice = { pass: number; slice: number; index: number; sliceLength: number; sameLane: boolean };

/** Maps J_1 to a column among the blocks that may be referred to, later ones likelier (RFC 9106 section 3.4.2). */
function referenceColumn(j1: number, { pass, slice, index, sliceLength, sameLane }: Choice): number {
  const finished = (pass === 0 ? slice : SLICES - 1) * sliceLength;
  const eligible = finished + (sameLane ? index - 1 : index === 0 ? -1 : 0);
  const distance = multiplyHigh(eligible, multiplyHigh(j1, j1)) >>> 0;
  const oldest = pass === 0 ? 0 : (slice + 1) * sliceLength;
  return (oldest + eligible - 1 - distance) % (SLICES * sliceLength);
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
