// A request of the API about its users: whether PROVISIONING_KEY signed this very request.
// Must never look at a claim before the signature, nor put a claim into an error.
import { createHash, timingSafeEqual } from "node:crypto";
import { compactVerify, errors } from "jose";
import { refuse } from "../errors.ts";
import { nearestNumber } from "../json/exact-number.ts";
import { parseJson } from "../json/parse.ts";
import { provisioningKeys } from "../settings/derived.ts";
import { isRecord } from "../settings/readers.ts";
import type { Settings } from "../settings/settings.ts";

/** The header `typ` (RFC 8725 section 3.11): no other token of the gateway has it. */
export const provisioningType = "provisioning+jwt";

/** How far the API's clock may be from the gateway's, either way. */
export const clockSkewSeconds = 300;

/** Integers beyond it are not told apart in JavaScript. */
export const isVersion = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/** What the API signed of a request, checked but for the body. */
export interface SignedRequest {
  /** When the API made it, by its own clock: a fraction is kept. */
  readonly issuedAtSeconds: number;
  /** Of a deletion or a log-out; undefined where the request has none that is an integer. */
  readonly version: number | undefined;
  /** Refuses a body that was not signed with the request. */
  checkBody(body: Uint8Array): void;
}

/**
 * Verifies the `Authorization` header of a request. 1. A bearer token. 2. Its signature: HS256 by one of the keys. 3. Its
 * `typ`. 4. `iat`, `htm` and `htu` are of this request. The body is still to be checked, so that none is read for a stranger.
 */
export type OpenSignedRequest = (
  authorization: string | null,
  request: { readonly method: string; readonly url: string; readonly nowSeconds: number },
) => Promise<SignedRequest>;

export function signedRequestOpener(settings: Pick<Settings, "PROVISIONING_KEY">): OpenSignedRequest {
  const keys = provisioningKeys(settings).map((key) => new TextEncoder().encode(key));
  return async (authorization, { method, url, nowSeconds }) => {
    const [, token] = /^bearer +([^\s,]+) *$/i.exec(authorization ?? "") ?? [];
    if (token === undefined) refuse("credentials_missing");
    const { claims, typ } = await verified(token, keys);
    if (typ !== provisioningType) refuse("provisioning_token_type");
    const issuedAtSeconds = nearestNumber(claims.iat);
    if (issuedAtSeconds === undefined || !(Math.abs(issuedAtSeconds - nowSeconds) <= clockSkewSeconds)) {
      refuse("provisioning_late");
    }
    if (claims.htm !== method || !isSameUrl(claims.htu, url)) refuse("provisioning_other_request");
    return {
      issuedAtSeconds,
      version: isVersion(claims.ver) ? claims.ver : undefined,
      checkBody(body) {
        if (!isDigestOf(claims.bh, body)) refuse("provisioning_other_body");
      },
    };
  };
}

async function verified(token: string, keys: readonly Uint8Array[]) {
  for (const key of keys) {
    try {
      const { payload, protectedHeader } = await compactVerify(token, key, { algorithms: ["HS256"] });
      const claims = parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload));
      return { claims: isRecord(claims) ? claims : refuse("provisioning_signature"), typ: protectedHeader.typ };
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      if (error instanceof errors.JOSEError || error instanceof SyntaxError) break;
      if (error instanceof TypeError || error instanceof RangeError) break;
      throw error;
    }
  }
  return refuse("provisioning_signature");
}

/** The same scheme, host, port, path and query; a fragment is never sent, so none may be signed. */
function isSameUrl(signed: unknown, url: string): boolean {
  if (typeof signed !== "string" || !URL.canParse(signed)) return false;
  return new URL(signed).href === new URL(url).href;
}

/** In constant time, although nothing is won by guessing: the digest itself is signed. */
function isDigestOf(digest: unknown, body: Uint8Array): boolean {
  const right = Buffer.from(createHash("sha256").update(body).digest("base64url"));
  const given = Buffer.from(typeof digest === "string" ? digest : "");
  return given.length === right.length && timingSafeEqual(given, right);
}
