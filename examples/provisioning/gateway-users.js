// examples/provisioning/gateway-users.js
import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";

const now = () => Math.floor(Date.now() / 1000);
/** @param {unknown} value */
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * The token of one request. `version` is for DELETE.
 *
 * @param {string} key PROVISIONING_KEY
 * @param {{ method: string, url: string, body?: string | Buffer | undefined, version?: number }} request
 */
export function signRequest(key, { method, url, body = "", version }) {
  const header = { alg: "HS256", typ: "provisioning+jwt" };
  const bh = createHash("sha256").update(body).digest("base64url");
  const claims = { iat: now(), htm: method, htu: url, bh, ver: version };
  const input = `${base64url(header)}.${base64url(claims)}`;
  return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
}

/**
 * The value of X-Gateway-Users.
 *
 * @param {string} key PROVISIONING_KEY
 * @param {string} requestId X-Request-Id of the request that is answered
 * @param {object[]} users
 */
export function sealUsers(key, requestId, users) {
  const header = base64url({ alg: "dir", enc: "A256GCM", typ: "users+jwt" });
  const secret = Buffer.from(hkdfSync("sha256", key, "", "users+jwt", 32));
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", secret, iv).setAAD(Buffer.from(header));
  const message = JSON.stringify({ rid: requestId, iat: now(), users });
  const sealed = Buffer.concat([cipher.update(message), cipher.final()]);
  return [header, "", ...[iv, sealed, cipher.getAuthTag()].map((part) => part.toString("base64url"))].join(".");
}

// node examples/provisioning/gateway-users.js METHOD URL [BODY]: prints a token for curl.
const [, , method, url, body] = process.argv;
if (import.meta.filename === process.argv[1] && method && url) {
  console.log(signRequest(process.env.PROVISIONING_KEY ?? "", { method, url, body }));
}
