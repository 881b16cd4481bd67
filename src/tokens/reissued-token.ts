// How tokens that the gateway makes for the API alone (`reissue` of ISSUERS) are told from all others.

/** `typ` in the header of such a token (RFC 8725 section 3.11). */
export const reissuedType = "reissued+jwt";

/**
 * Whether a header's value has such a token anywhere in it. Its signature is not verified: another spelling of the token's
 * header has another signature.
 */
export const holdsReissuedToken = (header: string | null): boolean =>
  header !== null && (header.match(/eyJ[\w-]+(?=\.)/g) ?? []).some((text) => typOf(text) === reissuedType);

function typOf(header: string): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, "base64url").toString());
    return (parsed as { readonly typ?: unknown } | null)?.typ;
  } catch {
    return undefined;
  }
}
