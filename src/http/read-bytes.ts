// A request's body → its bytes, up to a limit, within a time, and within what the isolate may hold.
// Must never hold a chunk as the runtime hands it out: each of them, however small, comes in a buffer of its own.
import { refuse } from "../errors.ts";
import type { Uploads } from "./uploads.ts";

/** How long a body may take. Those read here have some hundred bytes as a rule. */
const longestSeconds = 20;
const tickMilliseconds = 1000;

/** A read asks for so many bytes at least, and takes so many at most: tiny chunks do not make more reads. */
const leastBytes = 1024;
const mostBytes = 4096;

/**
 * The whole body. Refuses with `body_too_large` (413) by the declared length, else at the first byte over;
 * `body_too_slow` (408) after 20 s; `uploads_full` (503) where it had to make room for others; `client_gone` where the
 * connection is lost.
 */
export async function readBytes(request: Request, uploads: Uploads, longestBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > longestBytes) refuse("body_too_large");
  if (!request.body) return new Uint8Array();
  const upload = uploads.begin(longestBytes);
  const chunks = chunksOf(request.body);
  const clock = ticking();
  try {
    for (;;) {
      const chunk = await next(chunks.read(longestBytes + 1 - upload.length()), clock, upload.isDropped);
      if (chunk === undefined) break;
      if (upload.length() + chunk.length > longestBytes) refuse("body_too_large");
      upload.append(chunk);
    }
    return upload.isDropped() ? refuse("uploads_full") : upload.bytes();
  } catch (error) {
    chunks.cancel();
    throw error;
  } finally {
    clock.stop();
    upload.end();
  }
}

/** The next chunk; undefined at the end. */
async function next(
  reading: Promise<Uint8Array | undefined>,
  clock: Clock,
  isDropped: () => boolean,
): Promise<Uint8Array | undefined> {
  const chunk = reading.catch(() => "lost" as const);
  for (;;) {
    const first = await Promise.race([chunk, clock.tick()]);
    if (isDropped()) refuse("uploads_full");
    if (first === "lost") refuse("client_gone");
    if (first !== "tick") return first;
    if (clock.seconds() >= longestSeconds) refuse("body_too_slow");
  }
}

interface Clock {
  /** The same promise until it has come true. */
  readonly tick: () => Promise<"tick">;
  readonly seconds: () => number;
  readonly stop: () => void;
}

/** One timer at a time, for the request that makes it. */
function ticking(): Clock {
  let ticks = 0;
  let timer: ReturnType<typeof setTimeout>;
  const start = () =>
    new Promise<"tick">((resolve) => {
      timer = setTimeout(() => {
        ticks += 1;
        resolve("tick");
        ticked = start();
      }, tickMilliseconds);
    });
  let ticked = start();
  return { tick: () => ticked, seconds: () => (ticks * tickMilliseconds) / 1000, stop: () => clearTimeout(timer) };
}

interface Chunks {
  /** Some bytes, of which the buffer is used again; undefined at the end. @param room how many may be wanted */
  read(room: number): Promise<Uint8Array | undefined>;
  cancel(): void;
}

function chunksOf(body: ReadableStream<Uint8Array>): Chunks {
  const reader = byteReader(body);
  if (!reader) return chunksOfAny(body.getReader());
  let spare = new ArrayBuffer(mostBytes);
  return {
    async read(room) {
      const view = new Uint8Array(spare, 0, Math.min(mostBytes, room));
      const { done, value } = await reader.readAtLeast(Math.min(leastBytes, view.length), view);
      if (value) spare = value.buffer as ArrayBuffer;
      return done ? undefined : value;
    },
    cancel: () => void reader.cancel().catch(() => {}),
  };
}

/** Bodies that come over the network are streams of bytes; one that a caller of the package made may be any stream. */
function byteReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

function chunksOfAny(reader: ReadableStreamDefaultReader<Uint8Array>): Chunks {
  return {
    async read() {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    cancel: () => void reader.cancel().catch(() => {}),
  };
}
