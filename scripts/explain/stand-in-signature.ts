// Signs a token anew with a stand-in key, so that all checks but the signature can be made where the real key is not.
// Must never be used while the real key is there, nor give the new token to anybody but the codec.
import { type CompactJWSHeaderParameters, CompactSign } from "jose";
import type { Configuration } from "../../src/configuration.ts";
import { peek } from "./peek.ts";

/** Why the rows of the key and the signature are not asked. */
export const unsignedNote = "SIGNING_KEY is not available here; provide it with --secrets-file FILE";

/**
 * The token with the same payload and a header that only differs in its `kid`; the token itself where its header is one
 * that no key would be looked for.
 */
export async function signedAnew(token: string, { settings, keys }: Configuration): Promise<string> {
  const { header } = peek(token);
  const [, payload] = token.split(".");
  if (header.alg !== settings.ALGORITHM || payload === undefined || token.split(".").length !== 3) return token;
  const { kid, ...rest } = header;
  const own = settings.KEY_ID === null ? {} : { kid: settings.KEY_ID };
  // A kid that is not a string is an error of its own.
  const named = kid === undefined || typeof kid === "string" ? { ...rest, ...own } : header;
  try {
    const signer = new CompactSign(Buffer.from(payload, "base64url"));
    return await signer.setProtectedHeader(named as unknown as CompactJWSHeaderParameters).sign(keys.signing);
  } catch {
    // A header that jose does not sign is one that it does not verify either.
    return token;
  }
}
