// The request's body on its way to the origin: within MAX_BODY, with its declared length, and known to have ended.
// Must never buffer, trust a length that was not declared, or let a body that broke off look whole.
import { refuse } from "../errors.ts";

/** A body on its way. */
export interface Upload {
  readonly body: ReadableStream | null;
  /** Comes true when all of the body was handed to the origin; undefined where there is none. Never, if it broke off. */
  readonly ended: Promise<void> | undefined;
  /** Why it did not get to its end. */
  readonly broken: () => "body_too_large" | "client_gone" | undefined;
  /** Breaks the request to the origin off when the body breaks off; null where there is none. */
  readonly signal: AbortSignal | null;
  /** The origin has answered: a failure of the rest of the body must not abort the response. */
  readonly answered: () => void;
}

/** For a request without a body. */
export const noUpload: Upload = {
  body: null,
  ended: undefined,
  broken: () => undefined,
  signal: null,
  answered: () => {},
};

/**
 * A declared length above the limit is refused at once (413). With a length that is declared and fits, no more than that
 * comes; a body without one is counted as it passes where there is a limit. All others go from stream to stream inside
 * the runtime, without JavaScript for each chunk; a FixedLengthStream keeps their Content-Length.
 *
 * One that breaks off breaks the whole request to the origin off: ending the stream, even with an error, would not do.
 * workerd then sends the last chunk, and the origin takes what it has for the whole body.
 *
 * @param longestBytes null for no limit
 */
export function limitBody(request: Request, longestBytes: number | null): Upload {
  const { body, headers } = request;
  if (body === null) return noUpload;
  const declared = declaredLength(headers);
  if (declared === 0) return noUpload;
  if (longestBytes === null) return piped(body, declared);
  if (declared === undefined) return counted(body, longestBytes);
  if (declared > longestBytes) refuse("body_too_large");
  return piped(body, declared);
}

/** Where emptiness is declared, the runtime shows a body without bytes. A GET may not have one, not even that. */
export const hasBody = (request: Request): boolean => request.body !== null && declaredLength(request.headers) !== 0;

/** Undefined for a body in chunks, and for a length that is no number that JavaScript can hold. */
function declaredLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  const length = text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
  return length !== undefined && Number.isSafeInteger(length) ? length : undefined;
}

/**
 * A pipe ends in the same way when the client leaves and when the origin takes no more. In the latter case the origin's
 * answer or failure follows, and goes first if it comes within this time.
 */
const originsWordMilliseconds = 250;

/** Never settles: nothing more may come, and the stream may not end. */
const never = () => new Promise<never>(() => {});

function piped(body: ReadableStream, length: number | undefined): Upload {
  const aborted = new AbortController();
  let broken: ReturnType<Upload["broken"]>;
  let isAnswered = false;
  const { readable, writable } = length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length);
  const breakOff = () => {
    if (isAnswered) return;
    broken = "client_gone";
    aborted.abort();
  };
  const ended = body.pipeTo(writable, { preventAbort: true }).catch(() => {
    setTimeout(breakOff, originsWordMilliseconds);
    return never();
  });
  const answered = () => {
    isAnswered = true;
  };
  return { body: readable, ended, broken: () => broken, signal: aborted.signal, answered };
}

function counted(body: ReadableStream<Uint8Array>, longestBytes: number): Upload {
  let bytes = 0;
  let broken: ReturnType<Upload["broken"]>;
  const reader = body.getReader();
  const aborted = new AbortController();
  const end = Promise.withResolvers<void>();
  const breakOff = (why: typeof broken) => {
    broken = why;
    aborted.abort();
    return never();
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch(() => ({ done: undefined, value: undefined }));
        if (done === undefined) return breakOff("client_gone");
        if (done) {
          end.resolve();
          return controller.close();
        }
        bytes += value.byteLength;
        return bytes > longestBytes ? breakOff("body_too_large") : controller.enqueue(value);
      },
      cancel: (why) => reader.cancel(why),
    },
    { highWaterMark: 0 },
  );
  return { body: stream, ended: end.promise, broken: () => broken, signal: aborted.signal, answered: () => {} };
}
