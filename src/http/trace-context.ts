// Tracing: what of the header `traceparent` goes on (W3C Trace Context, level 1), and which requests are sampled.
// Must never take part of a value that is not valid as a whole.

export interface TraceContext {
  /** 32 hexadecimal digits in small letters, not all of them 0. */
  readonly traceId: string;
  /** Two hexadecimal digits; the last bit says that the caller may have kept its part of the trace. */
  readonly flags: string;
}

/** Where the parts of version 00 end: `00-<32 digits>-<16 digits>-<2 digits>`. */
const versionEnds = 2;
const traceEnds = 35;
const parentEnds = 52;
const length = 55;

/**
 * Undefined when there is none, or it is not valid. Of a version that is not known yet the parts of version 00 are read,
 * as section 3.2.4 asks, and what follows them after a dash is left out.
 */
export function traceContext(header: string | null): TraceContext | undefined {
  if (header === null || header.length < length) return undefined;
  const version = header.slice(0, versionEnds);
  if (version === "ff" || (version === "00" && header.length !== length)) return undefined;
  if (header.length > length && header.charAt(length) !== "-") return undefined;
  for (let index = 0; index < length; index++) {
    const code = header.charCodeAt(index);
    const isDash = index === versionEnds || index === traceEnds || index === parentEnds;
    if (isDash ? code !== 0x2d : !isHexadecimal(code)) return undefined;
  }
  const traceId = header.slice(versionEnds + 1, traceEnds);
  if (traceId === "0".repeat(32) || header.slice(traceEnds + 1, parentEnds) === "0".repeat(16)) return undefined;
  return { traceId, flags: header.slice(parentEnds + 1, length) };
}

const isHexadecimal = (code: number) => (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);

/** The last seven hexadecimal digits are random in every id, whatever version of UUID it was made from. */
const randomDigits = 7;

/**
 * Whether a request is in a share of all requests. Decided by its id, so that its log line and its trace are chosen together.
 *
 * @param requestId 32 hexadecimal digits
 * @param share from 0 (none) to 1 (all)
 */
export function isSampled(requestId: string, share: number): boolean {
  if (share >= 1) return true;
  return Number.parseInt(requestId.slice(-randomDigits), 16) < share * 16 ** randomDigits;
}
