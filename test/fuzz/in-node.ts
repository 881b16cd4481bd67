// Lets Node load the Worker's sources: the one module of the runtime that they import has a stand-in. Computes HMACs here.
// Must never change what an HMAC is, nor any other algorithm.
import { createHmac, timingSafeEqual } from "node:crypto";
import { registerHooks } from "node:module";

const standIn =
  "data:text/javascript,export const waitUntil = (work) => void work.catch(() => {}); export const env = {};";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers" ? { url: standIn, shortCircuit: true } : next(specifier, context),
});

// Node's WebCrypto lets another thread compute each HMAC, which takes several times as long as the HMAC.
const { subtle } = crypto;
const { importKey, sign, verify } = subtle;
const secrets = new WeakMap<object, Buffer>();

const bytesIn = (data: unknown): Uint8Array =>
  ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data as ArrayBuffer);

/** Undefined where the key is not one for that. */
function hmacOf(key: CryptoKey, usage: "sign" | "verify", data: unknown): Buffer | undefined {
  const secret = secrets.get(key);
  if (secret === undefined || !key.usages.includes(usage)) return undefined;
  const { name } = (key.algorithm as unknown as { readonly hash: { readonly name: string } }).hash;
  return createHmac(name.replace("-", "").toLowerCase(), secret).update(bytesIn(data)).digest();
}

/** As the method of that name takes them. */
type Given = readonly unknown[];
const native = (method: unknown, given: Given): Promise<unknown> =>
  (method as (...all: Given) => Promise<unknown>).call(subtle, ...given);

Object.defineProperties(subtle, {
  importKey: {
    value: async (...given: Given) => {
      const key = (await native(importKey, given)) as CryptoKey;
      const [format, data] = given;
      if (key.algorithm.name !== "HMAC") return key;
      if (format === "raw") secrets.set(key, Buffer.from(bytesIn(data)));
      if (format === "jwk") secrets.set(key, Buffer.from(String((data as { readonly k?: string }).k), "base64url"));
      return key;
    },
  },
  sign: {
    value: async (...given: Given) => {
      const hmac = hmacOf(given[1] as CryptoKey, "sign", given[2]);
      return hmac === undefined ? native(sign, given) : new Uint8Array(hmac).buffer;
    },
  },
  verify: {
    value: async (...given: Given) => {
      const hmac = hmacOf(given[1] as CryptoKey, "verify", given[3]);
      if (hmac === undefined) return native(verify, given);
      const signature = bytesIn(given[2]);
      return signature.length === hmac.length && timingSafeEqual(signature, hmac);
    },
  },
});
