// The request bodies that an isolate is reading at the moment, and the bound on what they hold together.
// Must never count on a request to say that it has ended: one that was cancelled runs no more code.

/** One body on its way into memory. */
export interface Upload {
  /** How many bytes have come. */
  readonly length: () => number;
  /** Copies the bytes; makes room for them at the cost of the uploads that have been here longest. */
  append(chunk: Uint8Array): void;
  /** Whether it had to make room for others: its bytes are gone. */
  isDropped(): boolean;
  /** What has come, at once or never. */
  bytes(): Uint8Array;
  /** Gives its room back; calling it again changes nothing. */
  end(): void;
}

/** The uploads of an isolate. */
export interface Uploads {
  /** @param longestBytes of this body */
  begin(longestBytes: number): Upload;
}

/** Of the 128 MB of an isolate. */
const longestTogetherBytes = 8 * 1024 * 1024;
/** What each holds beside its bytes: the buffer of a read under way, the request around it. Estimated. */
const aroundEachBytes = 8 * 1024;
const firstBytes = 1024;

interface Held {
  buffer: Uint8Array;
  length: number;
}

/**
 * Ordinary bodies are here for the moment between two reads. Whatever stays is slow, stuck or without a client, so those
 * that came first go first, and no other client is refused because of them.
 */
export function openUploads(togetherBytes = longestTogetherBytes): Uploads {
  const open = new Set<Held>();
  let heldBytes = 0;
  const drop = (held: Held) => {
    if (!open.delete(held)) return;
    heldBytes -= held.buffer.length + aroundEachBytes;
    held.buffer = new Uint8Array();
  };
  const makeRoom = (own: Held) => {
    for (const oldest of open) {
      if (heldBytes <= togetherBytes) return;
      if (oldest !== own) drop(oldest);
    }
  };
  return {
    begin(longestBytes) {
      const own: Held = { buffer: new Uint8Array(Math.min(firstBytes, longestBytes)), length: 0 };
      open.add(own);
      heldBytes += own.buffer.length + aroundEachBytes;
      makeRoom(own);
      return {
        length: () => own.length,
        append(chunk) {
          if (!open.has(own)) return;
          const needed = own.length + chunk.length;
          if (needed > own.buffer.length) {
            const grown = new Uint8Array(Math.max(needed, Math.min(own.buffer.length * 2, longestBytes)));
            grown.set(own.buffer.subarray(0, own.length));
            heldBytes += grown.length - own.buffer.length;
            own.buffer = grown;
            makeRoom(own);
          }
          own.buffer.set(chunk, own.length);
          own.length = needed;
        },
        isDropped: () => !open.has(own),
        bytes: () => own.buffer.subarray(0, own.length),
        end: () => drop(own),
      };
    },
  };
}
