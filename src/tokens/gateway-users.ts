// Opens X-Gateway-Users, in which the API tells the gateway of users that a request has just changed: a JWE (RFC 7516).
// Must never take an algorithm from the header, nor decompress.
import { compactDecrypt, errors } from "jose";
import { parseJson } from "../json/parse.ts";
import { provisioningKeys } from "../settings/derived.ts";
import { isRecord } from "../settings/readers.ts";
import type { Settings } from "../settings/settings.ts";
import { clockSkewSeconds } from "./provisioning-request.ts";

/** The header `typ`, and the `info` by which its key is derived (RFC 5869): no other key is made so. */
const usersType = "users+jwt";

/** Of one JWE. Servers and proxies limit all headers of an answer to some KB. */
const longestCharacters = 3072;

/** Why what an answer brought is left alone. */
export type IgnoredUsers = "too_long" | "unreadable" | "late" | "other_request";

/** The lines as the API wrote them, not checked; or why they are ignored. */
export type OpenedUsers = { readonly lines: readonly unknown[] } | { readonly ignored: IgnoredUsers };

/** Opens one JWE. @param requestId the X-Request-Id that the request to the API had */
export type OpenUsers = (
  sealed: string,
  request: { readonly requestId: string; readonly nowSeconds: number },
) => Promise<OpenedUsers>;

export function usersOpener(settings: Pick<Settings, "PROVISIONING_KEY">): OpenUsers {
  const secrets = provisioningKeys(settings);
  // Once per isolate; the keys and not a promise of them, which would belong to one request.
  let derived: readonly Uint8Array[] | undefined;
  return async (sealed, { requestId, nowSeconds }) => {
    if (sealed.length > longestCharacters) return { ignored: "too_long" };
    derived ??= await Promise.all(secrets.map(deriveKey));
    const message = await opened(sealed, derived);
    if (!isRecord(message) || !Array.isArray(message.users)) return { ignored: "unreadable" };
    const { rid, iat, users } = message;
    if (rid !== requestId) return { ignored: "other_request" };
    const isNow = typeof iat === "number" && Math.abs(iat - nowSeconds) <= clockSkewSeconds;
    return isNow ? { lines: users } : { ignored: "late" };
  };
}

async function opened(sealed: string, keys: readonly Uint8Array[]): Promise<unknown> {
  const algorithms = { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] };
  for (const key of keys) {
    try {
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, {
        ...algorithms,
        // A few bytes could become many: the plaintext is as long as it is sealed.
        maxDecompressedLength: 0,
      });
      if (protectedHeader.typ !== usersType) return undefined;
      return parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plaintext));
    } catch (error) {
      if (error instanceof errors.JWEDecryptionFailed) continue;
      if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined;
      if (error instanceof TypeError || error instanceof RangeError) return undefined;
      throw error;
    }
  }
  return undefined;
}

async function deriveKey(secret: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode(usersType) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}
