// MAX_BODY: refuses bodies that are too large, declared or not, without holding them.
// Must never buffer, and never trust a length that nobody declared.
import { refuse } from "../errors.ts";

/** A body on its way, and whether it turned out to be too large. */
export interface LimitedBody {
  readonly body: ReadableStream | null;
  readonly exceeded: () => boolean;
}

/**
 * A declared length above the limit is refused at once (413). With a length that is declared and fits, the runtime sees
 * to it that no more comes; a body without one is counted as it passes.
 *
 * @param longestBytes null for no limit
 * @param abort breaks the request to the origin off. Ending the stream, even with an error, would not do: workerd then
 *   sends the last chunk, and the origin takes what it has for the whole body.
 */
export function limitBody(request: Request, longestBytes: number | null, abort: () => void): LimitedBody {
  const { body, headers } = request;
  if (longestBytes === null || body === null) return { body, exceeded: () => false };
  const declared = headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > longestBytes) refuse("body_too_large");
    return { body, exceeded: () => false };
  }
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes <= longestBytes) return controller.enqueue(chunk);
      abort();
      // Never settles: nothing more may be written, and the stream may not end.
      return new Promise<void>(() => {});
    },
  });
  return { body: body.pipeThrough(counted), exceeded: () => bytes > longestBytes };
}
