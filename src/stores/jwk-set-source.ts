// JWK Sets over HTTP, at a URL of the settings or where an issuer says: GETs without redirects, limited in size and time.
// Must never be given a URL that a token or a client has named.
import { isLoopback, parsedUrl } from "../settings/checks/check-urls.ts";
import { isRecord } from "../settings/readers.ts";

/** A set of keys has a few kilobytes; more is not read. */
const longestSetBytes = 256 * 1024;
const timeoutMilliseconds = 5000;

/** Fetches and parses the set; throws with a reason that names no address. */
export function fetchJwkSet(url: string): Promise<unknown> {
  return fetchSet(url, AbortSignal.timeout(timeoutMilliseconds));
}

/**
 * Fetches the set of an issuer from where its metadata says: OpenID Connect Discovery 1.0 section 4, or else RFC 8414
 * section 3. Their `issuer` has to be the issuer, character by character. Both GETs within the time of one.
 */
export async function discoverJwkSet(issuer: string): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  const [openId, oauth] = metadataUrls(issuer);
  const response = await get(openId, "application/json", signal);
  const found =
    response.status === 200 ? response : await otherThan(response, () => get(oauth, "application/json", signal));
  const metadata = await jsonOf(found, "the metadata of the issuer");
  if (!isRecord(metadata) || metadata.issuer !== issuer) {
    throw new TypeError("the metadata of the issuer is another issuer's");
  }
  const url = typeof metadata.jwks_uri === "string" ? parsedUrl(metadata.jwks_uri) : undefined;
  if (url === undefined || !mayLeadTo(url, new URL(issuer))) {
    throw new TypeError("the metadata of the issuer has no jwks_uri that may be fetched");
  }
  return fetchSet(url.href, signal);
}

/** Where an issuer's metadata are. Both leave a slash at its end out; RFC 8414 puts its path behind the well-known one. */
export function metadataUrls(issuer: string): readonly [openId: string, oauth: string] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

/** Names of hosts inside a network: of standards (RFC 6761, 6762 and 8375, .internal), and in use (RFC 6762 appendix G). */
const insideNames = /(^|\.)(localhost|local|localdomain|internal|home\.arpa|intranet|private|corp|home|lan)$/;

/**
 * Whether keys may be fetched from there: https, and no host by its address or on this machine. On the issuer's own host
 * both may be: the settings name it.
 */
function mayLeadTo(url: URL, issuer: URL): boolean {
  if (url.username || url.password) return false;
  if (url.hostname === issuer.hostname) {
    return url.protocol === "https:" || (url.protocol === "http:" && issuer.protocol === "http:" && isLoopback(url));
  }
  // The dot at its end only says that the name is complete.
  const host = url.hostname.replace(/\.+$/, "");
  const isAddress = /^\[|^[\d.]+$/.test(host);
  const isInside = insideNames.test(host) || !host.includes(".");
  return url.protocol === "https:" && !isAddress && !isInside;
}

async function otherThan(response: Response, next: () => Promise<Response>): Promise<Response> {
  await response.body?.cancel();
  return next();
}

const fetchSet = async (url: string, signal: AbortSignal): Promise<unknown> =>
  jsonOf(await get(url, "application/jwk-set+json, application/json", signal), "the source of the JWK Set");

const get = (url: string, accept: string, signal: AbortSignal): Promise<Response> =>
  fetch(url, { headers: { accept }, redirect: "manual", signal });

async function jsonOf(response: Response, source: string): Promise<unknown> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new TypeError(`${source} answered ${response.status}`);
  }
  const text = await limitedText(response);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error shows some of the text.
    throw new TypeError(`${source} answered with what is no JSON`);
  }
}

async function limitedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > longestSetBytes) throw new TypeError("the JWK Set is too large");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
