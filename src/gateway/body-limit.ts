// MAX_BODY: refuses bodies that are too large, declared or not, without holding them.
// Must never buffer, trust a length that nobody declared, or let a body that broke off look whole.
import { refuse } from "../errors.ts";

/** A body on its way, and why it did not get to its end. */
export interface LimitedBody {
  readonly body: ReadableStream | null;
  readonly broken: () => "body_too_large" | "client_gone" | undefined;
  /** Breaks the request to the origin off when the body breaks; null for a body that cannot. */
  readonly signal: AbortSignal | null;
}

const unlimited = () => undefined;
const empty: LimitedBody = { body: null, broken: unlimited, signal: null };

/**
 * A declared length above the limit is refused at once (413). With a length that is declared and fits, the runtime sees
 * to it that no more comes; a body without one is counted as it passes. One that breaks breaks the whole request to the
 * origin off: ending the stream, even with an error, would not do. workerd then sends the last chunk, and the origin takes
 * what it has for the whole body.
 *
 * @param longestBytes null for no limit
 */
export function limitBody(request: Request, longestBytes: number | null): LimitedBody {
  const { body, headers } = request;
  if (body === null) return empty;
  const declared = headers.get("content-length");
  // Where emptiness is declared, the runtime shows a body without bytes. A GET may not have one, not even that.
  if (declared === "0") return empty;
  if (longestBytes === null) return { body, broken: unlimited, signal: null };
  if (declared !== null) {
    if (Number(declared) > longestBytes) refuse("body_too_large");
    return { body, broken: unlimited, signal: null };
  }
  let bytes = 0;
  let broken: ReturnType<LimitedBody["broken"]>;
  const reader = body.getReader();
  const aborted = new AbortController();
  /** Never settles: nothing more may come, and the stream may not end. */
  const breakOff = (why: typeof broken) => {
    broken = why;
    aborted.abort();
    return new Promise<void>(() => {});
  };
  const counted = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch(() => ({ done: undefined, value: undefined }));
        if (done === undefined) return breakOff("client_gone");
        if (done) return controller.close();
        bytes += value.byteLength;
        return bytes > longestBytes ? breakOff("body_too_large") : controller.enqueue(value);
      },
      cancel: (why) => reader.cancel(why),
    },
    { highWaterMark: 0 },
  );
  return { body: counted, broken: () => broken, signal: aborted.signal };
}
