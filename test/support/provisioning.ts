// What the API sends about its users: signed requests and sealed headers, made with Node's cryptography and not with jose.
import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";

export const provisioningKey = "provisioning-of-the-tests-only-0001";
export const otherProvisioningKey = "provisioning-of-the-tests-only-0002";

const base64url = (value: string | Uint8Array): string => Buffer.from(value as Uint8Array).toString("base64url");
const json = (value: unknown): string => base64url(JSON.stringify(value));

export interface Signing {
  readonly key?: string;
  /** Added to the claims, or in the place of one; undefined to leave it out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly nowSeconds?: number;
  /** The body that is signed, in the place of the one that is sent. */
  readonly signedBody?: string | Uint8Array;
}

/** The JWT of a request. */
export function provisioningToken(
  method: string,
  url: string,
  body: string | Uint8Array,
  signing: Signing = {},
): string {
  const header = { alg: "HS256", typ: "provisioning+jwt", ...signing.header };
  const claims = {
    iat: signing.nowSeconds ?? Math.floor(Date.now() / 1000),
    htm: method,
    htu: url,
    bh: createHash("sha256")
      .update(signing.signedBody ?? body)
      .digest("base64url"),
    ...signing.claims,
  };
  const input = `${json(header)}.${json(claims)}`;
  const hash = String(header.alg).replace("HS", "sha");
  const digest =
    header.alg === "none"
      ? ""
      : createHmac(hash, signing.key ?? provisioningKey)
          .update(input)
          .digest("base64url");
  return `${input}.${digest}`;
}

/** A signed request. @param path from the host on, with the query */
export function signedRequest(
  method: string,
  path: string,
  body?: string | Uint8Array,
  signing: Signing & { readonly headers?: Readonly<Record<string, string>> } = {},
): Request {
  const url = `https://gateway.example${path}`;
  return new Request(url, {
    method,
    ...(body === undefined ? {} : { body: body as BodyInit }),
    headers: { authorization: `Bearer ${provisioningToken(method, url, body ?? "", signing)}`, ...signing.headers },
  });
}

/** Lines of NDJSON. */
export const ndjson = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

export interface Sealing {
  readonly key?: string;
  readonly header?: Readonly<Record<string, unknown>>;
  /** In the place of `{ rid, iat, users }`. */
  readonly message?: unknown;
  /** Bytes in the place of the message's JSON. */
  readonly plaintext?: Uint8Array;
  readonly nowSeconds?: number;
}

/** A compact JWE with users, as X-Gateway-Users has it. */
export function sealedUsers(rid: string, users: readonly unknown[], sealing: Sealing = {}): string {
  const secret = hkdfSync("sha256", sealing.key ?? provisioningKey, "", "users+jwt", 32);
  const header = json({ alg: "dir", enc: "A256GCM", typ: "users+jwt", ...sealing.header });
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", new Uint8Array(secret), iv);
  cipher.setAAD(Buffer.from(header));
  const iat = sealing.nowSeconds ?? Math.floor(Date.now() / 1000);
  const message = sealing.message ?? { rid, iat, users };
  const sealed = Buffer.concat([
    cipher.update(Buffer.from(sealing.plaintext ?? JSON.stringify(message))),
    cipher.final(),
  ]);
  return [header, "", base64url(iv), base64url(sealed), base64url(cipher.getAuthTag())].join(".");
}
