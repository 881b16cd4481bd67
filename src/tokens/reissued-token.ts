// Recognizes reissued tokens: those that the gateway makes for the API alone, in the place of another issuer's (`reissue` of ISSUERS).

/** `typ` in the header of such a token (RFC 8725 section 3.11). */
export const reissuedType = "reissued+jwt";

/**
 * Whether a header's value has such a token anywhere in it. Its signature is not verified: another spelling of the token's
 * header has another signature. Linear: each run of a token's characters is taken as a whole, whatever follows it.
 */
export function holdsReissuedToken(header: string | null): boolean {
  if (header === null) return false;
  for (const [, run = "", dot] of header.matchAll(/([\w-]+)(\.?)/g)) {
    const start = dot === "" ? -1 : run.indexOf("eyJ");
    // Too short for the type itself: nothing is to be decoded for each of many.
    if (start < 0 || run.length - start <= reissuedType.length) continue;
    if (typOf(run.slice(start)) === reissuedType) return true;
  }
  return false;
}

function typOf(header: string): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, "base64url").toString());
    return (parsed as { readonly typ?: unknown } | null)?.typ;
  } catch {
    return undefined;
  }
}
