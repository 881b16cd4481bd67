// Whether a request is of a share of all requests, told from its id.
// Must never draw lots of its own: line and trace of a request have to be chosen together.

/** The last seven hexadecimal digits are random in every id, whatever version of UUID it was made from. */
const digits = 7;

/**
 * @param requestId 32 hexadecimal digits
 * @param share from 0 (none) to 1 (all)
 */
export function isSampled(requestId: string, share: number): boolean {
  if (share >= 1) return true;
  return Number.parseInt(requestId.slice(-digits), 16) < share * 16 ** digits;
}
